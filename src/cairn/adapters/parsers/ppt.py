"""Presentations as PowerPoint wrote them until 2003 (PPT): text by slide, in reading order, with notes.

Follows Microsoft's published description [MS-PPT]; ``ppt_records`` walks the records. Knows nothing of
pictures, charts (which are embedded objects), layouts and macros.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from cairn.adapters.parsers import arranged, compound, language, tidy
from cairn.adapters.parsers.ppt_records import Shape, slides
from cairn.adapters.parsers.slides import telling
from cairn.errors import Textless
from cairn.protocols import Parser
from cairn.types import Box, Document, Element, Locator

_TITLES = frozenset({0, 6})
_NEAR = 12
"""Units (576 an inch) within which two cells begin at the same height."""


def _slide(number: int, shapes: Sequence[Shape], notes: Sequence[Shape]) -> Iterator[Element]:
    """Yield a slide's title, its other shapes in reading order, and what the speaker noted."""
    told = [shape for shape in shapes if shape.texts or telling(shape.alternative)]
    title = next((shape for shape in told if shape.kind in _TITLES and shape.texts), None)
    said = [text for shape in notes for text in shape.texts]
    if not told and not said:
        return
    words = (
        " ".join(tidy.flat(text.words) for text in title.texts) if title is not None else f"Slide {number}"
    )
    at = Locator(slide=number, shape=title.name if title is not None else "")
    yield tidy.whole("heading", words, at, level=1)
    others = [shape for shape in told if shape is not title]
    for group in _groups(others):
        if len(group) == 1:
            yield from _shape(group[0], number, (words,))
        else:
            yield from _table(group, number, (words,))
    for text in said:
        yield tidy.whole("paragraph", text.words, Locator(slide=number, shape="notes", heading=(words,)))


def _groups(shapes: Sequence[Shape]) -> list[list[Shape]]:
    """Return the shapes in reading order, the cells of a table together."""
    groups: dict[int, list[Shape]] = {}
    for at, shape in enumerate(shapes):
        groups.setdefault(shape.table if shape.table else -at - 1, []).append(shape)
    gathered = list(groups.values())
    boxes = [_around(shape.box for shape in group if shape.box is not None) for group in gathered]
    return [gathered[at] for at in arranged.order(boxes)]


def _around(boxes: Iterable[Box]) -> Box | None:
    return next(iter(tidy.around(boxes)), None)


def _shape(shape: Shape, number: int, path: tuple[str, ...]) -> Iterator[Element]:
    at = Locator(slide=number, shape=shape.name, heading=path)
    for text in shape.texts:
        yield tidy.whole("list_item" if text.is_item else "paragraph", text.words, at)
    alternative = telling(shape.alternative)
    if alternative and alternative not in (text.words for text in shape.texts):
        yield tidy.whole("caption", f"Figure: {alternative}", at)


def _table(cells: Sequence[Shape], number: int, path: tuple[str, ...]) -> Iterator[Element]:
    """Make a table of its cells by where they begin."""
    tops = _steps(cell.box.y0 for cell in cells if cell.box is not None)
    lefts = _steps(cell.box.x0 for cell in cells if cell.box is not None)
    if len(tops) * len(lefts) > 50 * len(cells) + 100:
        for cell in cells:
            yield from _shape(cell, number, path)
        return
    grid = [[""] * len(lefts) for _ in tops]
    for cell in cells:
        if cell.box is not None:
            row, column = _step(tops, cell.box.y0), _step(lefts, cell.box.x0)
            words = " ".join(tidy.flat(text.words) for text in cell.texts)
            grid[row][column] = f"{grid[row][column]} {words}".strip()
    at = Locator(slide=number, shape=cells[0].name, heading=path)
    rows, header = tidy.mend(grid, 1)
    made = tidy.table([tidy.Row(row, at) for row in rows], header)
    if made is not None:
        yield made


def _steps(starts: Iterable[float]) -> list[float]:
    """Return where rows or columns begin, in order."""
    kept: list[float] = []
    for start in sorted(starts):
        if not kept or start - kept[-1] > _NEAR:
            kept.append(start)
    return kept


def _step(steps: Sequence[float], start: float) -> int:
    return max(bisect_right(steps, start) - 1, 0)


class LegacySlides:
    """Reads PPT files of PowerPoint 97 to 2003."""

    name = "ppt/1"
    media_types = frozenset({"application/vnd.ms-powerpoint"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is locked, damaged or has no text."""
        with compound.opened(path) as file:
            shown = slides(file)
            facts = file.facts()
        elements = tuple(
            element
            for number, slide in enumerate(shown, 1)
            for element in _slide(number, slide.shapes, slide.notes)
        )
        if not elements:
            raise Textless("no text in it")
        title = facts.pop("title", None)
        objects = (at for at, slide in enumerate(shown, 1) if any(shape.is_object for shape in slide.shapes))
        return Document(
            title=tidy.titled((title,), elements, name),
            elements=elements,
            metadata=facts,
            language=language.detect(tidy.sample(elements)),
            pages=len(shown),
            unread=tuple(f"slide {at}: an embedded object" for at in objects),
        )


def load(rest: str) -> Parser:
    """Build the parser of older presentations; it takes no argument."""
    return LegacySlides()
