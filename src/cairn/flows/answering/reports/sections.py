"""Topics answered side by side, and each answer as a section whose citations count documents.

Knows nothing of how a topic is answered; what becomes of one is no concern of the others.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from cairn.errors import CairnError
from cairn.flows.answering.reports.plan import Topic
from cairn.flows.answering.reports.tables import cells, excerpt, joined
from cairn.results.reports import Excerpt, Section
from cairn.trace import span
from cairn.types import Answer, Citation, Claim, Evidence

AT_ONCE = 3
"""Topics that are answered at the same time."""
BROKEN = "It could not be answered: a defect in Cairn; the trace shows where."

Ask = Callable[[str], Awaitable[Answer]]


async def answers(topics: Sequence[Topic], ask: Ask) -> AsyncGenerator[tuple[Topic, Answer | Exception]]:
    """Yield what came of each topic, in their order; ends what is under way when it is closed."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(topic: Topic) -> Answer | Exception:
        try:
            async with turns:
                with span("section"):
                    return await ask(topic.question)
        except Exception as error:
            return error

    tasks = [asyncio.create_task(one(topic)) for topic in topics]
    try:
        for topic, task in zip(topics, tasks, strict=True):
            yield topic, await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Sections:
    """Makes sections, each citing a document by the same number as the others."""

    def __init__(self, *, show: bool) -> None:
        self._show = show
        self.numbers: dict[int, int] = {}
        """By document, from 1, in the order they are cited."""
        self._said: set[tuple[str, str]] = set()

    def of(self, topic: Topic, came: Answer | Exception) -> Section | None:
        """Return a topic's section; None where it was found beside, and tells nothing new."""
        if isinstance(came, Exception):
            note = str(came) if isinstance(came, CairnError) else BROKEN
            return Section(title=topic.title, question=topic.question, note=note) if topic.asked else None
        said = {(one.evidence, one.quote) for claim in came.claims for one in claim.citations}
        if not topic.asked and (came.abstained or said <= self._said):
            return None
        self._said |= said
        return self._section(topic, came)

    def _section(self, topic: Topic, answer: Answer) -> Section:
        held = {one.id: one for one in answer.evidence}
        cited = dict.fromkeys(one.evidence for claim in answer.claims for one in claim.citations)
        numbers = {id: self._number(held[id].document) for id in cited}
        claims = [numbered(claim, numbers) for claim in answer.claims]
        tables = _tables([one for claim in claims for one in claim.citations], held)
        return Section(
            title=topic.title,
            question=topic.question,
            claims=tuple(claim for claim in claims if not _row(claim, tables)),
            tables=tuple(tables),
            withdrawn=tuple(replace(claim, citations=()) for claim in answer.withdrawn if self._show),
            evidence=tuple(one for one in answer.evidence if one.id in cited),
            note=answer.text if answer.abstained else answer.notice,
        )

    def _number(self, document: int) -> int:
        return self.numbers.setdefault(document, len(self.numbers) + 1)


def numbered(claim: Claim, numbers: Mapping[str, int]) -> Claim:
    """Return a claim whose citations have the numbers of their evidence."""
    cited = tuple(replace(one, number=numbers[one.evidence]) for one in claim.citations)
    return replace(claim, citations=cited)


def _tables(citations: Iterable[Citation], held: dict[str, Evidence]) -> list[Excerpt]:
    """Return each table that is cited, once."""
    found: list[Excerpt] = []
    for citation in citations:
        new = excerpt(citation, held[citation.evidence])
        if new is not None:
            _add(new, found)
    return found


def _add(new: Excerpt, found: list[Excerpt]) -> None:
    for place, one in enumerate(found):
        both = joined(one, new)
        if both is not None:
            found[place] = both
            return
    found.append(new)


def _row(claim: Claim, tables: Sequence[Excerpt]) -> bool:
    """Tell whether a claim is nothing but a row that a table shows."""
    last = cells(claim.text.rpartition("\n")[2])
    return claim.citations[0].quote in claim.text and any(last in table.rows for table in tables)
