"""The order in which the shapes of a slide are read: by the widest gaps between them.

Knows boxes alone, in any unit, and nothing of what is in them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cairn.types import Box

_MARGIN = 0.1
"""The share of a box at each side that may lie over its neighbour: boxes are larger than their text."""
_MOST = 300
"""Shapes beyond which they are read by their tops alone."""


class _Run(NamedTuple):
    gap: float
    """What lies between it and the run before."""
    members: list[int]


def order(boxes: Sequence[Box | None]) -> list[int]:
    """Return the places of ``boxes`` in reading order; those of no known place come last."""
    placed = [at for at, box in enumerate(boxes) if box is not None]
    known = {at: box for at, box in enumerate(boxes) if box is not None}
    lost = [at for at, box in enumerate(boxes) if box is None]
    if len(placed) > _MOST:
        return [*sorted(placed, key=lambda at: (known[at].y0, known[at].x0)), *lost]
    read: list[int] = []
    waiting = [placed] if placed else []
    while waiting:
        group = waiting.pop()
        parts = _cut(group, known)
        if len(parts) < 2:
            read += sorted(group, key=lambda at: (known[at].y0, known[at].x0))
        else:
            waiting += reversed(parts)
    return [*read, *lost]


def _cut(group: Sequence[int], boxes: Mapping[int, Box]) -> list[list[int]]:
    """Cut a group into rows or into columns, whichever lie further apart."""
    rows, columns = _rows(group, boxes), _columns(group, boxes)
    if _widest(columns) > _widest(rows):
        return [run.members for run in columns]
    kept = [rows[0].members]
    for run in rows[1:]:
        together = [*kept[-1], *run.members]
        if _widest(_columns(together, boxes)) > run.gap:
            kept[-1] = together
        else:
            kept.append(run.members)
    return kept if len(kept) > 1 else [run.members for run in columns]


def _rows(group: Sequence[int], boxes: Mapping[int, Box]) -> list[_Run]:
    return _runs((boxes[at].y0, boxes[at].y1, at) for at in group)


def _columns(group: Sequence[int], boxes: Mapping[int, Box]) -> list[_Run]:
    return _runs((boxes[at].x0, boxes[at].x1, at) for at in group)


def _widest(runs: Sequence[_Run]) -> float:
    return max(run.gap for run in runs)


def _runs(sides: Iterable[tuple[float, float, int]]) -> list[_Run]:
    """Gather what overlaps along one direction, in order."""
    shrunk = sorted((a + _MARGIN * (b - a), b - _MARGIN * (b - a), at) for a, b, at in sides)
    runs: list[_Run] = []
    reach = 0.0
    for start, end, at in shrunk:
        if not runs or start >= reach:
            runs.append(_Run(start - reach if runs else 0.0, []))
            reach = end
        runs[-1].members.append(at)
        reach = max(reach, end)
    return runs
