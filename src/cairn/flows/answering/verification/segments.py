"""A sentence to the stretches that each speak of one number: ``wages were 5 | and rents 3``.

Knows where sentences are usually joined; where they are not, the stretch is the whole sentence.
"""

import re
from collections.abc import Sequence

_JOINTS = (
    re.compile(r"[;:]\s"),
    re.compile(
        r"\b(?:while|whereas|but|compared (?:with|to)|against|versus|vs|than|from|to|up from|down from|respectively"
        r"|während|aber|gegenüber|gegen|als|auf|von|tandis que|contre|and then)\b",
        re.IGNORECASE,
    ),
    re.compile(r",\s|\s\("),
    re.compile(r"\b(?:and|or|und|oder|et|ou|after|before|nach|vor|après|avant)\b", re.IGNORECASE),
)
"""Where a sentence may be parted, the clearest first."""


def segments(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretch of ``text`` that belongs to each of the ``marks``, which are in order."""
    cuts = [_cut(text, left[1], right[0]) for left, right in zip(marks, marks[1:], strict=False)]
    found = []
    for number in range(len(marks)):
        start = next((cut for cut in reversed(cuts[:number]) if cut is not None), 0)
        end = next((cut for cut in cuts[number:] if cut is not None), len(text))
        found.append((start, end))
    return found


def _cut(text: str, start: int, end: int) -> int | None:
    for joint in _JOINTS:
        match = joint.search(text, start, end)
        if match is not None:
            return match.start()
    return None
