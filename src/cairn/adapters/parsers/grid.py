"""From the cells of a sheet, as they show, to elements: titles, tables with their headers, remarks.

Knows no file format. A sheet is split where blank rows or columns set its tables apart.
Work and memory go by the cells there are, never by the area that they claim.
"""

import gc
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import IO, NamedTuple

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.tabular import (
    LONG,
    SAMPLE,
    Line,
    block_elements,
    cells,
    figured,
    is_figure,
    letters,
    used_columns,
)
from cairn.errors import Textless
from cairn.types import Document, Element, ElementKind, Locator

MOST_CELLS = 4_000_000
"""Cells of one file; further rows are not read."""
MOST_CHARACTERS = 64_000_000
"""Characters that the cells of one file show; further rows are not read."""
MOST_COLUMNS = 16_384
_CHUNK = 1 << 18
_MOST_FILLED = 500_000
_MOST_GROUPS = 20
_MOST_BLOCKS = 2000
"""Parts of a sheet above which blank rows and columns mean nothing."""


class Full(Exception):
    """The budget is spent."""


@dataclass(slots=True)
class Budget:
    """What may still be read of one file."""

    cells: int = MOST_CELLS
    characters: int = MOST_CHARACTERS
    octets: int = 1 << 30

    def take(self, texts: Sequence[str]) -> None:
        """Count the texts of a row; raises Full when they are too many."""
        self.cells -= len(texts)
        self.characters -= sum(map(len, texts))
        if self.cells < 0 or self.characters < 0:
            raise Full

    def read(self, member: IO[bytes]) -> bytes:
        """Read a piece; raises Full when it is one too many."""
        data = member.read(_CHUNK)
        self.octets -= len(data)
        if self.octets < 0:
            raise Full
        return data


class Merge(NamedTuple):
    """Cells shown as one: first row and column, last row and column, all from 1."""

    top: int
    left: int
    bottom: int
    right: int


class Remark(NamedTuple):
    """A text that belongs to a cell: a comment on it, a text box or a picture that begins there."""

    row: int
    column: int
    kind: ElementKind
    text: str


@dataclass(kw_only=True, slots=True)
class Sheet:
    """One sheet as read from a file."""

    name: str
    lines: list[Line] = field(default_factory=list)
    """By rising number."""
    merges: list[Merge] = field(default_factory=list)
    headers: dict[int, int] = field(default_factory=dict)
    """Rows that the file itself says head a table: the row's number, and how many they are."""
    remarks: list[Remark] = field(default_factory=list)


def elements(sheet: Sheet) -> list[Element]:
    """Return a sheet's heading and what is in it, in reading order; nothing of an empty sheet."""
    if not sheet.lines and not sheet.remarks:
        return []
    place = (sheet.name,)

    def where(line: Line) -> Locator:
        return Locator(sheet=sheet.name, cells=cells(line), heading=place)

    made = [tidy.whole("heading", sheet.name, Locator(sheet=sheet.name), level=1)]
    remarks = sorted(sheet.remarks)
    spans = _spans(sheet.merges)
    blocks = _blocks(*_filled(sheet.lines, sheet.merges))
    done = 0
    for block in blocks:
        made += block_elements(block, where, spans=spans, headers=sheet.headers)
        until = bisect_right(
            remarks, (block[-1].number, MOST_COLUMNS), key=lambda note: (note.row, note.column)
        )
        made += (_remark(note, sheet.name) for note in remarks[done:until])
        done = max(done, until)
    made += (_remark(note, sheet.name) for note in remarks[done:])
    return made


def _remark(note: Remark, name: str) -> Element:
    at = f"{letters(note.column)}{note.row}"
    text = f"{at}: {note.text}" if note.kind == "footnote" else note.text
    return tidy.whole(note.kind, text, Locator(sheet=name, cells=at, heading=(name,)))


def said(pairs: Iterable[tuple[str, str | None]]) -> dict[str, str]:
    """Return a file's own properties tidy, ``title`` among them, dates as ISO 8601."""
    kept = tidy.metadata(pairs)
    for key in kept.keys() & {"created", "modified"}:
        day = tidy.iso_date(kept[key])
        kept[key] = day if day is not None else kept[key]
    if "tags" in kept:
        kept["tags"] = tidy.tags(kept["tags"])
    return kept


def document(
    sheets: Sequence[Sheet], properties: Mapping[str, str], unread: Sequence[str], name: str
) -> Document:
    """Make a document of all sheets; raises ParseFailed if there is nothing in them."""
    made: list[Element] = []
    for sheet in sheets:
        made += elements(sheet)
        sheet.lines = []
    if not made:
        raise Textless("; ".join(["no text in it", *unread]))
    own = [properties.get("title")]
    if sum(item.kind == "heading" for item in made) == 1 and made[1].kind in ("paragraph", "caption"):
        own.append(made[1].text if len(made[1].text) <= 120 else None)
    return Document(
        title=tidy.titled(own, (), name),
        elements=tuple(made),
        metadata={key: value for key, value in properties.items() if key != "title"},
        language=guess_language(made),
        pages=len(sheets),
        unread=tuple(unread),
    )


def guess_language(made: Sequence[Element]) -> str | None:
    """Tell the language of elements that may all be tables."""
    tables = "\n".join(item.text[:4000] for item in made[:50] if item.kind == "table")
    return language.detect(f"{tidy.sample(made)}\n{tables}")


@contextmanager
def unswept() -> Iterator[None]:
    """Hold off the search for reference cycles, which reading makes none of: it costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


# --- merged cells ---------------------------------------------------------------------------


def _spans(merges: Iterable[Merge]) -> dict[int, dict[int, int]]:
    """Return by row and first column the last column of cells merged across."""
    spans: dict[int, dict[int, int]] = {}
    for merge in merges:
        if merge.right > merge.left:
            spans.setdefault(merge.top, {})[merge.left] = merge.right
    return spans


def _filled(lines: list[Line], merges: Iterable[Merge]) -> tuple[list[Line], dict[int, int]]:
    """Repeat the text of cells merged downwards in the rows below; return to which row each row reaches."""
    numbers = [line.number for line in lines]
    added: dict[int, dict[int, str]] = {}
    reach: dict[int, int] = {}
    left = _MOST_FILLED
    for merge in merges:
        at = bisect_left(numbers, merge.top)
        if merge.bottom == merge.top or at == len(lines) or numbers[at] != merge.top:
            continue
        reach[merge.top] = max(reach.get(merge.top, 0), merge.bottom)
        text = dict(zip(lines[at].columns, lines[at].texts, strict=True)).get(merge.left, "")
        below = range(at + 1, min(bisect_right(numbers, merge.bottom), at + 1 + left))
        if text and len(text) <= LONG:
            left -= len(below)
            for under in below:
                added.setdefault(under, {})[merge.left] = text
    if added:
        lines = list(lines)
    for at, more in added.items():
        own = dict(zip(lines[at].columns, lines[at].texts, strict=True))
        both = sorted({**more, **own}.items())
        lines[at] = lines[at]._replace(columns=tuple(c for c, _ in both), texts=[t for _, t in both])
    return lines, reach


# --- blocks ---------------------------------------------------------------------------------


def _blocks(lines: list[Line], reach: Mapping[int, int]) -> list[list[Line]]:
    """Split where rows are blank, and what stands side by side."""
    blocks: list[list[Line]] = []
    for rows in _runs(lines, reach):
        sides = _sides(rows)
        blocks += [rows] if len(sides) == 1 else (run for side in sides for run in _runs(side, reach))
        if len(blocks) > _MOST_BLOCKS:
            return [lines]
    return _joined(blocks)


def _runs(lines: Sequence[Line], reach: Mapping[int, int]) -> Iterator[list[Line]]:
    """Split where rows are blank, unless merged cells reach across."""
    run: list[Line] = []
    until = 0
    for line in lines:
        if run and line.number > until + 1:
            yield run
            run = []
        run.append(line)
        until = max(until, line.number, reach.get(line.number, 0))
    if run:
        yield run


def _sides(lines: list[Line]) -> list[list[Line]]:
    """Split a block where blank columns divide tables that have nothing to do with each other."""
    used = used_columns(lines)
    gaps = [(one, other) for one, other in pairwise(used) if other > one + 1]
    if not gaps or len(gaps) > _MOST_GROUPS or len(lines) < 2:
        return [lines]
    edges = [0, *(other for _, other in gaps), MOST_COLUMNS + 1]
    groups = [_between(lines, first, end) for first, end in pairwise(edges)]
    sides = [groups[0]]
    first = 0
    for at, (one, other) in enumerate(gaps):
        if _are_apart(sides[-1], groups[at + 1], other - one - 1):
            sides.append(groups[at + 1])
            first = edges[at + 1]
        else:
            sides[-1] = _between(lines, first, edges[at + 2])
    return sides


def _between(lines: Iterable[Line], first: int, end: int) -> list[Line]:
    """Return the part of rows in columns ``first`` up to ``end``, rows without any left out."""
    made = []
    for line in lines:
        low, high = bisect_left(line.columns, first), bisect_left(line.columns, end)
        if low < high:
            made.append(line._replace(columns=line.columns[low:high], texts=line.texts[low:high]))
    return made


def _are_apart(one: Sequence[Line], other: Sequence[Line], gap: int) -> bool:
    """Tell two tables side by side from one that has an empty column."""
    if any(len(side) < 2 or len(used_columns(side[:SAMPLE])) < 2 for side in (one, other)):
        return False
    begins_anew = len(other[0].texts) > 1 and not any(map(is_figure, other[0].texts))
    if begins_anew and (other[0].number > one[0].number or other[0].texts[0] == one[0].texts[0]):
        return True
    first = other[0].columns[0]
    labels = [line.texts[0] for line in other[1:SAMPLE] if line.columns[0] == first]
    if 2 * sum(map(is_figure, labels)) > len(labels) or 2 * len(labels) < len(other[1:SAMPLE]):
        return False
    return gap > 1 or (one[0].number, one[-1].number) != (other[0].number, other[-1].number)


def _joined(blocks: list[list[Line]]) -> list[list[Line]]:
    """Join what a blank row only sets off, like a total, to the table above."""
    made: list[list[Line]] = []
    for block in blocks:
        if made and _continues(made[-1], block):
            made[-1].extend(block)
        else:
            made.append(block)
    return made


def _continues(above: Sequence[Line], block: Sequence[Line]) -> bool:
    """Tell rows that go on with the table above: same columns, no header of their own, near."""
    if len(above) < 2 or not 0 < block[0].number - above[-1].number <= 3:
        return False
    sample = above[-SAMPLE:]
    kinds = figured(sample)
    low, high = min(line.columns[0] for line in sample), max(line.columns[-1] for line in sample)
    body = block[1:] if len(block) > 1 and len(block[0].texts) == 1 and not block[0].bold else block
    first = body[0]
    if len(first.texts) < 2 or first.columns[0] < low or first.columns[-1] > high:
        return False
    if len(block) == 1 and not kinds:
        return len(first.texts) == len(above[-1].texts)
    return any(
        is_figure(text) for column, text in zip(first.columns, first.texts, strict=True) if column in kinds
    )
