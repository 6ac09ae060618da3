"""Operations that find and answer, and show how."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from time import perf_counter
from typing import Annotated, Any

from cairn.audit import touched
from cairn.errors import Invalid, Unknown
from cairn.flows.answering import answer as answering
from cairn.flows.answering.conversation import StandAlone
from cairn.flows.answering.writing import Whose, Writer
from cairn.operations import following
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.protocols import Chat, Retriever
from cairn.records import Query, SourceRecord, SpanRecord
from cairn.results import Found, PassageLine, Step, Trace
from cairn.session import Session
from cairn.trace import span, trace_id
from cairn.types import Answer, Evidence, Filters

EVIDENCE = 20
"""Passages an answer is drawn from."""
EXTRACTS = "none"
"""What to say for the model where none is to write."""
MOST = 10_000
"""Passages of one search, at most."""
LONGEST = 20_000
"""Characters of a question, at most."""

FIRST = StandAlone("")
"""That a question follows on none."""

_PASSAGE = re.compile(r"p[0-9]{1,18}")

Source = Annotated[Sequence[str], Say("only from this source, by its id or place in `status`")]
Type = Annotated[Sequence[str], Say("only of this media type, such as application/pdf or text")]
After = Annotated[datetime | None, Say("only documents modified since then")]
Before = Annotated[datetime | None, Say("only documents modified before then")]
Tag = Annotated[Sequence[str], Say("only documents that carry this tag; several: all of them")]
Language = Annotated[Sequence[str], Say("only documents in this language, such as en")]

Model = Annotated[str, Say("which of the configured language models writes; none: extracts, word for word")]


def _extracting(session: Session) -> bool:
    """Tell whether answers are extracts; language models are asked from one process, which counts."""
    return not session.app.settings.chat


@operation("ask", long=True, apart=_extracting)
async def ask(
    session: Session,
    question: Annotated[
        str, Say("what you want to know", positional=True, example="What did the audit find?")
    ],
    *,
    source: Source = (),
    type: Type = (),
    after: After = None,
    before: Before = None,
    tag: Tag = (),
    language: Language = (),
    model: Model = "",
    follows: Annotated[str, Say("the trace id of the answer that this question follows on")] = "",
) -> Answer:
    """Answer from the documents you may read, with checked citations, or say that they do not tell."""
    chat = chosen(session, model)

    def prepared() -> Query:
        filters = narrowed(session, source, type, after, before, tag, language)
        return asked(session, question, EVIDENCE, filters)

    query = await asyncio.to_thread(prepared)
    alone = await following.standalone(session, question, follows, chat, query.readable)
    if alone.text != question:
        session.tell("question", alone.text)
    write = await asyncio.to_thread(session.app.writer, chat) if chat is not None else None
    answer = await answered(session, replace(query, text=alone.text), write, alone)
    await asyncio.to_thread(following.remember, session, question, follows, alone, answer)
    return answer if alone.text == question else replace(answer, question=alone.text)


async def answered(session: Session, query: Query, write: Writer | None, alone: StandAlone = FIRST) -> Answer:
    """Answer a question with what its asker may read, written, or without a writer in extracts."""
    if write is not None:
        whose = Whose(asker=session.asker, thread=alone.thread, documents=alone.documents)
        answer = await write(query, session.app.read, whose, session.tell)
    else:
        extract, threshold = session.app.extract, session.app.settings.answer_threshold
        answer = await answering.answer(query, _told(session), extract, threshold=threshold)
    touched(*_ids(answer.evidence))
    return answer


@operation("search", apart=lambda session: True)
async def search(
    session: Session,
    query: Annotated[
        str, Say("words, a question, a number, an identifier", positional=True, example="audit")
    ],
    *,
    k: Annotated[int, Say("how many passages", short="-k")] = 10,
    explain: Annotated[bool, Say("show what each stage of the ranking thought of them")] = False,
    source: Source = (),
    type: Type = (),
    after: After = None,
    before: Before = None,
    tag: Tag = (),
    language: Language = (),
) -> Found:
    """Find the passages that fit best among the documents you may read."""
    if not 1 <= k <= MOST:
        raise Invalid(f"k is {k}; ask for 1 to {MOST:,} passages.")
    began = perf_counter()

    def prepared() -> Query:
        return asked(session, query, k, narrowed(session, source, type, after, before, tag, language))

    wanted = await asyncio.to_thread(prepared)
    with span("retrieve"):
        evidence = await session.app.retrieve(wanted)
    touched(*_ids(evidence))
    return Found(
        evidence=tuple(evidence), explained=explain, seconds=perf_counter() - began, trace=trace_id()
    )


@operation("trace")
async def trace(
    session: Session,
    id: Annotated[
        str,
        Say(
            "the trace id that came with an answer",
            positional=True,
            example="0af7651916cd43dd8448eb211c80319c",
        ),
    ],
) -> Trace:
    """Show what happened in one request, step by step."""
    await asyncio.to_thread(session.app.sink.settle)
    spans = await asyncio.to_thread(session.app.journal.runs.trace, id)
    within = {one.span for one in spans}
    root = next((one for one in spans if one.parent not in within), None)
    own = root is not None and root.attributes.get("person") == session.name
    if root is None or not (own or session.holds(Role.AUDITOR)):
        raise Unknown(f"No trace {id!r} of {session.name}'s requests.")
    touched(f"trace:{id}")
    if not own:
        spans = [one._replace(attributes=_without_words(one.attributes)) for one in spans]
        root = next(one for one in spans if one.span == root.span)
    named = await asyncio.to_thread(_named, session, spans)
    return Trace(id=id, steps=tuple(_steps(spans, root, 0, root.start)), passages=named)


def _named(session: Session, spans: Iterable[SpanRecord]) -> dict[str, PassageLine]:
    """Return the passages that steps name, of those that whoever looks may read now."""
    names = {name for one in spans for name in one.attributes if _PASSAGE.fullmatch(name)}
    held = session.app.journal.catalogue.citable([int(name[1:]) for name in sorted(names)])
    readable = session.grants.readable
    return {
        f"p{number}": PassageLine(document=one.record.document, title=one.title)
        for number, one in held.items()
        if readable(one.access_class)
    }


def _without_words(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave of an error its kind: what it says may repeat what was asked."""
    return {
        key: str(value).partition(":")[0] if key == "error" else value for key, value in attributes.items()
    }


def chosen(session: Session, model: str) -> Chat | None:
    """Return the language model that is asked; None for extracts."""
    if not model:
        return session.app.chat
    if model == EXTRACTS:
        return None
    chats = session.app.chats
    if model not in chats:
        raise Unknown.name("model", model, [*chats, EXTRACTS])
    return chats[model]


def _told(session: Session) -> Retriever:
    """Return the retriever that lets whoever waits for an answer see its evidence at once."""

    async def retrieve(query: Query) -> list[Evidence]:
        found = await session.app.read(query)
        session.tell("evidence", found)
        return found

    return retrieve


def _ids(evidence: Iterable[Evidence]) -> Iterator[str]:
    for one in evidence:
        yield from (one.id, f"d{one.document}")


def asked(session: Session, text: str, k: int, filters: Filters) -> Query:
    """Return the question with what the asker may read now, the index brought up to the journal."""
    if not text.strip():
        raise Invalid("The question is empty; say what you want to know.")
    if len(text) > LONGEST:
        raise Invalid(f"The question has {len(text):,} characters, more than {LONGEST:,}; shorten it.")
    with span("access"):
        grants = session.grants
    session.app.catch_up(session.report)
    return grants.query(text, k, filters)


def narrowed(
    session: Session,
    sources: Sequence[str],
    types: Sequence[str],
    after: datetime | None,
    before: datetime | None,
    tags: Sequence[str],
    languages: Sequence[str],
) -> Filters:
    """Return what a search is narrowed to; raises Unknown for a source that the asker has no sight of."""
    return Filters(
        sources=tuple(_source_id(session, said) for said in sources),
        types=tuple(types),
        after=_aware(after),
        before=_aware(before),
        tags=tuple(tags),
        languages=tuple(languages),
    )


def _source_id(session: Session, said: str) -> int:
    known = list(_in_sight(session))
    for record in known:
        if said in (str(record.id), record.spec, record.spec.partition(":")[2]):
            return record.id
    raise Unknown.name("source", said, [str(record.id) for record in known])


def _in_sight(session: Session) -> Iterator[SourceRecord]:
    """Yield the sources that hold anything the asker may read."""
    catalogue, grants = session.app.journal.catalogue, session.grants
    seen = {source for source, _, granted in catalogue.counts() if grants.readable(granted)}
    return (record for record in catalogue.sources() if grants.principal.owner or record.id in seen)


def _aware(moment: datetime | None) -> datetime | None:
    """Take a time without a zone as local time."""
    try:
        return moment.astimezone() if moment is not None and moment.tzinfo is None else moment
    except (ValueError, OverflowError) as error:
        raise Invalid(f"{moment} is out of range.") from error


def _steps(spans: Sequence[SpanRecord], parent: SpanRecord, depth: int, zero: int) -> list[Step]:
    steps = [
        Step(
            name=parent.name,
            depth=depth,
            milliseconds=(parent.end - parent.start) / 1e6,
            attributes=parent.attributes,
            begins=(parent.start - zero) / 1e6,
        )
    ]
    for child in spans:
        if child.parent == parent.span:
            steps += _steps(spans, child, depth + 1, zero)
    return steps
