"""Reports that were made, in the journal, for a week; each is its asker's own."""

import time
from collections.abc import Collection

from sqlalchemy import delete, select

from cairn.adapters.journal import own
from cairn.adapters.journal.database import Database
from cairn.adapters.journal.service import reports
from cairn.people import KeptReport

KEPT_SECONDS = 7 * 86_400


class SqlReports:
    """See ``cairn.protocols.Reports``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, report: KeptReport) -> None:
        now = time.time()
        row = {
            "trace": report.trace,
            "person": report.person,
            "behalf": report.behalf,
            "documents": own.listed(report.documents),
            "body": report.body,
            "at": now,
        }
        with self._database.write() as connection:
            connection.execute(delete(reports).where(reports.c.at <= now - KEPT_SECONDS))
            connection.execute(reports.insert().values(row))

    def find(self, trace: str, person: str, behalf: str) -> KeptReport | None:
        meant = (reports.c.trace == trace) & (reports.c.person == person) & (reports.c.behalf == behalf)
        standing = reports.c.at > time.time() - KEPT_SECONDS
        with self._database.read() as connection:
            row = connection.execute(select(reports).where(meant & standing)).first()
        if row is None:
            return None
        return KeptReport(
            trace=row.trace,
            person=row.person,
            behalf=row.behalf,
            documents=own.ids(row.documents),
            body=row.body,
        )

    def forget(self, person: str, trace: str | None = None) -> int:
        return own.forget(self._database, reports, person, trace)

    def erase(self, documents: Collection[int]) -> None:
        own.erase(self._database, reports, documents)
