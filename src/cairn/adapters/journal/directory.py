"""People, groups, memberships and access classes in the journal."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import delete, select

from cairn.access import Readers
from cairn.adapters.journal import rows
from cairn.adapters.journal.database import Database, bump, counter
from cairn.adapters.journal.schema import classes, memberships, principals


class SqlDirectory:
    """See ``cairn.protocols.Directory``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def epoch(self) -> int:
        with self._database.read() as connection:
            return counter(connection, "directory")

    def principals(self) -> list[str]:
        with self._database.read() as connection:
            return list(connection.execute(select(principals.c.name).order_by(principals.c.name)).scalars())

    def memberships(self) -> dict[str, tuple[str, ...]]:
        groups: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        with self._database.read() as connection:
            for member, group in connection.execute(select(memberships).order_by(memberships.c.group)):
                groups[member] += (group,)
        return dict(groups)

    def classes(self) -> dict[int, Readers]:
        with self._database.read() as connection:
            return {row.id: rows.readers(row) for row in connection.execute(select(classes))}

    def enrol(self, names: Collection[str], memberships_: Collection[tuple[str, str]]) -> None:
        everyone = sorted({*names, *(name for pair in memberships_ for name in pair)})
        with self._database.write() as connection:
            self._database.add_missing(connection, principals, [{"name": name} for name in everyone])
            pairs = [{"member": member, "group": group} for member, group in sorted(set(memberships_))]
            self._database.add_missing(connection, memberships, pairs)
            bump(connection, "directory")

    def remove(self, names: Collection[str], memberships_: Collection[tuple[str, str]]) -> None:
        with self._database.write() as connection:
            for member, group in memberships_:
                pair = (memberships.c.member == member) & (memberships.c.group == group)
                connection.execute(delete(memberships).where(pair))
            connection.execute(delete(principals).where(principals.c.name.in_(names)))
            bump(connection, "directory")
