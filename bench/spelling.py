"""What grows with a corpus: names, identifiers and numbers, put in place of some of a passage's words.

A document has two names and two identifiers of its own, which its passages repeat; some cite those of
another document. All of it follows from the seed and the document's number.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from bench.hashing import mixed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bench.chain import Chain

NAMES = 0.35
"""Of the passages, those that say one of their document's names."""
IDENTIFIERS = 0.15
CITED = 0.05
"""Those that say an identifier of another document."""

ONSETS, VOWELS, CODAS = (
    sounds.split()
    for sounds in (
        "b br c ch d dr f fl g gr h j k kr l m n p pr qu r s sh st t tr v w z",
        "a e i o u ai ea ia ou",
        "n l r s th ck m nd ss x",
    )
)
FORMS = ("REQ-{:05d}", "INV-2024-{:06d}", "PO{:07d}", "SOP-{:04d}-B", "WX{:06d}", "T{:05d}/17")


def name(seed: int, document: int, which: int) -> str:
    """Return one of a document's names: of a stock that grows, the first ones far more often."""
    chance = mixed(mixed(mixed(seed) ^ document) ^ (100 + which))
    stock = 200 + 20 * document**0.6
    rank = int(stock ** ((chance >> 11) * 2.0**-53))
    return f"{_called(2 * rank)} {_called(2 * rank + 1)}"


def identifier(seed: int, document: int, which: int) -> str:
    """Return one of a document's identifiers; hardly another document has the same."""
    chance = mixed(mixed(mixed(seed) ^ document) ^ (200 + which))
    return FORMS[chance % len(FORMS)].format((document * 7 + which * 3 + 1000) % 10_000_000)


def spell(chain: Chain, drawn: NDArray[np.int32], seed: int, document: int, key: int) -> str:
    """Return a passage's text: its words, with new numbers, and sometimes a name or identifier."""
    words = [chain.words[each] for each in drawn.tolist()]
    for place in chain.long_numbers[drawn].nonzero()[0].tolist():
        words[place] = _renumbered(words[place], mixed(key ^ (place + 1)))
    for stream, share in ((1, NAMES), (2, IDENTIFIERS), (3, CITED)):
        chance = mixed(key ^ (stream << 32))
        if (chance & 0xFFFF) < share * 65536:
            place, which = (chance >> 16) % len(words), (chance >> 40) % 2
            other = document if stream < 3 else (chance >> 44) % (document + 1)
            words[place] = name(seed, document, which) if stream == 1 else identifier(seed, other, which)
    return " ".join(words)


def _renumbered(word: str, chance: int) -> str:
    """Return a number of the same form with other digits; its first digit follows Benford's law, about."""
    letters, first = [], True
    for letter in word:
        if letter.isdigit():
            digit = chance % 10
            letter = "1112234569"[digit] if first else str(digit)
            chance, first = chance // 10, False
        letters.append(letter)
    return "".join(letters)


@lru_cache(maxsize=100_000)
def _called(rank: int) -> str:
    chance = mixed(rank + 77)
    parts = []
    for _ in range(2 + chance % 2):
        chance, onset = divmod(chance >> 3, len(ONSETS))
        chance, vowel = divmod(chance, len(VOWELS))
        parts.append(ONSETS[onset] + VOWELS[vowel])
    return "".join(parts).capitalize() + CODAS[chance % len(CODAS)]
