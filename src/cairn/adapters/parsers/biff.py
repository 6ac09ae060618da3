"""The records of an old Excel workbook (XLS: BIFF5 and BIFF8): cells as they show, merges, comments.

Knows no container: it is handed the stream that holds the workbook. Formulas are shown by their stored
results; what a sheet claims of its size is not looked at.
"""

import struct
from collections.abc import Iterator, Sequence
from itertools import count, islice
from typing import NamedTuple

from cairn.adapters.parsers import number_formats, tidy
from cairn.adapters.parsers.grid import MOST_CELLS, Budget, Full, Merge, Remark, Sheet
from cairn.adapters.parsers.tabular import Line
from cairn.errors import ParseFailed

_BOF, _END, _CONTINUE, _FILEPASS = 0x0809, 0x0A, 0x3C, 0x2F
_CODEPAGE, _DATEMODE, _FONT, _FORMATS, _XF, _SHEET, _STRINGS = (
    0x42,
    0x22,
    0x31,
    (0x041E, 0x1E),
    0xE0,
    0x85,
    0xFC,
)
_NUMBER, _RK, _MULTIPLE, _SHARED, _LABELS = 0x0203, 0x027E, 0xBD, 0xFD, (0x0204, 0xD6)
_FORMULAS, _RESULT, _CONSTANT, _MERGED = (0x06, 0x0206, 0x0406), 0x0207, 0x0205, 0xE5
_OBJECT, _TEXT, _NOTE, _WINDOW, _PANE = 0x5D, 0x01B6, 0x1C, 0x023E, 0x41
_ERRORS = {
    0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A",
}  # fmt: skip
_BOLD = 700
_MOST_SHEETS = 1000
_MOST_MERGES = 50_000
_MOST_REMARKS = 20_000


class _Record(NamedTuple):
    kind: int
    chunks: list[bytes]
    """Its own bytes, then those of each record that continues it."""


def _records(data: bytes, at: int) -> Iterator[_Record]:
    """Yield the records from ``at`` to the end of the data."""
    held: _Record | None = None
    while at + 4 <= len(data):
        kind, size = struct.unpack_from("<HH", data, at)
        chunk = data[at + 4 : at + 4 + size]
        at += 4 + size
        if kind == _CONTINUE and held is not None:
            held.chunks.append(chunk)
            continue
        if held is not None:
            yield held
        held = _Record(kind, [chunk])
    if held is not None:
        yield held


class _Chunks:
    """Reads strings that may run on from one chunk to the next, where a flag tells their width anew."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self._chunks = chunks
        self._number = self._at = 0

    def take(self, size: int) -> bytes:
        """Return the next bytes, of several chunks if need be; fewer at the end."""
        made = b""
        while size > 0 and self._number < len(self._chunks):
            piece = self._chunks[self._number][self._at : self._at + size]
            made += piece
            size -= len(piece)
            self._at += len(piece)
            if size > 0:
                self._number, self._at = self._number + 1, 0
        return made

    def string(self, size: int, is_wide: bool) -> str:
        """Return ``size`` characters."""
        made: list[str] = []
        while size > 0 and self._number < len(self._chunks):
            width = 2 if is_wide else 1
            piece = self._chunks[self._number][self._at : self._at + size * width]
            self._at += len(piece)
            size -= len(piece) // width
            made.append(_decoded(piece, is_wide))
            if size > 0:
                self._number, self._at = self._number + 1, 0
                is_wide = bool(self.take(1)[:1] > b"\0" and self._chunks[self._number][0] & 1)
        return "".join(made)


def _decoded(data: bytes, is_wide: bool) -> str:
    return data.decode("utf-16-le", "replace") if is_wide else data.decode("latin-1")


def _strings(chunks: Sequence[bytes]) -> Iterator[str]:
    """Yield the shared strings."""
    reader = _Chunks(chunks)
    reader.take(8)
    while len(head := reader.take(3)) == 3:
        size, flags = struct.unpack("<HB", head)
        runs = int.from_bytes(reader.take(2), "little") if flags & 8 else 0
        extra = int.from_bytes(reader.take(4), "little") if flags & 4 else 0
        yield tidy.flat(reader.string(size, bool(flags & 1)))
        reader.take(4 * runs)
        reader.take(extra)


class _Style(NamedTuple):
    made: number_formats.Format
    is_bold: bool


class Book:
    """The workbook in a stream; raises ParseFailed if it is locked or no workbook."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.budget = Budget()
        self.unread: list[str] = []
        self._is_wide = True
        self._page = "cp1252"
        self.strings: list[str] = []
        self._bold: list[bool] = []
        self._codes: dict[int, str] = {}
        self._xfs: list[tuple[int, int]] = []
        self._listed: list[tuple[int, int, str]] = []
        self._is_1904 = False
        if data[:2] != struct.pack("<H", _BOF):
            raise ParseFailed("it is damaged: its workbook does not begin as one")
        for record in _records(data, 0):
            if record.kind == _END:
                break
            self._take(record.kind, record.chunks)
        self.styles = [self._style(font, number) for font, number in self._xfs]

    def _take(self, kind: int, chunks: list[bytes]) -> None:
        """Take in a record of what the sheets share."""
        body = chunks[0]
        if kind == _FILEPASS:
            raise ParseFailed("it is protected by a password")
        if kind == _BOF:
            self._is_wide = body[:2] == b"\0\6"
        elif kind == _CODEPAGE and len(body) > 1:
            self._page = f"cp{int.from_bytes(body[:2], 'little')}"
        elif kind == _DATEMODE:
            self._is_1904 = body[:1] == b"\1"
        elif kind == _FONT:
            self._bold.append(int.from_bytes(body[6:8], "little") >= _BOLD)
        elif kind in _FORMATS:
            number = int.from_bytes(body[:2], "little")
            self._codes[number] = self.string(body[2:], 2 if self._is_wide else 1)
        elif kind == _XF and len(body) >= 4:
            font, number = struct.unpack_from("<HH", body)
            self._xfs.append((font, number))
        elif kind == _SHEET and len(body) > 6 and len(self._listed) < _MOST_SHEETS:
            name = tidy.flat(self.string(body[6:], 1))
            self._listed.append((int.from_bytes(body[:4], "little"), body[5], name))
        elif kind == _STRINGS:
            self.strings += islice(_strings(chunks), MOST_CELLS)

    def string(self, data: bytes, prefix: int) -> str:
        """Return a string that its length (of one or two bytes) precedes."""
        size, rest = int.from_bytes(data[:prefix], "little"), data[prefix:]
        if not self._is_wide:
            try:
                return rest[:size].decode(self._page, "replace")
            except LookupError:
                return rest[:size].decode("cp1252", "replace")
        is_wide = bool(rest[:1] and rest[0] & 1)
        return _decoded(rest[1 : 1 + size * (2 if is_wide else 1)], is_wide)

    def _style(self, font: int, number: int) -> _Style:
        code = self._codes.get(number)
        usual = number_formats.built_in(number, is_1904=self._is_1904)
        made = usual if code is None else number_formats.compiled(code, is_1904=self._is_1904)
        font -= font > 4
        return _Style(made, font < len(self._bold) and self._bold[font])

    def sheets(self) -> Iterator[Sheet]:
        """Yield the worksheets in order; what is none of them is noted as unread."""
        for number, (at, kind, name) in zip(count(1), self._listed, strict=False):
            name = name if name else f"Sheet {number}"
            if kind:
                what = "is a chart" if kind == 2 else "holds macros"
                self.unread.append(f"sheet {name!r} {what}")
                continue
            reader = _Cells(self)
            try:
                reader.read(_records(self._data, at))
            except Full:
                self.unread.append(f"sheet {name!r}: it is too large")
            yield reader.sheet(name)


class _Cells:
    """Collects the cells of one sheet."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._rows: dict[int, dict[int, str]] = {}
        self._plain: set[int] = set()
        """Rows with a cell that is not bold."""
        self._merges: list[Merge] = []
        self._pending: tuple[int, int, int] | None = None
        """The cell of a formula whose text comes next."""
        self._texts: dict[int, str] = {}
        self._notes: list[tuple[int, int, int]] = []
        self._object = self._frozen = 0
        self._is_frozen = False

    def read(self, records: Iterator[_Record]) -> None:
        """Take in a sheet's records, but not those of charts within; raises Full."""
        depth = 0
        for kind, chunks in records:
            depth += (kind == _BOF) - (kind == _END)
            if depth < 1:
                return
            if depth == 1:
                try:
                    self._take(kind, chunks)
                except (struct.error, IndexError):
                    continue

    def _take(self, kind: int, chunks: list[bytes]) -> None:
        body = chunks[0]
        if kind == _SHARED:
            row, column, style, at = struct.unpack_from("<HHHI", body)
            self._put(row, column, style, self._book.strings[at])
        elif kind == _NUMBER:
            self._number(*struct.unpack_from("<HHHd", body))
        elif kind == _RK:
            row, column, style, number = struct.unpack_from("<HHHI", body)
            self._number(row, column, style, _unpacked(number))
        elif kind == _MULTIPLE:
            row, column = struct.unpack_from("<HH", body)
            for at in range(4, len(body) - 7, 6):
                style, number = struct.unpack_from("<HI", body, at)
                self._number(row, column + (at - 4) // 6, style, _unpacked(number))
        elif kind in _FORMULAS:
            self._formula(body)
        elif kind in _LABELS:
            row, column, style = struct.unpack_from("<HHH", body)
            self._put(row, column, style, tidy.flat(self._book.string(body[6:], 2)))
        elif kind == _RESULT and self._pending is not None:
            self._put(*self._pending, tidy.flat(self._book.string(b"".join(chunks), 2)))
            self._pending = None
        elif kind == _CONSTANT:
            row, column, style, value, is_error = struct.unpack_from("<HHHBB", body)
            self._put(row, column, style, _constant(value, bool(is_error)))
        else:
            self._take_around(kind, chunks)

    def _take_around(self, kind: int, chunks: list[bytes]) -> None:
        """Take in what is no cell."""
        body = chunks[0]
        if kind == _MERGED:
            for at in range(2, len(body) - 7, 8):
                top, bottom, left, right = struct.unpack_from("<HHHH", body, at)
                if len(self._merges) < _MOST_MERGES:
                    self._merges.append(Merge(top + 1, left + 1, bottom + 1, right + 1))
        elif kind == _OBJECT:
            self._object = struct.unpack_from("<H", body, 6)[0]
        elif kind == _TEXT and len(chunks) > 1:
            size = struct.unpack_from("<H", body, 10)[0]
            flags = chunks[1][0] if chunks[1] else 0
            self._texts[self._object] = tidy.flat(
                _Chunks([chunks[1][1:], *chunks[2:]]).string(size, bool(flags & 1))
            )
        elif kind == _NOTE and len(self._notes) < _MOST_REMARKS:
            row, column, _, at = struct.unpack_from("<HHHH", body)
            self._notes.append((row, column, at))
        elif kind == _WINDOW:
            self._is_frozen = bool(body[0] & 8)
        elif kind == _PANE:
            self._frozen = struct.unpack_from("<H", body, 2)[0]

    def _put(self, row: int, column: int, style: int, text: str) -> None:
        if text:
            self._book.budget.take([text])
            self._rows.setdefault(row + 1, {})[column + 1] = text
            if style >= len(self._book.styles) or not self._book.styles[style].is_bold:
                self._plain.add(row + 1)

    def _number(self, row: int, column: int, style: int, value: float) -> None:
        styles = self._book.styles
        made = styles[style].made if style < len(styles) else number_formats.GENERAL
        self._put(row, column, style, number_formats.shown(made, value))

    def _formula(self, body: bytes) -> None:
        """Take in a formula's stored result."""
        row, column, style, value = struct.unpack_from("<HHHd", body)
        self._pending = None
        if body[12:14] != b"\xff\xff":
            self._number(row, column, style, value)
        elif body[6] == 0:
            self._pending = (row, column, style)
        elif body[6] in (1, 2):
            self._put(row, column, style, _constant(body[8], body[6] == 2))

    def sheet(self, name: str) -> Sheet:
        """Return what was collected."""
        sheet = Sheet(name=name, merges=self._merges)
        shapes: dict[tuple[int, ...], tuple[int, ...]] = {}
        for number, cells in sorted(self._rows.items()):
            columns = tuple(sorted(cells))
            texts = [cells[column] for column in columns]
            is_bold = number not in self._plain
            sheet.lines.append(Line(number, shapes.setdefault(columns, columns), texts, is_bold))
        if self._is_frozen and self._frozen <= 10:
            sheet.headers = {row: self._frozen - row + 1 for row in range(1, self._frozen + 1)}
        for row, column, at in self._notes:
            if text := self._texts.get(at, ""):
                sheet.remarks.append(Remark(row + 1, column + 1, "footnote", text))
        return sheet


def _unpacked(number: int) -> float:
    """Return the value of a number packed into 30 bits and two flags."""
    if number & 2:
        value = float((number >> 2) - (1 << 30 if number & 0x80000000 else 0))
    else:
        value = float(struct.unpack("<d", struct.pack("<Q", (number & 0xFFFFFFFC) << 32))[0])
    return value / 100 if number & 1 else value


def _constant(value: int, is_error: bool) -> str:
    if is_error:
        return _ERRORS.get(value, "#N/A")
    return "TRUE" if value else "FALSE"
