"""What people asked, in the journal: one's own questions, and of others' those whose answers they judged."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, or_, select, update

from cairn.adapters.journal import own
from cairn.adapters.journal.database import Database
from cairn.adapters.journal.service import questions
from cairn.people import Asked

_JUDGED = or_(questions.c.helpful.is_not(None), questions.c.note != "")


class SqlQuestions:
    """See ``cairn.protocols.Questions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, asked: Asked) -> None:
        with self._database.write() as connection:
            connection.execute(questions.insert().values(asdict(asked) | {"at": asked.at.timestamp()}))

    def of(self, person: str, limit: int, before: datetime | None = None) -> list[Asked]:
        return self._newest(select(questions).where(questions.c.person == person), limit, before)

    def judge(self, trace: str, person: str, helpful: bool | None, note: str) -> Asked | None:
        theirs = (questions.c.trace == trace) & (questions.c.person == person)
        said = update(questions).where(theirs).values(helpful=helpful, note=note, reviewer="")
        with self._database.write() as connection:
            row = connection.execute(said.returning(questions)).first()
            return None if row is None else _asked(row)

    def judged(self, limit: int, before: datetime | None = None, *, reviewed: bool = False) -> list[Asked]:
        query = select(questions).where(_JUDGED)
        if not reviewed:
            query = query.where(questions.c.reviewer == "")
        return self._newest(query, limit, before)

    def review(self, trace: str, reviewer: str) -> bool:
        meant = _JUDGED & (questions.c.trace == trace)
        with self._database.write() as connection:
            return bool(connection.execute(update(questions).where(meant).values(reviewer=reviewer)).rowcount)

    def forget(self, person: str, trace: str | None = None) -> int:
        return own.forget(self._database, questions, person, trace)

    def _newest(self, query: Select[Any], limit: int, before: datetime | None) -> list[Asked]:
        if before is not None:
            query = query.where(questions.c.at < before.timestamp())
        with self._database.read() as connection:
            return list(map(_asked, connection.execute(query.order_by(questions.c.at.desc()).limit(limit))))


def _asked(row: Row[Any]) -> Asked:
    return Asked(**row._asdict() | {"at": datetime.fromtimestamp(row.at, UTC)})
