"""People, groups, memberships and access classes in the journal."""

from collections import defaultdict
from collections.abc import Collection

from sqlalchemy import case, delete, func, select

from cairn.access import Epoch, Readers
from cairn.adapters.journal import rows
from cairn.adapters.journal.database import Database, bump, select_in
from cairn.adapters.journal.prepared import Prepared
from cairn.adapters.journal.schema import allowed, classes, memberships, meta, principals

PLAIN = ", [], []]"
"""How the key of readers ends that deny nobody and require nothing."""

PEOPLE = "directory"
"""The counter of changes to people and groups."""
_EPOCH = Prepared(
    select(
        select(meta.c.value).where(meta.c.key == PEOPLE).scalar_subquery(),
        select(func.max(classes.c.id)).scalar_subquery(),
    )
)


class SqlDirectory:
    """See ``cairn.protocols.Directory``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def epoch(self) -> Epoch:
        with self._database.read() as connection:
            ((changed, newest),) = _EPOCH.rows(connection)
        return Epoch(0 if changed is None else int(changed), 0 if newest is None else newest)

    def expanded(self, name: str) -> frozenset[str]:
        groups = select(memberships.c.group).where(memberships.c.member == name).cte(recursive=True)
        further = select(memberships.c.group).join(groups, memberships.c.member == groups.c.group)
        with self._database.read() as connection:
            known = connection.execute(select(principals.c.name).where(principals.c.name == name)).first()
            found = connection.execute(select(groups.union(further).c.group)).scalars()
            return frozenset() if known is None else frozenset({name, *found})

    def allowing(self, names: Collection[str], since: int) -> dict[int, Readers | None]:
        plain = classes.c.readers.endswith(PLAIN)
        number = allowed.c["class"]
        query = (
            select(number, case((plain, None), else_=classes.c.readers).label("readers"))
            .join(classes, classes.c.id == number)
            .where(number > since)
        )
        with self._database.read() as connection:
            return {
                row[0]: None if row.readers is None else rows.readers(row)
                for row in select_in(connection, query, allowed.c.name, names)
            }

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
            bump(connection, PEOPLE)

    def remove(self, names: Collection[str], memberships_: Collection[tuple[str, str]]) -> None:
        with self._database.write() as connection:
            for member, group in memberships_:
                pair = (memberships.c.member == member) & (memberships.c.group == group)
                connection.execute(delete(memberships).where(pair))
            connection.execute(delete(principals).where(principals.c.name.in_(names)))
            bump(connection, PEOPLE)
