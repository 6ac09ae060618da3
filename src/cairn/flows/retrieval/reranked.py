"""The best passages once more, by a model that reads question and passage together.

A retriever around another. Knows the model only as a Reranker.
"""

import asyncio
from dataclasses import replace

from cairn.protocols import Reranker, Retriever
from cairn.records import Query
from cairn.trace import span
from cairn.types import Evidence


class Reranked:
    """A retriever that puts the first ``depth`` passages in the order of ``reranker``, the rest behind."""

    def __init__(self, inner: Retriever, reranker: Reranker, depth: int) -> None:
        self._inner = inner
        self._reranker = reranker
        self._depth = depth

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first; their score is added as ``rerank``."""
        found = await self._inner(replace(query, k=max(query.k, self._depth)))
        read, rest = found[: self._depth], found[self._depth :]
        with span("rerank", passages=len(read)):
            texts = [f"{one.context}\n{one.text}" for one in read]
            scores = await asyncio.to_thread(self._reranker.score, query.text, texts)
        judged = [
            replace(one, scores={**one.scores, "rerank": float(score)})
            for one, score in zip(read, scores, strict=True)
        ]
        # Equal scores stay in the order in which they came.
        return [*sorted(judged, key=lambda one: -one.scores["rerank"]), *rest][: query.k]
