"""The text of DocBook, JATS, FictionBook and TEI: one walk, told by the names of elements what each is.

Knows no schema: a title heads what it stands in, and an element it has no name for is part of a
sentence within a paragraph and a block of its own elsewhere. Nothing referred to is opened.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cairn.adapters.parsers import markup_names as names
from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.markup_tables import grid, local
from cairn.adapters.parsers.markup_words import LINE_END, Words, is_second_formula, tex
from cairn.types import Element, ElementKind, Locator

Node = Any
"""An lxml element; lxml has no types of its own."""

_FILE = re.compile(r"\S+\.\w{2,4}")
_DEEPEST = 8
_NAMED = 200
_NEAR = 8
"""Open elements to look back at."""


@dataclass(slots=True)
class _Open:
    """An element that is being read."""

    node: Node
    name: str
    kind: ElementKind | None = None
    """Of a block, what its words are."""
    is_titled: bool = False
    items: int = 0


class Walk:
    """Turns a tree into elements in one pass, without recursion."""

    def __init__(self, root: Node, vocabulary: str, words: Words) -> None:
        self._root = root
        self._vocabulary = vocabulary
        self._of = words
        self.elements: list[Element] = []
        self._open: list[_Open] = []
        self._words: list[str] = []
        self._marker = ""
        self._path: list[tuple[int, str]] = []
        self._titled = 0

    def walk(self) -> list[Element]:
        """Return the elements in reading order."""
        stack: list[tuple[Node, bool, bool]] = [(self._root, False, False)]
        while stack:
            node, is_left, quiet = stack.pop()
            name = local(node)
            inner = (quiet or name in names.HEADERS) and name not in names.KEPT
            if is_left:
                self._leave()
            elif quiet and name in names.UNSEEN:
                continue
            elif not name:
                self._words.append("" if quiet else self._of.entity(node))
            elif inner or self._enter(node, name):
                if inner:
                    self._open.append(_Open(node, name))
                stack.append((node, True, quiet))
                stack.extend((child, False, inner) for child in reversed(node))
                continue
            if node is not self._root and node.tail and not quiet:
                self._words.append(node.tail)
        self._flush()
        return self.elements

    # --- entering and leaving -----------------------------------------------------------------

    def _enter(self, node: Node, name: str) -> bool:
        """Begin an element; False if it is done already, with all that is in it."""
        if name in names.UNSEEN or self._of.is_told(node, name):
            return False
        act = self._whole.get(name)
        if act is not None:
            return act(self, node, name)
        kind = self._kind(node, name)
        if name in names.VERSES or name in names.BREAKS:
            self._words.append(LINE_END)
        elif kind is not None:
            self._flush()
            if kind == "list_item":
                self._number()
        self._open.append(_Open(node, name, kind))
        self._words.append(node.text if node.text else "")
        return True

    def _kind(self, node: Node, name: str) -> ElementKind | None:
        """Return what a block's words are; None of what is part of a sentence."""
        if name in names.CODE:
            return None if self._is_in_text() and name == "code" and "\n" not in (node.text or "") else "code"
        if name in names.ITEMS:
            return "list_item"
        if name in ("date", "address", "stage", "speaker", "label") and self._is_in_text():
            return None
        is_quoted = name == "quote" and self._is_in_text()
        is_cited = name == "cite" and self._vocabulary != "fictionbook"
        is_block = (name in names.PARAGRAPHS or name in names.BLOCKS) and not is_quoted and not is_cited
        return "paragraph" if is_block or not self._is_in_text() else None

    def _is_in_text(self) -> bool:
        """Tell whether a sentence may be going on."""
        return any(
            one.name in names.PARAGRAPHS or one.name in names.ITEMS or one.kind == "code"
            for one in self._open[-3:]
        )

    def _number(self) -> None:
        """Count an item of its list, and number it if the list is an ordered one."""
        above = self._open[-1] if self._open else None
        if above is None:
            return
        above.items += 1
        is_ordered = above.name in ("orderedlist", "procedure", "substeps", "ol")
        kind = above.node.get("list-type", above.node.get("type", above.node.get("rend", "")))
        if is_ordered or kind in ("order", "ordered", "numbered"):
            self._marker = f"{above.items}. "

    def _leave(self) -> None:
        done = self._open[-1]
        if done.kind is not None:
            self._flush()
        elif done.name in names.VERSES:
            self._words.append(LINE_END)
        self._open.pop()
        self._titled -= done.is_titled
        if done.name in names.CAPTIONED and self._marker:
            self._marked()

    # --- what is taken as a whole -------------------------------------------------------------

    def _take_title(self, node: Node, name: str) -> bool:
        if self._vocabulary == "tei" and name == "title" and self._is_in_text():
            self._words.append(self._of.raw(node))
            return False
        self._flush()
        text = self._of.text(node)
        owner = next((one for one in reversed(self._open) if one.name not in names.WRAPPERS), None)
        if owner is not None and owner.name in names.CAPTIONED:
            self._caption(text)
        elif owner is not None and (owner.name in names.LEADS or self._is_in_list()):
            self._emit("paragraph", text)
        elif text:
            is_extra = name == "bridgehead" or (owner is not None and owner.is_titled)
            self._heading(text, owner, is_extra)
        return False

    def _is_in_list(self) -> bool:
        return any(one.name in names.ITEMS for one in self._open[-_NEAR:])

    def _heading(self, text: str, owner: _Open | None, is_extra: bool) -> None:
        level = min(self._titled + 1, _DEEPEST)
        if owner is not None and not is_extra and not self._is_top(owner):
            owner.is_titled = True
            self._titled += 1
        self._path = [(at, words) for at, words in self._path if at < level]
        text, self._marker = f"{self._marker}{text}", ""
        self.elements.append(tidy.whole("heading", text, self._locator(), level=level))
        self._path.append((level, text[:_NAMED]))
        self._settle()

    def _is_top(self, owner: _Open) -> bool:
        """Tell the document as a whole, whose parts begin at the first level again."""
        return owner.node is self._root or owner.name in ("body", "text", "front", "TEI")

    def _take_subtitle(self, node: Node, name: str) -> bool:
        self._flush()
        text = self._of.text(node)
        if self._vocabulary == "fictionbook" and text:
            self._heading(text, None, True)
        else:
            self._emit("paragraph", text)
        return False

    def _take_label(self, node: Node, name: str) -> bool:
        text = self._of.text(node)
        owner = self._open[-1].name if self._open else ""
        if owner in ("p", "para"):
            self._words.append(f" {text} ")
        elif text:
            self._flush()
            is_stop = owner in names.CAPTIONED and owner != "list" and text[-1].isalnum()
            self._marker += text + (". " if is_stop else ": " if owner == "list" else " ")
        return False

    def _take_term(self, node: Node, name: str) -> bool:
        if not self._open or self._open[-1].name not in ("varlistentry", "glossentry", "def-item"):
            self._words.append(self._of.text(node))
            return False
        self._marker = (
            f"{self._marker.removesuffix(': ')}{', ' if self._marker else ''}{self._of.text(node)}: "
        )
        return False

    def _take_caption(self, node: Node, name: str) -> bool:
        self._flush()
        self._caption(self._of.text(node))
        return False

    def _take_alternative(self, node: Node, name: str) -> bool:
        self._picture(self._of.text(node))
        return False

    def _take_image(self, node: Node, name: str) -> bool:
        self._picture(tidy.flat(node.get("title", "") or node.get("alt", "")))
        return False

    def _picture(self, text: str) -> None:
        """Keep what is told of a picture, if it says something that its caption does not."""
        is_known = bool(self.elements) and text in self.elements[-1].text
        if text and not _FILE.fullmatch(text) and not is_known:
            self._of.pending.append(("caption", f"Figure: {text}"))
            if not self._words:
                self._settle()

    def _take_code(self, node: Node, name: str) -> bool:
        if self._kind(node, name) is None:
            self._words.append(self._of.raw(node))
            return False
        self._flush()
        text = tidy.clean(self._of.raw(node))
        self._emit("code", "\n".join(line.rstrip() for line in text.split("\n")).strip("\n"))
        return False

    def _take_formula(self, node: Node, name: str) -> bool:
        """Take a formula, in TeX if it stands there in both."""
        if not is_second_formula(node, name):
            self._words.append(tex(self._of.raw(node)))
        return False

    def _take_reference(self, node: Node, name: str) -> bool:
        """Take an entry of a bibliography, which in a sentence is a mere reference."""
        if self._is_in_text() or (name == "ref" and self._vocabulary == "tei"):
            self._of.link(node)
            self._words.append(self._of.raw(node))
            return False
        self._flush()
        self._emit("list_item", self._of.entry(node))
        return False

    def _take_footnote(self, node: Node, name: str) -> bool:
        if name == "note" and not self._is_footnote(node):
            return self._enter_block(node, name)
        self._of.pending.append(("footnote", self._of.text(node)))
        if not self._is_in_text():
            self._flush()
        return False

    def _enter_block(self, node: Node, name: str) -> bool:
        self._flush()
        self._open.append(_Open(node, name, "paragraph"))
        self._words.append(node.text if node.text else "")
        return True

    def _is_footnote(self, node: Node) -> bool:
        """Tell a note of TEI, which is a footnote, from DocBook's, which is a remark in the text."""
        return self._vocabulary == "tei"

    def _take_table(self, node: Node, name: str) -> bool:
        self._flush()
        for child in node:
            if local(child) in ("title", "caption", "head", "info"):
                self._caption(self._of.text(child))
        made = grid(node, self._of.text, self._locator())
        if made is not None:
            self._marked()
            self.elements.append(self._moved(made))
        self._settle()
        return False

    def _take_link(self, node: Node, name: str) -> bool:
        """Take a reference: its words, or the title of what it refers to, and the note if it is one."""
        self._of.link(node)
        words = self._of.raw(node)
        target = self._of.targets.get(node.get("linkend", ""))
        if not words.strip() and target is not None:
            titles = (child for child in target if local(child) in names.TITLES)
            title = next(titles, None)
            words = target.get("xreflabel") or (self._of.text(title) if title is not None else "")
        self._words.append(words[:_NAMED] if target is not None else self._marked_off(node, words))
        return False

    def _marked_off(self, node: Node, words: str) -> str:
        """Put a raised number of a note or source in brackets, or it would be part of the word before."""
        is_raised = node.get("ref-type", node.get("type")) in ("fn", "table-fn", "bibr", "note")
        before = next((word[-1] for word in reversed(self._words[-3:]) if word), " ")
        return (
            f"[{words.strip()}]"
            if is_raised and words.strip().isalnum() and before not in " \n\t(["
            else words
        )

    # --- writing ------------------------------------------------------------------------------

    def _locator(self) -> Locator:
        number = len(self.elements) + 1
        return Locator(heading=tuple(text for _, text in self._path), paragraphs=(number, number))

    def _moved(self, made: Element) -> Element:
        """Give a table the place it has now, which captions before it have moved."""
        at = self._locator()
        parts = [tidy.Located(made.text[anchor.start : anchor.end], at) for anchor in made.anchors]
        return tidy.element("table", parts, header=made.header)

    def _emit(self, kind: ElementKind, text: str) -> None:
        if text:
            text, self._marker = self._marker + text, ""
            self.elements.append(tidy.whole(kind, text, self._locator()))
        self._settle()

    def _caption(self, text: str) -> None:
        if text:
            self._emit("caption", text)
        self._settle()

    def _marked(self) -> None:
        """Write a label that nothing followed."""
        text, self._marker = self._marker.strip(), ""
        if text:
            self.elements.append(tidy.whole("caption", text, self._locator()))

    def _settle(self) -> None:
        """Write the footnotes and pictures of what has just been written."""
        pending, self._of.pending = self._of.pending, []
        for kind, text in pending:
            if text:
                self.elements.append(tidy.whole(kind, text, self._locator()))

    def _flush(self) -> None:
        """End the block that was being read, if it has words."""
        raw, self._words = "".join(self._words), []
        text = "\n".join(filter(None, map(tidy.flat, raw.split(LINE_END))))
        if text:
            self._emit(self._kind_now(), text)
        else:
            self._settle()

    def _kind_now(self) -> ElementKind:
        """Return what the words are: the first block of an item is the item."""
        for one in reversed(self._open[-_NEAR:]):
            if one.kind == "list_item":
                one.kind = "paragraph"
                return "list_item"
            if one.name in names.ITEMS or one.name in names.CAPTIONED:
                break
        return "paragraph"

    _whole: Mapping[str, Callable[["Walk", Node, str], bool]] = {
        **dict.fromkeys(names.TITLES, _take_title),
        "subtitle": _take_subtitle,
        **dict.fromkeys(names.LABELS, _take_label),
        **dict.fromkeys(names.TERMS, _take_term),
        **dict.fromkeys(names.CAPTIONS, _take_caption),
        **dict.fromkeys(names.ALTERNATIVES, _take_alternative),
        "image": _take_image,
        **dict.fromkeys(names.TABLES, _take_table),
        **dict.fromkeys(names.CODE, _take_code),
        **dict.fromkeys(names.REFERENCES, _take_reference),
        **dict.fromkeys(names.FOOTNOTES, _take_footnote),
        "note": _take_footnote,
        **dict.fromkeys(("xref", "a"), _take_link),
        **dict.fromkeys(("math", "tex-math"), _take_formula),
    }
