"""Typst: headings, paragraphs, lists, tables, code and notes, read line by line.

Runs no code: of a call, the content in its square brackets is read, of ``#let``, ``#set`` and ``#show``
nothing but what they say of the document. Follows no import.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.lightmarkup import Builder, Cells, Inline, document, names
from cairn.adapters.parsers.text import SourceLine, decode, lines
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_HEADING = re.compile(r"\s*(={1,12})\s+(\S.*)")
_ITEM = re.compile(r"\s*(?:(-)|(\+|\d+\.)|/)\s+(?=\S)")
_STATEMENT = re.compile(r"\s*#(?:(let|set|show|import|include)\b|([a-zA-Z][\w.-]*)(?=[(\[]))")
_FENCE = re.compile(r"\s*(`{3,})")
_SKIPPED = re.compile(r"\s*//.*|\s*/\*.*\*/\s*|\s*#[\w.-]+(?:\(\))?\s*")
_BRACKET = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|//[^\n]*|\\.|[()\[\]{}]", re.DOTALL)
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_PAIRS.values())
_LONGEST = 200_000
"""Characters of one call."""
_TABLE = re.compile(r"\b(?:table|tablex|grid)\s*\(")
_HEADER = re.compile(r"\btable\.header\s*\(")
_CAPTION = re.compile(r"\bcaption\s*:\s*\[")
_COLUMNS = re.compile(r"\bcolumns\s*:\s*(?:(\d{1,3})|\(([^()]*(?:\([^()]*\)[^()]*)*)\))")
_SPAN = re.compile(r"colspan\s*:\s*(\d{1,3})[^\[\]]{0,100}$")
_SAID = re.compile(
    r"\b(title|author|date|description|keywords)\s*:\s*((?:datetime)?\([^()]*(?:\([^()]*\))?[^()]*\)|\"[^\"]*\"|\[[^\[\]]*\])"
)
_STRING = re.compile(r"\"([^\"]*)\"|\[([^\[\]]*)\]")
_DATE = re.compile(r"year:\s*(\d{4}).*?month:\s*(\d{1,2}).*?day:\s*(\d{1,2})", re.DOTALL)
_LANGUAGE = re.compile(r"\blang\s*:\s*\"(\w\w)\"")

_NOTE = re.compile(r"#footnote\[((?:[^\[\]]|\[[^\[\]]*\])*)\]")
_CALL = re.compile(
    r"#(?:link|text|emph|strong|underline|strike|highlight|smallcaps|sub|super|box|cite|ref|quote)"
    r"(?:\([^()\[\]]{0,500}\))?(\[((?:[^\[\]]|\[[^\[\]]*\])*)\])?"
)
_WITHIN = names(
    "link text emph strong underline strike highlight smallcaps sub super cite ref quote footnote"
)
_RAW = re.compile(r"`([^`\n]+)`|\\([\\*_`#$@<>~=+/-])")
_STYLES = (
    re.compile(r"(?<![\w*])\*(?=[^\s*])([^*]*[^\s*])\*(?![\w*])"),
    re.compile(r"(?<![\w_])_(?=[^\s_])((?:[^_]|(?<=\w)_(?=\w))*[^\s_])_(?![\w_])"),
)
_ODD = re.compile(r"\s*<[\w.:-]+>\s*$|\\$|\s//\s.*$", re.MULTILINE)
_SPACES = re.compile(r"#[hv]\([^()]*\)|(?<!\\)~")
_HELD = re.compile("\ue000(\\d+)\ue001")
_PRIVATE = re.compile("[\ue000\ue001]")


def inline(text: str) -> Inline:
    """Take Typst's marks off."""
    notes: list[str] = []
    held: list[str] = []

    def hold(found: re.Match[str]) -> str:
        held.append(found[1] if found[1] is not None else found[2])
        return f"\ue000{len(held) - 1}\ue001"

    def note(found: re.Match[str]) -> str:
        notes.append(_shown(found[1]))
        return ""

    def put(piece: str) -> str:
        return _HELD.sub(lambda found: held[int(found[1])], piece)

    text = _NOTE.sub(note, _RAW.sub(hold, _PRIVATE.sub("", text)))
    return Inline(put(_shown(text)), [put(found) for found in notes])


def _shown(text: str) -> str:
    text = _SPACES.sub(" ", _ODD.sub("", text))
    text = _CALL.sub(lambda found: found[2] if found[2] is not None else _quoted(found[0]), text)
    for pattern in _STYLES:
        text = pattern.sub(r"\1", text)
    return text


def _quoted(call: str) -> str:
    string = _STRING.search(call)
    return string[1] if string is not None and string[1] is not None else ""


class _Reader:
    """Goes through the lines once."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = list(lines(source))
        self._builder = Builder(source, inline)
        self._open: list[SourceLine] = []
        self._kind: ElementKind = "paragraph"
        self._lead = ""
        self._scanned = 0
        self.said: dict[str, str] = {}

    def read(self, name: str) -> Document:
        at = 0
        while at < len(self._lines):
            at = self._step(at)
        self._flush()
        return document(self._builder.finish(), self.said, name)

    def _step(self, at: int) -> int:
        """Take the block or the line at ``at``; return where the next begins."""
        line = self._lines[at]
        raw = self._source[line.start : line.end]
        if not line.text or _SKIPPED.fullmatch(raw):
            self._flush()
            return at + 1
        if heading := _HEADING.fullmatch(raw):
            self._flush()
            self._builder.text("heading", [line._replace(text=heading[2])], level=len(heading[1]))
            return at + 1
        if fence := _FENCE.match(raw):
            return self._fenced(at, fence[1])
        statement = _STATEMENT.match(raw)
        if statement is not None and (statement[1] or not (self._open or _is_inline(statement[2], raw))):
            return self._statement(at, statement)
        self._running(line, raw)
        return at + 1

    def _running(self, line: SourceLine, raw: str) -> None:
        if item := _ITEM.match(raw):
            self._flush()
            self._kind = "list_item"
            self._lead = f"{item[2]} " if item[2] and item[2] != "+" else ""
            raw = raw[item.end() :]
        elif self._kind == "list_item" and not raw[:1].isspace():
            self._flush()
        self._open.append(line._replace(text=raw))

    def _flush(self) -> None:
        """End the paragraph or item that is open."""
        self._builder.text(self._kind, self._open, lead=self._lead)
        self._open, self._kind, self._lead = [], "paragraph", ""

    def _fenced(self, at: int, fence: str) -> int:
        self._flush()
        end = at + 1
        while end < len(self._lines) and not self._lines[end].text.endswith(fence):
            end += 1
        self._builder.code(self._lines[at + 1 : end])
        return end + 1

    def _statement(self, at: int, found: re.Match[str]) -> int:
        """Take a statement with all its lines; what shows of it are its contents in square brackets."""
        self._flush()
        begin = self._lines[at].start
        stop = self._closed(begin, self._lines[at].end, found[1] is not None)
        end = at + 1
        while end < len(self._lines) and self._lines[end].start < stop:
            end += 1
        text = self._source[begin:stop]
        if found[1] == "set":
            self._setting(text)
        elif found[1] is None:
            self._call(begin, text, at)
            rest = self._lines[end - 1]
            if (left := self._source[stop : rest.end].strip(" ,;)]")) and end - at < 2:
                self._open.append(rest._replace(text=left))
        return end

    def _closed(self, begin: int, line_end: int, is_statement: bool) -> int:
        """Return where the brackets of what begins at ``begin`` are closed; else the end of its line."""
        if self._scanned > 5 * len(self._source) + _LONGEST:
            return line_end
        open_brackets: list[str] = []
        stop = line_end
        for found in _BRACKET.finditer(self._source, begin, begin + _LONGEST):
            stop = found.end()
            if not open_brackets and found.start() > line_end:
                break
            if found[0] in _PAIRS:
                open_brackets.append(_PAIRS[found[0]])
            elif found[0] in _CLOSING and open_brackets and open_brackets[-1] == found[0]:
                open_brackets.pop()
                following = self._source[stop : stop + 200].split("\n", 1)[0]
                goes_on = (
                    re.search(r"[(\[{]", following) if is_statement else following.startswith(("(", "["))
                )
                if not open_brackets and not goes_on:
                    break
        self._scanned += stop - begin
        return line_end if open_brackets else min(stop, max(stop, line_end))

    def _setting(self, text: str) -> None:
        if language := _LANGUAGE.search(text):
            self.said.setdefault("language", language[1])
        if not re.match(r"\s*#set\s+document\b", text):
            return
        for found in _SAID.finditer(text):
            key = {"date": "created", "keywords": "tags"}.get(found[1], found[1])
            values = [string or content for string, content in _STRING.findall(found[2])]
            date = _DATE.search(found[2])
            value = (
                f"{date[1]}-{int(date[2]):02}-{int(date[3]):02}" if date is not None else ", ".join(values)
            )
            self.said.setdefault(key, value)

    def _call(self, begin: int, text: str, at: int) -> None:
        table = _TABLE.search(text)
        caption = _CAPTION.search(text)
        if caption is not None:
            inside = next(_contents(text, caption.end() - 1), None)
            if inside is not None:
                self._builder.text("caption", self._pieces(begin + inside[0], begin + inside[1], at))
        if table is not None:
            self._table(begin, text, at, table.end())
            return
        for first, end in _contents(text, 0):
            if caption is None or not (first <= caption.end() <= end):
                self._builder.text("paragraph", self._pieces(begin + first, begin + end, at))

    def _table(self, begin: int, text: str, at: int, start: int) -> None:
        columns = _COLUMNS.search(text, start)
        said = columns[2] if columns is not None else None
        width = int(columns[1]) if columns is not None and columns[1] else 1
        if said is not None:
            width = max(1, len(list(filter(str.strip, re.sub(r"\([^()]*\)", "x", said).split(",")))))
        caption = _CAPTION.search(text)
        header = _HEADER.search(text, start)
        header_end = _end_of(text, header.end() - 1) if header is not None else 0
        row: list[tuple[str, int, int]] = []
        rows: list[Cells] = []
        heads = 0
        for first, end in _contents(text, start):
            if caption is not None and caption.end() == first:
                continue
            span = _SPAN.search(text, max(start, first - 120), first - 1)
            row.append((text[first:end], begin + first, begin + end))
            row += [("", begin + end, begin + end)] * (
                min(int(span[1]), width) - 1 if span is not None else 0
            )
            if len(row) >= width:
                rows.append(self._cells(row, at))
                heads += end <= header_end
                row = []
        rows += [self._cells(row, at)] if row else []
        self._builder.table(rows, heads)

    def _cells(self, row: Sequence[tuple[str, int, int]], at: int) -> Cells:
        block = self._pieces(row[0][1], row[-1][2], at)
        return Cells([text for text, _, _ in row], block[0], block[-1])

    def _pieces(self, begin: int, end: int, at: int) -> list[SourceLine]:
        """Return characters ``begin:end``, which stand at or below line ``at``, as lines as written."""
        made = []
        for line in self._lines[self._row(begin, at) :]:
            if line.start > end:
                break
            start, stop = max(line.start, begin), min(line.end, end)
            if start <= stop:
                made.append(SourceLine(line.number, start, stop, self._source[start:stop]))
        return made if made else [self._lines[at]]

    def _row(self, begin: int, at: int) -> int:
        low, high = at, len(self._lines)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._lines[middle].start <= begin else (low, middle)
        return low


def _is_inline(name: str, raw: str) -> bool:
    """Tell a call that begins a line of running text."""
    return name in _WITHIN and all(raw.count(begin) == raw.count(end) for begin, end in ("[]", "()"))


def _contents(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield where the outermost square brackets from ``start`` on begin and end, inside them."""
    depth = begin = 0
    for found in _BRACKET.finditer(text, start):
        if found[0] == "[":
            begin = found.end() if not depth else begin
            depth += 1
        elif found[0] == "]" and depth:
            depth -= 1
            if not depth:
                yield begin, found.start()


def _end_of(text: str, start: int) -> int:
    """Return where the round bracket at ``start`` is closed."""
    depth = 0
    for found in _BRACKET.finditer(text, start):
        depth += (found[0] == "(") - (found[0] == ")")
        if not depth:
            return found.end()
    return len(text)


class Typst:
    """Reads Typst files."""

    name = "typst/1"
    media_types = frozenset({"text/x-typst"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        return _Reader(decode(tidy.read(path))).read(name)


def load(rest: str) -> Parser:
    """Build the parser of Typst; it takes no argument."""
    return Typst()
