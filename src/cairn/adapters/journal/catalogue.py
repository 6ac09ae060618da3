"""The journal as everything but ingest reads it.

Knows nothing of who asks: the access decision is made with the classes it returns.
"""

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import bindparam, func, or_, select

from cairn.adapters.journal import family, rows
from cairn.adapters.journal.database import Database, select_in
from cairn.adapters.journal.family import SERVING
from cairn.adapters.journal.prepared import Prepared
from cairn.adapters.journal.schema import changes, classes, documents, passages, sources, versions
from cairn.records import (
    Citable,
    DocumentRecord,
    JournalChange,
    Known,
    PassageRecord,
    SourceRecord,
    Standing,
    Wanted,
)
from cairn.types import State

_SOURCES = select(sources).order_by(sources.c.id)
_HEAD = Prepared(select(func.max(changes.c.seq)))
_CHANGES = Prepared(
    select(changes.c.seq, changes.c.kind, changes.c.document, changes.c.at)
    .where(changes.c.seq > bindparam("since"))
    .order_by(changes.c.seq)
    .limit(bindparam("limit"))
)
_THERE = Prepared.within(select(documents.c.id), documents.c.id)
_STANDING = Prepared.within(
    select(
        *(passages.c.id, passages.c.document),
        *(documents.c.state, documents.c.access_class, documents.c.modified, passages.c.hash),
    ).join(documents, documents.c.id == passages.c.document),
    passages.c.id,
)
_CITABLE = Prepared.within(
    select(documents.c.state, *rows.CITABLE)
    .join(documents, documents.c.id == passages.c.document)
    .join(sources, sources.c.id == documents.c.source),
    passages.c.id,
)


class SqlCatalogue:
    """See ``cairn.protocols.Catalogue``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def sources(self) -> list[SourceRecord]:
        with self._database.read() as connection:
            return [rows.source(row) for row in connection.execute(_SOURCES)]

    def known(self, source: int) -> dict[str, Known]:
        with self._database.read() as connection:
            readers = {row.id: rows.readers(row) for row in connection.execute(select(classes))}
            query = select(documents.c.uri, documents.c.fingerprint, documents.c.access_class).where(
                documents.c.source == source,
                documents.c.state != State.DELETED,
                documents.c.parent.is_(None),
            )
            return {
                uri: Known(fingerprint, readers[granted])
                for uri, fingerprint, granted in connection.execute(query)
            }

    def documents(self, ids: Collection[int]) -> list[DocumentRecord]:
        with self._database.read() as connection:
            found = select_in(connection, select(documents), documents.c.id, ids)
            return [rows.document(row) for row in found]

    def forgotten(self, ids: Collection[int]) -> set[int]:
        with self._database.read() as connection:
            return {*ids} - {id for (id,) in _THERE.among(connection, ids)}

    def find(
        self, *, source: int | None = None, uri: str | None = None, states: Collection[State] = ()
    ) -> list[DocumentRecord]:
        query = select(documents).order_by(documents.c.id)
        if source is not None:
            query = query.where(documents.c.source == source)
        if uri is not None:
            query = query.where(documents.c.uri == uri)
        if states:
            query = query.where(documents.c.state.in_(states))
        with self._database.read() as connection:
            return [rows.document(row) for row in connection.execute(query)]

    def stored(self, documents: Collection[int]) -> set[int]:
        with self._database.read() as connection:
            return family.stored(connection, documents)

    def related(self, document: int) -> list[DocumentRecord]:
        with self._database.read() as connection:
            row = connection.execute(select(documents).where(documents.c.id == document)).one()
            ways = [documents.c.parent == row.id, documents.c.id == row.parent]
            ways += [documents.c.twin == row.twin] if row.twin is not None else []
            ways += [documents.c.thread == row.thread] if row.thread is not None else []
            query = select(documents).where(
                or_(*ways), documents.c.id != row.id, documents.c.state != State.DELETED
            )
            found = connection.execute(query.order_by(documents.c.modified))
            return [rows.document(one) for one in found]

    def page(self, wanted: Wanted, limit: int) -> list[DocumentRecord]:
        held = documents.c
        query = select(documents).where(held.state.in_(wanted.states))
        if wanted.before is not None:
            query = query.where(held.id < wanted.before)
        if wanted.classes is not None:
            query = query.where(self._database.among(held.access_class, wanted.classes))
        if wanted.source is not None:
            query = query.where(held.source == wanted.source)
        if wanted.holding:
            columns = (held.uri, held.title)
            query = query.where(or_(*(one.icontains(wanted.holding, autoescape=True) for one in columns)))
        query = query.order_by(held.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [rows.document(row) for row in connection.execute(query)]

    def unread(self, source: int) -> list[DocumentRecord]:
        failed = or_(documents.c.state.in_((State.FAILED, State.SKIPPED)), documents.c.reason.is_not(None))
        query = select(documents).where(documents.c.source == source, failed).order_by(documents.c.id)
        with self._database.read() as connection:
            return [rows.document(row) for row in connection.execute(query)]

    def versions(self, document: int) -> list[tuple[int, datetime]]:
        query = select(versions.c.version, versions.c.at).where(versions.c.document == document)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(versions.c.version.desc()))
            return [(row.version, datetime.fromtimestamp(row.at, UTC)) for row in found]

    def passages(self, documents: Collection[int]) -> list[PassageRecord]:
        query = select(*rows.PASSAGE).order_by(passages.c.document, passages.c.ordinal)
        with self._database.read() as connection:
            found = select_in(connection, query, passages.c.document, documents)
            return [rows.passage(row) for row in found]

    def standing(self, ids: Collection[int]) -> dict[int, Standing]:
        # The state is looked at here: asked for it, SQLite would begin with every document that has it.
        with self._database.read() as connection:
            return {
                id: Standing(document, granted, datetime.fromtimestamp(modified, UTC), hash_)
                for id, document, state, granted, modified, hash_ in _STANDING.among(connection, ids)
                if state in SERVING
            }

    def citable(self, ids: Collection[int]) -> dict[int, Citable]:
        with self._database.read() as connection:
            return {
                row[0]: rows.citable(row)
                for state, *row in _CITABLE.among(connection, ids)
                if state in SERVING
            }

    def counts(self) -> dict[tuple[int, State, int], int]:
        keys = (documents.c.source, documents.c.state, documents.c.access_class)
        with self._database.read() as connection:
            grouped = connection.execute(select(*keys, func.count()).group_by(*keys))
            return {(source, State(state), granted): n for source, state, granted, n in grouped}

    def head(self) -> int:
        with self._database.read() as connection:
            ((newest,),) = _HEAD.rows(connection)
        return 0 if newest is None else int(newest)

    def changes(self, since: int, limit: int) -> list[JournalChange]:
        with self._database.read() as connection:
            found = _CHANGES.rows(connection, since=since, limit=limit)
        return [JournalChange(seq, kind, document, int(at * 1e6)) for seq, kind, document, at in found]
