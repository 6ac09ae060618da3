"""OpenDocument spreadsheets (ODS): the text that each cell shows, comments, text boxes.

Reads what is stored as shown and computes nothing. Knows the usual prefixes of OpenDocument's XML, which
all programs write. Rows and cells that are repeated cost nothing while they are empty, and little else.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from cairn.adapters.parsers import grid, number_formats, tidy, zipped
from cairn.adapters.parsers.grid import Budget, Merge, Remark, Sheet
from cairn.adapters.parsers.plainrows import OPEN
from cairn.adapters.parsers.sheetxml import stream
from cairn.adapters.parsers.tabular import Line
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_MOST_REPEATED_CELLS = 256
_MOST_REPEATED_ROWS = 1000
"""How often a row or cell that holds something is taken, however often it is repeated."""
_MOST_ROWS = 1 << 20
_MOST_MERGES = 50_000
_MOST_REMARKS = 20_000
_MOST_XML = 64 * 1024 * 1024
_PROPERTIES = {
    "title": "title",
    "initial-creator": "author",
    "creator": "author",
    "creation-date": "created",
    "date": "modified",
    "description": "description",
    "publisher": "publisher",
}


_FILLED = "><text:p>"
_TAGS = {"/>": 1, ">": 2, _FILLED: 4}
"""How many tags a plain cell has by how it goes on after its attributes."""
_VALUED = re.compile("value|formula")
_REPEATED = re.compile(r'number-columns-repeated="([0-9]{1,7})"')


def _times(attributes: Mapping[str, str], name: str) -> int:
    """Return how often something is repeated or how far it spans, at least once."""
    told = attributes.get(name, "1")
    return max(1, min(int(told), _MOST_ROWS)) if told.isascii() and told.isdigit() and len(told) < 12 else 1


class _Reader:
    """Collects the sheets of a workbook."""

    def __init__(self, budget: Budget) -> None:
        self.sheets: list[Sheet] = []
        self._budget = budget
        self._shapes: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._words: list[str] = []
        self._depth = 0
        """Of paragraphs that are open."""
        self.row = self._column = 1
        self._repeated = 1
        self._cell: Mapping[str, str] | None = None
        self._columns: list[int] = []
        self._texts: list[str] = []
        self._headers = 0
        self._aside: tuple[list[str], int] | None = None
        """The cell's own words, and paragraphs, while those of a comment are read."""
        self._starts: dict[str, Callable[[Mapping[str, str]], None]] = {
            "table:table": self._begin_sheet,
            "table:table-row": self._begin_row,
            "table:table-cell": self._begin_cell,
            "table:covered-table-cell": self._begin_cell,
            "text:p": self._begin_paragraph,
            "text:s": lambda attributes: self.data(" "),
            "text:tab": lambda attributes: self.data(" "),
            "text:line-break": lambda attributes: self.data(" "),
            "office:annotation": self._begin_aside,
            "svg:desc": self._begin_description,
            "draw:text-box": self._begin_aside,
        }
        self._ends: dict[str, Callable[[], None]] = {
            "table:table": self._end_sheet,
            "table:table-row": self._end_row,
            "table:table-cell": self._end_cell,
            "table:covered-table-cell": self._end_cell,
            "text:p": self._end_paragraph,
            "office:annotation": lambda: self._end_aside("footnote", ""),
            "svg:desc": lambda: self._end_aside("caption", "Figure: "),
            "draw:text-box": lambda: self._end_aside("paragraph", ""),
            "table:table-header-rows": self._end_headers,
        }

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in a start tag."""
        handle = self._starts.get(tag)
        if handle is not None:
            handle(attributes)

    def end(self, tag: str) -> None:
        """Take in an end tag."""
        handle = self._ends.get(tag)
        if handle is not None:
            handle()

    def data(self, text: str) -> None:
        """Take in text."""
        if self._depth:
            self._words.append(text)

    def _begin_sheet(self, attributes: Mapping[str, str]) -> None:
        name = tidy.flat(attributes.get("table:name", ""))[:200]
        self.sheets.append(Sheet(name=name if name else f"Sheet {len(self.sheets) + 1}"))
        self.row, self._cell = 1, None
        self._headers = 0

    def _end_sheet(self) -> None:
        self._cell = None
        self._words.clear()

    def _begin_row(self, attributes: Mapping[str, str]) -> None:
        self._column = 1
        self._columns, self._texts = [], []
        self._repeated = _times(attributes, "table:number-rows-repeated")

    def _end_row(self) -> None:
        if self._texts and self.sheets and self.row <= _MOST_ROWS:
            columns = self._shapes.setdefault(tuple(self._columns), tuple(self._columns))
            for at in range(min(self._repeated, _MOST_REPEATED_ROWS)):
                self._budget.take(self._texts)
                self.sheets[-1].lines.append(Line(self.row + at, columns, self._texts))
        self.row += self._repeated

    def take_row(self, attributes: str, cells: list[tuple[str, ...]], tags: int) -> bool:
        """Take in a row of cells with one paragraph each, or none; False, and nothing taken, of any other."""
        if self._cell is not None or self._aside is not None or "repeated" in attributes:
            return False
        if sum([_TAGS[form] for _, form, _ in cells]) != tags:
            return False
        columns, texts, at, flat = [], [], 1, tidy.flat
        for told, form, text in cells:
            times = 1
            if "-" in told and (found := _REPEATED.search(told)) is not None:
                times = int(found[1])
            shown = flat(text) if form == _FILLED else ""
            if (shown and times > 1) or "-spanned" in told or (not shown and _VALUED.search(told)):
                return False
            if shown and at <= grid.MOST_COLUMNS:
                columns.append(at)
                texts.append(shown)
            at += times
        self._columns, self._texts, self._repeated = columns, texts, 1
        self._end_row()
        return True

    def _end_headers(self) -> None:
        """Note that the rows so far that hold something head a table."""
        if self.sheets and (lines := self.sheets[-1].lines[self._headers :]):
            self.sheets[-1].headers[lines[0].number] = len(lines)
            self._headers = len(self.sheets[-1].lines)

    def _begin_cell(self, attributes: Mapping[str, str]) -> None:
        self._cell = attributes
        self._words.clear()

    def _end_cell(self) -> None:
        cell = self._cell
        if cell is None:
            return
        self._cell = None
        times = (
            _times(cell, "table:number-columns-repeated") if "table:number-columns-repeated" in cell else 1
        )
        shown = tidy.flat("".join(self._words)) if self._words else _unshown(cell)
        self._words.clear()
        if shown and self._column <= grid.MOST_COLUMNS:
            last = min(self._column + min(times, _MOST_REPEATED_CELLS), grid.MOST_COLUMNS + 1)
            for column in range(self._column, last):
                self._columns.append(column)
                self._texts.append(shown)
            self._merge(cell)
        self._column += times

    def _merge(self, cell: Mapping[str, str]) -> None:
        right, down = (_times(cell, f"table:number-{kind}-spanned") for kind in ("columns", "rows"))
        merges = self.sheets[-1].merges if self.sheets else []
        if right * down > 1 and len(merges) < _MOST_MERGES:
            merges.append(Merge(self.row, self._column, self.row + down - 1, self._column + right - 1))

    def _begin_paragraph(self, _: Mapping[str, str]) -> None:
        if self._words:
            self._words.append(" ")
        self._depth += 1

    def _end_paragraph(self) -> None:
        self._depth = max(0, self._depth - 1)

    def _begin_aside(self, _: Mapping[str, str]) -> None:
        if self._aside is None:
            self._aside, self._words = (self._words, self._depth), []
        self._depth = 0

    def _begin_description(self, attributes: Mapping[str, str]) -> None:
        self._begin_aside(attributes)
        self._depth = 1

    def _end_aside(self, kind: ElementKind, before: str) -> None:
        if self._aside is None:
            return
        text = tidy.flat("".join(self._words))
        (self._words, self._depth), self._aside = self._aside, None
        if text and self.sheets and len(self.sheets[-1].remarks) < _MOST_REMARKS:
            row, column = min(self.row, _MOST_ROWS), min(self._column, grid.MOST_COLUMNS)
            self.sheets[-1].remarks.append(Remark(row, column, kind, before + text))


def _unshown(cell: Mapping[str, str]) -> str:
    """Return the value of a cell of which no text is stored."""
    kind = cell.get("office:value-type", "")
    if kind in ("float", "currency", "percentage"):
        try:
            value = float(cell.get("office:value", ""))
        except ValueError:
            return ""
        made = number_formats.built_in(10) if kind == "percentage" else number_formats.GENERAL
        return number_formats.shown(made, value)
    told = cell.get(f"office:{kind}-value", "")
    if not told and "table:formula" in cell:
        told = "=" + cell["table:formula"].partition("=")[2]
    return tidy.flat(told.upper() if kind == "boolean" else told)


class Spreadsheet:
    """Reads OpenDocument spreadsheets."""

    name = "ods/1"
    media_types = frozenset(
        {
            "application/vnd.oasis.opendocument.spreadsheet",
            "application/vnd.oasis.opendocument.spreadsheet-template",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, locked or has no cell with text."""
        tidy.read(path)
        with zipped.unzip(path) as archive, grid.unswept():
            if any("encryption-data" in str(node.tag) for node in _nodes(archive, "META-INF/manifest.xml")):
                raise ParseFailed("it is protected by a password")
            budget = Budget()
            reader = _Reader(budget)
            with archive.open("content.xml") as member:
                problem = stream(
                    member, budget, reader.start, reader.data, reader.end, (OPEN, reader.take_row)
                )
            unread = [f"what stands after row {reader.row:,}: {problem}"] if problem else []
            return grid.document(reader.sheets, _said(archive), unread, name)


def _nodes(archive: zipped.Zipped, name: str) -> Iterator[zipped.Node]:
    """Yield the nodes of a small member; none if it is missing or damaged."""
    if name in archive.names:
        try:
            yield from zipped.xml(archive.read(name, _MOST_XML), name).iter("*")
        except ParseFailed:
            return


def _said(archive: zipped.Zipped) -> dict[str, str]:
    """Return the properties of the file, ``title`` among them."""
    nodes = [(str(node.tag).rpartition("}")[2], node.text) for node in _nodes(archive, "meta.xml")]
    pairs = [(key, text) for name, key in _PROPERTIES.items() for local, text in nodes if local == name]
    words = ", ".join(text for local, text in nodes if local == "keyword" and text)
    return grid.said([*pairs, ("tags", words)])


def load(rest: str) -> Parser:
    """Build the parser of OpenDocument spreadsheets; it takes no argument."""
    return Spreadsheet()
