"""A sentence to the stretches that each speak of one number: ``wages were 5 | and rents 3``.

Knows where sentences are usually joined; where they are not, the stretch is the whole sentence.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

ORDERED = re.compile(r"\b(?:respectively|beziehungsweise|respectivement)\b", re.IGNORECASE)
"""Says that of two lists the first goes with the first, the second with the second."""
_JOINTS = (
    re.compile(r"[;:]\s"),
    re.compile(
        r"\b(?:while|whereas|but|compared (?:with|to)|against|versus|vs|than|from|to|up from|down from"
        r"|respectively"
        r"|während|aber|gegenüber|gegen|als|auf|von|tandis que|contre|and then)\b",
        re.IGNORECASE,
    ),
    re.compile(r",\s|\s\("),
    re.compile(r"\b(?:and|or|und|oder|et|ou|after|before|nach|vor|après|avant)\b", re.IGNORECASE),
)
"""Where a sentence may be parted, the clearest first."""


def segments(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretch of ``text`` that belongs to each of the ``marks``, which are in order."""
    aside = {mark: within for mark in marks if (within := _aside(text, mark)) is not None}
    plain = [mark for mark in marks if mark not in aside]
    cuts = [_cut(text, left[1], right[0]) for left, right in pairwise(plain)]
    found = []
    for mark in marks:
        if mark in aside:
            found.append(aside[mark])
            continue
        number = plain.index(mark)
        start = next((cut for cut in reversed(cuts[:number]) if cut is not None), 0)
        end = next((cut for cut in cuts[number:] if cut is not None), len(text))
        found.append((start, end))
    return found


def _aside(text: str, mark: tuple[int, int]) -> tuple[int, int] | None:
    """Return the parentheses that a number stands in with other words."""
    opened = text.rfind("(", 0, mark[0])
    if opened < 0 or ")" in text[opened : mark[0]]:
        return None
    closed = text.find(")", mark[1])
    return (opened, closed) if closed >= 0 and closed - opened > mark[1] - mark[0] + 6 else None


def in_order(text: str, marks: Sequence[tuple[int, int]], others: Sequence[int]) -> list[int] | None:
    """Pair marks with ``others`` (places in the text), where the text says that they are in the same order.

    Return for each mark which of the others it goes with; None where the text says nothing of the kind.
    """
    if not ORDERED.search(text) or len(others) < 2 or len(marks) % len(others):
        return None
    return [number % len(others) for number in range(len(marks))]


def _cut(text: str, start: int, end: int) -> int | None:
    for joint in _JOINTS:
        match = joint.search(text, start, end)
        if match is not None:
            return match.start()
    return None
