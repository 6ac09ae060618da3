"""Calls of language models in the journal, each written in one step with its part of the sums."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, case, delete, func, select, update

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.service import ORIGINS, USAGE, calls, spending
from cairn.chat import Call, Spent, Usage
from cairn.protocols import Group, Spending
from cairn.trace import UNTRACED

SUMS = tuple(one.name for one in fields(Spent))
KEYS = tuple(column.name for column in spending.primary_key)
_LIMITED = ("cost", "input", "output")
"""What budgets are of; a sum costs as much as what it adds up."""
EVERYBODY = ""
"""As whose the sums of all are kept, by purpose; each one's own are not."""


class SqlAccounts:
    """See ``cairn.protocols.Accounts``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        insert = database.insert(spending)
        sums = {name: spending.c[name] + insert.excluded[name] for name in SUMS}
        self._add = insert.on_conflict_do_update(index_elements=KEYS, set_=sums)

    def open(self, call: Call, check: Callable[[Spending], None]) -> int:
        with self._database.write() as connection:
            check(partial(_since, connection))
            number = connection.execute(calls.insert().values(_values(call)).returning(calls.c.id))
            self._count(connection, call, 1)
            return int(number.scalar_one())

    def close(self, number: int, call: Call) -> None:
        this = calls.c.id == number
        with self._database.write() as connection:
            self._count(connection, _call(connection.execute(select(calls).where(this)).one()), -1)
            connection.execute(update(calls).where(this).values(_values(call)))
            self._count(connection, call, 1)

    def cited(self, trace: str, share: float) -> None:
        if trace == UNTRACED:  # that is everybody's
            return
        answered = (calls.c.trace == trace) & (calls.c.evidence > 0)
        with self._database.write() as connection:
            connection.execute(update(calls).where(answered).values(cited=share))

    def spent(
        self, by: Sequence[Group], since: date, *, asker: str | None = None, limit: int | None = None
    ) -> dict[tuple[str, ...], Spent]:
        summed = asker is None and "trace" not in by and not {"asker", "purpose"} <= set(by)
        table, sums = (spending, _SUMMED) if summed else (calls, _ONE_BY_ONE)
        within: list[ColumnElement[bool]] = [table.c.day >= since.isoformat()]
        if asker is not None:
            within.append(table.c.asker == asker)
        elif summed:
            everybody = table.c.asker == EVERYBODY
            within.append(~everybody if "asker" in by else everybody)
        if "trace" in by and limit is not None:
            # Which they are is told by an index; only these are then summed up.
            cost = func.sum(calls.c.cost).desc()
            dearest = select(calls.c.trace).where(*within).group_by(calls.c.trace).order_by(cost).limit(limit)
            within.append(calls.c.trace.in_(dearest))
        keys = [_AGAIN if name == "again" and not summed else table.c[name] for name in by]
        query = select(*keys, *sums.values()).where(*within).group_by(*keys).order_by(sums["cost"].desc())
        with self._database.read() as connection:
            return {tuple(row[: len(by)]): _sums(row[len(by) :]) for row in connection.execute(query)}

    def calls(self, since: datetime, until: datetime, limit: int) -> list[Call]:
        within = (calls.c.at >= since.timestamp()) & (calls.c.at < until.timestamp())
        query = select(calls).where(within).order_by(calls.c.at.desc(), calls.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_call(row) for row in connection.execute(query)][::-1]

    def _count(self, connection: Connection, call: Call, times: int) -> None:
        """Add a call to the sums of its asker and to those of everybody, or take it out of them."""
        own = {"day": _day(call), "model": call.model, "outcome": call.outcome, "again": _again(call)}
        adds = {name: value * times for name, value in asdict(Spent.on(call)).items()}
        everybodys = own | {"asker": EVERYBODY, "purpose": call.purpose}
        rows = [keys | adds for keys in (own | {"asker": call.asker, "purpose": ""}, everybodys)]
        connection.execute(self._add, rows)
        if times < 0:
            connection.execute(_EMPTIED, [{f"of_{name}": row[name] for name in KEYS} for row in rows])


_EMPTIED = delete(spending).where(
    spending.c.calls == 0, *(spending.c[name] == bindparam(f"of_{name}") for name in KEYS)
)
_SUMMED: Mapping[str, ColumnElement[Any]] = {name: func.sum(spending.c[name]) for name in SUMS}
_ONE_BY_ONE: Mapping[str, ColumnElement[Any]] = {
    name: func.sum(calls.c[name]) if name in calls.c else func.count() for name in SUMS
} | {
    "unpriced": func.count() - func.count(calls.c.cost),
    "estimated": func.sum(case((calls.c.estimated, 1), else_=0)),
    "cost": func.coalesce(func.sum(calls.c.cost), 0.0),
    "begun": func.count(calls.c.first),
    "writing": func.sum(calls.c.seconds - calls.c.first),
}
_AGAIN = case((calls.c.attempt > 1, "again"), else_="")


def _since(connection: Connection, since: date, asker: str | None) -> Spent:
    whose = spending.c.asker == (EVERYBODY if asker is None else asker)
    query = select(*(_SUMMED[name] for name in _LIMITED)).where(whose, spending.c.day >= since.isoformat())
    return _sums(connection.execute(query).one(), _LIMITED)


def _day(call: Call) -> str:
    return call.at.astimezone(UTC).date().isoformat()


def _again(call: Call) -> str:
    return "again" if call.attempt > 1 else ""


def _sums(values: Sequence[Any], names: Sequence[str] = SUMS) -> Spent:
    # A sum over nothing is NULL, and PostgreSQL's sums of integers are decimals.
    told = zip(names, values, strict=True)
    return Spent(**{name: _number(0 if value is None else value) for name, value in told})


def _number(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) else value


def _values(call: Call) -> dict[str, Any]:
    held = {one.name: getattr(call, one.name) for one in fields(Call)}
    usage, origins = held.pop("usage"), held.pop("origins")
    day = {"day": _day(call), "at": call.at.timestamp()}
    return held | asdict(usage) | dict.fromkeys(ORIGINS, 0) | dict(origins) | day


def _call(row: Row[Any]) -> Call:
    held = row._asdict()
    del held["id"], held["day"]
    return Call(
        usage=Usage(**{name: held.pop(name) for name in USAGE}),
        origins={name: held.pop(name) for name in ORIGINS},
        at=datetime.fromtimestamp(held.pop("at"), UTC),
        **held,
    )
