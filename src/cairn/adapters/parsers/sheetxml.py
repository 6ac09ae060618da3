"""The XML of worksheets and shared strings, read as it streams by: rows of cells as they show.

Knows no archive beyond the bytes it is handed. What a sheet claims (its dimension, a merge over everything)
costs nothing; what its cells hold is counted against a ``Budget``.
"""

import re
import zipfile
import zlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO
from xml.parsers import expat

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.grid import MOST_CELLS, MOST_COLUMNS, Budget, Full, Merge, Sheet
from cairn.adapters.parsers.plainrows import (
    FORMS,
    Pattern,
    PlainRows,
    TakeRow,
    formula,
    formula_tags,
    numbered,
)
from cairn.adapters.parsers.tabular import Line
from cairn.errors import ParseFailed
from cairn.types import cell_corners

_MOST_ROWS = 1 << 20
_MOST_MERGES = 50_000
_ESCAPED = re.compile("_x([0-9a-fA-F]{4})_")
_DAMAGE = (expat.ExpatError, OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error, RuntimeError)
_MARKS = "rFont charset family b i strike outline shadow condense extend color sz u vertAlign scheme"
_IN_TEXT = frozenset(["r", "rPr", "rPh", "phoneticPr", *_MARKS.split()])
"""What may stand between a cell and its text."""

Show = Callable[[str], str]
"""Turns a number as it is written in a file into what the sheet shows."""


@dataclass(kw_only=True, slots=True)
class Book:
    """What the sheets of a workbook share."""

    strings: Sequence[str] = ()
    shows: Mapping[str | None, Show]
    """How numbers show, by the cell's style."""
    default: Show
    bold: Collection[str | None] = frozenset()
    """The styles that are bold."""
    budget: Budget = field(default_factory=Budget)


def stream(
    member: IO[bytes],
    budget: Budget,
    start: Callable[..., None],
    data: Callable[[str], None],
    end: Callable[[str], None] | None = None,
    rows: tuple[Pattern, TakeRow] | None = None,
) -> str:
    """Feed a member's XML to handlers of tags and text; return why it ended early, or nothing.

    ``rows``, if given, is offered plain rows of cells first. Raises ParseFailed if the XML declares a
    document type, where entities could hide.
    """
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = _refuse

    def feed(piece: bytes) -> None:
        parser.Parse(piece, False)

    plain = PlainRows(*rows, feed) if rows is not None else None
    try:
        while piece := budget.read(member):
            feed(piece) if plain is None else plain.feed(piece)
        if plain is not None:
            plain.finish()
        parser.Parse(b"", True)
    except Full:
        return "it is too large"
    except _DAMAGE as error:
        return f"it is damaged: {error}"
    return ""


def _refuse(*_: object) -> None:
    raise ParseFailed("it is no sound office file: its XML declares a document type")


def unescaped(text: str) -> str:
    """Return text with ``_x000D_`` and the like undone, tidy and on one line."""
    if "_x" in text:
        text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
    return tidy.flat(text)


class Strings:
    """Collects the shared strings of a workbook."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._parts: list[str] | None = None
        self._is_text = self._is_phonetic = False

    def start(self, tag: str, _: Mapping[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local == "si":
            self.finish()
            self._parts = []
        self._is_text = local == "t" and not self._is_phonetic
        self._is_phonetic = local == "rPh"

    def data(self, text: str) -> None:
        if self._is_text and self._parts is not None:
            self._parts.append(text)

    def finish(self) -> None:
        """Take the last one in; to be called once more at the end."""
        if self._parts is not None:
            self.texts.append(unescaped("".join(self._parts)))
            self._parts = None
        if len(self.texts) > MOST_CELLS:
            raise Full


def _typed(kind: str, value: str) -> str:
    """Show a value that is neither a number nor shared."""
    if kind == "b":
        return {"1": "TRUE", "0": "FALSE"}.get(value.strip(), tidy.flat(value).upper())
    if kind == "d":
        return tidy.flat(value).removesuffix("T00:00:00").replace("T", " ")
    return unescaped(value)


class SheetReader:
    """Collects one worksheet: rows, merged cells and what the file says of headers."""

    def __init__(self, name: str, book: Book) -> None:
        self.sheet = Sheet(name=name)
        self._budget, self._strings = book.budget, book.strings
        self._shows, self._default, self._bold = book.shows, book.default, book.bold
        self._known: dict[str, int] = {}
        self._shapes: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._columns: list[int] = []
        self._texts: list[str] = []
        self._bolds = 0
        self._row = self._column = 0
        self._cell: Mapping[str, str] | None = None
        self._pieces: list[str] = []
        self._formula = self._kept = ""
        self._is_rare = self._is_formula = False
        self.data = self._pieces.append
        """Takes in text, in the pieces it comes in."""

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in a start tag; the cell before is done when the next one or the next row begins."""
        if tag == "v":
            if self._pieces or self._is_rare:
                self._formula = "".join(self._pieces)
                self._pieces.clear()
                self._is_rare = self._is_formula = False
        elif tag == "c":
            if self._cell is not None:
                self._end_cell(self._cell)
            else:
                self._taken()
            self._cell = attributes
        elif tag == "row":
            self._begin_row(attributes.get("r", ""))
        elif tag == "t":
            if self._pieces and not self._is_rare:
                self._pieces.clear()
            self._is_rare = True
        elif tag != "is":
            self._say(tag, attributes)

    def _end_cell(self, cell: Mapping[str, str]) -> None:
        get, pieces = cell.get, self._pieces
        reference = get("r")
        if reference is None:
            column = self._column + 1
        else:
            letters = reference.rstrip("0123456789")
            column = self._known.get(letters) or self._named(letters, self._column + 1)
        self._column = column
        kind, style = get("t"), get("s")
        if len(pieces) == 1 and not (self._is_rare or self._formula):
            value = pieces[0]
            pieces.clear()
        else:
            value, formula = self._taken()
            if not value:
                value, kind = formula, "str"
        if kind == "s":
            shown = self._shared(value)
        elif kind is None or kind == "n":
            shown = self._shows.get(style, self._default)(value)
        else:
            shown = _typed(kind, value)
        if shown:
            self._columns.append(column)
            self._texts.append(shown)
            if style in self._bold:
                self._bolds += 1

    def take_row(self, attributes: str, cells: list[tuple[str, ...]], tags: int) -> bool:
        """Take in a row of plain cells; False, and nothing taken, if they do not add up to ``tags`` tags."""
        if sum([FORMS.get(cell[3]) or formula_tags(cell[3]) for cell in cells]) != tags:
            return False
        self._begin_row(numbered(attributes))
        shows, known, bold = self._shows, self._known, self._bold
        columns, texts, column = self._columns, self._texts, 0
        for letters, style, kind, form, value in cells:
            column = known.get(letters) or self._named(letters, column + 1)
            if not value:
                if form in FORMS or "</f>" not in form:
                    continue
                value, kind = formula(form), "str"
            if kind == "s":
                shown = self._shared(value)
            elif kind in ("", "n"):
                shown = shows.get(style, self._default)(value)
            else:
                shown = _typed(kind, value)
            if shown:
                columns.append(column)
                texts.append(shown)
                if style in bold:
                    self._bolds += 1
        self._column = column
        return True

    def _taken(self) -> tuple[str, str]:
        """Return what was collected as a cell's value and as its formula, and begin anew."""
        value, formula = "".join(self._pieces).strip(), self._formula
        self._pieces.clear()
        if self._is_rare:
            value = self._kept if self._kept else value
            if self._is_formula:
                value, formula = "", value
        self._formula = self._kept = ""
        self._is_rare = self._is_formula = False
        return value, f"={formula}" if formula.strip() else ""

    def _shared(self, value: str) -> str:
        try:
            at = int(value)
        except ValueError:
            return ""
        return self._strings[at] if 0 <= at < len(self._strings) else ""

    def _named(self, letters: str, usual: int) -> int:
        """Return the column of these letters; the usual one if they name none."""
        corners = cell_corners(f"{letters[:12]}1")
        if not letters.isalpha() or not corners or corners[0][1] > MOST_COLUMNS:
            return usual
        self._known[letters] = corners[0][1]
        return corners[0][1]

    def _begin_row(self, number: str) -> None:
        self._end_row()
        is_number = number.isascii() and number.isdigit() and 0 < int(number[:9]) <= _MOST_ROWS
        self._row = int(number) if is_number else self._row + 1

    def _end_value(self) -> None:
        if self._cell is not None:
            self._end_cell(self._cell)
            self._cell = None
        self._pieces.clear()

    def _end_row(self) -> None:
        self._end_value()
        if self._texts:
            shape = tuple(self._columns)
            columns = self._shapes.get(shape)
            if columns is None:
                self._sort(shape)
                columns = self._shapes.setdefault(tuple(self._columns), tuple(self._columns))
            self._budget.take(self._texts)
            is_bold = self._bolds == len(self._texts)
            self.sheet.lines.append(Line(self._row, columns, self._texts, is_bold))
            self._columns, self._texts = [], []
        self._bolds = self._column = 0

    def _sort(self, shape: tuple[int, ...]) -> None:
        """Bring the cells of a row into order; the last of several at one place stays."""
        if any(one >= other for one, other in pairwise(shape)):
            placed = sorted(dict(zip(shape, self._texts, strict=True)).items())
            self._columns = [column for column, _ in placed]
            self._texts = [text for _, text in placed]

    def _say(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take in what is rare in cells, and what stands around the rows."""
        if ":" in tag:
            self.start(tag.rpartition(":")[2], attributes)
        elif tag == "f":
            self._pieces.clear()
            self._is_rare = self._is_formula = True
        elif tag == "rPh" and not self._kept:
            self._kept = "".join(self._pieces)
        elif tag not in _IN_TEXT:
            self._end_value()
        if tag == "mergeCell" and len(self.sheet.merges) < _MOST_MERGES:
            corners = cell_corners(attributes.get("ref", "")[:40])
            if len(corners) == 2:
                (top, left), (bottom, right) = corners
                self.sheet.merges.append(Merge(top, left, bottom, right))
        elif tag == "autoFilter":
            head(self.sheet, attributes.get("ref", ""), 1)
        elif tag == "pane" and attributes.get("state", "").startswith("frozen"):
            split = attributes.get("ySplit", "").partition(".")[0]
            rows = int(split) if split.isascii() and split.isdigit() and len(split) < 3 else 0
            for row in range(1, min(rows, 10) + 1):
                self.sheet.headers.setdefault(row, rows - row + 1)

    def finish(self) -> Sheet:
        """Take in the last row and return the sheet, its rows in order."""
        try:
            self._end_row()
        except Full:
            self._texts = []
        lines = self.sheet.lines
        if any(one.number >= other.number for one, other in pairwise(lines)):
            lines.sort(key=lambda line: line.number)
            self.sheet.lines = [
                line for at, line in enumerate(lines) if not at or line.number > lines[at - 1].number
            ]
        return self.sheet


def head(sheet: Sheet, cells: str, rows: int) -> None:
    """Note that the first rows of a range are a header."""
    corners = cell_corners(cells[:40])
    if corners and 0 < rows <= 10:
        sheet.headers[corners[0][0]] = rows
