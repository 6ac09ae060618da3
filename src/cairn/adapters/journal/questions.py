"""What people asked, in the journal; only of one's own questions can anything be known or said."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, select, update

from cairn.adapters.journal import own
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
            found = connection.execute(query.order_by(questions.c.at.desc()).limit(limit))
            return [_asked(row) for row in found]

    def judge(self, trace: str, person: str, helpful: bool | None, note: str) -> Asked | None:
        theirs = (questions.c.trace == trace) & (questions.c.person == person)
        said = update(questions).where(theirs).values(helpful=helpful, note=note).returning(questions)
        with self._database.write() as connection:
            row = connection.execute(said).first()
            return None if row is None else _asked(row)

    def forget(self, person: str, trace: str | None = None) -> int:
        return own.forget(self._database, questions, person, trace)


def _asked(row: Row[Any]) -> Asked:
    return Asked(**row._asdict() | {"at": datetime.fromtimestamp(row.at, UTC)})
