"""What a report says of itself, by program: what was not found, not searched, not shown, and how old all is.

Knows nothing of content.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cairn.results.reports import Reference, Section
from cairn.types import State

UNREAD: Mapping[State, str] = {
    State.FAILED: "unreadable",
    State.SKIPPED: "of a kind that is not read",
    State.PENDING: "waiting to be read",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Circumstances:
    """How a report came about, beside its sections."""

    unread: Mapping[State, int]
    """Documents the asker may read that were not searched, by state."""
    behind: bool
    """Some of what is new could not be found by its meaning yet."""
    narrowed: bool = False
    """The asker narrowed where to look."""
    planned: int
    """Sections that were proposed; more than there are topics when it was too many."""
    topics: int
    writer: str = ""
    withdrawn: int = 0
    notices: Sequence[str] = ()
    """What went otherwise than wished: a model that failed, a budget that was spent."""


def limits(
    sections: Sequence[Section], references: Sequence[Reference], about: Circumstances
) -> tuple[str, ...]:
    """Return the paragraphs of the limits section."""
    return (*_unanswered(sections), *_unsearched(about), *_written(sections, about), *_cited(references))


def _unanswered(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        if not section.answers():
            yield f"“{section.title}” was not answered. {section.note}"


def _unsearched(about: Circumstances) -> Iterator[str]:
    if about.planned > about.topics:
        yield f"Of {about.planned} parts of the question the first {about.topics} were looked into."
    if about.narrowed:
        yield "Only a part of the library was searched, as was asked for."
    counts = [f"{about.unread[state]:,} {said}" for state, said in UNREAD.items() if about.unread.get(state)]
    if counts:
        yield f"Not searched, of the documents you may read: {', '.join(counts)}."
    if about.behind:
        yield "The newest documents were searched by their words alone, not by their meaning yet."


def _written(sections: Sequence[Section], about: Circumstances) -> Iterator[str]:
    yield from about.notices
    if about.writer:
        yield (
            f"Written by {about.writer}. A program checked each statement against what it cites; "
            "what stands there was not checked against the world."
        )
    elif any(section.answers() for section in sections):
        yield (
            "Every statement is quoted word for word, and a program found it where it is cited; "
            "no language model wrote any of it. What the documents say was not checked against the world."
        )
    if about.withdrawn:
        was = "statement was" if about.withdrawn == 1 else "statements were"
        yield f"{about.withdrawn} {was} withdrawn: the check did not find what they say in what they cite."


def _cited(references: Sequence[Reference]) -> Iterator[str]:
    for one in references:
        if one.unread:
            yield f"[{one.number}] was read in part: {one.unread}."
    if references:
        oldest, newest = (pick(one.modified for one in references) for pick in (min, max))
        between = f"between {oldest:%Y-%m-%d} and {newest:%Y-%m-%d}"
        when = between if oldest.date() != newest.date() else f"on {newest:%Y-%m-%d}"
        yield f"The documents cited were last changed {when}."
