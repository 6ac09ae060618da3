"""Paragraphs and table rows of a written document, as they come, made into elements with their places.

Knows no file format: what reads RTF and DOC tells it what it found.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.types import Element, ElementKind, Locator

_BULLET = re.compile(r"\s*[\u2022\u25aa\u25e6\u00b7\u2023\u25cf\u25cb\u25a0\u2043\u2013-][\t ]\s*(?=\S)")
_NUMBERED = re.compile(r"\s*\(?[0-9a-zA-Z]{1,4}(?:[.)]|(?:\.[0-9]{1,3})+\.?)\t\s*(?=\S)")
_NEAR = 60
"""Twentieths of a point within which two edges of cells are the same."""
_LONGEST = 300
"""Characters of a heading; what is longer is a paragraph, whatever it is called."""
_MOST_COLUMNS = 64
"""As many as Word allows a table."""


class Cell(NamedTuple):
    """A cell's text; ``edge`` is where it ends on the page, in twentieths of a point, if known."""

    text: str
    edge: int | None = None
    is_below: bool = False
    """It goes on with the cell above it."""


class _Row(NamedTuple):
    cells: Sequence[Cell]
    is_header: bool
    locator: Locator


class Writing:
    """Takes what a document holds in reading order; ``elements`` has what became of it."""

    def __init__(self) -> None:
        self._elements: list[Element] = []
        self._path: list[tuple[int, str]] = []
        self._count = 0
        self._rows: list[_Row] = []
        self._notes: list[str] = []

    @property
    def elements(self) -> list[Element]:
        """All elements so far, what was begun ended."""
        self._end_table()
        return self._elements

    def paragraph(
        self, raw: str, *, level: int = 0, is_item: bool = False, marker: str = "", notes: Iterable[str] = ()
    ) -> None:
        """Add a paragraph; an empty one only ends a table. ``marker`` is a list item's own: ``2.``."""
        self._end_table()
        bullet = _BULLET.match(raw)
        is_listed = is_item or bullet is not None or _NUMBERED.match(raw) is not None
        text = lines(raw[bullet.end() :] if bullet is not None else raw)
        if text:
            self._count += 1
            at = self._locator()
            if level and len(text) <= _LONGEST:
                self._heading(tidy.flat(text), level)
            else:
                kind: ElementKind = "list_item" if is_listed else "paragraph"
                number = tidy.flat(marker) if is_number(marker) else ""
                self._elements.append(tidy.whole(kind, f"{number} {text}" if number else text, at))
        self._footnotes(notes)

    def row(self, cells: Sequence[Cell], *, is_header: bool = False, notes: Iterable[str] = ()) -> None:
        """Add a row to the table that it belongs to."""
        if any(cell.text for cell in cells):
            self._count += 1
        self._rows.append(_Row(cells, is_header, self._locator()))
        self._notes += notes

    def _locator(self) -> Locator:
        at = max(self._count, 1)
        return Locator(heading=tuple(text for _, text in self._path), paragraphs=(at, at))

    def _heading(self, text: str, level: int) -> None:
        self._path = [(above, words) for above, words in self._path if above < level]
        self._elements.append(tidy.whole("heading", text, self._locator(), level=level))
        self._path.append((level, text))

    def _footnotes(self, notes: Iterable[str]) -> None:
        for note in notes:
            text = lines(note)
            if text:
                self._elements.append(tidy.whole("footnote", text, self._locator()))

    def _end_table(self) -> None:
        rows, self._rows = self._rows, []
        notes, self._notes = self._notes, []
        if not rows:
            return
        header = next((at for at, row in enumerate(rows) if not row.is_header), len(rows))
        texts, header = tidy.mend(_grid(rows), header if header < len(rows) else 0)
        made = [tidy.Row(cells, row.locator) for cells, row in zip(texts, rows, strict=True)]
        if max(map(len, texts)) == 1:
            for text, row in zip(texts, rows, strict=True):
                if text[0]:
                    self._elements.append(tidy.whole("paragraph", text[0], row.locator))
        elif (table := tidy.table(made, header)) is not None:
            self._elements.append(table)
        self._footnotes(notes)


def is_number(marker: str) -> bool:
    """Tell a list item's number (``2.``, ``iv)``) from a bullet, which may be a letter of some font."""
    return re.search(r"\d|\w[.)]", marker) is not None


def lines(raw: str) -> str:
    """Return running text; only a line break that was made on purpose is a line end."""
    return "\n".join(filter(None, map(tidy.flat, raw.split("\n"))))


def units(text: str) -> str:
    """Return text that was put together from UTF-16 units with its pairs joined, odd halves dropped."""
    if not any("\ud800" <= char <= "\udfff" for char in text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")


def _grid(rows: Sequence[_Row]) -> list[list[str]]:
    """Put the cells into columns; a cell that goes on with the one above repeats its text."""
    same = len({len(row.cells) for row in rows}) == 1
    edges = [] if same else _edges(rows)
    grid: list[list[str]] = []
    for row in rows:
        texts: list[str] = []
        for cell in row.cells:
            at = len(texts)
            above = grid[-1][at] if grid and at < len(grid[-1]) else ""
            texts.append(cell.text if cell.text or not cell.is_below else above)
            texts += [""] * (_column(edges, cell.edge) - at)
        grid.append(texts)
    return grid


def _edges(rows: Sequence[_Row]) -> list[int]:
    """Return where columns end, from left to right; nothing if one cell's end is not known."""
    found = {cell.edge for row in rows for cell in row.cells}
    kept: list[int] = []
    for edge in sorted(edge for edge in found if edge is not None):
        if not kept or edge - kept[-1] > _NEAR:
            kept.append(edge)
    return kept if None not in found and len(kept) <= _MOST_COLUMNS else []


def _column(edges: Sequence[int], edge: int | None) -> int:
    """Return the column that ends at ``edge``; 0 where that is not known."""
    return max(bisect_right(edges, edge) - 1, 0) if edges and edge is not None else 0
