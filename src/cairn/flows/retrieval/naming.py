"""Which documents a question means by name: "3M's 2018 capital expenditure", "the 2023 travel policy".

Words of the question are looked up in the titles and file names of the longer documents. A word
names documents when it stands in their names and, where it occurs in text, mostly and often in
theirs: *Boeing* does, *report* does not. Years and kinds then tell the named documents apart. If no
name is found, the same is tried with the documents' first words, for files called *scan 001*.
Knows names only through the index, within what the asker may see.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from cairn.protocols import Names
from cairn.records import Called, Scope

LONGEST = 3
"""Words in a row that may be one name."""
MOSTLY, OPENING_MOSTLY = 0.7, 0.9
"""Part of the passages that hold a word which must be of the documents it names; by their first words."""
OFTEN = 0.1
"""Part of those documents' passages that must hold it."""
NAMED = 0.5
"""A document is among the named ones with this part of the best one's score."""
TELLING_APART = 0.5
"""What a year or kind counts beside a word that names."""
QUESTION = 60
"""Words of a question that are looked up; a longer one is a text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Words in a row that stand in names."""

    start: int
    words: tuple[str, ...]
    documents: Mapping[int, Called]
    rarity: float

    @property
    def numeric(self) -> bool:
        return "".join(self.words).isdigit()

    @property
    def places(self) -> range:
        return range(self.start, self.start + len(self.words))


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """The documents a question names, and the words it names them by."""

    scores: Mapping[int, float] = field(default_factory=dict)
    """0 to 1, the best 1; empty when it names none."""
    words: frozenset[str] = frozenset()


def named(question: str, names: Names, scope: Scope) -> Named:
    """Return what ``question`` names among the documents within ``scope``."""
    total = names.documents(scope)
    words = names.split(question)
    if not total or not 0 < len(words) <= QUESTION:
        return Named()
    spans = list(_spans(words, names, scope, total, opening=False))
    naming = list(_naming(spans, names, scope, total, MOSTLY))
    if not naming:
        spans = list(_spans(words, names, scope, total, opening=True))
        naming = list(_naming(spans, names, scope, total, OPENING_MOSTLY))
    return _scored(spans, naming) if naming else Named()


def _spans(words: list[str], names: Names, scope: Scope, total: int, *, opening: bool) -> Iterator[Span]:
    """Yield the longest first, so that ``best buy`` is one name before ``best`` and ``buy`` are two."""
    runs = [
        (start, tuple(words[start : start + size]))
        for size in range(LONGEST, 0, -1)
        for start in range(len(words) - size + 1)
    ]
    runs = [(start, run) for start, run in runs if all(run) and _may_name("".join(run))]
    called = names.called([run for _, run in runs], scope, opening=opening)
    for (start, run), documents in zip(runs, called, strict=True):
        if documents:
            rarity = math.log(1 + (total - len(documents) + 0.5) / (len(documents) + 0.5))
            yield Span(start=start, words=run, documents=documents, rarity=rarity)


def _may_name(joined: str) -> bool:
    """Tell whether words, written as one, may name anything: of numbers only years do."""
    return len(joined) > 1 and (not joined.isdigit() or len(joined) == 4)


def _naming(spans: Iterable[Span], names: Names, scope: Scope, total: int, mostly: float) -> Iterator[Span]:
    """Yield the spans that name documents by themselves."""
    for span in spans:
        if not span.numeric and len(span.documents) < total:
            whole = sum(called.passages for called in span.documents.values())
            held = names.holding(span.words, span.documents.keys(), scope, mostly)
            if held and held.there >= max(mostly * held.everywhere, OFTEN * whole, 1):
                yield span


def _scored(spans: Iterable[Span], naming: list[Span]) -> Named:
    scores: defaultdict[int, float] = defaultdict(float)
    taken: set[tuple[int, int]] = set()
    used: set[str] = set()
    for span in naming:
        used |= set(span.words)
        _add(span, span.documents, scores, taken, 1.0)
    best = max(scores.values())
    meant = {document for document, score in scores.items() if score >= NAMED * best}
    for span in spans:
        telling = {document: called for document, called in span.documents.items() if document in meant}
        if span not in naming and _add(span, telling, scores, taken, TELLING_APART) and span.numeric:
            used |= set(span.words)
    best = max(scores.values())
    return Named(scores={document: score / best for document, score in scores.items()}, words=frozenset(used))


def _add(
    span: Span,
    documents: Mapping[int, Called],
    scores: defaultdict[int, float],
    taken: set[tuple[int, int]],
    weight: float,
) -> bool:
    """Count a span for documents that none of its words has counted for yet."""
    added = False
    for document, called in documents.items():
        places = {(document, place) for place in span.places}
        if not places & taken:
            taken |= places
            scores[document] += weight * span.rarity * called.part
            added = True
    return added
