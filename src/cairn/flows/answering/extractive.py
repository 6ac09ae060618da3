"""An answer without a language model: the sentences that answer best, verbatim, each cited.

Sentences of the best passages are scored by similarity to the question, read with their
document's title, and by the share of the question's rarer words that they hold. When what was
found is not likely enough to answer, it abstains.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from cairn.flows.answering.confidence import Signals, probability
from cairn.flows.answering.units import Unit, units
from cairn.flows.answering.verification import verdict
from cairn.flows.answering.words import asks_quantity, coverage, rarity, terms, years
from cairn.protocols import Embedder
from cairn.trace import span
from cairn.types import Citation, Claim, Evidence, locate

PASSAGES = 10
"""The best so many passages are read sentence by sentence."""
EXAMINED = 48
"""Sentences that are embedded, at most; words choose them when there are more."""
ALONE = 0.5
"""What a sentence's similarity by itself counts beside the one in its context, which is 1."""
WORDS = 0.5
"""What full coverage of the question's words is worth beside a similarity of 1."""
ASTRAY = 0.25
"""What a sentence loses that speaks of other years than the question."""
PASSAGE = 0.5
"""What the passage's own score is worth."""
EACH = 2
"""Sentences shown of one passage, at most."""
MARGIN = 0.25
"""A further sentence is shown when it scores at most so much less than the best."""
LEAD = 5
"""Which passage the best one is compared with."""
FRAGMENT = 3
"""Words below which a line of prose is no sentence."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """A sentence or row with what speaks for it."""

    unit: Unit
    context: str
    """As it is read: below its title, headings and table header."""
    similar: float
    """Similarity to the question, in context and alone, as a cosine."""
    covered: float
    """Share of the question's words, by rarity, that it holds in its context."""
    passage: float
    """Its passage's score."""
    astray: bool
    """It is of another year than the question."""

    @property
    def total(self) -> float:
        return self.similar + WORDS * self.covered + PASSAGE * self.passage - ASTRAY * self.astray


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
            telling = [unit for unit in units(read) if not _fragment(unit) and _adds(unit, read)]
            scored = self._score(question, telling, read)
            chosen = self._choose(scored)
            signals = _signals(question, evidence, chosen)
            confidence = probability(signals)
            step.set_attributes({"sentences": len(scored), "confidence": confidence})
        quoted = [one.unit for one in chosen]
        return Draft(
            claims=_claims(quoted, read),
            evidence=tuple(read[i] for i in dict.fromkeys(unit.evidence for unit in quoted)),
            signals=signals,
            confidence=confidence,
        )

    def _score(self, question: str, found: list[Unit], read: list[Evidence]) -> list[Scored]:
        """Return the units that words select, scored, best first."""
        contexts = [_in_context(unit, read) for unit in found]
        idf = rarity([*contexts, *(one.text for one in read)])
        wanted = terms(question)
        covered = [coverage(wanted, terms(text), idf) for text in contexts]
        examined = sorted(range(len(found)), key=lambda i: -covered[i])[:EXAMINED]
        texts = [question, *(contexts[i] for i in examined), *(found[i].text for i in examined)]
        vectors = self._embedder.embed(texts)
        cosines = (vectors[1:] @ vectors[0]).tolist()
        scored = [
            Scored(
                unit=found[i],
                context=contexts[i],
                similar=(in_context + ALONE * alone) / (1 + ALONE),
                covered=covered[i],
                passage=read[found[i].evidence].scores["rank"],
                astray=_astray(years(question), years(found[i].text)),
            )
            for i, in_context, alone in zip(
                examined, cosines[: len(examined)], cosines[len(examined) :], strict=True
            )
        ]
        return sorted(scored, key=lambda one: -one.total)

    def _choose(self, scored: list[Scored]) -> list[Scored]:
        """Return the best units that say different things, best first."""
        chosen: list[Scored] = []
        seen: set[str] = set()
        of: Counter[int] = Counter()
        for one in scored:
            if len(chosen) == self._sentences or one.total < scored[0].total - MARGIN:
                break
            plain = " ".join(one.unit.text.casefold().split())
            if plain not in seen and of[one.unit.evidence] < EACH:
                chosen.append(one)
                seen.add(plain)
                of[one.unit.evidence] += 1
        return chosen


def _fragment(unit: Unit) -> bool:
    """Tell whether a line is too short to be a sentence, in a script that puts spaces between words."""
    return not unit.header and len(unit.text.split()) < FRAGMENT and unit.text.isascii()


def _astray(asked: set[str], told: set[str]) -> bool:
    """Tell whether years are told, and none that is asked for."""
    return bool(asked and told) and not asked & told


def _adds(unit: Unit, read: Sequence[Evidence]) -> bool:
    """Tell whether a line says more than the title and the headings above it."""
    above = terms(f"{read[unit.evidence].context} {unit.heading}")
    return not set(terms(unit.text)) <= set(above)


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


def _signals(question: str, evidence: Sequence[Evidence], chosen: Sequence[Scored]) -> Signals:
    if not chosen:
        return Signals()
    best = chosen[0]
    top = evidence[best.unit.evidence]
    wanted = terms(question)
    idf = rarity([one.text for one in evidence])
    beside = set(terms(best.context))
    scores = [one.scores["rank"] for one in evidence]
    return Signals(
        sentence=best.total,
        passage=top.scores["vectors"],
        lead=scores[0] - scores[min(LEAD, len(scores)) - 1],
        held=coverage(wanted, terms(f"{top.context} {top.text}"), idf),
        covered=coverage(wanted, [term for one in chosen for term in terms(one.context)], idf),
        terms=float(len(set(wanted))),
        numbers=float(len({term for term in wanted if term[0].isdigit()} - beside)),
        row=float(bool(best.unit.header)),
        quantity=float(asks_quantity(question)),
    )
