"""No two passages of one page, and of one document at most a few, unless the question names it."""

from collections import Counter
from dataclasses import replace

from cairn.protocols import Retriever
from cairn.records import Query
from cairn.types import Evidence

WIDER = 3
"""How many times as many passages are asked for as are wanted."""


class Diverse:
    """A retriever that shows the best passage of each page, and ``limit`` pages a document.

    A document that the question names may fill the result. What is left out comes after all
    else, so that a small library still gives as many passages as were asked for.
    """

    def __init__(self, inner: Retriever, limit: int) -> None:
        self._inner = inner
        self._limit = limit

    async def __call__(self, query: Query) -> list[Evidence]:
        """Return at most ``query.k`` passages, best first."""
        found = await self._inner(replace(query, k=query.k * WIDER))
        pages: set[tuple[int, int]] = set()
        shown: Counter[int] = Counter()
        kept: list[Evidence] = []
        rest: list[Evidence] = []
        for evidence in found:
            page = evidence.locators[0].page if evidence.locators else None
            again = page is not None and (evidence.document, page) in pages
            often = shown[evidence.document] >= self._limit and not evidence.scores["name"]
            if again or often:
                rest.append(evidence)
                continue
            kept.append(evidence)
            shown[evidence.document] += 1
            if page is not None:
                pages.add((evidence.document, page))
        return (kept + rest)[: query.k]
