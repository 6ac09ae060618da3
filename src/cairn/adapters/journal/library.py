"""The journal as ingest writes it: every method is one transaction that leaves a change behind.

Knows nothing of files, parsing or any index.
"""

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, exists, select, update

from cairn.access import NOBODY, Readers
from cairn.adapters.journal import rows
from cairn.adapters.journal.database import Database, bump, chunks, select_in
from cairn.adapters.journal.schema import changes as changes_table
from cairn.adapters.journal.schema import classes, documents, embeddings, passages, sources, versions
from cairn.records import LIMITS, Parsed, SourceRecord, Unread
from cairn.types import Blob, Change, Deleted, Regranted, State, Upserted

OFFERED = "source"
"""The recipe of an item whose bytes its source could not offer: only the source can change that."""


class SqlLibrary:
    """See ``cairn.protocols.Library``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_source(self, spec: str, options: Mapping[str, Any]) -> SourceRecord:
        values = {"options": json.dumps(dict(options), sort_keys=True)}
        with self._database.write() as connection:
            insert = self._database.insert(sources).values(spec=spec, **values)
            connection.execute(insert.on_conflict_do_update(index_elements=["spec"], set_=values))
            return rows.source(connection.execute(select(sources).where(sources.c.spec == spec)).one())

    def source_error(self, source: int, error: str | None) -> None:
        with self._database.write() as connection:
            connection.execute(update(sources).where(sources.c.id == source).values(error=error))

    def show(self, source: int, changes: Sequence[Change]) -> None:
        with self._database.write() as connection:
            class_of = self._classes(connection, changes)
            held = _held(connection, source, {change.uri for change in changes})
            insert = []
            for change in changes:
                row = held.get(change.uri)
                if row is None:
                    insert += _new(source, change, class_of)
                else:
                    _apply(connection, row, change, class_of)
            if insert:
                connection.execute(documents.insert(), insert)

    def rename(self, moves: Mapping[int, int]) -> None:
        with self._database.write() as connection:
            for gone, pending in moves.items():
                taken = connection.execute(select(documents).where(documents.c.id == pending)).one()
                connection.execute(delete(documents).where(documents.c.id == pending))
                connection.execute(
                    update(documents)
                    .where(documents.c.id == gone)
                    .values(
                        uri=taken.uri,
                        state=State.PENDING,
                        reason=None,
                        access_class=taken.access_class,
                        modified=taken.modified,
                        fingerprint=taken.fingerprint,
                        recipe=None,
                    )
                )
                note(connection, "readers", [gone])

    def reread(self, recipes: Mapping[str, str], limits: str) -> int:
        again = documents.c.state.in_((State.INDEXED, State.FAILED, State.SKIPPED))
        unread = documents.c.state.in_((State.FAILED, State.SKIPPED))
        by_chance = documents.c.recipe.is_(None)
        by_limits = documents.c.recipe.startswith(LIMITS) & (documents.c.recipe != limits)
        count = 0
        with self._database.write() as connection:
            retried = update(documents).where(unread, by_chance | by_limits).values(state=State.PENDING)
            count += connection.execute(retried).rowcount
            for media_type, recipe in recipes.items():
                other = (documents.c.media_type == media_type) & (documents.c.recipe != recipe)
                other &= ~documents.c.recipe.startswith(LIMITS) & (documents.c.recipe != OFFERED)
                count += connection.execute(
                    update(documents).where(again, other).values(state=State.PENDING)
                ).rowcount
        return count

    def parsed(self, results: Sequence[Parsed]) -> None:
        now = time.time()
        with self._database.write() as connection:
            ids = [result.document for result in results]
            held = {row.id: row for row in select_in(connection, select(documents), documents.c.id, ids)}
            present = [result for result in results if result.document in held]
            _drop_passages(connection, ids)
            written = [
                rows.passage_values(result.document, ordinal, passage)
                for result in present
                for ordinal, passage in enumerate(result.passages)
            ]
            if written:
                connection.execute(passages.insert(), written)
            for result in present:
                _describe(connection, held[result.document], result, now)
            note(connection, "content", [result.document for result in present])

    def unread(self, outcomes: Sequence[Unread]) -> None:
        with self._database.write() as connection:
            _drop_passages(connection, [outcome.document for outcome in outcomes])
            for document, state, reason, media_type, recipe in outcomes:
                connection.execute(
                    update(documents)
                    .where(documents.c.id == document)
                    .values(state=state, reason=reason, media_type=media_type, recipe=recipe, embedded=None)
                )
            note(connection, "removed", [outcome.document for outcome in outcomes])

    def forget(self, documents_: Collection[int], source: int | None) -> None:
        with self._database.write() as connection:
            _drop_passages(connection, documents_)
            for chunk in chunks(documents_):
                connection.execute(delete(versions).where(versions.c.document.in_(chunk)))
                connection.execute(delete(documents).where(documents.c.id.in_(chunk)))
            note(connection, "removed", documents_)
            if source is not None:
                connection.execute(delete(sources).where(sources.c.id == source))

    def sweep(self) -> None:
        used = exists().where(passages.c.hash == embeddings.c.hash)
        with self._database.write() as connection:
            connection.execute(delete(embeddings).where(~used))

    def _classes(self, connection: Connection, changes: Iterable[Change]) -> dict[str, int]:
        """Return the access class of every set of readers among the changes, new ones added."""
        keys = {_readers(change).key() for change in changes}
        known = {
            row.readers: row.id for row in select_in(connection, select(classes), classes.c.readers, keys)
        }
        missing = [{"readers": key} for key in sorted(keys - known.keys())]
        if missing:
            self._database.add_missing(connection, classes, missing)
            bump(connection, "directory")
            known |= {
                row.readers: row.id for row in select_in(connection, select(classes), classes.c.readers, keys)
            }
        return known


def _readers(change: Change) -> Readers:
    match change:
        case Upserted():
            return change.blob.readers
        case Regranted():
            return change.readers
        case Deleted():
            return NOBODY


def _held(connection: Connection, source: int, uris: set[str]) -> dict[str, Row[Any]]:
    query = select(documents).where(documents.c.source == source)
    return {row.uri: row for row in select_in(connection, query, documents.c.uri, uris)}


def _new(source: int, change: Change, class_of: Mapping[str, int]) -> list[dict[str, Any]]:
    if not isinstance(change, Upserted):
        return []
    blob = change.blob
    return [
        {
            "source": source,
            "uri": blob.uri,
            "title": blob.uri,
            "media_type": "",
            "version": 0,
            "metadata": "{}",
            "access_class": class_of[blob.readers.key()],
            **_shown(blob),
        }
    ]


def _shown(blob: Blob) -> dict[str, Any]:
    return {
        "state": blob.state,
        "reason": blob.reason,
        "size": blob.size,
        "modified": blob.modified.timestamp(),
        "fingerprint": blob.fingerprint,
        "recipe": None if blob.state is State.PENDING else OFFERED,
    }


def _apply(connection: Connection, row: Row[Any], change: Change, class_of: Mapping[str, int]) -> None:
    this = update(documents).where(documents.c.id == row.id)
    if isinstance(change, Deleted):
        _drop_passages(connection, [row.id])
        connection.execute(this.values(state=State.DELETED, reason=None, embedded=None))
        note(connection, "removed", [row.id])
        return
    granted = class_of[_readers(change).key()]
    if isinstance(change, Upserted):
        connection.execute(this.values(_shown(change.blob)))
        if change.blob.state is not State.PENDING:
            _drop_passages(connection, [row.id])
            note(connection, "removed", [row.id])
    if granted != row.access_class:
        connection.execute(this.values(access_class=granted))
        note(connection, "readers", [row.id])


def _describe(connection: Connection, row: Row[Any], result: Parsed, now: float) -> None:
    fresh = (row.content, row.recipe) != (result.content, result.recipe)
    version = row.version + 1 if fresh else row.version
    if fresh:
        connection.execute(
            versions.insert().values(
                document=row.id, version=version, content=result.content, recipe=result.recipe, at=now
            )
        )
    connection.execute(
        update(documents)
        .where(documents.c.id == row.id)
        .values(
            state=State.INDEXED,
            reason=None,
            title=result.title,
            media_type=result.media_type,
            content=result.content,
            recipe=result.recipe,
            version=version,
            language=result.language,
            pages=result.pages,
            metadata=json.dumps(dict(result.metadata), ensure_ascii=False, sort_keys=True),
            embedded=None,
        )
    )


def note(connection: Connection, kind: str, ids: Iterable[int]) -> None:
    """Append one change a document; a view reads them in this order."""
    now = time.time()
    noted = [{"kind": kind, "document": document, "at": now} for document in ids]
    if noted:
        connection.execute(changes_table.insert(), noted)


def _drop_passages(connection: Connection, ids: Iterable[int]) -> None:
    for chunk in chunks(ids):
        connection.execute(delete(passages).where(passages.c.document.in_(chunk)))
