"""No passage twice: of passages that say the same in nearly the same words, the best one.

A retriever around another. Knows words alone: the same contract, sent again with another greeting, is
a copy; last year's report, word for word the same but for its numbers, is not.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Evidence

SPARE = 10
"""Passages asked for beyond those wanted, for what is left out."""
COMPARED = 100
"""Passages among which near copies are looked for; further down only what has the very same words goes."""
ALIKE = 0.9
"""Share of the words of two passages that they have in common, from which they say the same."""

Words = frozenset[str]

_WORD = re.compile(r"\w+")
_ASCII = bytes(range(128))
_BLANKED = re.sub(rb"\W", b" ", _ASCII)
"""What stands between words is a blank."""
_BETWEEN = bytes.maketrans(_ASCII, _BLANKED)


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
    """Return a text's words: runs of ``\\w``, casefolded."""
    # Bytes of ASCII are no part of another sign in UTF-8, so that most of a text need not be matched.
    folded = text.casefold()
    words = folded.encode(errors="surrogatepass").translate(_BETWEEN).decode(errors="surrogatepass").split()
    if folded.isascii():
        return frozenset(words)
    others = " ".join(word for word in words if not word.isascii())
    return frozenset(chain(filter(str.isascii, words), _WORD.findall(others)))


def _alike_any(words: Words, others: Iterable[Words]) -> bool:
    """Tell whether any of ``others`` says the same."""
    size = len(words)
    least, most = ALIKE * size, size / ALIKE
    return any(least <= len(other) <= most and _alike(words, other) for other in others)


def _alike(one: Words, other: Words) -> bool:
    common = len(one & other)
    if common < ALIKE * (len(one) + len(other) - common):
        return False
    return not any(character.isdigit() for word in one ^ other for character in word)
