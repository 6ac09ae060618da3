"""From topics to sections and what can be said of all of them together.

Knows nothing of who asks; a topic is answered by whatever answers any question.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from cairn.flows.answering.reports.plan import Topic
from cairn.flows.answering.reports.sections import Ask, Sections, answers
from cairn.results.reports import Section
from cairn.types import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Composed:
    """Sections, and what was made of them."""

    sections: tuple[Section, ...]
    asked: tuple[Section, ...]
    """Those of what was asked, not found beside; all where that found nothing."""
    numbers: Mapping[int, int]
    """By document, the number it is cited by."""
    withdrawn: int
    """Statements that did not pass the check."""
    writers: tuple[str, ...]
    """The language models that wrote."""


async def compose(
    topics: Sequence[Topic], ask: Ask, tell: Callable[[Section], None], *, show: bool = False
) -> Composed:
    """Answer all topics, telling each section when those before it are there.

    What was withdrawn is counted, and in the sections where it is to ``show``. Raises what the first topic
    raised where every one of them failed.
    """
    making = Sections(show=show)
    found: list[tuple[Topic, Section]] = []
    answered: list[Answer] = []
    failures: list[Exception] = []
    async with aclosing(answers(topics, ask)) as each:
        async for topic, came in each:
            if isinstance(came, Exception):
                failures.append(came)
            else:
                answered.append(came)
            section = making.of(topic, came)
            if section is not None:
                found.append((topic, section))
                tell(section)
    if len(failures) == len(topics):
        raise failures[0]
    sections = tuple(section for _, section in found)
    asked = tuple(section for topic, section in found if topic.asked)
    return Composed(
        sections=sections,
        asked=asked if any(section.answers() for section in asked) else sections,
        numbers=making.numbers,
        withdrawn=sum(len(one.withdrawn) for one in answered),
        writers=tuple(dict.fromkeys(one.writer for one in answered if one.writer and not one.abstained)),
    )
