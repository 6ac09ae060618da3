"""A page as printed: its text items by where they stand, by printed line and in reading order.

Knows nothing of PDF, nor of what the lines mean.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.types import Box

_FIGURES = re.compile(r"\d[\d,.]*[)%]*\s+[$(]*\s?\d")
_STOP = re.compile(r"""[.!?\u2026]["'\u201d\u2019)\]]?$""")
_START = re.compile(r"""["'\u201c\u2018(\[]*[\dA-Z\u00c0-\u00d6\u00d8-\u00de\u0391-\u03a9\u0410-\u042f]""")
_ASIDE = 40.0
"""Points that a cell may stick out of its row's box."""


class End(NamedTuple):
    """Where in a line a sentence may end: after how many characters, and the letters' edges around it."""

    at: int
    x1: float
    x0: float


class Item(NamedTuple):
    """A run of text on one line: its box, the size of its letters and their weight."""

    text: str
    box: Box
    size: float = 0.0
    is_bold: bool = False
    ends: tuple[End, ...] = ()
    """Where in it sentences may end."""

    @property
    def middle(self) -> float:
        """The height at which it stands."""
        return (self.box.y0 + self.box.y1) / 2


class Text(NamedTuple):
    """Tidy text and its box: a cell, or a block."""

    text: str
    box: Box


class Cell(NamedTuple):
    """A table cell: tidy text and box."""

    text: str
    box: Box | None


class Page:
    """A page's text items, to be found by where they stand."""

    def __init__(self, number: int, height: float, items: Iterable[Item]) -> None:
        """Sort the items from top to bottom."""
        self.number = number
        self.height = height
        self.items = sorted(items, key=_middle)
        self._middles = [item.middle for item in self.items]

    @cached_property
    def usual(self) -> float:
        """The size in which most letters are printed."""
        sizes: Counter[float] = Counter()
        for item in self.items:
            sizes[round(item.size, 1)] += len(item.text)
        return sizes.most_common(1)[0][0] if sizes else 0.0

    def within(self, box: Box) -> list[Item]:
        """Return the items whose middle lies in ``box``, from the top."""
        low = bisect_left(self._middles, box.y0 - 1)
        high = bisect_right(self._middles, box.y1 + 1)
        near = self.items[low:high]
        return [item for item in near if box.x0 - 1 <= (item.box.x0 + item.box.x1) / 2 <= box.x1 + 1]

    def rows(self, box: Box) -> list[list[Item]]:
        """Return the items whose middle lies in ``box``, a list a printed line, from the top."""
        return list(by_line(self.within(box)))

    def lines(self, box: Box) -> list[tidy.Printed]:
        """Return the printed lines whose middle lies in ``box``, from the top, cut where a sentence ends."""
        return [line(part) for row in self.rows(box) for part in sentences(row)]

    def loose(self, freed: Iterable[Box], taken: Iterable[Box], held: Iterable[Text]) -> list[Item]:
        """Return the items in the boxes that are free again and neither taken nor in a text that is held."""
        items = {id(item): item for box in freed for item in self.within(box)}
        gone = {id(item) for box in taken for item in self.within(box)}
        for text, box in held:
            gone |= {id(item) for item in self.within(box) if tidy.flat(item.text) in text}
        return [item for key, item in items.items() if key not in gone]


def _middle(item: Item) -> float:
    return item.middle


def _left(item: Item) -> float:
    return item.box.x0


def by_line(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Group items that come from top to bottom by printed line, each from left to right."""
    row: list[Item] = []
    for item in items:
        if row and item.middle - row[0].middle > 0.5 * max(row[0].box.y1 - row[0].box.y0, 4.0):
            yield sorted(row, key=_left)
            row = []
        row.append(item)
    if row:
        yield sorted(row, key=_left)


def extent(items: Iterable[Item]) -> Box:
    """Return the box around items."""
    return tidy.around(item.box for item in items)[0]


def line(row: Sequence[Item]) -> tidy.Printed:
    """Return a printed line's text and box."""
    return tidy.Printed(tidy.flat(" ".join(item.text for item in row)), extent(row))


def is_end(word: str, after: str) -> bool:
    """Tell whether a sentence may end between two words."""
    return _STOP.search(word) is not None and _START.match(after) is not None


def sentences(row: Sequence[Item]) -> Iterator[list[Item]]:
    """Split a printed line where a sentence may end, so that one can be pointed at."""
    if len(row) == 1 and not row[0].ends:
        yield list(row)
        return
    part: list[Item] = []
    for piece in (piece for item in row for piece in _pieces(item)):
        if part and is_end(part[-1].text.rstrip(), piece.text.lstrip()):
            yield part
            part = []
        part.append(piece)
    if part:
        yield part


def _pieces(item: Item) -> Iterator[Item]:
    """Cut an item where sentences may end."""
    start, x0 = 0, item.box.x0
    for end in item.ends:
        yield item._replace(text=item.text[start : end.at], box=item.box._replace(x0=x0, x1=end.x1), ends=())
        start, x0 = end.at, end.x0
    yield item._replace(text=item.text[start:], box=item.box._replace(x0=x0), ends=()) if start else item


def spans(row: Sequence[Item]) -> list[list[Item]]:
    """Split a printed line where a gap is wider than a blank."""
    parts = [[row[0]]]
    for before, item in pairwise(row):
        if item.box.x0 - before.box.x1 > 0.6 * (item.box.y1 - item.box.y0):
            parts.append([])
        parts[-1].append(item)
    return parts


def apart(rows: Sequence[list[Cell]], end: float, page: Page) -> Iterator[list[Cell]]:
    """Take rows apart that were run together: those with several figures in several cells.

    The box of such a cell is only that of its first line, so each is read down to the next row.
    """
    tops = [
        min((cell.box.y0 for cell in row if cell.box is not None and cell.text), default=end) for row in rows
    ]
    for row, below in zip(rows, [*tops[1:], end], strict=True):
        is_run_together = sum(_FIGURES.search(cell.text) is not None for cell in row[1:]) > 1
        yield from _split(row, below, page) if is_run_together else [row]


def _split(row: list[Cell], below: float, page: Page) -> list[list[Cell]]:
    """Read a row again, a row a printed line; as it was, if that is not the same words."""
    boxes = {at: cell.box for at, cell in enumerate(row) if cell.box is not None and cell.text}
    if not boxes:
        return [row]
    around = tidy.around(boxes.values())[0]
    made = []
    for items in page.rows(Box(around.x0 - _ASIDE, around.y0, around.x1 + _ASIDE, max(around.y1, below - 2))):
        cells = [Cell("", None)] * len(row)
        for item in items:
            middle = (item.box.x0 + item.box.x1) / 2
            at = min(boxes, key=lambda key: max(boxes[key].x0 - middle, middle - boxes[key].x1, 0.0))
            known = [box for box in (cells[at].box, item.box) if box is not None]
            cells[at] = Cell(tidy.flat(f"{cells[at].text} {item.text}"), tidy.around(known)[0])
        made.append(cells)
    return made if _words(made) == _words([row]) else [row]


def _words(rows: Iterable[Iterable[Cell]]) -> Counter[str]:
    return Counter(word for row in rows for cell in row for word in cell.text.split())


def order(kept: Sequence[Box | None], made: Sequence[Box | None]) -> list[int]:
    """Return, counted through both, the reading order of boxes that have one and new ones among them."""
    known = [box for box in kept if box is not None]
    tops: list[float] = []
    for box in [*kept, *made]:
        tops.append(box.y0 if box is not None else tops[-1] if tops else 0.0)
    if not any(_is_aside(one, other) for one in known for other in known):
        return sorted(range(len(tops)), key=tops.__getitem__)
    boxes, placed = [*kept, *made], list(range(len(kept)))
    for at in sorted(range(len(kept), len(boxes)), key=tops.__getitem__):
        placed.insert(_slot(boxes, placed, boxes[at]), at)
    return placed


def _is_aside(one: Box, other: Box) -> bool:
    return one.x1 <= other.x0 and min(one.y1, other.y1) - max(one.y0, other.y0) > 3


def _slot(boxes: Sequence[Box | None], placed: Sequence[int], new: Box | None) -> int:
    """Return before which a new box comes: after the last in its column that stands above it."""
    slot = 0
    for at, to in enumerate(placed):
        box = boxes[to]
        if box is None or new is None or (box.x0 < new.x1 and box.x1 > new.x0 and box.y0 <= new.y0):
            slot = at + 1
    return slot
