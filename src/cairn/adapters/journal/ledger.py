"""The audit in the journal: each entry is sealed with the one before, in the order of commits."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, Select, select

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.prepared import Prepared
from cairn.adapters.journal.service import audit
from cairn.audit import START, Entry, Sealed

_NEWEST = Prepared(select(audit.c.number, audit.c.digest).order_by(audit.c.number.desc()).limit(1))
_INSERT = Prepared(audit.insert())


class SqlLedger:
    """See ``cairn.protocols.Ledger``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entry: Entry) -> Sealed:
        with self._database.write() as connection:
            last = _NEWEST.rows(connection)
            number, previous = last[0] if last else (0, START)
            sealed = Sealed(number + 1, entry, entry.seal(number + 1, previous))
            values = asdict(entry) | {"objects": json.dumps(entry.objects)}
            _INSERT.write(connection, {"number": number + 1, "digest": sealed.digest, **values})
        return sealed

    def after(self, number: int, limit: int) -> list[Sealed]:
        return self._read(select(audit).where(audit.c.number > number).order_by(audit.c.number).limit(limit))

    def latest(
        self, limit: int, *, before: int | None = None, where: Mapping[str, str] | None = None
    ) -> list[Sealed]:
        query = select(audit).order_by(audit.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(audit.c.number < before)
        for name, value in where.items() if where is not None else ():
            query = query.where(audit.c[name] == value)
        return self._read(query)

    def _read(self, query: Select[Any]) -> list[Sealed]:
        with self._database.read() as connection:
            return [_sealed(row) for row in connection.execute(query)]


def _sealed(row: Row[Any]) -> Sealed:
    held = row._asdict()
    number, digest = held.pop("number"), held.pop("digest")
    held["objects"] = tuple(json.loads(held["objects"]))
    return Sealed(number, Entry(**held), digest)
