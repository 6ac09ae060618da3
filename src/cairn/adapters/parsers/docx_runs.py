"""The words of Word paragraphs as a reader sees them: runs, fields' results, symbols, equations.

Tracked changes count as accepted, hidden text and what tells a field how to compute are left out.
Knows no layout: where a text box or a footnote hangs is for the caller to place.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cairn.adapters.parsers.docx_styles import Styles, W, child, is_on, value
from cairn.adapters.parsers.flowing import LINE_END
from cairn.adapters.parsers.zipped import Node

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_V = "{urn:schemas-microsoft-com:vml}"
PARAGRAPH, TABLE = W + "p", W + "tbl"
_TEXTS = frozenset({W + "t", _M + "t", _A + "t"})
_NAMES = """pPr rPr tblPr tblGrid trPr tcPr sectPr sdtPr sdtEndPr smartTagPr customXmlPr
    del moveFrom delText instrText delInstrText rt annotationRef"""
_UNSEEN = frozenset(W + name for name in _NAMES.split())
_PLAIN = {
    **dict.fromkeys((W + "tab", W + "ptab"), " "),
    **dict.fromkeys((W + "cr", _A + "br"), LINE_END),
    W + "noBreakHyphen": "-",
}
_SYMBOLS = dict(
    zip(
        "\x22\x24\x27ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz\xa2\xa3\xa5\xab\xac\xad\xae\xaf\xb0\xb1\xb2"
        "\xb3\xb4\xb6\xb7\xb8\xb9\xba\xbb\xc5\xc7\xc8\xce\xd1\xd6\xd7\xe5\xf2",
        "∀∃∋ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ′≤∞↔←↑→↓°±″≥×∂•÷≠≡≈⊕∩∪∈∇√⋅∑∫",
        strict=True,
    )
)
"""What the font Symbol shows for a character; others show as they are."""
_DINGBATS = dict(zip("\x6f\x71\x78\xa8\xdf\xe0\xfb\xfc\xfd\xfe\xa7ln\xd8", "☐❑☒☐←→✗✓☒☑▪●■➢", strict=True))
"""The same of Wingdings; its other pictures are no words."""
_PRIVATE = re.compile("[\uf000-\uf0ff]")
_ROUND = re.compile(r".?|\([^()]*\)|[\w.,]+", re.DOTALL)


@dataclass(kw_only=True, slots=True)
class Inline:
    """What a paragraph holds."""

    words: list[str] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    """Kind (``footnote``, ``endnote``) and id of each note referred to."""
    boxes: list[Node] = field(default_factory=list)
    """The contents of text boxes."""
    pictures: list[str] = field(default_factory=list)
    """Alternative texts."""


class _Group(NamedTuple):
    """Part of an equation that is being read: what stands around it and where its words begin."""

    before: str
    after: str
    start: int
    is_term: bool


def shown(node: Node) -> list[Node]:
    """Return the children of a content control, an alternative or anything else that are shown."""
    if node.tag == W + "sdt":
        content = child(node, "sdtContent")
        is_empty = is_on(node, "sdtPr/showingPlcHdr")
        return [] if content is None or is_empty else list(content)
    if node.tag == _MC + "AlternateContent":
        found = node.find(_MC + "Choice")
        found = found if found is not None and len(found) else node.find(_MC + "Fallback")
        return list(found) if found is not None else []
    return [] if node.tag in _UNSEEN else list(node)


def within(node: Node, wanted: frozenset[str]) -> Iterator[Node]:
    """Yield what is wanted below a node, in order, through controls and changes but no deeper than that."""
    stack = list(reversed(shown(node)))
    while stack:
        at = stack.pop()
        if at.tag in wanted:
            yield at
        elif at.tag in _AROUND:
            stack.extend(reversed(shown(at)))


_AROUND = frozenset(
    {*(W + name for name in ("sdt", "customXml", "smartTag", "ins", "moveTo")), _MC + "AlternateContent"}
)


class Runs:
    """Reads paragraphs of one document."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._inline = Inline()
        self._fields: list[bool] = []
        self._untold = 0
        self.objects = 0
        """Embedded objects met."""
        self._acts: dict[str, Callable[[Node], list[Node]]] = {
            W + "r": self._run,
            W + "br": self._break,
            W + "sym": self._symbol,
            W + "fldChar": self._field,
            W + "txbxContent": self._box,
            W + "object": self._object,
            W + "footnoteReference": self._note,
            W + "endnoteReference": self._note,
            W + "p": self._paragraph,
            _WP + "docPr": self._picture,
            _V + "shape": self._shape,
            _V + "textpath": self._art,
        }

    def read(self, node: Node, held: Inline | None = None) -> Inline:
        """Return what a paragraph holds, after what an earlier one, merged with it, ``held``."""
        self._inline = held if held is not None else Inline()
        self._fields, self._untold = [], 0
        stack: list[Node | _Group] = list(reversed(node))
        while stack:
            at = stack.pop()
            if isinstance(at, _Group):
                self._close(at)
            elif at.tag in _TEXTS:
                self._say(at.text)
            elif at.tag in _PLAIN:
                self._say(_PLAIN[at.tag])
            elif (group := self._group(at)) is not None:
                stack.append(group)
                stack.extend(reversed(at))
            else:
                act = self._acts.get(at.tag, shown)
                stack.extend(reversed(act(at)))
        return self._inline

    def _say(self, text: str | None) -> None:
        if text and not self._untold:
            plain = text if text.isascii() else _PRIVATE.sub(_unprivate, text)
            self._inline.words.append(plain)

    def _run(self, node: Node) -> list[Node]:
        properties = child(node, "rPr")
        if properties is None:
            return list(node)
        is_hidden = is_on(properties, "vanish")
        if is_hidden is None:
            is_hidden = self._styles.of(value(properties, "rStyle")).is_hidden
        return [] if is_hidden else list(node)

    def _break(self, node: Node) -> list[Node]:
        self._say(LINE_END if node.get(W + "type") in (None, "textWrapping") else " ")
        return []

    def _symbol(self, node: Node) -> list[Node]:
        code = node.get(W + "char", "")
        if re.fullmatch("[0-9a-fA-F]{1,4}", code):
            char = chr(int(code, 16))
            is_private = _PRIVATE.match(char) is not None
            char = chr(ord(char) - 0xF000) if is_private else char
            font = node.get(W + "font", "").lower()
            dingbat = _DINGBATS.get(char, "") if font.startswith(("wingdings", "webdings")) else None
            self._say(_SYMBOLS.get(char, char) if dingbat is None else dingbat)
        return []

    def _field(self, node: Node) -> list[Node]:
        """Follow a field: its instruction, from ``begin`` to ``separate``, is not shown."""
        change = node.get(W + "fldCharType")
        if change == "begin":
            self._form(child(node, "ffData"))
            self._fields.append(True)
            self._untold += 1
        elif change == "separate" and self._fields and self._fields[-1]:
            self._fields[-1] = False
            self._untold -= 1
        elif change == "end" and self._fields:
            self._untold -= self._fields.pop()
        return []

    def _form(self, data: Node | None) -> None:
        """Say what a check box or a list of choices of an old form shows."""
        box, choices = child(data, "checkBox"), child(data, "ddList")
        if box is not None:
            is_checked = is_on(box, "checked")
            self._say("☒" if (is_on(box, "default") if is_checked is None else is_checked) else "☐")
        elif choices is not None:
            entries = [entry.get(W + "val") for entry in choices.iterfind(W + "listEntry")]
            chosen = value(choices, "result")
            at = int(chosen) if chosen is not None and re.fullmatch(r"\d{1,4}", chosen) else 0
            self._say(entries[at] if at < len(entries) else None)

    def _box(self, node: Node) -> list[Node]:
        self._inline.boxes.append(node)
        return []

    def _object(self, node: Node) -> list[Node]:
        self.objects += 1
        return list(node)

    def _note(self, node: Node) -> list[Node]:
        kind = "footnote" if node.tag == W + "footnoteReference" else "endnote"
        self._inline.notes.append((kind, node.get(W + "id", "")))
        return []

    def _paragraph(self, node: Node) -> list[Node]:
        """Begin a paragraph within a note."""
        self._say(LINE_END)
        return list(node)

    def _picture(self, node: Node) -> list[Node]:
        described = node.get("descr")
        self._describe(described if described else node.get("title"))
        return []

    def _shape(self, node: Node) -> list[Node]:
        self._describe(node.get("alt"))
        return list(node)

    def _describe(self, text: str | None) -> None:
        if text:
            self._inline.pictures.append(text)

    def _art(self, node: Node) -> list[Node]:
        self._say(node.get("string"))
        return []

    def _group(self, node: Node) -> _Group | None:
        """Begin a part of an equation that is written on one line with marks around it."""
        start = len(self._inline.words)
        if node.tag in _TERMS:
            return _Group(_TERMS[node.tag], "]" if node.tag == _M + "deg" else "", start, True)
        if node.tag == _M + "d":
            begin, end = (_math(node, f"{_M}dPr/{_M}{name}Chr") for name in ("beg", "end"))
            return _Group("(" if begin is None else begin, ")" if end is None else end, start, False)
        if node.tag == _M + "nary":
            sign = _math(node, f"{_M}naryPr/{_M}chr")
            return _Group("∫" if sign is None else sign, "", start, False)
        return None

    def _close(self, group: _Group) -> None:
        words = self._inline.words
        inner = "".join(words[group.start :])
        del words[group.start :]
        if inner:
            is_bare = not group.is_term or group.after or _ROUND.fullmatch(inner)
            words.append(f"{group.before}{inner if is_bare else f'({inner})'}{group.after}")


_TERMS = {_M + "num": "", _M + "den": "/", _M + "sup": "^", _M + "sub": "_", _M + "rad": "√", _M + "deg": "["}
"""What stands before the parts of an equation; of more than a word or number they are bracketed."""


def _math(node: Node, path: str) -> str | None:
    found = node.find(path)
    return found.get(_M + "val") if found is not None else None


def _unprivate(found: re.Match[str]) -> str:
    return _SYMBOLS.get(chr(ord(found[0]) - 0xF000), "")
