"""Org mode (Emacs): headings, lists, tables, blocks and notes, read line by line.

Follows no link and no include, and runs no code block. Knows no macro; drawers of properties and
of clocked time are left out.
"""

import re
from pathlib import Path

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.lightmarkup import Builder, Cells, Inline, document
from cairn.adapters.parsers.text import SourceLine, decode, lines
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_HEADING = re.compile(r"(\*+)\s+(.*)")
_TASK = re.compile(r"(?:(?:TODO|DONE|NEXT|WAITING|CANCELLED|CANCELED|COMMENT)\s+)?(?:\[#\w\]\s*)?")
_TAGS = re.compile(r"\s+:(?:[\w@#%]+:)+$|\s*\[\d*(?:/\d*|%)\]$")
_KEYWORD = re.compile(r"\s*#\+(\w+)(?:\[[^\]]*\])?:\s*(.*)")
_BEGIN = re.compile(r"\s*#\+begin_(\w+)", re.IGNORECASE)
_END = re.compile(r"\s*#\+end_(\w+)", re.IGNORECASE)
_DRAWER = re.compile(r"\s*:(PROPERTIES|LOGBOOK|CLOCK):\s*", re.IGNORECASE)
_ITEM = re.compile(r"(\s*)(?:([-+]|\s\*)|(\d+[.)]|[a-zA-Z][.)]))\s+(?:\[@\d+\]\s*)?(?=\S)")
_NOTE = re.compile(r"\[fn:([\w-]+)\]\s*")
_LINE = re.compile(r"\|[-+|]*")
_FIXED = re.compile(r"\s*:(?:\s|$)")
_SKIPPED = re.compile(r"\s*(?:#(?:\s|$)|-{5,}\s*$|:\w+:\s*$|#\+\w+:?\s*$)")
_SAID = {
    **{key: key for key in ("title", "author", "description", "language")},
    **{"date": "created", "keywords": "tags", "filetags": "tags"},
}
_VERBATIM = frozenset({"src", "example", "export", "html", "latex"})

_LINK = re.compile(r"\[\[([^\[\]]+)\](?:\[((?:[^\[\]]|\[[^\[\]]*\])+)\])?\]")
_INLINE_NOTE = re.compile(r"\[fn:[\w-]*:((?:[^\[\]]|\[[^\[\]]*\])*)\]")
_CALL = re.compile(r"\[fn:([\w-]+)\]")
_RAW = re.compile(r"(?<![\w=~])([=~])(?=\S)([^=~\n]*[^\s=~]|[=~])\1(?!\w)")
_STYLES = tuple(
    re.compile(rf"(?<![\w{sign}]){sign}(?=[^\s{sign}])([^{sign}]*[^\s{sign}]){sign}(?![\w{sign}])")
    for sign in (r"\*", "/", "_", r"\+")
)
_ODD = re.compile(r"\\\\$|<<+[^<>]*>>+|^CLOSED: |\{\{\{\w+\}\}\}", re.MULTILINE)
_HELD = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")


def inline(text: str) -> Inline:
    """Take Org's marks off."""
    notes: list[str] = []
    labels: list[str] = []
    held: list[str] = []

    def hold(kept: str) -> str:
        held.append(kept)
        return f"\ue000{len(held) - 1}\ue001"

    def note(found: re.Match[str]) -> str:
        notes.append(_styled(_LINK.sub(_linked, found[1])))
        return ""

    def call(found: re.Match[str]) -> str:
        labels.append(found[1])
        return ""

    text = _RAW.sub(lambda found: hold(found[2]), _PRIVATE.sub("", text))
    text = _CALL.sub(call, _INLINE_NOTE.sub(note, text))
    text = _styled(_LINK.sub(_linked, _ODD.sub("", text)))

    def put(piece: str) -> str:
        return _HELD.sub(lambda found: held[int(found[1])], piece)

    return Inline(put(text), [put(found) for found in notes], labels)


def _linked(found: re.Match[str]) -> str:
    shown: str = found[2] if found[2] is not None else found[1]
    return shown.removeprefix("file:")


def _styled(text: str) -> str:
    for pattern in _STYLES:
        text = pattern.sub(r"\1", text)
    return text


class _Reader:
    """Goes through the lines once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = list(lines(source))
        self._builder = Builder(source, inline)
        self._open: list[SourceLine] = []
        self._kind: ElementKind = "paragraph"
        self._lead = ""
        self._caption: list[SourceLine] = []
        self._endless: dict[str, int] = {}
        self.said: dict[str, str] = {}

    def read(self, name: str) -> Document:
        at = 0
        while at < len(self._lines):
            at = self._step(at)
        self._flush()
        self._captioned()
        return document(self._builder.finish(), self.said, name)

    def _raw(self, line: SourceLine) -> str:
        return self._source[line.start : line.end]

    def _step(self, at: int) -> int:
        """Take the block or the line at ``at``; return where the next begins."""
        line = self._lines[at]
        raw = self._raw(line)
        if not line.text:
            self._flush()
            self._captioned()
            return at + 1
        if heading := _HEADING.match(raw):
            self._flush()
            self._heading(line, heading)
            return at + 1
        if raw.lstrip().startswith(("#", ":", "|")):
            after = self._special(at, line, raw)
            if after > at:
                return after
        if note := _NOTE.match(raw):
            return self._footnote(at, note)
        if not _SKIPPED.match(raw):
            self._running(line, raw)
        return at + 1

    def _heading(self, line: SourceLine, found: re.Match[str]) -> None:
        text = _TAGS.sub("", _TASK.sub("", found[2], count=1))
        self._builder.text("heading", [line._replace(text=text)], level=min(len(found[1]), 12))

    def _special(self, at: int, line: SourceLine, raw: str) -> int:
        """Take keywords, blocks, drawers and tables; returns ``at`` where it is none of these."""
        if line.text.startswith("|"):
            return self._table(at)
        if begin := _BEGIN.match(raw):
            return self._block(at, begin[1].lower())
        if keyword := _KEYWORD.match(raw):
            self._keyword(line, keyword)
            return at + 1
        if _DRAWER.fullmatch(raw):
            return self._end(at, re.compile(r"\s*:END:\s*", re.IGNORECASE)) + 1
        if _FIXED.match(raw):
            self._flush()
            return self._fixed(at)
        return at + 1 if _END.match(raw) or _SKIPPED.match(raw) else at

    def _keyword(self, line: SourceLine, found: re.Match[str]) -> None:
        key = found[1].lower()
        if key == "caption":
            self._caption.append(line._replace(text=found[2]))
        elif key in _SAID and found[2]:
            value = inline(found[2]).text
            value = ", ".join(value.strip(":").split(":")) if key == "filetags" else value
            date = tidy.iso_date(value.strip("<>[] ")[:10]) if key == "date" else None
            above = self.said.get(_SAID[key])
            value = date if date is not None else value
            self.said[_SAID[key]] = f"{above} {value}" if above is not None else value

    def _end(self, at: int, pattern: re.Pattern[str]) -> int:
        """Return where a line like ``pattern`` follows; a block that never ends is one line long."""
        if at < self._endless.get(pattern.pattern, 0):
            return at
        end = at + 1
        while end < len(self._lines) and not _HEADING.match(self._raw(self._lines[end])):
            if pattern.match(self._raw(self._lines[end])):
                return end
            end += 1
        self._endless[pattern.pattern] = end
        return at

    def _block(self, at: int, kind: str) -> int:
        self._flush()
        if kind not in _VERBATIM and kind != "comment":
            return at + 1
        end = self._end(at, re.compile(rf"\s*#\+end_{re.escape(kind)}", re.IGNORECASE))
        if kind != "comment":
            self._captioned()
            self._builder.code(self._lines[at + 1 : end])
        return end + 1

    def _fixed(self, at: int) -> int:
        end = at
        while end < len(self._lines) and _FIXED.match(self._raw(self._lines[end])):
            end += 1
        shifted = []
        for line in self._lines[at:end]:
            start = min(line.end, self._source.index(":", line.start) + 1)
            shifted.append(line._replace(start=start, text=tidy.flat(self._source[start : line.end])))
        self._builder.code(shifted)
        return end

    def _table(self, at: int) -> int:
        self._flush()
        self._captioned()
        rows: list[Cells] = []
        header = 0
        end = at
        while end < len(self._lines) and self._lines[end].text.startswith("|"):
            line = self._lines[end]
            end += 1
            if not _LINE.fullmatch(line.text.replace(" ", "")):
                rows.append(Cells(line.text.removesuffix("|")[1:].split("|"), line, line))
            elif rows and not header:
                header = len(rows)
        self._builder.table(rows, header if header < len(rows) else 0)
        return end

    def _footnote(self, at: int, found: re.Match[str]) -> int:
        self._flush()
        end = at + 1
        while end < len(self._lines) and self._lines[end].text:
            raw = self._raw(self._lines[end])
            if _NOTE.match(raw) or _HEADING.match(raw):
                break
            end += 1
        block = [line._replace(text=line.text) for line in self._lines[at:end]]
        block[0] = block[0]._replace(text=self._raw(self._lines[at])[found.end() :])
        self._builder.define(found[1], block)
        return end

    def _running(self, line: SourceLine, raw: str) -> None:
        item = _ITEM.match(raw)
        if item:
            self._flush()
            self._kind = "list_item"
            self._lead = f"{item[3]} " if item[3] else ""
            raw = raw[item.end() :].replace(" :: ", ": ", 1)
        elif self._kind == "list_item" and self._open and not raw[:1].isspace():
            self._flush()
        self._open.append(line._replace(text=raw))

    def _flush(self) -> None:
        """End the paragraph or item that is open."""
        picture = len(self._open) == 1 and re.fullmatch(r"\s*\[\[[^\[\]]*\]\]\s*", self._open[0].text)
        if picture and self._caption:
            self._captioned()
        else:
            self._builder.text(self._kind, self._open, lead=self._lead)
        self._open, self._kind, self._lead = [], "paragraph", ""

    def _captioned(self) -> None:
        self._builder.text("caption", self._caption)
        self._caption = []


class Org:
    """Reads Org files."""

    name = "org/1"
    media_types = frozenset({"text/x-org"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        return _Reader(decode(tidy.read(path))).read(name)


def load(rest: str) -> Parser:
    """Build the parser of Org; it takes no argument."""
    return Org()
