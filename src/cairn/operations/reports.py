"""The operation that answers a long question with a report, and the one that returns a report as a file."""

import asyncio
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from itertools import count
from time import perf_counter
from typing import Annotated

from cairn import registry
from cairn.audit import touched
from cairn.errors import ModelFailed, OverBudget, Unknown
from cairn.flows.answering.reports import plan
from cairn.flows.answering.reports.allowance import Allowance
from cairn.flows.answering.reports.composing import Composed, compose
from cairn.flows.answering.reports.disagreements import disagreements
from cairn.flows.answering.reports.limits import UNREAD, Circumstances, limits
from cairn.flows.answering.reports.outlining import outlined
from cairn.flows.answering.reports.plan import Topic
from cairn.flows.answering.reports.printing import printed
from cairn.flows.answering.reports.references import references
from cairn.flows.answering.reports.standing import may_read, stands
from cairn.flows.answering.reports.summary import Summariser, Summary, best
from cairn.flows.answering.verification import states
from cairn.operations.declare import Say, operation
from cairn.operations.history import remember
from cairn.operations.questions import (
    EVIDENCE,
    After,
    Before,
    Language,
    Model,
    Source,
    Tag,
    Type,
    answered,
    asked,
    chosen,
    narrowed,
)
from cairn.people import KeptReport
from cairn.protocols import Chat, Export
from cairn.results import plain
from cairn.results.reading import read
from cairn.results.reports import Report, Section
from cairn.session import Session, untold
from cairn.trace import UNTRACED, dispensable, span, trace_id
from cairn.types import Answer, Filters, State


@dataclass(frozen=True, kw_only=True)
class Planned:
    """What is to be asked of the documents."""

    topics: list[Topic]
    """Of these the first few are."""
    seen: frozenset[int]
    """Documents that the plan was made from."""
    notice: str = ""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A report as a file."""

    content: bytes
    media_type: str
    name: str


@operation("report", long=True)
async def report(
    session: Session,
    question: Annotated[
        str,
        Say("what you want to know, in as many parts as you like", positional=True, example="What changed?"),
    ],
    *,
    source: Source = (),
    type: Type = (),
    after: After = None,
    before: Before = None,
    tag: Tag = (),
    language: Language = (),
    model: Model = "",
) -> Report:
    """Answer a long question part by part, with a summary, its sources, and what could not be found."""
    began = perf_counter()
    filters = await asyncio.to_thread(narrowed, session, source, type, after, before, tag, language)
    chat = chosen(session, model)
    if chat is not None:
        chat = Allowance(chat, session.app.settings.report_tokens)
    planned = await _plan(session, question, filters, chat)
    topics = planned.topics[: plan.MOST]
    session.tell("plan", [topic.title for topic in topics])
    show = session.app.settings.unsupported == "show"
    ask = partial(_answered, session, filters, chat)
    composed = await compose(topics, ask, _telling(session, len(topics)), show=show)
    summary = await _summarised(session, question, composed, chat)
    made = await asyncio.to_thread(_whole, session, question, composed, summary, planned, filters)
    made = replace(made, seconds=perf_counter() - began)
    await asyncio.to_thread(_keep, session, made, planned.seen)
    with dispensable("question"):
        await asyncio.to_thread(remember, session, question, made)
    return made


@operation("export", listed=False)
async def export(session: Session, id: str, format: str, site: str = "") -> Exported:
    """Return a report of one's own as a file; its sources lead to their pages at ``site``.

    Raises Unknown for one that is not there, or rests on what may not be read any more or has changed.
    """
    return await asyncio.to_thread(_export, session, id, format, site)


def rendered(made: Report, format: str, site: str = "") -> Exported:
    """Return a report as a file of this format; raises Unknown for one there is not."""
    written: Export = registry.load("exports", format)
    name = re.sub(r"[^\w-]+", "-", made.title, flags=re.ASCII).strip("-").lower()[:60]
    return Exported(
        content=written.render(printed(made, site)),
        media_type=written.media_type,
        name=f"{name if name else 'report'}{written.suffix}",
    )


async def _plan(session: Session, question: str, filters: Filters, chat: Chat | None) -> Planned:
    """Have a plan made by a language model, or by rule."""
    app = session.app
    query = await asyncio.to_thread(asked, session, question, EVIDENCE, filters)
    with span("plan") as step:
        seen = await app.retrieve(query)
        topics, notice = plan.found(question, seen), ""
        if chat is not None:
            headings = plan.headings(question, seen)
            try:
                topics = await outlined(question, headings, chat, app.prompts, session.asker)
            except (ModelFailed, OverBudget) as error:
                notice = f"The parts were told by rule: {error}"
        step.set_attribute("topics", len(topics))
    return Planned(topics=topics, seen=frozenset(one.document for one in seen), notice=notice)


def _telling(session: Session, total: int) -> Callable[[Section], None]:
    """Return what tells whoever waits of each section, and how many there are."""
    numbers = count(1)

    def tell(section: Section) -> None:
        session.tell("section", section)
        session.report("sections", next(numbers), total)

    return tell


async def _answered(session: Session, filters: Filters, chat: Chat | None, part: str) -> Answer:
    """Answer one part as any question is answered, with the rights of this moment."""
    query = await asyncio.to_thread(asked, session, part, EVIDENCE, filters)
    write = await asyncio.to_thread(session.app.writer, chat) if chat is not None else None
    shown = replace(write, show=True) if write is not None else None
    return await answered(replace(session, tell=untold), query, shown)


async def _summarised(session: Session, question: str, composed: Composed, chat: Chat | None) -> Summary:
    app = session.app
    if chat is None or not composed.writers:
        return Summary(claims=best(composed.asked))
    with span("summary"):
        write = Summariser(chat=chat, check=app.verifier.check, states=states, prompts=app.prompts)
        return await write(question, composed.asked, composed.numbers, session.asker)


def _whole(
    session: Session, question: str, composed: Composed, summary: Summary, planned: Planned, filters: Filters
) -> Report:
    catalogue = session.app.journal.catalogue
    sources = references(composed.sections, composed.numbers, catalogue.documents(composed.numbers))
    writer = ", ".join(composed.writers)
    about = Circumstances(
        unread=_unread(session),
        behind=session.app.index.positions().vectors < catalogue.head(),
        narrowed=filters != Filters(),
        planned=len(planned.topics),
        topics=min(len(planned.topics), plan.MOST),
        writer=writer,
        withdrawn=composed.withdrawn + summary.withdrawn,
        notices=[notice for notice in (planned.notice, summary.notice) if notice],
    )
    return Report(
        question=question,
        title=plan.title(question),
        abstained=not any(section.answers() for section in composed.sections),
        summary=summary.claims,
        sections=composed.sections,
        limits=limits(composed.sections, sources, about),
        disagreements=disagreements(composed.sections),
        references=sources,
        writer=writer,
        made=datetime.now(UTC),
        seconds=0.0,
        trace=trace_id(),
    )


def _unread(session: Session) -> dict[State, int]:
    """Return how many documents the asker may read that no search finds, by state."""
    grants = session.grants
    counts = dict.fromkeys(UNREAD, 0)
    for (_, state, granted), documents in session.app.journal.catalogue.counts().items():
        if state in counts and grants.readable(granted):
            counts[state] += documents
    return counts


def _keep(session: Session, made: Report, seen: frozenset[int]) -> None:
    """Keep a report, all of which may be read at this moment; raises Unknown where that is no longer so."""
    journal = session.app.journal
    documents = seen.union(one.document for one in made.references)
    touched(*(f"d{number}" for number in sorted(documents)))
    kept = KeptReport(
        trace=made.trace,
        person=session.asker,
        behalf=_behalf(session),
        documents=documents,
        body=json.dumps(plain(_accountable(made))),
    )
    if made.trace != UNTRACED:
        with dispensable("report"):
            journal.reports.keep(kept)
    # Only now: what is forgotten from here on takes it along.
    if not may_read(documents, journal.catalogue, session.grants.readable):
        journal.reports.forget(session.asker, made.trace)
        raise Unknown("What the report rests on went, or who may read it, while it was written; ask again.")


def _accountable(made: Report) -> Report:
    """Return of a report what can be looked at again: what was withdrawn rests on nothing that it names."""
    return replace(made, sections=tuple(replace(one, withdrawn=(), evidence=()) for one in made.sections))


def _export(session: Session, id: str, format: str, site: str) -> Exported:
    journal = session.app.journal
    touched(f"trace:{id}")
    kept = journal.reports.find(id, session.asker, _behalf(session))
    made: Report | None = read(Report, json.loads(kept.body)) if kept is not None else None
    if kept is None or made is None:
        raise Unknown(f"No report {id!r} of {session.name}'s; they are kept for a week.")
    readable = may_read(kept.documents, journal.catalogue, session.grants.readable)
    if not (readable and stands(made, kept.documents, journal.catalogue)):
        raise Unknown(f"What the report {id!r} rests on has changed, or who may read it; ask again.")
    return rendered(made, format, site)


def _behalf(session: Session) -> str:
    return session.name if session.name != session.asker else ""
