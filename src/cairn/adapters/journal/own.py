"""What people asked and were told, whatever the table: it goes with its asker, request, documents or time.

Each table has the columns ``person`` and ``trace``; where documents' words are kept, ``documents``.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import Table, delete, select

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.prepared import chunks

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
    if not documents:
        return
    forgotten = frozenset(documents)
    (key,) = table.primary_key
    with database.write() as connection:
        rows = connection.execute(select(key, table.c.documents))
        gone = [name for name, held in rows if not forgotten.isdisjoint(ids(held))]
        for chunk in chunks(gone):
            connection.execute(delete(table).where(key.in_(chunk)))


def expire(database: Database, table: Table, moment: str, before: float) -> None:
    """Erase the rows whose ``moment`` is before this one, some at a time, so that others write in between."""
    (key,) = table.primary_key
    some = delete(table).where(key.in_(select(key).where(table.c[moment] < before).limit(STEP)))
    gone = STEP
    while gone == STEP:
        with database.write() as connection:
            gone = connection.execute(some).rowcount


def listed(documents: Iterable[int]) -> str:
    """Write ids, with blanks between."""
    return " ".join(map(str, sorted(documents)))


def ids(listed: str) -> frozenset[int]:
    """Read back what ``listed`` wrote."""
    return frozenset(map(int, listed.split()))
