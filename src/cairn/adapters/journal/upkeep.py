"""Checks and copies the journal; see ``cairn.protocols.JournalUpkeep``.

Knows what must hold between its tables, and SQLite's own check and backup; nothing of the index.
"""

import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, and_, delete, func, select

from cairn.adapters.journal import own, replies, reports, service
from cairn.adapters.journal.database import FILE, SERVICE, Database
from cairn.adapters.journal.family import SERVING
from cairn.adapters.journal.prepared import chunks
from cairn.adapters.journal.schema import documents, embedded, embeddings, passages
from cairn.errors import Storage, Unavailable


class SqlUpkeep:
    """See ``cairn.protocols.JournalUpkeep``; ``model`` is the present embedder's name."""

    def __init__(self, database: Database, service: Database, model: str) -> None:
        self._database = database
        self._service = service
        self._model = model

    def damage(self) -> list[str]:
        with self._database.read() as connection:
            structure = list(_structure(connection)) if self._database.sqlite else []
            structure += self._service_damage()
            # Where the pages are out of order there is no use in counting what stands on them.
            return structure if structure else list(self._counts(connection))

    def copy(self, folder: Path) -> int:
        if not self._database.sqlite:
            raise Unavailable(
                "A journal in PostgreSQL is backed up with pg_dump; the index is built again from it."
            )
        try:
            _copy(self._service, folder / SERVICE).close()
            with closing(_copy(self._database, folder / FILE)) as copy:
                return int(copy.execute("SELECT coalesce(max(seq), 0) FROM changes").fetchone()[0])
        except sqlite3.DatabaseError as error:
            raise Storage(f"The journal cannot be copied to {folder}: {error}.") from error

    def strike(self, people: Collection[str]) -> None:
        told = (service.questions, service.turns, service.answers, service.reports)
        theirs = (service.accounts, service.tokens, *told)
        for chunk in chunks(people):
            with self._service.write() as connection:
                for table in theirs:
                    connection.execute(delete(table).where(table.c.person.in_(chunk)))
            self._service.settle()

    def expire(self, *, traces: datetime, turns: datetime, answers: datetime) -> None:
        now = time.time()
        own.expire(self._service, service.spans, "start", traces.timestamp() * 1e9)
        for table, before in (
            (service.turns, turns.timestamp()),
            (service.answers, answers.timestamp()),
            (service.reports, now - reports.KEPT_SECONDS),
            (service.replies, now - replies.KEPT_SECONDS),
        ):
            own.expire(self._service, table, "at", before)

    def _service_damage(self) -> list[str]:
        if not self._service.sqlite:
            return []
        with self._service.read() as connection:
            return list(_structure(connection))

    def _counts(self, connection: Connection) -> Iterator[str]:
        owned = passages.join(documents, documents.c.id == passages.c.document)
        query = select(func.count()).select_from(owned).where(documents.c.state.not_in(SERVING))
        if count := connection.execute(query).scalar_one():
            yield f"{count:,} passages stand in documents that have none"
        have = and_(embeddings.c.hash == passages.c.hash, embeddings.c.model == self._model)
        done = and_(embedded.c.document == documents.c.id, embedded.c.model == self._model)
        query = select(func.count()).select_from(owned.join(embedded, done).outerjoin(embeddings, have))
        query = query.where(embeddings.c.hash.is_(None))
        if count := connection.execute(query).scalar_one():
            yield f"{count:,} passages have no vector, and nothing waits for one"


def _structure(connection: Connection) -> Iterator[str]:
    for (told,) in connection.exec_driver_sql("PRAGMA quick_check(10)"):
        if told != "ok":
            yield told
    for table, row, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        yield f"row {row} of {table} belongs to nothing in {parent}"


def _copy(database: Database, file: Path) -> sqlite3.Connection:
    """Write a database as it is at one moment into ``file``, and return it open."""
    with database.read() as source:
        source.exec_driver_sql("SELECT 1")  # begins, and so makes sure that this is the library's file
        driver = source.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        copy = sqlite3.connect(file)
        try:
            # In one step, as another process's commit would make a copy in steps begin again.
            driver.backup(copy)
            (told,) = copy.execute("PRAGMA quick_check(1)").fetchone()
            if told != "ok":
                raise Storage(f"The journal's copy is damaged ({told}); see: cairn verify")
        except BaseException:
            copy.close()
            raise
        return copy
