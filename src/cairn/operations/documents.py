"""Operations on what is in the library: bring in, look at, erase."""

import asyncio
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Annotated, Literal

from cairn import registry
from cairn.audit import touched
from cairn.errors import CairnError, Invalid, Unknown
from cairn.flows.ingest import pipeline, views, workers
from cairn.operations.apart import apart
from cairn.operations.declare import Say, operation
from cairn.people import Role
from cairn.protocols import Index
from cairn.records import LIMITS, DocumentRecord, PassageRecord, SourceRecord
from cairn.results import (
    DocumentText,
    Ingested,
    PassageText,
    Problem,
    Related,
    Retried,
    SourceStatus,
    Status,
    Version,
)
from cairn.session import Session
from cairn.settings import Settings
from cairn.types import State, locate

EXAMPLES = 5
"""Documents named for each reason in a status."""

_ID = re.compile(r"d?[0-9]{1,18}")

Name = Annotated[str, Say("its path, its path in the source, or its id", positional=True, example="d12")]


@operation("ingest", role=Role.CURATOR, writes=True)
async def ingest(
    session: Session,
    source: Annotated[str, Say("a folder, or a source: files:/data", positional=True, example="/data")],
    *,
    include: Annotated[Sequence[str], Say("take only files that match, as in .gitignore")] = (),
    exclude: Annotated[Sequence[str], Say("leave out files that match, as in .gitignore")] = (),
    prune: Annotated[bool, Say("delete even if everything in the source is gone")] = False,
    watch: Annotated[bool, Say("go on looking for changes until stopped")] = False,
) -> Ingested:
    """Add, update and remove what changed in a folder since last time."""
    options = {key: list(value) for key, value in (("include", include), ("exclude", exclude)) if value}
    record = await asyncio.to_thread(_source, session, source, options)
    touched(f"source:{record.id}")
    done = await read(session, record, prune=prune)
    while watch:
        await asyncio.sleep(session.app.settings.watch_seconds)
        with suppress(CairnError):  # kept in `status`; the next look may find it mended
            done = await read(session, record, prune=prune)
    return done


@operation("status", audited=False)
async def status(session: Session) -> Status:
    """Show where every document stands: indexed, pending, failed or skipped and why, deleted."""
    return await asyncio.to_thread(_status, session)


@operation("document")
async def document(
    session: Session,
    name: Name,
    *,
    start: Annotated[str, Say("begin with this passage, such as p17")] = "",
    limit: Annotated[int, Say("so many passages at most; 0 is all")] = 0,
) -> DocumentText:
    """Show what Cairn read out of a document, as a whole or passage by passage."""
    return await asyncio.to_thread(_text, session, name, start, limit)


@operation("retry", role=Role.CURATOR, writes=True)
async def retry(
    session: Session,
    name: Annotated[str, Say("a document or a source; by default all that failed", positional=True)] = "",
) -> Retried:
    """Read again what failed, or the document or source that is named, whether it failed or not."""
    records = await asyncio.to_thread(_again, session, name)
    touched(*(f"d{record.id}" for record in records))
    await asyncio.to_thread(session.app.journal.library.retry, [record.id for record in records])
    sources = {record.source for record in records}
    held = [record for record in session.app.journal.catalogue.sources() if record.id in sources]
    done = [await read(session, record, prune=False) for record in held]
    return Retried(documents=len(records), ingested=tuple(done))


def find(session: Session, name: str) -> DocumentRecord:
    """Return the one document that ``name`` means to this person.

    Raises Unknown alike for what is not there and for what they may not read.
    """
    grants = session.grants
    # Numbers first: no file may pass for a document that somebody was shown the number of.
    for found in (_numbered(session, name), _called(session, name)):
        meant = {record.id: record for record in found if grants.readable(record.access_class)}
        if meant:
            break
    else:
        raise Unknown(
            f"No document {name!r} that {session.name} may read; `cairn search` finds what there is."
        )
    if len(meant) > 1:
        ids = ", ".join(f"d{number}" for number in meant)
        raise Invalid(f"{name!r} is several documents: {ids}; name one of them.")
    (record,) = meant.values()
    touched(f"d{record.id}")
    return record


def _numbered(session: Session, name: str) -> list[DocumentRecord]:
    if not _ID.fullmatch(name):
        return []
    return session.app.journal.catalogue.documents([int(name.removeprefix("d"))])


def _called(session: Session, name: str) -> list[DocumentRecord]:
    catalogue, path = session.app.journal.catalogue, _path(name)
    found = catalogue.find(uri=name)
    for source in catalogue.sources():
        root = Path(source.spec.partition(":")[2])
        if path.is_relative_to(root) and path != root:
            found += catalogue.find(source=source.id, uri=path.relative_to(root).as_posix())
    return found


def _path(said: str) -> Path:
    """Return what a person typed as a whole path."""
    try:
        return Path(said).expanduser().absolute()
    except RuntimeError as error:
        raise Invalid(f"{said!r} is not a path: {error}") from error


def _source(session: Session, said: str, options: dict[str, list[str]]) -> SourceRecord:
    """Return the source that was said, newly taken in unless it is known."""
    journal = session.app.journal
    kind, colon, rest = said.partition(":")
    if not colon or kind not in registry.known("sources"):
        kind, rest = "files", said
    if not rest.strip():
        raise Invalid("The source is empty; name a folder.")
    place = _path(rest)
    spec = os.fsencode(f"{kind}:{place}").decode(errors="backslashreplace")
    held = next((source for source in journal.catalogue.sources() if source.spec == spec), None)
    if held is not None and not options:
        return held
    if held is None:
        session.require(Role.OWNER)  # a place on this machine; nobody else learns what is there
    if held is None and not (place.is_dir() if kind == "files" else place.exists()):
        raise Invalid(f"{spec} is not there; name the folder that holds what is to be ingested.")
    registry.load("sources", spec, **options)  # refuses what it does not know before it is kept
    return journal.library.add_source(spec, options)


async def read(session: Session, record: SourceRecord, *, prune: bool) -> Ingested:
    """Read a source again, apart from whatever else goes on in this process."""
    return await apart(partial(_ingest, session, record, prune=prune))


async def _ingest(session: Session, record: SourceRecord, *, prune: bool) -> Ingested:
    app, began = session.app, perf_counter()
    size = app.settings.workers if app.settings.workers else workers.cores()
    with app.writing(session.report) as index:
        job = app.journal.runs.begin("ingest")
        state, detail = "stopped", ""
        try:
            seconds, scratch = app.settings.parse_seconds, app.home / "scratch"
            async with workers.pool(app.process("work"), size, seconds, scratch) as pool:
                run = pipeline.Ingest(
                    journal=app.journal,
                    record=record,
                    source=app.source(record),
                    workers=pool,
                    file_bytes=app.settings.file_mb * 1_000_000,
                    limits=_limits(app.settings),
                    written=partial(views.apply_words, app.journal.catalogue, index),
                    report=session.report,
                )
                await pipeline.scan(run, prune=prune)
                recipes = (await workers.greet(pool))["recipes"]
                await pipeline.whole(app.journal.library.reread, record.id, recipes, run.limits)
                await pipeline.parse(run)
            await pipeline.whole(_complete, session, run, index)
            done = _ingested(run, perf_counter() - began)
            state, detail = "done", str(done.indexed)
            return done
        finally:
            app.journal.runs.end(job, state, detail)


def _limits(settings: Settings) -> str:
    """Name the limits in force, for what fails by them."""
    return f"{LIMITS}{settings.parse_seconds} {settings.parse_memory_mb} {settings.file_mb}"


def _complete(session: Session, run: pipeline.Ingest, index: Index) -> None:
    """Compute what vectors are missing, make them findable, and drop those nothing needs."""
    journal = session.app.journal
    views.embed(journal, session.app.embedder, session.report)
    views.apply(journal, index)
    journal.library.sweep()


def _ingested(run: pipeline.Ingest, seconds: float) -> Ingested:
    names = ("indexed", "renamed", "regranted", "deleted", "failed", "skipped", "unchanged", "passages")
    return Ingested(source=run.record.spec, seconds=seconds, **{name: run.tally[name] for name in names})


def _status(session: Session) -> Status:
    journal, grants = session.app.journal, session.grants
    states: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (source, state, granted), count in journal.catalogue.counts().items():
        if grants.readable(granted):
            states[source][state] += count
    head, positions = journal.catalogue.head(), session.app.index.positions()
    waiting = journal.catalogue.documents(journal.vectors.unembedded())
    built = journal.runs.last("rebuild")
    lacking = sum(grants.readable(record.access_class) for record in waiting)
    return Status(
        sources=tuple(
            SourceStatus(
                id=source.id,
                source=source.spec,
                states=dict(states[source.id]),
                problems=_problems(session, source.id),
                error=source.error if session.holds(Role.CURATOR) else None,
            )
            for source in journal.catalogue.sources()
            if session.holds(Role.CURATOR) or states[source.id]
        ),
        words_current=positions.words == head,
        vectors_current=positions.vectors == head and lacking == 0,
        without_vectors=lacking,
        writing=_wrong_writing(session),
        rebuilt=f"{built.started.astimezone():%Y-%m-%d %H:%M}, {built.detail}" if built is not None else "",
    )


def _wrong_writing(session: Session) -> str:
    """Say what is wrong with the settings of language models, to whom it is of use."""
    try:
        if session.holds(Role.CURATOR):
            session.app.wire_chats()
    except CairnError as error:
        return str(error)
    return ""


def _problems(session: Session, source: int) -> tuple[Problem, ...]:
    grants = session.grants
    uris: defaultdict[tuple[State, str], list[str]] = defaultdict(list)
    for record in session.app.journal.catalogue.unread(source):
        if grants.readable(record.access_class):
            uris[record.state, record.reason if record.reason is not None else ""].append(record.uri)
    return tuple(
        Problem(state=state, reason=reason, count=len(names), examples=tuple(names[:EXAMPLES]))
        for (state, reason), names in sorted(uris.items(), key=lambda item: -len(item[1]))
    )


def _text(session: Session, name: str, start: str, limit: int) -> DocumentText:
    if limit < 0:
        raise Invalid(f"limit is {limit}; ask for at least 1 passage, or with 0 for all.")
    record = find(session, name)
    catalogue = session.app.journal.catalogue
    shown, following = _page(catalogue.passages([record.id]), start, limit)
    spec = next(source.spec for source in catalogue.sources() if source.id == record.source)
    return DocumentText(
        id=record.id,
        uri=record.uri,
        source=spec,
        title=record.title,
        state=record.state,
        reason=record.reason,
        media_type=record.media_type,
        size=record.size,
        modified=record.modified,
        version=record.version,
        language=record.language,
        pages=record.pages,
        metadata=record.metadata,
        related=tuple(_related(session, record)),
        passages=tuple(
            PassageText(
                id=f"p{held.id}",
                kind=held.passage.kind,
                context=held.passage.context,
                text=held.passage.text,
                locators=locate(held.passage.anchors, 0, len(held.passage.text)),
                anchors=held.passage.anchors,
            )
            for held in shown
        ),
        next=following,
        versions=tuple(Version(number=number, read=at) for number, at in catalogue.versions(record.id)),
    )


def _page(
    held: Sequence[PassageRecord], start: str, limit: int
) -> tuple[Sequence[PassageRecord], str | None]:
    """Return ``limit`` passages from ``start`` on, and the id of the one after them."""
    ids = [f"p{one.id}" for one in held]
    if start and start not in ids:
        raise Unknown(
            f"The document has no passage {start!r}, or no longer; leave out start to see what it has."
        )
    first = ids.index(start) if start else 0
    end = first + limit if limit else len(held)
    return held[first:end], ids[end] if end < len(held) else None


def _related(session: Session, record: DocumentRecord) -> Iterator[Related]:
    """Yield what hangs together with a document, of that which this person may read."""
    grants = session.grants
    for other in session.app.journal.catalogue.related(record.id):
        if grants.readable(other.access_class):
            how: Literal["part", "whole", "twin", "thread"] = "thread"
            if other.parent == record.id:
                how = "part"
            elif other.id == record.parent:
                how = "whole"
            elif other.twin is not None and other.twin == record.twin:
                how = "twin"
            yield Related(how=how, id=other.id, uri=other.uri, title=other.title, state=other.state)


def _again(session: Session, name: str) -> list[DocumentRecord]:
    """Return what is to be read again."""
    catalogue = session.app.journal.catalogue
    if not name:
        return catalogue.find(states=[State.FAILED])
    source = whole_source(session, name)
    return [find(session, name)] if source is None else catalogue.find(source=source.id)


def whole_source(session: Session, name: str) -> SourceRecord | None:
    """Return the source that ``name`` means as a whole, if it does."""
    if not name.strip():
        raise Invalid("The name is empty; say which document or source is meant.")
    path = _path(name)
    for source in session.app.journal.catalogue.sources():
        if name == source.spec or source.spec == f"files:{path}":
            return source
    return None
