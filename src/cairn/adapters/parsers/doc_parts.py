"""The parts of a DOC file: its text put together from pieces, and the properties of its paragraphs.

Follows Microsoft's published description [MS-DOC]. All places in the file are checked against its size;
what points outside is left out. Of Word 6 and 95 it reads the text alone, and only if saved in one piece.
"""

import re
import struct
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cairn.adapters.parsers.compound import Compound
from cairn.errors import ParseFailed

_WORD_97 = 0x00C1
_IDENT, _IDENT_95 = 0xA5EC, 0xA5DC
_LOCKED, _SECOND_TABLE, _IN_PIECES = 0x0100, 0x0200, 0x0004
_TABLES = 0x9A
"""Where the list of (place, size) of the tables begins."""
_STYLES, _PARAGRAPHS, _PIECES = 1, 13, 33
_NOTES = ((2, 3, 2, 1), (4, 5, 30, 4), (46, 47, 2, 5))
"""Of footnotes, comments and endnotes: the tables of marks and texts, bytes a mark, and the story."""
_PAGE = 512
_MOST_STYLES = 4096
_TITLE, _LISTED = 62, frozenset((*range(47, 62), 179))
_HALF = re.compile(b"[\xd8-\xdf]")
"""The upper byte of half of a pair in UTF-16."""
_SIZES = {0: 1, 1: 1, 2: 2, 3: 4, 4: 2, 5: 2, 7: 3}


class Properties(NamedTuple):
    """What a paragraph is."""

    level: int = 0
    """Of a heading."""
    is_item: bool = False
    is_cell: bool = False
    is_row_end: bool = False
    is_header: bool = False
    edges: tuple[int, ...] = ()
    """Of a row's end: where its cells end, in twentieths of a point."""
    below: tuple[bool, ...] = ()
    """Of a row's end: which of its cells go on with the one above."""
    is_known: bool = True


_UNKNOWN = Properties(is_known=False)


class _Style(NamedTuple):
    level: int
    is_item: bool


class _Piece(NamedTuple):
    start: int
    """The place of its first character in the text."""
    at: int
    """The place of its first byte in the file."""
    width: int
    """Bytes a character."""


class _Run(NamedTuple):
    start: int
    """The place of its first byte."""
    end: int
    properties: Properties


class Parts(NamedTuple):
    """The whole text with all that is beside the main text, and where what of it stands."""

    text: str
    pieces: Sequence[_Piece]
    runs: Sequence[_Run]
    counts: tuple[int, ...]
    """Characters of main text, footnotes, headers, macros, comments, endnotes and text boxes."""
    notes: Sequence[tuple[int, int, int]]
    """Of each footnote, comment and endnote: the place of its mark, its start and its end."""
    unread: tuple[str, ...] = ()

    def stories(self) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of the main text and of the text boxes."""
        yield 0, min(self.counts[0], len(self.text))
        boxes = sum(self.counts[:6])
        yield boxes, min(boxes + self.counts[6], len(self.text))

    def properties(self, at: int) -> Properties:
        """Return what the paragraph is whose end is character ``at``."""
        piece = self.pieces[max(bisect_right(self.pieces, at, key=lambda piece: piece.start) - 1, 0)]
        byte = piece.at + (at - piece.start) * piece.width
        found = bisect_right(self.runs, byte, key=lambda run: run.start) - 1
        if found < 0 or byte >= self.runs[found].end:
            return _UNKNOWN
        return self.runs[found].properties


def parts(file: Compound) -> Parts:
    """Find the parts of a DOC file; raises ParseFailed if it is locked or damaged."""
    if not file.has("WordDocument"):
        raise ParseFailed("it is damaged: there is no Word document in it")
    main = file.read("WordDocument")
    ident, version = _number(main, 0, "H"), _number(main, 2, "H")
    flags = _number(main, 10, "H")
    if ident not in (_IDENT, _IDENT_95):
        raise ParseFailed("it is damaged: it does not begin as a Word document does")
    if flags & _LOCKED:
        raise ParseFailed("it is protected by a password")
    if version < _WORD_97:
        return _early(main, flags)
    name = "1Table" if flags & _SECOND_TABLE else "0Table"
    table = file.read(name)
    return _assembled(main, table)


def _number(data: bytes, at: int, kind: str = "I") -> int:
    """Return an unsigned number; 0 outside the data."""
    size = struct.calcsize(f"<{kind}")
    return int(struct.unpack_from(f"<{kind}", data, at)[0]) if 0 <= at <= len(data) - size else 0


def _early(main: bytes, flags: int) -> Parts:
    """Read a document of Word 6 or 95."""
    if flags & _IN_PIECES:
        raise ParseFailed("it was saved by Word 6 or 95 in pieces, which cannot be read")
    start, end = _number(main, 0x18), min(_number(main, 0x1C), len(main))
    text = main[start:end].decode("cp1252", "replace")
    count = _number(main, 0x34)
    counts = (count if 0 < count <= len(text) else len(text), 0, 0, 0, 0, 0, 0)
    return Parts(text, [_Piece(0, start, 1)], [], counts, [])


def _assembled(main: bytes, table: bytes) -> Parts:
    text, pieces, is_whole = _text(main, _table(main, table, _PIECES))
    if not pieces:
        raise ParseFailed("it is damaged: its text cannot be found")
    # Main text, footnotes, headers, macros, comments, endnotes, text boxes.
    counts = tuple(min(_number(main, at), len(text)) for at in range(0x4C, 0x68, 4))
    styles = _styles(_table(main, table, _STYLES))
    runs = _runs(main, _table(main, table, _PARAGRAPHS), styles)
    marks = [
        mark
        for marked, noted, size, story in _NOTES
        for mark in _marks(
            _places(_table(main, table, marked), size),
            _places(_table(main, table, noted), 0),
            sum(counts[:story]),
            counts[story],
        )
    ]
    unread = () if is_whole else ("a part of the text, where the file is damaged",)
    return Parts(text, pieces, runs, counts, marks, unread)


def _marks(
    places: Sequence[int], starts: Sequence[int], first: int, count: int
) -> Iterator[tuple[int, int, int]]:
    """Yield (place of the mark, start, end) of each note in a story of ``count`` characters."""
    if any(start > end for start, end in pairwise(starts)):
        return
    for place, (start, end) in zip(places[:-1], pairwise(starts), strict=False):
        if start < end <= count:
            yield place, first + start, first + end


def _table(main: bytes, table: bytes, number: int) -> bytes:
    """Return the table of this number; empty if there is none."""
    at = _TABLES + 8 * number
    start, size = _number(main, at), _number(main, at + 4)
    return table[start : start + size] if start + size <= len(table) else b""


def _places(table: bytes, size: int) -> list[int]:
    """Return the places at the head of a table, one more than it has entries of ``size`` bytes."""
    count = (len(table) - 4) // (4 + size)
    return list(struct.unpack_from(f"<{count + 1}I", table)) if count >= 0 and len(table) >= 4 else []


def _text(main: bytes, table: bytes) -> tuple[str, list[_Piece], bool]:
    """Put the text together; the last is False if something of it is missing."""
    at = 0
    while at < len(table) and table[at] == 1:
        at += 3 + _number(table, at + 1, "H")
    size = _number(table, at + 1)
    if at >= len(table) or table[at] != 2:
        return "", [], False
    entries = table[at + 5 : at + 5 + size]
    places = _places(entries, 8)
    texts: list[str] = []
    pieces: list[_Piece] = []
    room, length = 2 * len(main), 0
    for number, (start, end) in enumerate(pairwise(places)):
        where = _number(entries, 4 * len(places) + 8 * number + 2)
        width = 1 if where & 0x40000000 else 2
        byte = (where & 0x3FFFFFFF) // (2 if width == 1 else 1)
        size = (end - start) * width
        if start != length or end < start or byte + size > len(main) or size > room:
            return "".join(texts), pieces, False
        room -= size
        data = main[byte : byte + size]
        texts.append(data.decode("cp1252", "replace") if width == 1 else _units(data))
        pieces.append(_Piece(start, byte, width))
        length = end
    return "".join(texts), pieces, True


def _units(data: bytes) -> str:
    """Return a character for every two bytes, halves of pairs as they are."""
    if _HALF.search(data[1::2]) is None:
        return data.decode("utf-16-le")
    return "".join(map(chr, struct.unpack(f"<{len(data) // 2}H", data)))


def _styles(table: bytes) -> list[_Style]:
    """Return what each style makes of a paragraph, by itself or by the style it is based on."""
    head = _number(table, 0, "H")
    count = min(_number(table, 2, "H"), _MOST_STYLES)
    fixed = _number(table, 4, "H")
    at, own = 2 + head, []
    for _ in range(count):
        size = _number(table, at, "H")
        own.append(
            (_number(table, at + 2, "H") & 0xFFF, _number(table, at + 4, "H") >> 4) if size >= 4 else None
        )
        at += 2 + size + size % 2
    if fixed < 4:
        own = [(number, 0xFFF) for number in range(10)]
    return [_style(own, number) for number in range(len(own))]


def _style(own: Sequence[tuple[int, int] | None], number: int) -> _Style:
    """Follow a style to those it is based on until one says what it is."""
    for _ in range(12):
        found = own[number] if number < len(own) else None
        if found is None:
            break
        kind, number = found
        if 1 <= kind <= 9 or kind == _TITLE:
            return _Style(kind if kind <= 9 else 1, False)
        if kind in _LISTED:
            return _Style(0, True)
        if 19 <= kind <= 46:
            break
    return _Style(0, False)


def _runs(main: bytes, table: bytes, styles: Sequence[_Style]) -> list[_Run]:
    """Read the pages that tell paragraphs' properties, each page once."""
    count = len(_places(table, 4))
    pages = [_number(table, 4 * count + 4 * at) & 0x3FFFFF for at in range(max(count - 1, 0))]
    runs: list[_Run] = []
    for page in dict.fromkeys(pages):
        data = main[page * _PAGE : (page + 1) * _PAGE]
        if len(data) == _PAGE:
            runs += _page(data, styles)
    return sorted(runs, key=lambda run: run[:2])


def _page(data: bytes, styles: Sequence[_Style]) -> Iterator[_Run]:
    count = data[-1]
    if 4 + count * 17 >= _PAGE:
        return
    for number in range(count):
        start, end = _number(data, 4 * number), _number(data, 4 * number + 4)
        at = 2 * data[4 * (count + 1) + 13 * number]
        properties = Properties()
        if at:
            size = 2 * data[at] - 1 if data[at] else 2 * data[at + 1] if at + 1 < _PAGE else 0
            first = at + 1 if data[at] else at + 2
            properties = _properties(data[first : min(first + size, _PAGE - 1)], styles)
        yield _Run(start, end, properties)


def _properties(data: bytes, styles: Sequence[_Style]) -> Properties:
    """Read a style's number and the changes to it."""
    number = _number(data, 0, "H")
    style = styles[number] if number < len(styles) else _Style(0, False)
    level, is_item = style.level, style.is_item
    is_cell = is_row_end = is_header = False
    edges: tuple[int, ...] = ()
    below: tuple[bool, ...] = ()
    for code, value in _changes(data[2:]):
        first = value[0] if value else 0
        if code in (0x2416, 0x2417, 0x3404):
            is_cell |= code == 0x2416 and first != 0
            is_row_end |= code == 0x2417 and first != 0
            is_header |= code == 0x3404 and first != 0
        elif code == 0x2640:
            level = first + 1 if first <= 8 else 0
        elif code == 0x460B:
            is_item = _number(value, 0, "H") not in (0, 0xF801)
        elif code == 0xD608 and value:
            edges = struct.unpack_from(f"<{first}h", value, 3) if len(value) >= 3 + 2 * first else ()
            below = tuple(_number(value, 3 + 2 * first + 20 * at, "H") >> 5 & 3 == 1 for at in range(first))
    return Properties(level, is_item, is_cell, is_row_end, is_header, edges, below)


def _changes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield each change to a property: its code and its value."""
    at = 0
    while at + 2 <= len(data):
        code = _number(data, at, "H")
        at += 2
        size = _SIZES.get(code >> 13)
        if code == 0xD608:
            size, at = max(_number(data, at, "H") - 1, 0), at + 2
        elif size is None:
            size, at = data[at] if at < len(data) else 0, at + 1
        yield code, data[at : at + size]
        at += size
