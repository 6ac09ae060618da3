"""One database behind the journal's parts: connections, transactions, errors, small helpers.

Knows the two dialects' differences and nothing of documents.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    Table,
    any_,
    create_engine,
    event,
    exc,
    func,
    literal,
    make_url,
    select,
    text,
)

from cairn.adapters.journal.prepared import chunks, driver
from cairn.adapters.journal.schema import Schema, meta
from cairn.errors import Busy, Invalid, Storage

FILE = "journal.db"
"""SQLite's, in the library's folder."""
SERVICE = "service.db"
"""What requests write stands apart: SQLite has one writer a file, and ingest may be it for seconds."""


class Database:
    """Reads and writes in transactions; any number of readers, one writer at a time."""

    def __init__(self, engine: Engine, schema: Schema) -> None:
        self.engine = engine
        self._schema = schema
        if self.sqlite:
            from sqlalchemy.dialects.sqlite import insert
        else:  # this dialect takes a tenth of a second to import
            from sqlalchemy.dialects.postgresql import insert  # type: ignore[assignment]
        self.insert = insert
        try:
            self._update()
        except BaseException:
            self.close()
            raise

    def _update(self) -> None:
        with self.read() as connection:
            current = self._schema.up_to_date(connection)
        if not current:  # a library that is only read need not be writable
            with self.write() as connection:
                self._schema.migrate(connection)

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Hold what reads, and never waits for the writer.

        From the first statement of SQLAlchemy's on in one transaction; each ``Prepared`` one before it alone.
        """
        with _said_plainly(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Hold the one writing transaction; it commits at the end or leaves no mark."""
        with _said_plainly(), self.engine.connect() as connection:
            connection.execution_options(writing=True)
            with connection.begin():
                if not self.sqlite:
                    lock = {"key": self._schema.lock}
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), lock)
                yield connection

    def add_missing(self, connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert the rows whose key is not there yet."""
        if rows:
            connection.execute(self.insert(table).on_conflict_do_nothing(), rows)

    def among(self, column: Column[int], values: Iterable[int]) -> ColumnElement[bool]:
        """Return the condition that a number is one of ``values``, however many those are."""
        if not self.sqlite:
            return column == any_(literal(list(values), ARRAY(BigInteger)))
        listed = func.json_each(json.dumps(list(values))).table_valued("value")
        return column.in_(select(listed.c.value))

    def settle(self) -> None:
        """Make sure that what was committed outlives a loss of power."""
        if self.sqlite:
            with _said_plainly(), self.engine.connect() as connection:
                _directly(connection, "PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        self.engine.dispose()


def bump(connection: Connection, key: str) -> None:
    """Raise a counter in ``meta`` by one; it begins with 0."""
    row = connection.execute(meta.select().where(meta.c.key == key)).first()
    value = 1 if row is None else int(row.value) + 1
    connection.execute(meta.delete().where(meta.c.key == key))
    connection.execute(meta.insert().values(key=key, value=str(value)))


def select_in(
    connection: Connection, query: Select[Any], column: Column[Any], values: Iterable[Any]
) -> Iterator[Row[Any]]:
    """Run ``query`` for rows whose ``column`` is one of ``values``, however many those are."""
    for chunk in chunks(values):
        yield from connection.execute(query.where(column.in_(chunk)))


def open_sqlite(path: Path, schema: Schema, *, synchronous: str, cache_kib: int) -> Database:
    """Open or create one file (write-ahead log, so that readers never wait).

    With ``synchronous`` NORMAL a commit may be lost when the machine loses power, but not with its process.
    """
    engine = create_engine(
        f"sqlite+pysqlite:///{path}",
        connect_args={"timeout": 60},
        paramstyle="named",
        pool_use_lifo=True,  # each connection has a cache of its own: the last one's is the warmest
    )
    event.listen(engine, "connect", partial(_prepare_sqlite, synchronous, cache_kib))
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkout", _Same(path))
    return Database(engine, schema)


def postgresql(url: str) -> Engine:
    """Return the way to a PostgreSQL database, ``//user@host/name`` or a whole URL."""
    full = make_url(url if "://" in url else f"postgresql:{url}").set(drivername="postgresql+psycopg")
    return create_engine(full, pool_pre_ping=True)


def _prepare_sqlite(synchronous: str, cache_kib: int, connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy begins transactions itself, below
    try:
        for pragma in (
            "journal_mode=WAL",
            f"synchronous={synchronous}",
            "foreign_keys=ON",
            "secure_delete=ON",  # what is forgotten is overwritten, not only unlinked
            f"cache_size=-{cache_kib}",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()  # SQLAlchemy has not taken it over yet
        raise


def _begin_sqlite(connection: Connection) -> None:
    writing = connection.get_execution_options().get("writing", False)
    _directly(connection, "BEGIN IMMEDIATE" if writing else "BEGIN")


def _directly(connection: Connection, statement: str) -> None:
    """Run a statement of SQLite's beside SQLAlchemy, which would begin a transaction first."""
    with driver(connection) as own:
        own.execute(statement)


class _Same:
    """Refuses what is no longer the journal's file: what is written there would be lost."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: tuple[int, int] | None = None

    def __call__(self, *_connection: object) -> None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            raise Storage(
                f"The journal {self._path} is gone; put it back and open the library again."
            ) from None
        file = (found.st_dev, found.st_ino)
        if self._file is None:
            self._file = file
        if self._file != file:
            raise Storage(f"Another journal has taken the place of {self._path}; open the library again.")


@contextmanager
def _said_plainly() -> Iterator[None]:
    try:
        yield
    except exc.OperationalError as error:
        reason = str(error.orig)
        if "locked" in reason:
            raise Busy("Another process holds the journal; try again when it is done.") from error
        if "full" in reason or "No space" in reason:
            raise Storage(
                "The disk is full; nothing that was committed is lost. Make room and run it again."
            ) from error
        raise Storage(f"The journal cannot be used: {reason.strip().splitlines()[0]}") from error
    except (OverflowError, exc.DataError) as error:
        raise Invalid("A number or text is nothing the journal can hold; mend it and ask again.") from error
    except exc.DatabaseError as error:
        if "malformed" in str(error.orig) or "not a database" in str(error.orig):
            raise Storage(
                f"The journal is damaged ({error.orig}); restore a backup: cairn restore FOLDER --replace"
            ) from error
        raise
