"""No passage twice: of passages that say the same in nearly the same words, the best one.

A retriever around another. Knows words alone: the same contract, sent again with another greeting, is
a copy; last year's report, word for word the same but for its numbers, is not.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from math import ceil, floor

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Evidence

SPARE = 10
"""Passages asked for beyond those wanted, for what is left out."""
COMPARED = 100
"""Passages among which near copies are looked for; further down only what has the very same words goes."""
ALIKE = 0.9
"""Share of the words of two passages that they have in common, from which they say the same."""

_WORD = re.compile(r"\w+")


class Distinct:
    """A retriever that leaves out what a better passage says already."""

    def __init__(self, inner: Retriever) -> None:
        self._inner = inner

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first."""
        found = await self._inner(replace(query, k=query.k + SPARE))
        kept: dict[frozenset[str], Evidence] = {}
        sized: defaultdict[int, list[frozenset[str]]] = defaultdict(list)
        for place, evidence in enumerate(found):
            words = frozenset(_WORD.findall(evidence.text.casefold()))
            near = place < COMPARED and any(_alike(words, other) for other in _of_like_size(words, sized))
            if words not in kept and not near:
                kept[words] = evidence
                sized[len(words)].append(words)
        return list(kept.values())[: query.k]


def _of_like_size(
    words: frozenset[str], sized: Mapping[int, list[frozenset[str]]]
) -> Iterator[frozenset[str]]:
    """Yield all that can have enough words in common with ``words``."""
    for size in range(ceil(ALIKE * len(words)), floor(len(words) / ALIKE) + 1):
        yield from sized.get(size, ())


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    common = len(one & other)
    if common < ALIKE * (len(one) + len(other) - common):
        return False
    return not any(character.isdigit() for word in one ^ other for character in word)
