"""How much of what a claim says the evidence says: by its words, and by what they mean.

Late interaction (Khattab and Zaharia 2020, arXiv 2004.12832) with the embedder's token vectors, as extracts
are chosen; word by word, so that one word that nothing supports is not hidden by the others.
"""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cairn.flows.answering.verification.parts import LIGHT, Parts
from cairn.flows.answering.verification.polarity import words_of
from cairn.flows.answering.verification.statements import Reading, Statement
from cairn.flows.answering.words import STEM, placed, terms
from cairn.protocols import Embedder
from cairn.records import Tokens

READ = 3
"""Statements that are read for their meaning, at most."""
ALIKE, FAR = 0.62, 0.30
"""From this similarity on a word is said in other words; below FAR it is not said at all."""
ABOVE = 0.7
"""What a word counts that only stands in the title, a heading or a header."""

_RECKONING = """
average averages averaged mean sum both ratio difference nominal growth rate percentage proportion due
expressed terms absolute over out
"""
MOVES = frozenset(word[:STEM] for word in (*words_of("direction"), *_RECKONING.split()))
"""Words that cells bear out: that something is more, or rises, or is reckoned."""


class Support(NamedTuple):
    """How well a claim is supported."""

    score: float
    """The share of its words that are said, by rarity: 0 to 1."""
    statements: tuple[int, ...]
    """What supports it best, best first."""


def rank(claim: Parts, reading: Reading, bound: Mapping[int, float]) -> list[int]:
    """Return statements by how much of the claim they say; those that its numbers stand in first."""
    idf = _rarity(reading.statements)
    words = frozenset(claim.words)
    scores = {}
    for number, statement in enumerate(reading.statements):
        scores[number] = bound.get(number, 0.0) + sum(idf.get(word, 0.0) for word in words & statement.words)
    return sorted((number for number, score in scores.items() if score > 0), key=lambda n: -scores[n])


def support(
    claim: Parts,
    reading: Reading,
    ranked: Sequence[int],
    embedder: Embedder,
    *,
    moves: bool = True,
    enough: float = 1.0,
) -> Support:
    """Judge how well the best statements support a claim; what they mean only if words are not ``enough``.

    Without ``moves`` words that say that something is more, or rises, need none: cells have borne them out.
    """
    chosen = list(ranked[:READ])
    if not chosen or not claim.words:
        return Support(0.0 if not chosen else 1.0, tuple(chosen))
    idf = _rarity(reading.statements)
    most = max(idf.values(), default=1.0)
    said = frozenset().union(*(reading.statements[number].words for number in chosen))
    above = frozenset().union(*(_above(reading, number) for number in chosen))
    if not moves:  # what a table is about may be said anywhere beside it
        above = above.union(*(one.words for one in reading.statements))
    share = {word: (1.0 if word in said else ABOVE if word in above else 0.0) for word in claim.words}
    weight = {
        word: 0.0 if word in LIGHT or (not moves and word in MOVES) else idf.get(word, most) for word in share
    }
    if _score(share, weight) < enough:
        _by_meaning(claim, [reading.statements[number] for number in chosen], share, embedder)
    return Support(_score(share, weight), tuple(chosen))


def _score(share: Mapping[str, float], weight: Mapping[str, float]) -> float:
    total = sum(weight.values())
    return sum(weight[word] * value for word, value in share.items()) / total if total else 1.0


def _above(reading: Reading, number: int) -> frozenset[str]:
    statement = reading.statements[number]
    return frozenset(terms(statement.above)) | reading.words[statement.evidence]


def _by_meaning(
    claim: Parts, chosen: Sequence[Statement], share: dict[str, float], embedder: Embedder
) -> None:
    """Raise the share of words that are said in other words."""
    asked, *read = embedder.tokens([claim.text, *(one.text for one in chosen)])
    for word, at in placed(claim.text):
        if share.get(word, 1.0) >= 1:
            continue
        inside = [i for i, start in enumerate(asked.starts) if at <= start < at + max(len(word), 1)]
        likest = max((_likest(asked, inside, one) for one in read), default=0.0)
        share[word] = max(share[word], min(max((likest - FAR) / (ALIKE - FAR), 0.0), 1.0))


def _likest(asked: Tokens, inside: Sequence[int], held: Tokens) -> float:
    if not inside or not len(held.vectors):
        return 0.0
    return float((asked.vectors[list(inside)] @ held.vectors.T).max(axis=1).mean())


def _rarity(statements: Sequence[Statement]) -> dict[str, float]:
    counts: dict[str, int] = {}
    for statement in statements:
        for word in statement.words:
            counts[word] = counts.get(word, 0) + 1
    return {word: math.log(1 + (len(statements) + 0.5) / (n + 0.5)) for word, n in counts.items()}
