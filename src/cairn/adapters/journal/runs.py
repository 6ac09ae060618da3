"""Jobs and traces in the journal."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select, update

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.prepared import Prepared
from cairn.adapters.journal.service import jobs, spans
from cairn.records import JobRecord, SpanRecord, SpanSize

LOOKED_AT = 10_000
"""Large spans, at most."""


class SqlRuns:
    """See ``cairn.protocols.Runs``."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._record = Prepared(database.insert(spans).on_conflict_do_nothing())

    def record(self, records: Sequence[SpanRecord]) -> None:
        values = [
            record._asdict() | {"attributes": json.dumps(dict(record.attributes), ensure_ascii=False)}
            for record in records
        ]
        with self._database.write() as connection:
            self._record.write(connection, *values)

    def trace(self, trace: str) -> list[SpanRecord]:
        query = select(spans).where(spans.c.trace == trace).order_by(spans.c.start)
        with self._database.read() as connection:
            return [
                SpanRecord(**row._asdict() | {"attributes": json.loads(row.attributes)})
                for row in connection.execute(query)
            ]

    def large(self, since: datetime, over: int) -> list[SpanSize]:
        size = func.length(spans.c.attributes)
        query = select(spans.c.name, spans.c.trace, size.label("size")).where(size > over)
        query = query.where(spans.c.start >= since.timestamp() * 1e9).order_by(spans.c.start.desc())
        found: dict[str, list[Any]] = {}
        with self._database.read() as connection:
            for row in connection.execute(query.limit(LOOKED_AT)):
                found.setdefault(row.name, []).append(row)
        sizes = [_size(name, rows, over) for name, rows in found.items()]
        return sorted(sizes, key=lambda one: -one.largest)

    def begin(self, kind: str, detail: str = "") -> int:
        now = time.time()
        left_open = update(jobs).where(jobs.c.kind == kind, jobs.c.ended.is_(None))
        opened = jobs.insert().values(kind=kind, state="running", detail=detail, started=now)
        with self._database.write() as connection:
            connection.execute(left_open.values(state="stopped", ended=now))
            return int(connection.execute(opened.returning(jobs.c.id)).scalar_one())

    def end(self, job: int, state: str, detail: str) -> None:
        done = update(jobs).where(jobs.c.id == job)
        with self._database.write() as connection:
            connection.execute(done.values(state=state, detail=detail, ended=time.time()))

    def last(self, kind: str) -> JobRecord | None:
        query = select(jobs).where(jobs.c.kind == kind).order_by(jobs.c.id.desc()).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).first()
        return (
            None
            if row is None
            else JobRecord(row.state, row.detail, datetime.fromtimestamp(row.started, UTC))
        )


def _size(name: str, rows: Sequence[Any], over: int) -> SpanSize:
    sizes = [row.size for row in rows]
    traces = tuple(dict.fromkeys(row.trace for row in rows))
    return SpanSize(name, len(rows), sum(sizes) - over * len(rows), max(sizes), traces)
