"""Workbooks: a sheet a heading, numbers as numbers with a format, formulas together with their values."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter

from .archive import dated, steady
from .source import MONTHS, Block, Source, parse

Value = str | int | float | datetime
SIGNED = "+#,##0;-#,##0;0"
HEAD = PatternFill("solid", fgColor="1E5B45")


def cell_value(text: str, year: int) -> tuple[Value, str]:
    """Return what stands in a cell and the number format that shows it as the text does."""
    if match := re.fullmatch(r"(\d{1,2}) ([A-Z][a-z]{2})( \d{4})?", text):
        day = datetime(int(match[3] or year), MONTHS[match[2]], int(match[1]))
        return day, "dd mmm" + (" yyyy" if match[3] else "")
    if match := re.fullmatch(r"(\d+)(\.\d)? %", text):
        return round(float(text[:-2]) / 100, 4), "0.0 %" if match[2] else "0 %"
    if match := re.fullmatch(r"EUR ([\d,]+)", text):
        return int(match[1].replace(",", "")), '"EUR" #,##0'
    if re.fullmatch(r"[+-]\d{1,3}(,\d{3})*", text):
        return int(text.replace(",", "")), SIGNED
    if re.fullmatch(r"\d{1,3}(,\d{3})*", text):
        return int(text.replace(",", "")), "#,##0"
    if re.fullmatch(r"[1-9]\d{3,}", text):
        return int(text), "0"
    if match := re.fullmatch(r"\d{1,3}\.(\d)", text):
        return float(text), "0.0"
    return text, "General"


@dataclass
class Sheet:
    """One sheet while it is written: where the next row goes and what its formulas come to."""

    page: Any
    columns: int
    row: int = 1
    values: dict[str, int] = field(default_factory=dict)

    def wide(self, text: str, font: Font | None = None) -> None:
        """Write a text over all columns, which are merged."""
        cell = self.page.cell(self.row, 1, text.replace("**", ""))
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        if font:
            cell.font = font
        last = get_column_letter(self.columns)
        self.page.merge_cells(f"A{self.row}:{last}{self.row}")
        self.page.row_dimensions[self.row].height = 16 * (1 + len(text) // (18 * self.columns))
        self.row += 1

    def table(self, rows: list[list[str]], year: int) -> None:
        """Write a table with a coloured header row."""
        first = self.row + 1
        for index, texts in enumerate(rows):
            values = [cell_value(text.strip("*"), year) for text in texts]
            total = index > 0 and texts[0].strip("*").startswith("Total")
            for column, (value, form) in enumerate(values, 1):
                cell = self.page.cell(self.row, column, value)
                cell.number_format = form
                if index == 0:
                    cell.fill, cell.font = HEAD, Font(bold=True, color="FFFFFF")
                    cell.value, cell.alignment = texts[column - 1], Alignment(wrap_text=True, vertical="top")
                elif isinstance(value, int):
                    self.formula(cell, value, first if total else None, rows[0][column - 1])
                if total:
                    cell.font = Font(bold=True)
            self.row += 1
        self.row += 1

    def formula(self, cell: Any, value: int, first: int | None, head: str) -> None:
        """Replace a sum or a difference by its formula and keep what it comes to; raises if it does not."""
        letter, row, column = cell.column_letter, cell.row, cell.column
        if first is not None:
            above = [self.number(at, column) for at in range(first, row)]
            if sum(above) != value:
                raise ValueError(f"{self.page.title}!{cell.coordinate}: {value} is not the sum of {above}")
            cell.value = f"=SUM({letter}{first}:{letter}{row - 1})"
        elif head.split(",")[0] in ("Change", "Variance"):
            old, new = self.number(row, column - 2), self.number(row, column - 1)
            if new - old != value:
                raise ValueError(f"{self.page.title}!{cell.coordinate}: {value} is not {new} less {old}")
            cell.value = f"={get_column_letter(column - 1)}{row}-{get_column_letter(column - 2)}{row}"
        if isinstance(cell.value, str):
            self.values[cell.coordinate] = value

    def number(self, row: int, column: int) -> int:
        """Return the number in a cell, or what its formula comes to."""
        cell = self.page.cell(row, column)
        value = self.values.get(cell.coordinate, cell.value)
        return value if isinstance(value, int) else 0


class Xlsx:
    """The rendering of one source as a workbook."""

    def __init__(self, source: Source) -> None:
        """Begin with an empty workbook and its properties."""
        self.source = source
        self.book = Workbook()
        self.book.remove(self.book.worksheets[0])
        self.sheets: list[Sheet] = []
        head, known = source.head, self.book.properties
        known.title, known.creator, known.lastModifiedBy = head["title"], source.issuer, source.issuer
        known.subject, known.description = head.get("ref"), head.get("status")
        known.created = source.day

    def written(self) -> bytes:
        """Return the file."""
        blocks = list(parse(self.source.body))
        starts = [at for at, block in enumerate(blocks) if block.kind == "heading" and block.level == 2]
        for start, end in zip(starts, [*starts[1:], len(blocks)], strict=True):
            self.sheet(blocks[start].text, blocks[start + 1 : end])
        data = BytesIO()
        self.book.save(data)
        return steady(data.getvalue(), self.edit)

    def sheet(self, name: str, blocks: list[Block]) -> None:
        """Write one sheet: a merged title, a line on where it comes from, then its blocks."""
        columns = max([len(block.rows[0]) for block in blocks if block.rows], default=4)
        sheet = Sheet(self.book.create_sheet(name), columns)
        self.sheets.append(sheet)
        sheet.wide(f"{self.source.head['title']}: {name}", Font(bold=True, size=14))
        sheet.wide(" · ".join(value for _, value in self.source.meta()), Font(italic=True, color="666666"))
        sheet.row += 1
        for block in blocks:
            if block.kind == "table":
                sheet.table(block.rows, self.source.day.year - (self.source.day.month < 3))
            elif block.kind == "heading":
                sheet.wide(block.text, Font(bold=True, size=12))
            else:
                for text in block.items or [block.text]:
                    sheet.wide(" ".join(text.split()))
        self.widths(sheet, blocks)

    def widths(self, sheet: Sheet, blocks: list[Block]) -> None:
        """Give each column the room its texts need, within bounds."""
        rows = [row for block in blocks for row in block.rows]
        for column in range(sheet.columns):
            longest = max((len(row[column]) for row in rows if column < len(row)), default=12)
            sheet.page.column_dimensions[get_column_letter(column + 1)].width = min(max(longest + 2, 10), 42)

    def edit(self, name: str, content: bytes) -> bytes:
        """Put the values beside the formulas, which openpyxl leaves out, and fix the dates."""
        match = re.fullmatch(r"xl/worksheets/sheet(\d+)\.xml", name)
        if not match:
            return dated(self.source.day)(name, content)
        values = self.sheets[int(match[1]) - 1].values

        def valued(cell: re.Match[bytes]) -> bytes:
            return cell[1] + b"<v>%d</v>" % values[cell[2].decode()]

        return re.sub(rb'(<c r="([A-Z]+\d+)"[^>]*><f>[^<]*</f>)<v\s*(?:/>|></v>)', valued, content)


def to_xlsx(source: Source) -> bytes:
    """Render a source as a workbook."""
    return Xlsx(source).written()
