"""An answer without a language model: the sentences that answer best, verbatim, each cited.

Sentences are scored by how well they and what stands above them match each word of the question, in
meaning (late interaction, Khattab and Zaharia 2020, arXiv 2004.12832, with a model not trained for it) and
as written. Passages were read when they were embedded, and their tokens kept; only what was not is read now.
When what was found is not likely enough to answer, it abstains.
"""

import asyncio
import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from itertools import accumulate, groupby

import numpy as np
from numpy.typing import NDArray

from cairn.flows.answering.confidence import Signals, probability
from cairn.flows.answering.units import Unit, units
from cairn.flows.answering.verification import verdict
from cairn.flows.answering.words import (
    asks_quantity,
    coverage,
    length,
    rarity,
    tells_number,
    terms,
    weights,
    years,
)
from cairn.protocols import Embedder
from cairn.records import Tokens
from cairn.trace import span
from cairn.types import Citation, Claim, Evidence, locate

EXAMINED = 16
"""Sentences that are compared in meaning, at most; words choose them."""
LENGTH = 800
"""Tokens that are read for it, at most."""
WORDS = 0.25
"""What full coverage of the question's words is worth beside matching them all, which is 1."""
PASSAGE = 0.15
"""What it is worth that the passage speaks of all that is asked."""
ENOUGH = 0.5
"""A passage speaks of a word from this similarity on; more would only tell how it puts it."""
ASTRAY = 0.15
"""What a sentence loses that speaks of other years than the question."""
EACH = 2
"""Sentences shown of one passage, at most."""
MARGIN = 0.22
"""A further sentence is shown when it scores at most so much less than the best."""
FRAGMENT = 3
"""Words below which a line of prose is no sentence."""


Floats = NDArray[np.float32]
Kept = Callable[[Sequence[int], int], Mapping[int, Tokens]]
"""Returns the tokens of passages, with vectors of so many dimensions; see ``Vectors.tokens``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """A sentence or row with what speaks for it."""

    unit: Unit
    matched: float
    """How well it matches the question's words, by their rarity, in meaning; 1 says the same."""
    covered: float
    """Share of the question's words, by rarity, that it holds in its context."""
    passage: float
    """How much of the question its passage speaks of, 0 to 1."""
    astray: bool
    """It is of another year than the question."""

    @property
    def total(self) -> float:
        return self.matched + WORDS * self.covered + PASSAGE * self.passage - ASTRAY * self.astray


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """What was extracted, and how likely it is to answer."""

    claims: tuple[Claim, ...]
    evidence: tuple[Evidence, ...]
    signals: Signals
    confidence: float


class _Terms(dict[str, frozenset[str]]):
    """The distinct terms of texts, each text read once."""

    def __missing__(self, text: str) -> frozenset[str]:
        found = self[text] = frozenset(terms(text))
        return found

    def all(self, texts: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self[text] for text in texts))


class Extractive:
    """Chooses sentences from evidence that is passages, each as the journal has it."""

    def __init__(self, embedder: Embedder, kept: Kept, *, sentences: int, at_once: int = 1) -> None:
        self._embedder = embedder
        self._kept = kept
        self._sentences = sentences
        # Each uses all cores for a while: those who wait hold no thread that others could be answered in.
        self._turns = ThreadPoolExecutor(at_once)

    async def __call__(self, question: str, evidence: Sequence[Evidence]) -> Draft:
        """Return the best sentences as claims; of no evidence, none."""
        work = copy_context().run
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._turns, work, self._extract, question, list(evidence))

    def _extract(self, question: str, evidence: list[Evidence]) -> Draft:
        with span("extract", passages=len(evidence)) as step:
            scored = self._score(question, evidence)
            chosen = self._choose(scored)
            signals = _signals(question, evidence, chosen)
            confidence = probability(signals)
            step.set_attributes({"sentences": len(scored), "confidence": confidence})
        quoted = [one.unit for one in chosen]
        return Draft(
            claims=_claims(quoted, evidence),
            evidence=tuple(evidence[i] for i in dict.fromkeys(unit.evidence for unit in quoted)),
            signals=signals,
            confidence=confidence,
        )

    def _score(self, question: str, evidence: list[Evidence]) -> list[Scored]:
        """Return the units that words select, scored, best first."""
        of = _Terms()
        found, above, held = list[Unit](), list[tuple[str, ...]](), list[frozenset[str]]()
        whole: list[set[str]] = [set() for _ in evidence]
        for unit in units(evidence):
            over = (evidence[unit.evidence].context, unit.heading)
            whole[unit.evidence] |= of.all((unit.heading, unit.header, unit.text))
            # A line that says no more than what stands above it answers nothing.
            if not _fragment(unit) and not of[unit.text] <= of.all(over):
                found.append(unit)
                above.append((*over, unit.header))
                held.append(of.all((*above[-1], unit.text)))
        idf = rarity(terms(question), [*held, *whole])
        covered = [coverage(idf, one) for one in held]
        best = sorted(range(len(found)), key=lambda i: -covered[i])[:EXAMINED]
        read = self._read({i: found[i] for i in best}, above, evidence)
        examined = sorted(read)
        (asked,) = self._embedder.encode([question]).tokens
        share = weights(question, asked.starts, idf)
        likest = [_likest(asked.vectors, read[i]) for i in examined]
        passages = _passages([found[i].evidence for i in examined], likest, share)
        scored = [
            Scored(
                unit=found[i],
                matched=_weighed(similar, share),
                covered=covered[i],
                passage=passages[found[i].evidence],
                astray=_astray(years(question), years(found[i].text)),
            )
            for i, similar in zip(examined, likest, strict=True)
        ]
        return sorted(scored, key=lambda one: -one.total)

    def _read(
        self, best: Mapping[int, Unit], above: Sequence[Sequence[str]], evidence: Sequence[Evidence]
    ) -> dict[int, Floats]:
        """Return the tokens of these units and of what stands above each, of as many as may be read."""
        passages = {unit.evidence: int(evidence[unit.evidence].id[1:]) for unit in best.values()}
        kept = self._kept(list(passages.values()), self._embedder.token_dimensions)
        read: dict[int, Floats] = {}
        for i, unit in best.items():
            tokens = kept.get(passages[unit.evidence])
            if tokens is not None and _holds(tokens, unit, evidence[unit.evidence]):
                read[i] = _recalled(tokens, unit, evidence[unit.evidence])
        contexts = {
            i: "\n".join([*filter(None, above[i]), unit.text]) for i, unit in best.items() if i not in read
        }
        totals = accumulate(self._embedder.count(list(contexts.values())))
        first = next(iter(best), None)
        fit = [i for i, total in zip(contexts, totals, strict=True) if total <= LENGTH or i == first]
        found = self._embedder.encode([contexts[i] for i in fit]).tokens
        return read | {i: tokens.vectors for i, tokens in zip(fit, found, strict=True)}

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


def _holds(tokens: Tokens, unit: Unit, passage: Evidence) -> bool:
    """Tell whether a passage was read to the end of a unit: of a long one embedders read the beginning."""
    last = _begin(passage) + unit.end - len(unit.text.rsplit(maxsplit=1)[-1])
    return len(tokens.starts) > 0 and int(tokens.starts[-1]) >= last


def _recalled(tokens: Tokens, unit: Unit, passage: Evidence) -> Floats:
    """Return of a passage's tokens those of a unit and of what stands above it."""
    begin = _begin(passage)
    spans = [(0, begin), (begin + unit.start, begin + unit.end)]
    for line in filter(None, (unit.heading, unit.header)):
        at = begin + passage.text.rfind(line, 0, unit.start)
        spans.append((at, at + len(line)))
    rows = (slice(*(bisect_left(tokens.starts, place) for place in span)) for span in spans)
    return np.concatenate([tokens.vectors[each] for each in rows])


def _begin(passage: Evidence) -> int:
    """Return where the text begins in what an embedder reads; see ``Passage.embedded_text``."""
    return len(passage.context) + 1


def _likest(question: Floats, text: Floats) -> list[float]:
    """Return for each of the question's tokens its cosine with the likest token of the text."""
    if not len(text):
        return [0.0] * len(question)
    found: list[float] = (question @ text.T).max(axis=1).tolist()
    return found


def _passages(
    of: Sequence[int], likest: Sequence[Sequence[float]], share: Sequence[float]
) -> dict[int, float]:
    """Return by passage how much of the question its sentences together speak of."""
    together = {
        passage: [max(column) for column in zip(*(similar for _, similar in group), strict=True)]
        for passage, group in groupby(zip(of, likest, strict=True), key=lambda pair: pair[0])
    }
    return {
        passage: _weighed([min(one / ENOUGH, 1.0) for one in similar], share)
        for passage, similar in together.items()
    }


def _weighed(values: Sequence[float], share: Sequence[float]) -> float:
    return sum(value * part for value, part in zip(values, share, strict=True))


def _fragment(unit: Unit) -> bool:
    """Tell whether a line is too short to be a sentence, in a script that puts spaces between words."""
    return not unit.header and len(unit.text.split()) < FRAGMENT and unit.text.isascii()


def _astray(asked: set[str], told: set[str]) -> bool:
    """Tell whether years are told, and none that is asked for."""
    return bool(asked and told) and not asked & told


def _claims(chosen: Sequence[Unit], evidence: Sequence[Evidence]) -> tuple[Claim, ...]:
    numbers: dict[str, int] = {}
    claims = []
    for unit in chosen:
        held = evidence[unit.evidence]
        checked = verdict(unit.text, held.text)
        citation = Citation(
            evidence=held.id,
            number=numbers.setdefault(held.id, len(numbers) + 1),
            quote=unit.text,
            uri=held.uri,
            title=held.title,
            locators=locate(held.anchors, unit.start, unit.end),
            verdict=checked,
        )
        text = f"{unit.header}\n{unit.text}" if unit.header else unit.text
        claims.append(Claim(text=text, citations=(citation,), verdict=checked))
    return tuple(claims)


def _signals(question: str, evidence: Sequence[Evidence], chosen: Sequence[Scored]) -> Signals:
    if not chosen:
        return Signals()
    best = chosen[0]
    held = evidence[best.unit.evidence]
    told = years("\n".join((held.text, held.context, held.title, held.uri)))
    return Signals(
        matched=best.passage,
        year=float(bool(years(question) - told)),
        number=float(asks_quantity(question) and not tells_number(best.unit.text, question)),
        words=math.log1p(length(question)),
    )
