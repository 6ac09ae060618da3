"""What both views of the local index must agree on: how a scope is read and how hits are ranked.

Knows neither of the engines.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cairn.records import Hits, Scope

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_TIES = 4096
"""How many equal scores are fetched to put them in order; beyond that any of them will do."""
MOST_SETS = 1_000
MOST_CLASSES = 1_000_000
"""Of how many sets of access classes, and of how many classes in all of them, something is remembered."""

T = TypeVar("T")
NOTHING = Hits(np.empty(0, np.int64), np.empty(0, np.float32))


def hopeless(scope: Scope, k: int) -> bool:
    """Say whether nothing at all can be found."""
    return k <= 0 or scope.classes == frozenset() or scope.documents == frozenset()


def remember(held: dict[frozenset[int], T], classes: frozenset[int], found: T) -> T:
    """Keep in ``held`` what was found of a set of classes; when that is too much, of no other any more.

    Whenever a class is new, or somebody's groups, what people may read are other sets than before.
    """
    if len(held) >= MOST_SETS or sum(map(len, [*held, classes])) > MOST_CLASSES:
        held.clear()
    held[classes] = found
    return found


@lru_cache(maxsize=256)
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
