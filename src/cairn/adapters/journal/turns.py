"""What was asked and answered, in the journal: conversations, and written answers to be given again."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Row, bindparam, delete, select

from cairn.adapters.journal import own
from cairn.adapters.journal.database import Database
from cairn.adapters.journal.prepared import Prepared
from cairn.adapters.journal.service import answers, turns
from cairn.records import KeptAnswer, Said, Turn
from cairn.results import plain
from cairn.results.reading import read
from cairn.types import Claim

if TYPE_CHECKING:
    from numpy.typing import NDArray


_GONE = Prepared(delete(turns).where((turns.c.at < bindparam("since")) | (turns.c.trace == bindparam("own"))))
_INSERT = Prepared(turns.insert())


class SqlTurns:
    """See ``cairn.protocols.Turns``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, turn: Turn, since: datetime) -> None:
        values = {name: getattr(turn, name) for name in Turn.__slots__} | {
            "rests": json.dumps(turn.rests),
            "claims": json.dumps(turn.claims, ensure_ascii=False),
            "documents": own.listed(turn.documents),
            "at": turn.at.timestamp(),
        }
        with self._database.write() as connection:
            # An evaluation asks many questions in one trace; only the last can be followed.
            _GONE.write(connection, {"since": since.timestamp(), "own": turn.trace})
            _INSERT.write(connection, values)

    def find(self, trace: str, person: str, behalf: str) -> Turn | None:
        theirs = (turns.c.trace == trace) & (turns.c.person == person) & (turns.c.behalf == behalf)
        with self._database.read() as connection:
            row = connection.execute(select(turns).where(theirs)).first()
            return None if row is None else _turn(row)

    def forget(self, person: str, trace: str | None = None) -> int:
        return own.forget(self._database, turns, person, trace)

    def erase(self, documents: Collection[int]) -> None:
        own.erase(self._database, turns, documents)


class SqlAnswers:
    """See ``cairn.protocols.Answers``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> KeptAnswer | None:
        with self._database.read() as connection:
            row = connection.execute(select(answers).where(answers.c.key == key)).first()
            return None if row is None else _answer(row)

    def vectors(self, scope: str, limit: int) -> dict[str, NDArray[np.float32]]:
        query = select(answers.c.key, answers.c.vector).where(answers.c.scope == scope)
        with self._database.read() as connection:
            found = connection.execute(query.order_by(answers.c.at.desc()).limit(limit))
            return {row.key: np.frombuffer(row.vector, np.float32) for row in found}

    def keep(self, answer: KeptAnswer, since: datetime) -> None:
        values = {name: getattr(answer, name) for name in KeptAnswer.__slots__} | {
            "vector": np.asarray(answer.vector, np.float32).tobytes(),
            "claims": _written(answer.claims),
            "withdrawn": _written(answer.withdrawn),
            "documents": own.listed(answer.documents),
            "at": answer.at.timestamp(),
        }
        with self._database.write() as connection:
            gone = (answers.c.at < since.timestamp()) | (answers.c.key == answer.key)
            connection.execute(delete(answers).where(gone))
            connection.execute(answers.insert().values(values))

    def forget(self, person: str, trace: str | None = None) -> int:
        return own.forget(self._database, answers, person, trace)

    def erase(self, documents: Collection[int]) -> None:
        own.erase(self._database, answers, documents)


def _turn(row: Row[Any]) -> Turn:
    values = row._asdict() | {
        "rests": tuple(json.loads(row.rests)),
        "claims": tuple(Said(text, tuple(evidence)) for text, evidence in json.loads(row.claims)),
        "documents": own.ids(row.documents),
        "at": datetime.fromtimestamp(row.at, UTC),
    }
    return Turn(**values)


def _answer(row: Row[Any]) -> KeptAnswer:
    values = row._asdict() | {
        "vector": np.frombuffer(row.vector, np.float32),
        "claims": _read(row.claims),
        "withdrawn": _read(row.withdrawn),
        "documents": own.ids(row.documents),
        "at": datetime.fromtimestamp(row.at, UTC),
    }
    return KeptAnswer(**values)


def _written(claims: Iterable[Claim]) -> str:
    return json.dumps(plain(tuple(claims)), ensure_ascii=False)


def _read(written: str) -> tuple[Claim, ...]:
    claims: tuple[Claim, ...] = read(tuple[Claim, ...], json.loads(written))
    return claims
