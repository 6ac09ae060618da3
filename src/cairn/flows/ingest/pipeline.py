"""Ingest: what a source shows, through isolated parsing, into the journal and the words at once.

    source.changes -> journal (pending) -> parse processes -> journal (indexed) -> words

Knows nothing of vectors, which follow in their own time. Stopped at any moment, the next run
goes on with what is pending.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

from cairn.errors import CairnError, ParseFailed, Unavailable
from cairn.flows.ingest.reading import result
from cairn.flows.ingest.views import Report
from cairn.flows.ingest.workers import Pool
from cairn.protocols import Catalogue, Journal, Source
from cairn.records import DocumentRecord, Known, Parsed, SourceRecord, Unread
from cairn.types import WITHIN, Change, Deleted, Regranted, State, Upserted

CHUNK = 2000
"""Changes written in one transaction."""
FLUSH_SECONDS = 0.5
"""A parsed document waits at most so long to be written, so that it is found within a second."""
FLUSH_PASSAGES = 2000
"""And so many passages wait at most, so that memory stays bounded."""

Outcome = Parsed | Unread
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Ingest:
    """What one run works with, and what it has done so far."""

    journal: Journal
    record: SourceRecord
    source: Source
    workers: Pool
    file_bytes: int
    """A larger file is skipped."""
    limits: str
    """Names the limits a file may fail by; other limits mean trying it again."""
    written: Callable[[], None]
    """Called after each transaction that changed passages: brings the words up to it."""
    report: Report
    tally: Counter[str] = field(default_factory=Counter)


async def whole(work: Callable[..., T], *arguments: Any) -> T:
    """Run ``work`` in a thread, and to its end even when the caller is cancelled meanwhile.

    A thread cannot be stopped; left alone, it would go on writing when the lock is given back.
    """
    task = asyncio.ensure_future(asyncio.to_thread(work, *arguments))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


async def scan(run: Ingest, *, prune: bool) -> None:
    """Write down what the source shows now: what is new or changed becomes pending.

    Raises Unavailable when everything is gone and ``prune`` is not set: a folder that is not
    mounted looks just like one that was emptied.
    """
    try:
        changes = await whole(_changes, run, prune)
        await whole(_show, run, changes)
        run.journal.library.source_error(run.record.id, None)
    except CairnError as error:
        run.journal.library.source_error(run.record.id, str(error))
        raise


async def parse(run: Ingest) -> None:
    """Read everything of the source that is pending, newest first, and make it findable by words."""
    tried: set[int] = set()
    while pending := [one for one in _pending(run) if one.id not in tried]:
        total = len(tried) + len(pending)
        run.report("documents", len(tried), total)
        waiting: list[Outcome] = []
        passages, last = 0, monotonic()
        async for outcome in _outcomes(run, pending):
            waiting.append(outcome)
            tried.add(outcome.document)
            passages += len(outcome.passages) if isinstance(outcome, Parsed) else 0
            if passages >= FLUSH_PASSAGES or monotonic() - last >= FLUSH_SECONDS:
                await whole(_write, run, waiting)
                waiting, passages, last = [], 0, monotonic()
                run.report("documents", len(tried), total)
        await whole(_write, run, waiting)
        run.report("documents", len(tried), total)
    # Another round reads the files that the last one found within others.


def _pending(run: Ingest) -> list[DocumentRecord]:
    return run.journal.catalogue.find(source=run.record.id, states=[State.PENDING])[::-1]


def _changes(run: Ingest, prune: bool) -> list[Change]:
    known = run.journal.catalogue.known(run.record.id)
    try:
        changes = list(run.source.changes(known))
    except Unavailable:
        if not prune:
            raise
        return [Deleted(uri=uri) for uri in known]
    gone = sum(isinstance(change, Deleted) for change in changes)
    if known and gone == len(known) and not prune and not _moved(run, changes):
        raise Unavailable(
            f"Everything in {run.record.spec} is gone: {gone:,} documents. Is it mounted? "
            "Nothing was deleted; if it is meant, run it again with --prune."
        )
    run.tally["unchanged"] = len(known) - gone - _count(changes, known)
    return changes


def _count(changes: Sequence[Change], known: dict[str, Known]) -> int:
    return sum(not isinstance(change, Deleted) and change.uri in known for change in changes)


def _moved(run: Ingest, changes: Sequence[Change]) -> bool:
    """Tell whether anything new has the bytes of a known item: then the place was only rearranged."""
    known = {document.content for document in _items(run)}
    shown = (change.blob for change in changes if isinstance(change, Upserted))
    return any(_content(run.source, blob.uri) in known for blob in shown if blob.state is State.PENDING)


def _show(run: Ingest, changes: Sequence[Change]) -> None:
    """New and changed items first, so that a file that only moved is found among them."""
    deleted = [change for change in changes if isinstance(change, Deleted)]
    rest = [change for change in changes if not isinstance(change, Deleted)]
    run.tally["regranted"] = sum(isinstance(change, Regranted) for change in rest)
    _show_chunks(run, rest)
    moved = _follow_renames(run, {change.uri for change in deleted})
    remaining = [change for change in deleted if change.uri not in moved]
    run.tally["deleted"] = len(remaining)
    run.tally["renamed"] = len(moved)
    _show_chunks(run, remaining)
    run.written()


def _show_chunks(run: Ingest, changes: Sequence[Change]) -> None:
    for start in range(0, len(changes), CHUNK):
        run.journal.library.show(run.record.id, changes[start : start + CHUNK])


def _follow_renames(run: Ingest, gone: set[str]) -> set[str]:
    """Let a new item with a gone one's bytes take its place; return the uris that only moved."""
    if not gone:
        return set()
    documents = _items(run)
    lost = {d.content: d for d in documents if d.uri in gone and d.content is not None}
    sizes = {document.size for document in lost.values()}
    moves: dict[int, int] = {}
    moved = set()
    for document in documents:
        if document.version == 0 and document.state is State.PENDING and document.size in sizes:
            former = lost.pop(_content(run.source, document.uri), None)
            if former is not None:
                moves[former.id] = document.id
                moved.add(former.uri)
    if moves:
        run.journal.library.rename(moves)
    return moved


def _items(run: Ingest) -> list[DocumentRecord]:
    """Return what the source itself has shown, without what is within other items."""
    return [one for one in run.journal.catalogue.find(source=run.record.id) if one.parent is None]


def _content(source: Source, uri: str) -> str:
    digest = sha256()
    try:
        with source.fetch(uri) as path, path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError:
        return ""
    return digest.hexdigest()


async def _outcomes(run: Ingest, pending: Sequence[DocumentRecord]) -> AsyncIterator[Outcome]:
    """Yield outcomes as they come; never more under way than keeps every worker busy."""
    under_way: set[asyncio.Task[Outcome]] = set()
    try:
        for document in pending:
            under_way.add(asyncio.create_task(_read(run, document)))
            if len(under_way) >= 2 * run.workers.size:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    yield task.result()
        while under_way:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _read(run: Ingest, document: DocumentRecord) -> Outcome:
    if document.size > run.file_bytes:
        reason = f"{document.size / 1e6:,.0f} MB, more than {run.file_bytes / 1e6:,.0f} (setting file_mb)"
        return Unread(document.id, State.SKIPPED, reason, document.media_type, run.limits)
    outermost, inside = way(run.journal.catalogue, document)
    try:
        with run.source.fetch(outermost.uri) as path:
            message = {"path": str(path), "name": Path(outermost.uri).name, "inside": inside}
            answer = await run.workers.ask(message)
            return result(document.id, answer)
    except ParseFailed as error:
        return Unread(document.id, State.FAILED, str(error), document.media_type, run.limits)
    except (OSError, ValueError) as error:
        reason = f"it cannot be fetched: {error}"
        return Unread(document.id, State.FAILED, reason, document.media_type, None)


def way(catalogue: Catalogue, document: DocumentRecord) -> tuple[DocumentRecord, list[list[str]]]:
    """Return the item that a source shows, and the steps from it to a file within it: keys and names."""
    inside: list[list[str]] = []
    while document.parent is not None:
        assert document.part is not None
        inside.insert(0, [document.part, document.uri.rpartition(WITHIN)[2]])
        (document,) = catalogue.documents([document.parent])
    return document, inside


def _write(run: Ingest, outcomes: Sequence[Outcome]) -> None:
    results = [outcome for outcome in outcomes if isinstance(outcome, Parsed)]
    unread = [outcome for outcome in outcomes if isinstance(outcome, Unread)]
    if results:
        run.journal.library.parsed(results)
    if unread:
        run.journal.library.unread(unread)
    run.tally["indexed"] += len(results)
    run.tally["passages"] += sum(len(result.passages) for result in results)
    run.tally.update(str(outcome.state) for outcome in unread)
    if outcomes:
        run.written()
