"""At most a few passages of one document, so that one long file does not fill the page."""

from collections import Counter
from dataclasses import replace

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Evidence

WIDER = 3
"""How many times as many passages are asked for as are wanted."""


class PerDocument:
    """A retriever that keeps the best ``limit`` passages of each document that ``inner`` finds."""

    def __init__(self, inner: Retriever, limit: int) -> None:
        self._inner = inner
        self._limit = limit

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first; fewer documents mean more of each."""
        found = await self._inner(replace(query, k=query.k * WIDER))
        seen: Counter[int] = Counter()
        kept: list[Evidence] = []
        rest: list[Evidence] = []
        for evidence in found:
            seen[evidence.document] += 1
            (kept if seen[evidence.document] <= self._limit else rest).append(evidence)
        return (kept + rest)[: query.k]
