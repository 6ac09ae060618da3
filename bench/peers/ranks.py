"""Reciprocal rank fusion (Cormack and others 2009, k = 60), for what brings none of its own."""

from collections import defaultdict
from collections.abc import Iterable

CONSTANT = 60


def reciprocal(rankings: Iterable[list[int]]) -> list[int]:
    """Return what any ranking holds, best first."""
    scores: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, each in enumerate(ranking, start=1):
            scores[each] += 1 / (CONSTANT + rank)
    return sorted(scores, key=lambda each: -scores[each])
