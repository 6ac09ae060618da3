"""What people asked, in the journal; only of one's own questions can anything be known or said."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, delete, select, update

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.service import questions
from cairn.people import Asked


class SqlQuestions:
    """See ``cairn.protocols.Questions``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, asked: Asked) -> None:
        with self._database.write() as connection:
            connection.execute(questions.insert().values(asdict(asked) | {"at": asked.at.timestamp()}))

    def of(self, person: str, limit: int, before: datetime | None = None) -> list[Asked]:
        query = select(questions).where(questions.c.person == person)
        if before is not None:
            query = query.where(questions.c.at < before.timestamp())
        with self._database.read() as connection:
            return list(map(_asked, connection.execute(query.order_by(questions.c.at.desc()).limit(limit))))

    def judge(self, trace: str, person: str, helpful: bool | None, note: str) -> Asked | None:
        own = (questions.c.trace == trace) & (questions.c.person == person)
        with self._database.write() as connection:
            connection.execute(update(questions).where(own).values(helpful=helpful, note=note))
            row = connection.execute(select(questions).where(own)).first()
            return None if row is None else _asked(row)

    def forget(self, person: str, trace: str | None = None) -> int:
        own = questions.c.person == person
        meant = own if trace is None else own & (questions.c.trace == trace)
        with self._database.write() as connection:
            return int(connection.execute(delete(questions).where(meant)).rowcount)


def _asked(row: Row[Any]) -> Asked:
    return Asked(**row._asdict() | {"at": datetime.fromtimestamp(row.at, UTC)})
