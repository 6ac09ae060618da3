"""Delimited text (CSV, TSV): the delimiter told from the lines, quoted fields with line ends, ragged rows.

Knows no types: cells show as they are written. A file is one table; a row is found again by its lines and
by the cells that a spreadsheet would put it in.
"""

import csv
import io
import re
from collections import Counter
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from cairn.adapters.parsers import grid, tidy
from cairn.adapters.parsers.grid import Budget, Full
from cairn.adapters.parsers.tabular import Line, block_elements, cells, is_label
from cairn.adapters.parsers.text import decode
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Locator

_RARE = {",": 0.0, ";": 0.1, "|": 0.1, "\t": 0.15}
"""The delimiters, and how much it says that one is there at all."""
_SAMPLE = 1 << 16
_RECORDS = 200
_MOST = 192 * 1024 * 1024
"""Bytes read of a file."""
_MOST_FIELD = 1 << 22
"""Characters of a field."""
_MOST_LINES = 1000
"""Lines of one record; more mean that a quotation mark is not one."""
_TOLD = re.compile(r"sep=([^\w\s\"]|\t)\r?\n?", re.IGNORECASE)


def _delimiter(text: str, name: str) -> str:
    """Return the delimiter that cuts the first records most evenly; if none cuts, that of the file's name."""
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE and "\n" in sample:
        sample = sample[: sample.rfind("\n") + 1]
    usual = "\t" if name.lower().endswith((".tsv", ".tab")) else ","
    scores = {delimiter: _evenness(sample, delimiter) for delimiter in _RARE}
    if not any(scores.values()):
        return usual
    return max(scores, key=lambda one: (scores[one] + _RARE[one] + 0.05 * (one == usual)) * (scores[one] > 0))


def _evenness(sample: str, delimiter: str) -> float:
    """Return the share of records with the usual number of fields, more if the first is of them."""
    if delimiter not in sample:
        return 0
    try:
        widths = [len(row) for row in islice(_reader(sample, delimiter), _RECORDS) if row]
    except csv.Error:
        return 0
    counts = Counter(width for width in widths if width > 1)
    if not counts:
        return 0
    width, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    return count / len(widths) + 0.5 * (widths[0] == width) + min(width, 20) / 100


def _reader(text: str, delimiter: str, quoting: Literal[0, 3] = csv.QUOTE_MINIMAL) -> Any:
    file = io.StringIO(text, newline="")
    return csv.reader(file, delimiter=delimiter, quoting=quoting, skipinitialspace=delimiter != "\t")


class _Table:
    """The rows of a file, and the lines in which each stands."""

    def __init__(self) -> None:
        self.rows: list[Line] = []
        self.lines: dict[int, tuple[int, int]] = {}
        self.unread: list[str] = []

    def read(self, reader: Any, first: int) -> None:
        """Take in all records; ``first`` lines stand before. Raises csv.Error at an open quotation."""
        budget = Budget()
        shapes: dict[int, tuple[int, ...]] = {}
        flat, end = tidy.flat, first
        for number, record in enumerate(reader, first + 1):
            start, end = end + 1, first + reader.line_num
            if end - start > _MOST_LINES:
                raise csv.Error
            texts = [flat(cell) for cell in record]
            columns = shapes.setdefault(len(texts), tuple(range(1, len(texts) + 1)))
            if "" in texts:
                columns = tuple(at for at, text in enumerate(texts, 1) if text)
                texts = list(filter(None, texts))
            if not texts:
                continue
            try:
                budget.take(texts)
            except Full:
                self.unread.append(f"lines from {start:,} on: it is too large")
                return
            self.rows.append(Line(number, columns, texts))
            self.lines[number] = (start, end)

    def where(self, row: Line) -> Locator:
        return Locator(lines=self.lines[row.number], cells=cells(row))


def _read(text: str, name: str) -> _Table:
    """Cut a text into rows, without regard to quotation marks if they are not in pairs."""
    told = _TOLD.match(text)
    delimiter = told[1] if told is not None else _delimiter(text, name)
    body = text[told.end() :] if told is not None else text
    quotings: tuple[Literal[0, 3], ...] = (csv.QUOTE_MINIMAL, csv.QUOTE_NONE)
    usual = csv.field_size_limit(_MOST_FIELD)
    try:
        for quoting in quotings:
            table = _Table()
            with suppress(csv.Error):
                table.read(_reader(body, delimiter, quoting), 1 if told is not None else 0)
                return table
    finally:
        csv.field_size_limit(usual)
    raise ParseFailed("it has a line too long for a table")


def _headers(rows: list[Line]) -> dict[int, int]:
    """Return which row heads the table: the first of several cells, if it has only words and years."""
    first = next((row for row in rows if len(row.texts) > 1), None)
    if first is None or not all(map(is_label, first.texts)) or len(set(first.texts)) < len(first.texts):
        return {}
    widest = max(len(row.columns) for row in rows[:_RECORDS])
    return {first.number: 1} if 2 * len(first.texts) > widest else {}


class Delimited:
    """Reads CSV and TSV files."""

    name = "delimited/1"
    media_types = frozenset({"text/csv", "text/tab-separated-values"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no cell with text."""
        data = tidy.read(path)
        with grid.unswept():
            table = _read(decode(data[:_MOST]).replace("\0", ""), name)
            if len(data) > _MOST:
                table.unread.append(f"what stands after {_MOST:,} bytes: it is too large")
            if not table.rows:
                raise Textless("no text in it")
            elements = block_elements(table.rows, table.where, headers=_headers(table.rows))
        return Document(
            title=tidy.titled((), (), name),
            elements=tuple(elements),
            language=grid.guess_language(elements),
            unread=tuple(table.unread),
        )


def load(rest: str) -> Parser:
    """Build the parser of delimited text; it takes no argument."""
    return Delimited()
