"""Old and binary Excel workbooks: XLS by its own records, XLSB by calamine.

Of XLSB calamine gives values, not how they show: dates and times come in their ISO form, numbers without
the signs and rounding of their number format; its comments are not read.
"""

import datetime
from collections.abc import Iterator
from pathlib import Path

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from cairn.adapters.parsers import biff, compound, grid, number_formats, tidy, zipped
from cairn.adapters.parsers.grid import Budget, Full, Merge, Sheet
from cairn.adapters.parsers.tabular import Line
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Document

_SPAN = number_formats.compiled("[h]:mm:ss").number
_MOST_MERGES = 50_000
_MOST_AREA = 20_000_000
"""Cells of the rectangle around all cells of a sheet: calamine makes room for each."""
_ROW, _LAST_CELL = 0, 11
"""Records of a binary sheet: a row, and up to which number they are cells."""
_OLE = b"\xd0\xcf\x11\xe0"


def _shown(value: object) -> str:
    """Return what a value reads like in a sheet."""
    if isinstance(value, str):
        return tidy.flat(value)
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.timedelta):
        return _SPAN(value.total_seconds() / 86400)
    if isinstance(value, float):
        return number_formats.shown(number_formats.GENERAL, value)
    return str(value).removesuffix(" 00:00:00")


def _lines(sheet: CalamineSheet, budget: Budget) -> Iterator[Line]:
    """Yield the rows that hold something; raises Full."""
    start = sheet.start
    if start is None:
        return
    left = start[1] + 1
    shapes: dict[tuple[int, ...], tuple[int, ...]] = {}
    for number, row in enumerate(sheet.iter_rows(), 1):  # which begins at the first row, empty or not
        texts = [_shown(value) if value != "" else "" for value in row]
        columns = tuple(at for at, text in enumerate(texts, left) if text)
        if columns:
            kept = list(filter(None, texts))
            budget.take(kept)
            yield Line(number, shapes.setdefault(columns, columns), kept)


def _sheets(workbook: CalamineWorkbook, unread: list[str]) -> Iterator[Sheet]:
    budget = Budget()
    for at, told in enumerate(workbook.sheets_metadata):
        name = tidy.flat(told.name)[:200]
        name = name if name else f"Sheet {at + 1}"
        if told.typ != SheetTypeEnum.WorkSheet:
            is_chart = told.typ == SheetTypeEnum.ChartSheet
            unread.append(f"sheet {name!r} {'is a chart' if is_chart else 'holds macros or a dialog'}")
            continue
        sheet = Sheet(name=name)
        try:
            read = workbook.get_sheet_by_index(at)
            ranges = read.merged_cell_ranges
            for (top, left), (bottom, right) in (ranges if ranges is not None else [])[:_MOST_MERGES]:
                sheet.merges.append(Merge(top + 1, left + 1, bottom + 1, right + 1))
            sheet.lines.extend(_lines(read, budget))
        except CalamineError as error:
            unread.append(f"sheet {name!r}: it is damaged: {error}")
        except Full:
            unread.append(f"sheet {name!r}: it is too large")
        yield sheet


def _refuse_scattered(archive: zipped.Zipped) -> None:
    """Raise ParseFailed if cells stand so far apart that calamine would need too much room."""
    for name in sorted(archive.names):
        if name.startswith("xl/worksheets/") and name.endswith(".bin"):
            area = _area(archive.read(name))
            if area > _MOST_AREA:
                raise ParseFailed(f"its cells are too far apart: {name} spreads over {area:,}")


def _area(data: bytes) -> int:
    """Return the size of the rectangle around the cells of a binary sheet."""
    at = row = 0
    rows, columns = [1 << 32, 0], [1 << 32, 0]
    while at + 2 <= len(data):
        kind, at = _packed(data, at, 2)
        size, at = _packed(data, at, 4)
        first = int.from_bytes(data[at : at + 4], "little")
        if kind == _ROW:
            row = first
        elif kind <= _LAST_CELL:
            rows = [min(rows[0], row), max(rows[1], row)]
            columns = [min(columns[0], first), max(columns[1], first)]
        at += size
    return max(0, rows[1] - rows[0] + 1) * max(0, columns[1] - columns[0] + 1)


def _packed(data: bytes, at: int, most: int) -> tuple[int, int]:
    """Return a number written in bytes of seven bits, and where it ends."""
    value = 0
    for place in range(most):
        byte = data[at + place] if at + place < len(data) else 0
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, at + place + 1
    return value, at + most


def _binary(path: Path, name: str) -> Document:
    """Read an XLSB file."""
    unread: list[str] = []
    with zipped.unzip(path) as archive:
        _refuse_scattered(archive)
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            sheets = list(_sheets(workbook, unread))
    except PasswordError as error:
        raise ParseFailed("it is protected by a password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise ParseFailed(f"it is damaged: {error}") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what Rust raises is no Exception
            raise
        raise ParseFailed("it is damaged") from error
    return grid.document(sheets, {}, unread, name)


def _old(path: Path, name: str) -> Document:
    """Read an XLS file."""
    with compound.opened(path) as file:
        if file.has("EncryptedPackage"):
            raise ParseFailed("it is protected by a password")
        stream = next((known for known in ("Workbook", "Book") if file.has(known)), "")
        if not stream:
            raise ParseFailed("it is no Excel file: it holds no workbook")
        book = biff.Book(file.read(stream))
        sheets = list(book.sheets())
        return grid.document(sheets, file.facts(), book.unread, name)


class OldWorkbook:
    """Reads XLS and XLSB workbooks."""

    name = "calamine/1"
    media_types = frozenset(
        {
            "application/vnd.ms-excel",
            "application/vnd.ms-excel.sheet.binary.macroenabled.12",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, locked or has no cell with text."""
        is_old = tidy.read(path).startswith(_OLE)
        with grid.unswept():
            return _old(path, name) if is_old else _binary(path, name)


def load(rest: str) -> Parser:
    """Build the parser of old Excel workbooks; it takes no argument."""
    return OldWorkbook()
