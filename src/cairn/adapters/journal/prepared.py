"""Statements that every request runs: compiled once, then run by the driver itself.

What SQLAlchemy does around a statement takes two to four times as long as SQLite takes to run it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, cast

from sqlalchemy import ClauseElement, Column, Connection, Dialect, Select, bindparam, exc
from sqlalchemy.sql.compiler import SQLCompiler

CHUNK = 500
"""Values in one IN list: well under SQLite's oldest limit on variables."""
LISTED = "listed"
"""The parameter that is such a list."""

Row = tuple[Any, ...]


class _Written(NamedTuple):
    """A statement as a driver takes it."""

    text: str
    always: Mapping[str, Any]
    """Parameters that are the same each time."""
    listed: Sequence[str]
    """The names of the parameters that a list becomes."""


class Prepared:
    """One statement, for any database; its parameters are given by name, its rows are taken by place."""

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._written: dict[tuple[str, int], _Written] = {}

    @classmethod
    def within(cls, query: Select[Any], column: Column[Any]) -> "Prepared":
        """Prepare ``query`` for rows whose ``column`` is one of what ``among`` is given."""
        return cls(query.where(column.in_(bindparam(LISTED, expanding=True))))

    def rows(self, connection: Connection, **given: Any) -> list[Row]:
        """Return the rows that it finds."""
        written = self._for(connection.dialect, 0)
        return _rows(connection, written.text, {**written.always, **given})

    def among(self, connection: Connection, values: Iterable[Any]) -> Iterator[Row]:
        """Yield the rows that it finds for ``values``, however many those are."""
        for chunk in chunks(values):
            written = self._for(connection.dialect, len(chunk))
            listed = dict(zip(written.listed, chunk, strict=True))
            yield from _rows(connection, written.text, {**written.always, **listed})

    def write(self, connection: Connection, *given: Mapping[str, Any]) -> None:
        """Run it with each of these."""
        written = self._for(connection.dialect, 0)
        with driver(connection) as own:
            own.cursor().executemany(written.text, [{**written.always, **each} for each in given])

    def _for(self, dialect: Dialect, size: int) -> _Written:
        """Return it for a list of so many."""
        key = dialect.name, size
        if key not in self._written:
            self._written[key] = _write(self._statement, dialect, size)
        return self._written[key]


@contextmanager
def driver(connection: Connection) -> Iterator[Any]:
    """Hold the driver's own connection, in the transaction under way, if there is one.

    Raises what SQLAlchemy would raise.
    """
    dialect = connection.dialect
    assert dialect.loaded_dbapi is not None
    try:
        yield connection.connection.driver_connection
    except dialect.loaded_dbapi.Error as error:
        base = dialect.loaded_dbapi.Error
        raise exc.DBAPIError.instance("prepared", None, error, base, dialect=dialect) from error


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """Split values into lists short enough for one statement."""
    everything = list(values)
    for start in range(0, len(everything), CHUNK):
        yield everything[start : start + CHUNK]


def _rows(connection: Connection, text: str, given: Mapping[str, Any]) -> list[Row]:
    with driver(connection) as own:
        found: list[Row] = own.execute(text, given).fetchall()
        return found


def _write(statement: ClauseElement, dialect: Dialect, size: int) -> _Written:
    compiled = cast(SQLCompiler, statement.compile(dialect=dialect))
    always = {name: value for name, value in compiled.params.items() if name != LISTED}
    if not size:
        return _Written(compiled.string, always, ())
    expanded = compiled.construct_expanded_state({LISTED: list(range(size))})
    return _Written(expanded.statement, always, expanded.parameter_expansion[LISTED])
