"""The journal as ingest writes it: every method is one transaction that leaves a change behind.

Knows nothing of files, parsing or any index.
"""

import json
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, exists, select, update

from cairn.access import NOBODY, Readers
from cairn.adapters.journal import family, rows
from cairn.adapters.journal.database import Database, select_in
from cairn.adapters.journal.family import note
from cairn.adapters.journal.prepared import chunks
from cairn.adapters.journal.schema import (
    allowed,
    classes,
    documents,
    embedded,
    embeddings,
    loose,
    passages,
    sources,
    token_vectors,
    versions,
)
from cairn.records import LIMITS, Parsed, SourceRecord, Unread
from cairn.types import WITHIN, Blob, Change, Deleted, Regranted, State, Upserted

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
                former, taken = (
                    connection.execute(select(documents).where(documents.c.id == number)).one()
                    for number in (gone, pending)
                )
                connection.execute(delete(documents).where(documents.c.id == pending))
                connection.execute(
                    update(documents)
                    .where(documents.c.id == gone)
                    .values(
                        uri=taken.uri,
                        state=State.PENDING,
                        reason=None,
                        modified=taken.modified,
                        fingerprint=taken.fingerprint,
                        recipe=None,
                    )
                )
                family.rename(connection, former, taken.uri)
                family.regrant(connection, former, taken.access_class)

    def retry(self, documents_: Collection[int]) -> None:
        with self._database.write() as connection:
            for chunk in chunks(documents_):
                connection.execute(
                    update(documents)
                    .where(documents.c.id.in_(chunk), documents.c.state != State.DELETED)
                    .values(state=State.PENDING)
                )

    def reread(self, source: int, recipes: Mapping[str, str], limits: str) -> int:
        pending = update(documents).where(documents.c.source == source).values(state=State.PENDING)
        again = documents.c.state.in_((State.INDEXED, State.FAILED, State.SKIPPED))
        unread = documents.c.state.in_((State.FAILED, State.SKIPPED))
        by_chance = documents.c.recipe.is_(None)
        by_limits = documents.c.recipe.startswith(LIMITS) & (documents.c.recipe != limits)
        count = 0
        with self._database.write() as connection:
            count += connection.execute(pending.where(unread, by_chance | by_limits)).rowcount
            for media_type, recipe in recipes.items():
                other = (documents.c.media_type == media_type) & (documents.c.recipe != recipe)
                other &= ~documents.c.recipe.startswith(LIMITS) & (documents.c.recipe != OFFERED)
                count += connection.execute(pending.where(again, other)).rowcount
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
            _describe(connection, held, present, now)
            within = family.children(connection, ids)
            for result in present:
                _keep_parts(connection, held[result.document], within[result.document], result)
            note(connection, "content", [result.document for result in present])
            family.note_heirs(connection, list(held.values()), list(held))

    def unread(self, outcomes: Sequence[Unread]) -> None:
        with self._database.write() as connection:
            ids = [outcome.document for outcome in outcomes]
            before = list(select_in(connection, select(documents), documents.c.id, ids))
            _drop_passages(connection, ids)
            _delete(connection, family.parts(connection, ids))
            for document, state, reason, media_type, recipe in outcomes:
                connection.execute(
                    update(documents)
                    .where(documents.c.id == document)
                    .values(
                        state=state,
                        reason=reason,
                        media_type=media_type,
                        recipe=recipe,
                        twin=None,
                    )
                )
            note(connection, "removed", ids)
            family.note_heirs(connection, before, ids)

    def forget(self, documents_: Collection[int], source: int | None) -> None:
        with self._database.write() as connection:
            documents_ = {*documents_, *(row.id for row in family.parts(connection, documents_))}
            before = list(select_in(connection, select(documents), documents.c.id, documents_))
            _drop_passages(connection, documents_)
            for chunk in chunks(documents_):
                connection.execute(delete(versions).where(versions.c.document.in_(chunk)))
                connection.execute(delete(documents).where(documents.c.id.in_(chunk)))
            note(connection, "removed", documents_)
            family.note_heirs(connection, before, documents_)
            if source is not None:
                connection.execute(delete(sources).where(sources.c.id == source))

    def sweep(self) -> None:
        with self._database.read() as connection:
            if connection.execute(select(loose).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            for table in (embeddings, token_vectors):
                used = exists().where(passages.c.hash == table.c.hash)
                connection.execute(delete(table).where(table.c.hash.in_(select(loose.c.hash)), ~used))
            connection.execute(delete(loose))

    def _classes(self, connection: Connection, changes: Iterable[Change]) -> dict[str, int]:
        """Return the access class of every set of readers among the changes, new ones added."""
        keys = {_readers(change).key() for change in changes}
        known = {
            row.readers: row.id for row in select_in(connection, select(classes), classes.c.readers, keys)
        }
        missing = [{"readers": key} for key in sorted(keys - known.keys())]
        if missing:
            self._database.add_missing(connection, classes, missing)
            added = {
                row.readers: row.id
                for row in select_in(connection, select(classes), classes.c.readers, keys - known.keys())
            }
            rows_ = [
                {"name": name, "class": number}
                for key, number in added.items()
                for name in Readers.from_key(key).allow
            ]
            self._database.add_missing(connection, allowed, rows_)
            known |= added
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
            **_fresh(source, blob.uri),
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
        _delete(connection, [row, *family.parts(connection, [row.id])])
        return
    granted = class_of[_readers(change).key()]
    if isinstance(change, Upserted):
        connection.execute(this.values(_shown(change.blob)))
        if change.blob.state is not State.PENDING:
            _drop_passages(connection, [row.id])
            note(connection, "removed", [row.id])
            _delete(connection, family.parts(connection, [row.id]))
            family.note_heirs(connection, [row], [row.id])
    if granted != row.access_class:
        family.regrant(connection, row, granted)


def _describe(
    connection: Connection, held: Mapping[int, Row[Any]], results: Iterable[Parsed], now: float
) -> None:
    described = [_described(held[result.document], result) for result in results]
    fresh = [
        {
            "document": each["number"],
            "version": each["version"],
            "content": each["content"],
            "recipe": each["recipe"],
            "at": now,
        }
        for each in described
        if each["version"] != held[each["number"]].version
    ]
    if fresh:
        connection.execute(versions.insert(), fresh)
    if described:
        connection.execute(update(documents).where(documents.c.id == bindparam("number")), described)


def _described(row: Row[Any], result: Parsed) -> dict[str, Any]:
    fresh = (row.content, row.recipe) != (result.content, result.recipe)
    return {
        "number": row.id,
        "state": State.INDEXED,
        "reason": result.reason,
        "title": result.title,
        "media_type": result.media_type,
        "content": result.content,
        "recipe": result.recipe,
        "version": row.version + fresh,
        "language": result.language,
        "pages": result.pages,
        "metadata": json.dumps(dict(result.metadata), ensure_ascii=False, sort_keys=True),
        "twin": result.twin,
        "thread": result.metadata.get("thread"),
    }


def _keep_parts(connection: Connection, row: Row[Any], within: Iterable[Row[Any]], result: Parsed) -> None:
    """Make the files within a document documents: the new and changed pending, those gone deleted."""
    held = {part.uri: part for part in within}
    shown = {f"{row.uri}{WITHIN}{part.name}": part for part in result.parts}
    gone = [part for uri, part in held.items() if uri not in shown and part.state != State.DELETED]
    _delete(connection, [*gone, *family.parts(connection, [part.id for part in gone])])
    insert = []
    for uri, part in shown.items():
        values = {
            "part": part.key,
            "size": part.size if part.size is not None else 0,
            "modified": part.modified.timestamp() if part.modified is not None else row.modified,
            "fingerprint": f"{result.content} {part.key}",
            # Its readers may have changed while it was gone.
            "access_class": row.access_class,
        }
        if uri not in held:
            insert.append(_fresh(row.source, uri) | values | {"parent": row.id})
        elif held[uri].fingerprint != values["fingerprint"] or held[uri].state == State.DELETED:
            this = update(documents).where(documents.c.id == held[uri].id)
            connection.execute(this.values(values | {"state": State.PENDING, "reason": None}))
    if insert:
        connection.execute(documents.insert(), insert)


def _fresh(source: int, uri: str) -> dict[str, Any]:
    """Return the columns of an item nobody has read yet."""
    return {
        "source": source,
        "uri": uri,
        "title": uri,
        "media_type": "",
        "version": 0,
        "metadata": "{}",
        "state": State.PENDING,
        "reason": None,
    }


def _delete(connection: Connection, gone: Collection[Row[Any]]) -> None:
    """Mark documents as deleted and drop what they said."""
    ids = [row.id for row in gone]
    _drop_passages(connection, ids)
    for chunk in chunks(ids):
        connection.execute(
            update(documents)
            .where(documents.c.id.in_(chunk))
            .values(state=State.DELETED, reason=None, twin=None)
        )
    note(connection, "removed", ids)
    family.note_heirs(connection, gone, ids)


def _drop_passages(connection: Connection, ids: Iterable[int]) -> None:
    for chunk in chunks(ids):
        theirs = passages.c.document.in_(chunk)
        fresh = passages.c.hash.not_in(select(loose.c.hash))
        dropped = select(passages.c.hash).where(theirs, fresh).distinct()
        connection.execute(loose.insert().from_select([loose.c.hash], dropped))
        connection.execute(delete(embedded).where(embedded.c.document.in_(chunk)))
        connection.execute(delete(passages).where(theirs))
