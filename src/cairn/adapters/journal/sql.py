"""The journal: one truth in SQLite (the default) or PostgreSQL, in parts that are used apart."""

from pathlib import Path

from cairn.adapters.journal.accounts import SqlAccounts
from cairn.adapters.journal.catalogue import SqlCatalogue
from cairn.adapters.journal.database import FILE, SERVICE, Database, open_sqlite, postgresql
from cairn.adapters.journal.directory import SqlDirectory
from cairn.adapters.journal.ledger import SqlLedger
from cairn.adapters.journal.library import SqlLibrary
from cairn.adapters.journal.people import SqlPeople
from cairn.adapters.journal.questions import SqlQuestions
from cairn.adapters.journal.replies import SqlReplies
from cairn.adapters.journal.reports import SqlReports
from cairn.adapters.journal.runs import SqlRuns
from cairn.adapters.journal.schema import LIBRARY
from cairn.adapters.journal.service import SERVING
from cairn.adapters.journal.turns import SqlAnswers, SqlTurns
from cairn.adapters.journal.upkeep import SqlUpkeep
from cairn.adapters.journal.vectors import SqlVectors
from cairn.errors import Invalid


class SqlJournal:
    """See ``cairn.protocols.Journal``."""

    def __init__(self, database: Database, service: Database, model: str) -> None:
        self._databases = (database, service)
        self.library = SqlLibrary(database)
        self.catalogue = SqlCatalogue(database)
        self.directory = SqlDirectory(database)
        self.vectors = SqlVectors(database, model)
        self.runs = SqlRuns(service)
        self.people = SqlPeople(service)
        self.ledger = SqlLedger(service)
        self.questions = SqlQuestions(service)
        self.turns = SqlTurns(service)
        self.answers = SqlAnswers(service)
        self.replies = SqlReplies(service)
        self.reports = SqlReports(service)
        self.accounts = SqlAccounts(service)
        self.upkeep = SqlUpkeep(database, service, model)

    def close(self) -> None:
        """Give back every connection."""
        for database in self._databases:
            database.close()


def load(rest: str, *, home: Path, model: str) -> SqlJournal:
    """Open the journal of the library at ``home``; ``rest`` is a PostgreSQL URL or empty."""
    if rest and "//" not in rest:
        raise Invalid(f"journal = ...:{rest} is no address; write postgresql://user@host/name.")
    database, service = _remote(rest) if rest else _local(home)
    return SqlJournal(database, service, model)


def _remote(url: str) -> tuple[Database, Database]:
    engine = postgresql(url)
    return Database(engine, LIBRARY), Database(engine, SERVING)


def _local(home: Path) -> tuple[Database, Database]:
    # An index flushes to disk what it took from the journal, so what it took must be there as well.
    database = open_sqlite(home / FILE, LIBRARY, synchronous="FULL", cache_kib=16_384)
    try:
        service = open_sqlite(home / SERVICE, SERVING, synchronous="NORMAL", cache_kib=8_192)
    except BaseException:
        database.close()
        raise
    return database, service
