"""What both views of the local index must agree on: how a scope is read and how hits are ranked.

Knows neither of the engines.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cairn.records import Hits, Scope

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_TIES = 4096
"""How many equal scores are fetched to put them in order; beyond that any of them will do."""

NOTHING = Hits(np.empty(0, np.int64), np.empty(0, np.float32))


def hopeless(scope: Scope, k: int) -> bool:
    """Say whether nothing at all can be found."""
    return k <= 0 or scope.classes == frozenset() or scope.documents == frozenset()


def moment(when: datetime) -> int:
    """Return microseconds since 1970; a time without a zone is taken as UTC."""
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return (when - EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=256)
def kinds(media_type: str) -> tuple[str, str]:
    """Return what a filter may call a media type: ``("text/html", "text")``."""
    full = media_type.partition(";")[0].strip().lower()
    return full, full.partition("/")[0]


def best(passages: NDArray[np.int64], scores: NDArray[np.float32], k: int) -> Hits:
    """Return the ``k`` best, equal scores by passage."""
    order = np.lexsort((passages, -scores))[:k]
    return Hits(passages[order], scores[order])


def settled(scores: NDArray[np.float32], k: int, last: float, fetched: int) -> bool:
    """Say whether fetching beyond score ``last`` could change the ``k`` best of ``scores``."""
    if len(scores) < k:
        return False
    return fetched > k + MOST_TIES or bool(np.partition(scores, -k)[-k] > last)
