"""From topics to sections and what can be said of all of them together.

Knows nothing of who asks; a topic is answered by whatever answers any question.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from cairn.flows.answering.reports.plan import Topic
from cairn.flows.answering.reports.sections import Ask, Sections, answers
from cairn.flows.answering.reports.summary import best
from cairn.results.reports import Section
from cairn.types import Claim


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """Sections, and what was made of them."""

    sections: tuple[Section, ...]
    summary: tuple[Claim, ...]
    numbers: Mapping[int, int]
    """By document, the number it is cited by."""
    withdrawn: int
    """Statements that did not pass the check."""


async def compose(topics: Sequence[Topic], ask: Ask, tell: Callable[[Section], None]) -> Composed:
    """Answer all topics, telling each section when those before it are there.

    Raises what the first topic raised where every one of them failed.
    """
    making = Sections()
    sections: list[Section] = []
    asked: list[Section] = []
    failures: list[Exception] = []
    withdrawn = 0
    async with aclosing(answers(topics, ask)) as each:
        async for topic, came in each:
            if isinstance(came, Exception):
                failures.append(came)
            else:
                withdrawn += len(came.withdrawn)
            section = making.of(topic, came)
            if section is not None:
                sections.append(section)
                asked += [section] if topic.asked else []
                tell(section)
    if len(failures) == len(topics):
        raise failures[0]
    return Composed(
        sections=tuple(sections),
        summary=best(asked) or best(sections),
        numbers=making.numbers,
        withdrawn=withdrawn,
    )
