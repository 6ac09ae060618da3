"""A document as it was read, arranged as it looks: pages, slides, sheets and what stands between.

What is cited is named by ``at``: a passage and, where it matters, characters of it: ``p17.120-240``.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

from cairn.results import DocumentText, PassageText
from cairn.types import Box, Locator, cell_corners, cell_range, locate

BETWEEN = " | "
"""Between the cells of a row, as it is read."""
NEAR = 2
"""Passages shown before and after a cited one, where nothing else bounds what is shown."""
_AT = re.compile(r"(p[0-9]{1,18})(?:\.([0-9]{1,9})-([0-9]{1,9}))?")

Span = tuple[int, int]


class At(NamedTuple):
    """What is cited."""

    passage: str
    span: Span | None
    """Half-open characters of it; None is all of it."""


class Run(NamedTuple):
    """Some text, cited or not."""

    text: str
    cited: bool


@dataclass(frozen=True, kw_only=True)
class Line:
    """A heading, paragraph, item, row or line of code."""

    kind: str
    runs: tuple[Run, ...]
    at: Locator

    def cells(self) -> list[tuple[Run, ...]]:
        """Return the cells of a row."""
        cells: list[list[Run]] = [[]]
        for run in self.runs:
            first, *others = run.text.split(BETWEEN)
            cells[-1].append(Run(first, run.cited))
            cells += ([Run(text, run.cited)] for text in others)
        return [tuple(cell) for cell in cells]

    def numbers(self) -> str:
        """Return the number of its first line in a text file."""
        return str(self.at.lines[0]) if self.at.lines is not None else ""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A page, a slide, a sheet, or a stretch of text without any of these."""

    kind: Literal["page", "slide", "sheet", "text"]
    name: str
    page: int | None
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]
    """What is cited on this page, in points."""

    def blocks(self) -> Iterator[tuple[str, list[Line]]]:
        """Yield lines that are shown as one: a table, a list, a piece of code."""
        for kind, lines in groupby(self.lines, key=_block):
            yield kind, list(lines)

    @property
    def cited(self) -> bool:
        return any(run.cited for line in self.lines for run in line.runs)


def read_at(said: str) -> At | None:
    """Read what an address cites; None for what is no place."""
    found = _AT.fullmatch(said)
    if found is None:
        return None
    passage, start, end = found.groups()
    return At(passage, (int(start), int(end)) if start is not None else None)


def parts(document: DocumentText, at: At | None) -> list[Part]:
    """Return the whole document in parts."""
    return list(_parts(document.passages, at))


def around(document: DocumentText, at: At) -> list[Part]:
    """Return what is cited with what stands around it: its pages, slides or sheets, else its neighbours."""
    held = parts(document, at)
    cited = [part for part in held if part.cited]
    if cited and cited[0].kind in ("page", "slide"):
        return cited
    places = [number for number, one in enumerate(document.passages) if one.id == at.passage]
    if not places:
        return []
    return list(_parts(document.passages[max(places[0] - NEAR, 0) : places[0] + NEAR + 1], at))


def quote(document: DocumentText, at: At | None) -> str:
    """Return the cited words."""
    return "".join(passage.text[slice(*_cited(passage, at))] for passage in document.passages)


def _parts(passages: Sequence[PassageText], at: At | None) -> Iterator[Part]:
    read = list(_once((line, boxes) for passage in passages for line, boxes in _lines(passage, at)))
    for (kind, name, page), held in groupby(read, key=lambda one: _place(one[0].at)):
        lines = list(held)
        boxes = dict.fromkeys(box for _, found in lines for box in found)
        yield Part(
            kind=kind, name=name, page=page, lines=tuple(line for line, _ in lines), boxes=tuple(boxes)
        )


def _once(read: Iterable[tuple[Line, tuple[Box, ...]]]) -> Iterator[tuple[Line, tuple[Box, ...]]]:
    """Leave out the header rows that a long table's further passages repeat, but for what is cited."""
    shown: set[Locator] = set()
    for line, boxes in read:
        again = line.kind == "header" and line.at in shown
        if line.kind == "header":
            shown.add(line.at)
        if not again or any(run.cited for run in line.runs):
            yield line, boxes


def _place(at: Locator) -> tuple[Literal["page", "slide", "sheet", "text"], str, int | None]:
    if at.page is not None:
        return "page", f"Page {at.page}", at.page
    if at.slide is not None:
        notes = ", the speaker's notes" if at.shape == "notes" else ""
        return "slide", f"Slide {at.slide}{notes}", None
    return ("sheet", at.sheet, None) if at.sheet else ("text", "", None)


def _lines(passage: PassageText, at: At | None) -> Iterator[tuple[Line, tuple[Box, ...]]]:
    """Yield each line with the boxes of what is cited of it."""
    cited = _cited(passage, at)
    for start, end in _bounds(passage.text):
        anchors = [one for one in passage.anchors if one.start < end and one.end > start]
        places = locate(anchors, start, end)
        within = (max(start, cited[0]), min(end, cited[1]))
        found = locate(anchors, *within) if within[0] < within[1] else ()
        line = Line(
            kind=anchors[0].kind if anchors else "paragraph",
            runs=tuple(_runs(passage.text, (start, end), within)),
            at=places[0] if places else Locator(),
        )
        yield line, tuple(box for place in found for box in place.boxes)


def _cited(passage: PassageText, at: At | None) -> Span:
    if at is None or at.passage != passage.id:
        return (0, 0)
    return (0, len(passage.text)) if at.span is None else at.span


def _bounds(text: str) -> Iterator[Span]:
    breaks = [-1, *(place for place, letter in enumerate(text) if letter == "\n"), len(text)]
    return ((before + 1, after) for before, after in pairwise(breaks) if after > before + 1)


def _runs(text: str, line: Span, cited: Span) -> Iterator[Run]:
    if cited[0] >= cited[1]:
        yield Run(text[slice(*line)], False)
        return
    for start, end, marked in ((line[0], cited[0], False), (*cited, True), (cited[1], line[1], False)):
        if start < end:
            yield Run(text[start:end], marked)


def _block(line: Line) -> str:
    if line.at.cells:
        return "grid"
    return {"header": "table", "table": "table", "code": "code", "list_item": "list"}.get(line.kind, "text")


def columns(lines: Sequence[Line]) -> list[str]:
    """Return the letters of the columns that rows of a sheet stand in."""
    found = [column for line in lines for _, column in cell_corners(line.at.cells)]
    return [cell_range([(1, column)])[:-1] for column in range(min(found), max(found) + 1)]


def row(line: Line, letters: Sequence[str]) -> tuple[str, list[tuple[Run, ...]]]:
    """Return a row's number, and its cells, one for each column; what is empty has no runs."""
    (number, first), *_ = sorted(cell_corners(line.at.cells))
    before = [()] * (first - cell_corners(f"{letters[0]}1")[0][1])
    cells = [*before, *line.cells()]
    return str(number), [*cells, *[()] * (len(letters) - len(cells))]
