"""The words of an element of DocBook, JATS, FictionBook or TEI, and the footnotes they refer to.

Knows nothing of blocks: it is asked for what is read as a whole, a title, a cell, an entry.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

from cairn.adapters.parsers import markup_names as names
from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.markup_tables import local
from cairn.types import ElementKind

Node = Any
"""An lxml element; lxml has no types of its own."""

LINE_END = "\x1e"
"""What stands for a break in a line; no parsed file can hold it."""
_ID = "{http://www.w3.org/XML/1998/namespace}id"
_HREF = "{http://www.w3.org/1999/xlink}href"
_NAMED = frozenset({"name", "personname", "author", "editor", "persName", "string-name", "label"})
"""In an entry, what is one thing, however many parts it has."""


class Words:
    """Reads words, and keeps the footnotes among them until they are asked for."""

    def __init__(self, root: Node, entity: Callable[[Node], str]) -> None:
        self.entity = entity
        self.targets = _targets(root)
        self.pending: list[tuple[ElementKind, str]] = []
        self._told: set[str] = set()
        self._is_in_note = False

    def entry(self, node: Node) -> str:
        """Return an entry of a bibliography; where it has no punctuation of its own, with commas."""
        if any(child.tail and child.tail.strip() for child in node.iterdescendants()):
            return self.text(node)
        pieces = []
        stack = [node]
        while stack:
            at = stack.pop()
            is_name = local(at) in _NAMED
            if is_name or not len(at):
                words = (
                    " ".join(map(self.text, at)) if len(at) and not (at.text or "").strip() else self.text(at)
                )
                pieces.append(words + ("" if local(at) != "label" else "\x1f"))
            else:
                pieces.append(tidy.flat(at.text) if at.text else "")
                stack.extend(reversed(at))
        return ", ".join(filter(None, pieces)).replace("\x1f, ", " ").rstrip("\x1f")

    def link(self, node: Node) -> None:
        """Fetch the footnote that a reference leads to, once."""
        href = node.get("rid", node.get(_HREF, node.get("target", "")))
        name = href.removeprefix("#")
        target = self.targets.get(name)
        if target is None or name in self._told or self._is_in_note or not self._is_note(target):
            return
        self._told.add(name)
        self._is_in_note = True
        self.pending.append(("footnote", self.text(target)))
        self._is_in_note = False

    def _is_note(self, node: Node) -> bool:
        parent = node.getparent()
        in_notes = parent is not None and local(parent) == "body" and parent.get("name") is not None
        return local(node) in ("fn", "footnote", "note") or (local(node) == "section" and in_notes)

    def is_told(self, node: Node, name: str) -> bool:
        """Tell a note that stands after its paragraph already, and a body of nothing else."""
        if name == "body" and node.get("name") is not None:
            notes = [child for child in node if local(child) == "section"]
            return bool(notes) and all(_identity(child) in self._told for child in notes)
        return _identity(node) in self._told and self._is_note(node)

    def text(self, node: Node) -> str:
        """Return the words in an element on one line."""
        return tidy.flat(self.raw(node).replace(LINE_END, " "))

    def raw(self, node: Node) -> str:
        """Return the words in an element; its footnotes are kept for after it."""
        words: list[str] = []
        stack: list[tuple[Node, bool]] = [(node, False)]
        while stack:
            at, is_left = stack.pop()
            name = local(at)
            is_root = at is node
            if is_left:
                words.append(" " if name in names.SEPARATE and not is_root else "")
            elif not name:
                words.append(self.entity(at))
            elif name in names.FOOTNOTES and not is_root:
                self.pending.append(("footnote", tidy.flat("".join(at.itertext("*", with_tail=False)))))
            elif name not in names.UNSEEN and not is_second_formula(at, name):
                if name in ("xref", "a", "ref") and not is_root:
                    self.link(at)
                words.append(_before(name) if not is_root else "")
                words.append(at.text if at.text else "")
                stack.append((at, True))
                stack.extend((child, False) for child in reversed(at))
                continue
            words.append(at.tail if at.tail and not is_root else "")
        return "".join(words)


def _targets(root: Node) -> dict[str, Node]:
    """Return the elements by their names."""
    found: dict[str, Node] = {}
    for node in root.iter("*"):
        name = _identity(node)
        if name:
            found.setdefault(name, node)
    return found


def _identity(node: Node) -> str:
    return str(node.get("id", node.get(_ID, "")))


def _before(name: str) -> str:
    return " " if name in names.SEPARATE else LINE_END if name in names.BREAKS else ""


def tex(words: str) -> str:
    """Return a formula without the frame of a TeX document."""
    _, begun, body = words.partition("\\begin{document}")
    return body.partition("\\end{document}")[0] if begun else words


def is_second_formula(node: Node, name: str) -> bool:
    """Tell MathML beside the same formula in TeX."""
    before = islice(node.itersiblings(preceding=True), 4) if name == "math" else ()
    return any(local(one) == "tex-math" for one in before)
