"""No passage twice: of passages that say the same in nearly the same words, the best one.

A retriever around another. Knows words alone: the same contract, sent again with another greeting, is
a copy; last year's report, word for word the same but for its numbers, is not.
"""

import re
from dataclasses import replace

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Evidence

SPARE = 10
"""Passages asked for beyond those wanted, for what is left out."""
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
        kept: list[Evidence] = []
        said: list[frozenset[str]] = []
        for evidence in found:
            words = frozenset(_WORD.findall(evidence.text.casefold()))
            if not any(_alike(words, other) for other in said):
                kept.append(evidence)
                said.append(words)
        return kept[: query.k]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if min(len(one), len(other)) < ALIKE * max(len(one), len(other)):
        return False
    differing = one ^ other
    common = len(one & other)
    return common >= ALIKE * (common + len(differing)) and not any(
        character.isdigit() for word in differing for character in word
    )
