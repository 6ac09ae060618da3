"""An answer without a language model: the sentences that answer best, verbatim, each cited.

Sentences of the best passages are scored by similarity to the question, read with their
document's title, and by the share of the question's rarer words that they hold. When what was
found is not likely enough to answer, it abstains.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cairn.flows.answering.confidence import Signals, probability
from cairn.flows.answering.units import Unit, units
from cairn.flows.answering.verification import verdict
from cairn.flows.answering.words import coverage, rarity, terms
from cairn.protocols import Embedder
from cairn.trace import span
from cairn.types import Citation, Claim, Evidence, locate

PASSAGES = 5
"""The best so many passages are read sentence by sentence."""
EXAMINED = 64
"""Sentences that are embedded, at most; words choose them when there are more."""
WORDS = 0.5
"""What full coverage of the question's words is worth beside a cosine of 1."""
MARGIN = 0.15
"""A further sentence is shown when it scores at most so much less than the best."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What was extracted, and how likely it is to answer."""

    claims: tuple[Claim, ...]
    evidence: tuple[Evidence, ...]
    signals: Signals
    confidence: float


class Extractive:
    """Chooses sentences from evidence."""

    def __init__(self, embedder: Embedder, *, sentences: int) -> None:
        self._embedder = embedder
        self._sentences = sentences

    async def __call__(self, question: str, evidence: Sequence[Evidence]) -> Draft:
        """Return the best sentences as claims; of no evidence, none."""
        return await asyncio.to_thread(self._extract, question, list(evidence))

    def _extract(self, question: str, evidence: list[Evidence]) -> Draft:
        read = evidence[:PASSAGES]
        with span("extract", passages=len(read)) as step:
            found = units(read)
            idf = rarity([*(_in_context(unit, read) for unit in found), *(one.text for one in evidence)])
            scores, cosines, covered = self._score(question, found, read, idf)
            best = self._choose(found, scores)
            signals = _signals(question, evidence, found, best, scores, cosines, covered, idf)
            confidence = probability(signals)
            step.set_attributes({"sentences": len(found), "confidence": confidence})
        chosen = [found[i] for i in best]
        return Draft(
            claims=_claims(chosen, read),
            evidence=tuple(read[i] for i in sorted({unit.evidence for unit in chosen})),
            signals=signals,
            confidence=confidence,
        )

    def _score(
        self, question: str, found: list[Unit], read: list[Evidence], idf: Mapping[str, float]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Return each unit's score, cosine and coverage; what is not examined scores below all else."""
        wanted = terms(question)
        covered = np.array(
            [coverage(wanted, terms(_in_context(unit, read)), idf) for unit in found], np.float32
        )
        cosines = np.full(len(found), -1, np.float32)
        examined = np.argsort(-covered, kind="stable")[:EXAMINED]
        if len(examined):
            vectors = self._embedder.embed([question, *(_in_context(found[i], read) for i in examined)])
            cosines[examined] = vectors[1:] @ vectors[0]
        return cosines + WORDS * covered, cosines, covered

    def _choose(self, found: list[Unit], scores: NDArray[np.float32]) -> list[int]:
        """Return the best units that say different things, in the order they are read."""
        chosen: list[int] = []
        seen: set[str] = set()
        for i in np.argsort(-scores, kind="stable"):
            if len(chosen) == self._sentences or (chosen and scores[i] < scores[chosen[0]] - MARGIN):
                break
            plain = " ".join(found[i].text.casefold().split())
            if plain not in seen:
                seen.add(plain)
                chosen.append(int(i))
        return chosen


def _in_context(unit: Unit, read: Sequence[Evidence]) -> str:
    """Return the unit as it is read: below its title, heading and table header."""
    above = (read[unit.evidence].context, unit.heading, unit.header)
    return "\n".join([*filter(None, above), unit.text])


def _claims(chosen: Sequence[Unit], read: Sequence[Evidence]) -> tuple[Claim, ...]:
    numbers: dict[str, int] = {}
    claims = []
    for unit in chosen:
        evidence = read[unit.evidence]
        checked = verdict(unit.text, evidence.text)
        citation = Citation(
            evidence=evidence.id,
            number=numbers.setdefault(evidence.id, len(numbers) + 1),
            quote=unit.text,
            uri=evidence.uri,
            title=evidence.title,
            locators=locate(evidence.anchors, unit.start, unit.end),
            verdict=checked,
        )
        text = f"{unit.header}\n{unit.text}" if unit.header else unit.text
        claims.append(Claim(text=text, citations=(citation,), verdict=checked))
    return tuple(claims)


def _signals(
    question: str,
    evidence: Sequence[Evidence],
    found: Sequence[Unit],
    best: Sequence[int],
    scores: NDArray[np.float32],
    cosines: NDArray[np.float32],
    covered: NDArray[np.float32],
    idf: Mapping[str, float],
) -> Signals:
    if not best:
        return Signals()
    wanted = terms(question)
    top = evidence[found[best[0]].evidence]
    together = " ".join(_in_context(found[i], evidence) for i in best)
    numbers = {term for term in wanted if term[0].isdigit()}
    held = set(terms(f"{top.context} {top.text}"))
    return Signals(
        passage=max(one.scores.get("vectors", 0.0) for one in evidence),
        sentence=float(cosines[best].max()),
        sentence_words=float(covered[best].max()),
        together_words=coverage(wanted, terms(together), idf),
        passage_words=coverage(wanted, held, idf),
        missing_numbers=float(len(numbers - held)),
    )
