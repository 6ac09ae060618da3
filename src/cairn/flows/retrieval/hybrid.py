"""Finds evidence by words, by meaning and by the names of documents.

The index has filtered by what it believes; before anything leaves, the journal is asked again,
and what it says now decides.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.flows.retrieval.fusion import at_best, fuse
from cairn.flows.retrieval.naming import Named, named
from cairn.protocols import Embedder, Index, Journal
from cairn.records import Citable, Hits, Query, Scope, Standing
from cairn.trace import span
from cairn.types import Evidence, locate

if TYPE_CHECKING:
    from cairn.flows.retrieval.fusion import Doubles, Floats

DEPTH = 100
"""Candidates taken from each ranking, at least."""
CONSIDERED = 60
"""The most promising candidates that the journal is asked about, at least."""
SPARE = 30
"""And so many beyond those that are wanted."""
SHOWN = 10
"""Passages whose scores by stage stay in the trace."""
IN_NAMED = " in named documents"
"""How the steps are called in a trace that look there by themselves."""
MEANT = 0.5
"""Documents named this well, beside the best one's 1, are searched by themselves as well."""


class Ranking(NamedTuple):
    """What was found in all documents, or in ``named`` ones by themselves."""

    words: Hits
    cosines: Hits
    named: bool


class Hybrid:
    """A retriever over one index; see ``cairn.protocols.Retriever``."""

    def __init__(
        self,
        index: Index,
        embedder: Embedder,
        journal: Journal,
        *,
        recency: timedelta = timedelta(0),
        at_once: int = 1,
    ) -> None:
        self._index = index
        self._half_life = recency
        self._embedder = embedder
        self._catalogue = journal.catalogue
        self._vectors = journal.vectors
        # With more threads than cores at it, each waits at every row for the others' turns in Python.
        self._turns = ThreadPoolExecutor(at_once)
        self._beside = ThreadPoolExecutor(at_once)

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first."""
        work = copy_context().run
        return await asyncio.get_running_loop().run_in_executor(self._turns, work, self._search, query)

    def _search(self, query: Query) -> list[Evidence]:
        # Vectors are compared outside of Python, names and words looked for in it: beside each other.
        meaning = self._beside.submit(copy_context().run, self._meaning, query)
        with span("names") as step:
            meant = named(query.text, self._index.names, query.scope)
            step.set_attribute("documents", len(meant.scores))
        words = self._words(query, query.scope, meant)
        vector, cosines = meaning.result()
        rankings = [Ranking(words, cosines, named=False)]
        if meant.scores:
            well = [document for document, score in meant.scores.items() if score >= MEANT]
            within = replace(query.scope, documents=frozenset(well))
            words = self._words(query, within, meant, IN_NAMED)
            rankings.append(Ranking(words, self._cosines(query, within, vector, IN_NAMED), named=True))
        found = _by_promise(rankings)
        with span("journal check", candidates=len(found)) as step:
            standing, removed = self._standing(query, found)
            step.set_attribute("removed", removed)
        with span("fuse", candidates=len(standing)) as step:
            scores = self._scores(standing, vector, found, meant)
            best = sorted(standing, key=lambda passage: (-scores[passage]["rank"], passage))[: query.k]
            step.set_attributes({f"p{passage}": _said(scores[passage]) for passage in best[:SHOWN]})
        with span("read", passages=len(best)):
            return list(self._read(query, best, scores))

    def _meaning(self, query: Query) -> tuple[Floats, Hits]:
        """Return the question's vector and the cosines of what is nearest."""
        with span("embed"):
            vector = self._embedder.embed([query.text])[0]
        return vector, self._cosines(query, query.scope, vector)

    def _cosines(self, query: Query, scope: Scope, vector: Floats, name: str = "") -> Hits:
        with span(f"vectors{name}") as step:
            cosines = self._index.vectors(vector, scope, _depth(query))
            step.set_attribute("candidates", len(cosines.passages))
        return cosines

    def _words(self, query: Query, scope: Scope, meant: Named, name: str = "") -> Hits:
        with span(f"words{name}") as step:
            words = self._index.words(query.text, scope, _depth(query), meant.words)
            step.set_attribute("candidates", len(words.passages))
        return words

    def _standing(self, query: Query, found: Mapping[int, float]) -> tuple[dict[int, Standing], int]:
        """Return the most promising that still stand in a document that the asker may read now.

        And how many did not.
        """
        standing: dict[int, Standing] = {}
        removed = 0
        wanted = len(found) if self._half_life else max(CONSIDERED, query.k + SPARE)
        promising = iter(found)
        while len(standing) < wanted and (looked_at := list(islice(promising, wanted))):
            held = self._catalogue.standing(looked_at)
            kept = {p: held[p] for p in looked_at if p in held and query.readable(held[p].access_class)}
            standing |= kept
            removed += len(looked_at) - len(kept)
        return standing, removed

    def _read(
        self, query: Query, ranked: Sequence[int], scores: Mapping[int, Mapping[str, float]]
    ) -> Iterator[Evidence]:
        """Yield what is shown, by what the journal says at this moment once more."""
        held = self._catalogue.citable(ranked)
        for passage in ranked:
            if passage in held and query.readable(held[passage].access_class):
                yield _evidence(held[passage], scores[passage])

    def _scores(
        self,
        standing: Mapping[int, Standing],
        vector: Floats,
        found: Mapping[int, float],
        meant: Named,
    ) -> dict[int, dict[str, float]]:
        stages = fuse(
            vector,
            self._vectors.of([held.hash for held in standing.values()], len(vector)),
            [found[passage] for passage in standing],
            [meant.scores.get(held.document, 0.0) for held in standing.values()],
            [self._freshness(held.modified) for held in standing.values()],
        )
        return {
            passage: {stage: values[row] for stage, values in stages.items()}
            for row, passage in enumerate(standing)
        }

    def _freshness(self, modified: datetime) -> float:
        """Return 1 for a document of now, half as much for each half-life of age; 0 without one."""
        if not self._half_life:
            return 0.0
        age = max(datetime.now(UTC) - modified, timedelta(0))
        return float(0.5 ** (age / self._half_life))


def _said(scores: Mapping[str, float]) -> str:
    return " ".join(f"{stage}={score:.3f}" for stage, score in scores.items())


def _depth(query: Query) -> int:
    return max(DEPTH, 2 * query.k)


def _by_promise(rankings: Sequence[Ranking]) -> dict[int, float]:
    """Return every passage that was found, with its word score, the most promising first.

    A passage promises what its score may come to, by all that is known without the journal.
    """
    parts = zip(*map(_promising, rankings), strict=True)
    passages, words, promises = map(np.concatenate, parts)
    found: dict[int, float] = {}
    order = np.lexsort((passages, -promises))
    for passage, word in zip(passages[order].tolist(), words[order].tolist(), strict=True):
        found[passage] = max(word, found.get(passage, 0.0))
    return found


def _promising(ranking: Ranking) -> tuple[NDArray[np.int64], Doubles, Doubles]:
    """Return one ranking's passages, in order, with word scores and what they promise; shape (n,) each."""
    words, cosines, in_named = ranking
    passages = np.union1d(words.passages, cosines.passages)
    # What the nearest do not hold is no nearer than the last of them.
    cosine = np.full(len(passages), cosines.scores.min() if len(cosines.scores) else 0.0)
    cosine[np.searchsorted(passages, cosines.passages)] = cosines.scores
    word = np.zeros(len(passages))
    word[np.searchsorted(passages, words.passages)] = words.scores
    return passages, word, at_best(word, cosine, in_named)


def _evidence(held: Citable, scores: Mapping[str, float]) -> Evidence:
    passage = held.record.passage
    return Evidence(
        id=f"p{held.record.id}",
        kind="passage",
        uri=held.uri,
        title=held.title,
        text=passage.text,
        locators=locate(passage.anchors, 0, len(passage.text)),
        scores=scores,
        context=passage.context,
        document=held.record.document,
        ordinal=held.record.ordinal,
        source=held.source,
        anchors=passage.anchors,
    )
