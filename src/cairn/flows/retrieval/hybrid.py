"""Finds evidence by words and by meaning, and asks the journal again before anything leaves.

The index has filtered by what it believes; what the journal says now decides.
"""

import asyncio
from collections.abc import Iterator, Mapping
from itertools import islice

from cairn.flows.retrieval.fusion import fuse
from cairn.protocols import Catalogue, Embedder, Index
from cairn.records import DocumentRecord, PassageRecord, Query, SourceRecord
from cairn.trace import span
from cairn.types import Evidence, locate

DEPTH = 100
"""Candidates taken from each ranking, at least."""


class Hybrid:
    """A retriever over one index; see ``cairn.protocols.Retriever``."""

    def __init__(self, index: Index, embedder: Embedder, catalogue: Catalogue) -> None:
        self._index = index
        self._embedder = embedder
        self._catalogue = catalogue

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first."""
        return await asyncio.to_thread(self._search, query)

    def _search(self, query: Query) -> list[Evidence]:
        scores = self._rank(query)
        with span("journal check", candidates=len(scores)) as step:
            found = list(islice(self._allowed(query, scores), query.k))
            step.set_attribute("returned", len(found))
        return found

    def _rank(self, query: Query) -> Mapping[int, Mapping[str, float]]:
        depth = max(DEPTH, 2 * query.k)
        with span("words") as step:
            words = self._index.words(query.text, query.scope, depth)
            step.set_attribute("candidates", len(words.passages))
        with span("vectors") as step:
            vector = self._embedder.embed([query.text])[0]
            vectors = self._index.vectors(vector, query.scope, depth)
            step.set_attribute("candidates", len(vectors.passages))
        return fuse({"words": (words, 1.0), "vectors": (vectors, 1.0)})

    def _allowed(self, query: Query, scores: Mapping[int, Mapping[str, float]]) -> Iterator[Evidence]:
        """Yield in rank order what still stands in a document that the asker may read now."""
        specs = {source.id: source for source in self._catalogue.sources()}
        ranked = iter(scores)
        while batch := list(islice(ranked, 2 * query.k)):
            standing = self._catalogue.citable(batch)
            for passage in batch:
                if passage in standing and query.readable(standing[passage][1].access_class):
                    record, document = standing[passage]
                    yield _evidence(record, document, specs[document.source], scores[passage])


def _evidence(
    record: PassageRecord, document: DocumentRecord, source: SourceRecord, scores: Mapping[str, float]
) -> Evidence:
    passage = record.passage
    return Evidence(
        id=f"p{record.id}",
        kind="passage",
        uri=document.uri,
        title=document.title,
        text=passage.text,
        locators=locate(passage.anchors, 0, len(passage.text)),
        scores=scores,
        context=passage.context,
        document=document.id,
        source=source.spec,
        anchors=passage.anchors,
    )
