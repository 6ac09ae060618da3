"""What people asked and were told, whatever the table: it goes with its asker, request, documents or time.

Each table has the columns ``person`` and ``trace``; where documents' words are kept, ``documents``.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import Column, ColumnElement, Table, delete, or_, select

from cairn.adapters.journal.database import Database, chunks

STEP = 5_000
"""Rows erased in one transaction."""


def forget(database: Database, table: Table, person: str, trace: str | None) -> int:
    """Erase a person's row of this request, or all of theirs; return how many that were."""
    own = table.c.person == person
    meant = own if trace is None else own & (table.c.trace == trace)
    with database.write() as connection:
        return int(connection.execute(delete(table).where(meant)).rowcount)


def erase(database: Database, table: Table, documents: Collection[int]) -> None:
    """Erase every row that holds words of these documents."""
    for chunk in chunks(documents):
        with database.write() as connection:
            connection.execute(delete(table).where(or_(*(_holds(table, one) for one in chunk))))


def expire(database: Database, moment: Column[float] | Column[int], before: float) -> None:
    """Erase the rows whose ``moment`` is before this one, some at a time, so that others write in between."""
    table = moment.table
    (key,) = table.primary_key
    some = delete(table).where(key.in_(select(key).where(moment < before).limit(STEP)))
    gone = STEP
    while gone == STEP:
        with database.write() as connection:
            gone = connection.execute(some).rowcount


def listed(documents: Iterable[int]) -> str:
    """Write ids so that each is found by itself with blanks around it."""
    return " ".join(["", *map(str, sorted(documents)), ""])


def ids(listed: str) -> frozenset[int]:
    """Read back what ``listed`` wrote."""
    return frozenset(map(int, listed.split()))


def _holds(table: Table, document: int) -> ColumnElement[bool]:
    return table.c.documents.contains(listed([document]))
