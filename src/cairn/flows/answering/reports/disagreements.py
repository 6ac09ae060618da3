"""What two documents say otherwise of the same thing, told by words and numbers alone.

Two statements are of one thing when nearly all their words are the same, and their years. It finds few, and
what it finds is worth a look; that it finds none does not say that there are none.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from cairn.flows.answering.words import terms, years
from cairn.results.reports import Section
from cairn.types import Claim, Evidence

ALIKE = 0.75
"""Share of the words of both that are the same, from which two statements are of one thing."""
TELLING = 3
"""Words that both must share, at least."""

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")


class Told(NamedTuple):
    """A statement taken apart."""

    claim: Claim
    documents: frozenset[int]
    words: frozenset[str]
    years: frozenset[str]
    figures: frozenset[str]


def disagreements(sections: Sequence[Section]) -> tuple[tuple[Claim, Claim], ...]:
    """Return pairs of statements of other documents that give other numbers for the same."""
    held = {one.id: one for section in sections for one in section.evidence}
    claims = {claim.text: claim for section in sections for claim in section.claims}
    told = [_told(claim, held) for claim in claims.values()]
    return tuple((one.claim, other.claim) for one, other in combinations(told, 2) if _differ(one, other))


def _told(claim: Claim, held: Mapping[str, Evidence]) -> Told:
    cited = [held[one.evidence] for one in claim.citations]
    spoken = years(claim.text)
    around = years(" ".join(f"{one.title} {one.context} {one.uri}" for one in cited))
    return Told(
        claim=claim,
        documents=frozenset(one.document for one in cited),
        words=frozenset(word for word in terms(claim.text) if not word[0].isdigit()),
        years=frozenset(spoken if spoken else around),
        figures=frozenset(_FIGURE.findall(claim.text)) - spoken,
    )


def _differ(one: Told, other: Told) -> bool:
    shared, all_words = one.words & other.words, one.words | other.words
    alike = len(shared) >= max(TELLING, ALIKE * len(all_words)) and one.years == other.years
    apart = one.documents.isdisjoint(other.documents)
    return alike and apart and not one.figures <= other.figures and not other.figures <= one.figures
