"""Ruled tables: the grids that a page's own lines draw, and the text that stands in their cells.

Knows nothing of PDF, of the page's other text, or of tables without lines between their columns.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from cairn.adapters.parsers import printed, tidy
from cairn.adapters.parsers.printed import Cell
from cairn.types import Box, Element, Locator

_NEAR = 2.0
"""Points that may lie between rules that meet, or between the halves of one rule."""
_SHORTEST = 6.0
_OVERHANG = 12.0
"""Points from which rules that stick out mean a border that was not drawn."""
_MOST_MEETINGS = 250_000
_WORDY = 45
"""Mean words a cell from which a grid is a page's frame rather than a table."""
_FIGURE = re.compile(r"[^A-Za-z]*\d[^A-Za-z]*|[-\u2013\u2014]")
_Place = tuple[int, int]


class Rule(NamedTuple):
    """A straight line along the page: at which height it lies (or where across), and from where to where."""

    at: float
    start: float
    end: float


class Grid(NamedTuple):
    """A table that lines were drawn for: its outline, and its cells by row, filled."""

    box: Box
    rows: list[list[Cell]]

    def element(self, page: int) -> Element | None:
        """Return it as a table, its first row and further rows of labels over figures as the header."""
        texts = [[cell.text for cell in row] for row in self.rows]
        stated = 0 if _is_figures(texts[0]) else 1
        mended, header = tidy.mend(texts, stated)
        header = header if "" in texts[0] else stated
        places = [tidy.around(cell.box for cell in row if cell.box is not None) for row in self.rows]
        locators = (Locator(page=page, boxes=there if there else (self.box,)) for there in places)
        return tidy.table([tidy.Row(*row) for row in zip(mended, locators, strict=True)], header)


def _is_figures(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells[1:] if cell]
    return 2 * sum(_FIGURE.fullmatch(cell) is not None and len(cell) != 4 for cell in filled) > len(filled)


def grids(strokes: Iterable[Box], page: printed.Page) -> list[Grid]:
    """Return the tables that lines across and down the page, from one corner to another, draw."""
    flat, upright = [], []
    for x0, y0, x1, y1 in strokes:
        if abs(y0 - y1) <= 1:
            flat.append(Rule(y0, min(x0, x1), max(x0, x1)))
        elif abs(x0 - x1) <= 1:
            upright.append(Rule(x0, min(y0, y1), max(y0, y1)))
    if len(flat) < 2 or not upright:
        return []
    across, down = _merged(flat), _merged(upright)
    if len(across) < 2 or not down or len(across) * len(down) > _MOST_MEETINGS:
        return []
    made = (_grid(*group, page) for group in _groups(across, down))
    return _outermost(sorted(grid for grid in made if grid is not None))


def _outermost(found: Sequence[Grid]) -> list[Grid]:
    """Drop a grid that stands in, or over, a larger one."""
    kept: list[Grid] = []
    for grid in sorted(found, key=lambda one: -len(one.rows)):
        if not any(overlap(grid.box, other.box) for other in kept):
            kept.append(grid)
    return sorted(kept, key=lambda one: one.box.y0)


def whole(found: Sequence[Grid], tables: Sequence[Box], page: printed.Page) -> list[Grid]:
    """Keep the grids that are a whole table, not the part of one, of ``tables``, that lines go through."""
    taken = {id(item) for grid in found for item in page.within(grid.box)}
    kept = []
    for grid in found:
        around = [box for box in tables if overlap(box, grid.box)]
        free = {id(item): item for box in around for item in page.within(box) if id(item) not in taken}
        if not _goes_on(grid, page, max((box.y1 for box in around), default=0.0)) and not _has_beside(
            grid, free.values()
        ):
            kept.append(grid)
    return kept


def _has_beside(grid: Grid, free: Iterable[printed.Item]) -> bool:
    """Tell whether text stands beside half of a grid's rows."""
    heights = [item.middle for item in free]
    boxes = [box for row in grid.rows for box in tidy.around(cell.box for cell in row if cell.box)]
    return 2 * sum(any(box.y0 < height < box.y1 for height in heights) for box in boxes) >= len(boxes)


def _goes_on(grid: Grid, page: printed.Page, end: float) -> bool:
    """Tell whether rows of figures go on right below a grid, down to ``end``."""
    below = page.rows(Box(grid.box.x0, grid.box.y1 + 1, grid.box.x1, end)) if end > grid.box.y1 + 4 else []
    if len(below) < 2:
        return False
    first = printed.extent(below[0])
    is_near = first.y0 - grid.box.y1 < first.y1 - first.y0
    return is_near and all(
        len(parts) > 1 and _FIGURE.fullmatch(parts[-1][-1].text) is not None
        for parts in map(printed.spans, below[:2])
    )


def overlap(one: Box, other: Box) -> bool:
    """Tell whether two boxes share more than an edge."""
    wide = min(one.x1, other.x1) - max(one.x0, other.x0)
    return wide > _NEAR and min(one.y1, other.y1) - max(one.y0, other.y0) > _NEAR


def _merged(rules: Iterable[Rule]) -> list[Rule]:
    """Join the pieces of one rule; what stays as short as a letter is none."""
    kept: list[Rule] = []
    for level in _levels(sorted(rules)):
        joined: list[Rule] = []
        for rule in sorted(level, key=lambda one: one.start):
            if joined and rule.start <= joined[-1].end + _NEAR:
                joined[-1] = joined[-1]._replace(end=max(joined[-1].end, rule.end))
            else:
                joined.append(rule)
        kept += (rule for rule in joined if rule.end - rule.start >= _SHORTEST)
    return kept


def _levels(rules: Sequence[Rule]) -> Iterator[list[Rule]]:
    """Group rules, sorted, that lie at the same height, and set them to it."""
    level: list[Rule] = []
    for rule in rules:
        if level and rule.at - level[0].at > _NEAR:
            yield level
            level = []
        level.append(rule._replace(at=level[0].at) if level else rule)
    if level:
        yield level


def _groups(across: Sequence[Rule], down: Sequence[Rule]) -> Iterator[tuple[list[Rule], list[Rule]]]:
    """Group rules that meet."""
    parent = list(range(len(across) + len(down)))
    for at, flat in enumerate(across):
        for to, upright in enumerate(down, len(across)):
            if _meet(flat, upright):
                parent[_root(parent, at)] = _root(parent, to)
    groups: dict[int, tuple[list[Rule], list[Rule]]] = {}
    for at, rule in enumerate([*across, *down]):
        group = groups.setdefault(_root(parent, at), ([], []))
        group[at >= len(across)].append(rule)
    return (group for group in groups.values() if len(group[0]) > 1 and group[1])


def _meet(flat: Rule, upright: Rule) -> bool:
    return (
        flat.start - _NEAR <= upright.at <= flat.end + _NEAR
        and upright.start - _NEAR <= flat.at <= upright.end + _NEAR
    )


def _root(parent: list[int], at: int) -> int:
    while parent[at] != at:
        parent[at] = parent[parent[at]]
        at = parent[at]
    return at


def _bordered(rules: Sequence[Rule], others: Sequence[Rule]) -> tuple[list[float], list[Rule]]:
    """Return where rules lie, and the rules, with borders that are not drawn but to which others reach."""
    places = sorted({rule.at for rule in rules})
    first, last = min(rule.start for rule in others), max(rule.end for rule in others)
    ends = min(rule.at for rule in others), max(rule.at for rule in others)
    added = []
    if first < places[0] - _OVERHANG and sum(rule.start < first + _NEAR for rule in others) > 1:
        added.append(first)
    if last > places[-1] + _OVERHANG and sum(rule.end > last - _NEAR for rule in others) > 1:
        added.append(last)
    return sorted([*places, *added]), [*rules, *(Rule(at, *ends) for at in added)]


class _Walls(NamedTuple):
    """Where columns and rows of a grid part, and the rules that part them."""

    xs: list[float]
    ys: list[float]
    across: list[Rule]
    down: list[Rule]

    def regions(self) -> dict[_Place, _Place]:
        """Return for each place of the grid the first place of the cell that it is part of."""
        wide, tall = len(self.xs) - 1, len(self.ys) - 1
        parent = list(range(wide * tall))
        for at in range(wide * tall):
            row, column = divmod(at, wide)
            if column and not _is_wall(self.down, self.xs[column], self.ys[row : row + 2]):
                self._join(parent, at, at - 1)
            if row and not _is_wall(self.across, self.ys[row], self.xs[column : column + 2]):
                self._join(parent, at, at - wide)
        return {divmod(at, wide): divmod(_root(parent, at), wide) for at in range(wide * tall)}

    @staticmethod
    def _join(parent: list[int], one: int, other: int) -> None:
        low, high = sorted((_root(parent, one), _root(parent, other)))
        parent[high] = low

    def place(self, x: float, y: float) -> _Place | None:
        """Return the row and column that a point lies in."""
        row = next((at for at, (top, end) in enumerate(pairwise(self.ys)) if top <= y < end), None)
        column = next((at for at, (left, end) in enumerate(pairwise(self.xs)) if left <= x < end), None)
        return (row, column) if row is not None and column is not None else None


def _is_wall(rules: Sequence[Rule], at: float, span: Sequence[float]) -> bool:
    middle = sum(span) / 2
    return any(abs(rule.at - at) <= _NEAR and rule.start <= middle <= rule.end for rule in rules)


def _grid(across: list[Rule], down: list[Rule], page: printed.Page) -> Grid | None:
    """Make a grid of rules that meet; None if what they draw is no table."""
    xs, uprights = _bordered(down, across)
    ys, flats = _bordered(across, down)
    if len(xs) < 3 or len(ys) < 3:
        return None
    walls, box = _Walls(xs, ys, flats, uprights), Box(xs[0], ys[0], xs[-1], ys[-1])
    held = _held(walls, page.within(box))
    rows = [[_cell(held.get((row, at), [])) for at in range(len(xs) - 1)] for row in range(len(ys) - 1)]
    rows = [row for row in rows if any(cell.text for cell in row)]
    return Grid(box, rows) if _is_table(rows) and not _is_run_together(held) else None


def _held(walls: _Walls, items: Iterable[printed.Item]) -> dict[_Place, list[printed.Item]]:
    """Put the items, from top to bottom, into the cells in which their middles lie."""
    regions = walls.regions()
    held: dict[_Place, list[printed.Item]] = {}
    for item in items:
        for part in _parts(item, walls.xs):
            place = walls.place((part.box.x0 + part.box.x1) / 2, part.middle)
            if place is not None:
                held.setdefault(regions[place], []).append(part)
    return held


def _parts(item: printed.Item, xs: Sequence[float]) -> list[printed.Item]:
    """Cut an item that runs over a column's edge at its words, as wide as their letters are many."""
    crossed = [at for at in xs[1:-1] if item.box.x0 + 4 < at < item.box.x1 - 4]
    if not crossed or " " not in item.text.strip():
        return [item]
    letter = (item.box.x1 - item.box.x0) / len(item.text)
    parts: dict[int, list[tuple[float, float, str]]] = {}
    for word in re.finditer(r"\S+", item.text):
        x0, x1 = (item.box.x0 + end * letter for end in word.span())
        parts.setdefault(sum(at < (x0 + x1) / 2 for at in crossed), []).append((x0, x1, word[0]))
    return [
        item._replace(
            text=" ".join(word for _, _, word in words),
            box=item.box._replace(x0=words[0][0], x1=words[-1][1]),
        )
        for words in parts.values()
    ]


def _cell(items: list[printed.Item]) -> Cell:
    """Return a cell's text, its lines one after the other."""
    lines = (" ".join(item.text for item in row) for row in printed.by_line(items))
    return Cell(tidy.flat(" ".join(lines)), printed.extent(items) if items else None)


def _is_table(rows: Sequence[Sequence[Cell]]) -> bool:
    """Tell a table from a chart's or a form's lines and a page's frame."""
    filled = [cell.text for row in rows for cell in row if cell.text]
    columns = sum(any(column) for column in zip(*([cell.text for cell in row] for row in rows), strict=True))
    is_full = 3 * len(filled) >= len(rows) * columns and sum(map(len, filled)) > len(filled)
    is_wordy = sum(len(text.split()) for text in filled) > _WORDY * len(filled)
    return len(rows) > 1 and columns > 1 and len(filled) > 3 and is_full and not is_wordy


def _is_run_together(held: dict[_Place, list[printed.Item]]) -> bool:
    """Tell a grid in which the lines leave out what parts rows: two printed rows of figures in one."""
    by_row: dict[int, list[printed.Item]] = {}
    for (row, _), items in held.items():
        by_row.setdefault(row, []).extend(item for item in items if _FIGURE.fullmatch(item.text))
    for items in by_row.values():
        lines = printed.by_line(sorted(items, key=lambda item: item.middle))
        if sum(len(line) > 1 for line in lines) > 1:
            return True
    return False
