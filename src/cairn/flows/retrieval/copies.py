"""No passage twice: of passages that say the same in nearly the same words, the best one.

A retriever around another. Knows words alone: the same contract, sent again with another greeting, is
a copy; last year's report, word for word the same but for its numbers, is not.
"""

from collections.abc import Iterable
from dataclasses import replace
from string import punctuation

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Evidence

SPARE = 10
"""Passages asked for beyond those wanted, for what is left out."""
COMPARED = 100
"""Passages among which near copies are looked for; further down only what has the very same words goes."""
ALIKE = 0.9
"""Share of the words of two passages that they have in common, from which they say the same."""

Words = frozenset[bytes]

_BETWEEN = bytes.maketrans(punctuation.encode(), b" " * len(punctuation))


class Distinct:
    """A retriever that leaves out what a better passage says already."""

    def __init__(self, inner: Retriever) -> None:
        self._inner = inner

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first."""
        found = await self._inner(replace(query, k=query.k + SPARE))
        kept: dict[Words, Evidence] = {}
        for place, evidence in enumerate(found):
            words = _words(evidence.text)
            if words not in kept and not (place < COMPARED and _alike_any(words, kept)):
                kept[words] = evidence
                if len(kept) == query.k:
                    break
        return list(kept.values())


def _words(text: str) -> Words:
    """Return a text's words, as bytes: those are split in half the time."""
    return frozenset(text.casefold().encode().translate(_BETWEEN).split())


def _alike_any(words: Words, others: Iterable[Words]) -> bool:
    """Tell whether any of ``others`` says the same."""
    size = len(words)
    least, most = ALIKE * size, size / ALIKE
    return any(least <= len(other) <= most and _alike(words, other) for other in others)


def _alike(one: Words, other: Words) -> bool:
    common = len(one & other)
    if common < ALIKE * (len(one) + len(other) - common):
        return False
    return not any(byte in b"0123456789" for word in one ^ other for byte in word)
