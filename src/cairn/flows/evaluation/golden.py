"""Golden questions: what a right answer holds, what it cites, who may know, who may not.

Judges answers by the file alone, so that a mistake in Cairn's own access decision shows here.
"""

import json
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from cairn.errors import Invalid
from cairn.flows.evaluation.places import Place, leads_to
from cairn.types import Answer, Claim, Evidence

Ask = Callable[[str, str], Awaitable[Answer]]
"""Ask a question (second) as a person (first)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One question and what a good answer to it must contain and cite."""

    id: str
    question: str
    person: str
    kind: str
    split: str
    answerable: bool
    facts: tuple[tuple[str, ...], ...]
    """All of these must be in the answer, of each any one way of writing it."""
    documents: frozenset[str]
    quotes: tuple[str, ...]
    places: tuple[Place, ...]
    """A citation must lead to one of these, where any are given."""
    may_not: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one case."""

    id: str
    kind: str
    split: str
    answerable: bool
    abstained: bool
    facts_found: bool
    cited_right: bool
    placed: bool | None
    """A citation leads to the very spot; None where the question expects none."""
    violations: tuple[str, ...]
    """People who were shown what they may not know."""
    confidence: float
    seconds: float


def read_cases(path: Path) -> list[Case]:
    """Read ``golden.jsonl``; raises Invalid with the line."""
    cases = []
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        try:
            cases.append(_case(json.loads(line)))
        except KeyError as error:
            raise Invalid(f"{path}:{number}: a golden question lacks {error}.") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise Invalid(f"{path}:{number}: not a golden question: {error}") from error
    return cases


def _case(row: dict[str, Any]) -> Case:
    return Case(
        id=row["id"],
        question=row["question"],
        person=row["as"],
        kind=row.get("kind", "fact"),
        split=row.get("split", "held-out"),
        answerable=row["answerable"],
        facts=tuple((fact,) if isinstance(fact, str) else tuple(fact) for fact in row.get("facts", ())),
        documents=frozenset(row.get("documents", ())),
        quotes=tuple(row.get("quotes", ())),
        places=tuple(dict(place) for place in row.get("locators", ())),
        may_not=tuple(row.get("may_not", ())),
    )


async def judge(case: Case, ask: Ask) -> Outcome:
    """Ask as the one who may know, and as everyone who may not."""
    began = perf_counter()
    answer = await ask(case.person, case.question)
    seconds = perf_counter() - began
    leaks = [name for name in case.may_not if _leaks(case, await ask(name, case.question))]
    return Outcome(
        id=case.id,
        kind=case.kind,
        split=case.split,
        answerable=case.answerable,
        abstained=answer.abstained,
        facts_found=case.answerable and not answer.abstained and holds(case, answer.text),
        cited_right=case.answerable and not answer.abstained and cites(case, answer.claims, answer.evidence),
        placed=_placed(case, answer) if case.answerable and case.places else None,
        violations=tuple(leaks),
        confidence=answer.confidence,
        seconds=seconds,
    )


def scores(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return each measure; shares are of the cases they concern, times in seconds."""
    can = [outcome for outcome in outcomes if outcome.answerable]
    cannot = [outcome for outcome in outcomes if not outcome.answerable]
    placed = [outcome.placed for outcome in outcomes if outcome.placed is not None]
    times = sorted(outcome.seconds for outcome in outcomes)
    return {
        "answered": _share([outcome.cited_right for outcome in can]),
        "facts": _share([outcome.facts_found for outcome in can]),
        **({"placed": _share(placed)} if placed else {}),
        "abstained": _share([outcome.abstained for outcome in cannot]),
        "wrongly_abstained": _share([outcome.abstained for outcome in can]),
        "violations": float(sum(len(outcome.violations) for outcome in outcomes)),
        "seconds_p50": times[len(times) // 2] if times else 0.0,
        "seconds_p95": times[int(len(times) * 0.95)] if times else 0.0,
    }


def _placed(case: Case, answer: Answer) -> bool:
    cited = [citation for claim in answer.claims for citation in claim.citations]
    return any(leads_to(citation, place) for citation in cited for place in case.places)


def _leaks(case: Case, answer: Answer) -> bool:
    """Tell whether an answer shows a document that holds the fact, cited or only as closest."""
    shown = {evidence.uri for evidence in answer.evidence}
    shown |= {citation.uri for claim in answer.claims for citation in claim.citations}
    return bool(shown & case.documents)


def cites(case: Case, claims: Sequence[Claim], evidence: Sequence[Evidence]) -> bool:
    """Tell whether a citation leads to a right document, into a passage that holds the fact."""
    texts = {one.id: one.text for one in evidence}
    cited = (citation for claim in claims for citation in claim.citations)
    return any(c.uri in case.documents and _right_place(case, texts[c.evidence]) for c in cited)


def _right_place(case: Case, text: str) -> bool:
    plain = _plain(text)
    return any(_plain(quote) in plain for quote in case.quotes) or holds(case, text)


def holds(case: Case, text: str) -> bool:
    """Tell whether a text holds all that a right answer must."""
    plain = _plain(text)
    return all(any(_plain(way) in plain for way in fact) for fact in case.facts)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("|", " ").replace("’", "'")
    return " ".join(folded.split())


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0
