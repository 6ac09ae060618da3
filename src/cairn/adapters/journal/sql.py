"""The journal: one truth in SQLite (the default) or PostgreSQL, in parts that are used apart."""

from pathlib import Path

from cairn.adapters.journal.catalogue import SqlCatalogue
from cairn.adapters.journal.database import FILE, Database, open_postgresql, open_sqlite
from cairn.adapters.journal.directory import SqlDirectory
from cairn.adapters.journal.library import SqlLibrary
from cairn.adapters.journal.runs import SqlRuns
from cairn.adapters.journal.upkeep import SqlUpkeep
from cairn.adapters.journal.vectors import SqlVectors
from cairn.errors import Invalid


class SqlJournal:
    """See ``cairn.protocols.Journal``."""

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self.library = SqlLibrary(database)
        self.catalogue = SqlCatalogue(database)
        self.directory = SqlDirectory(database)
        self.vectors = SqlVectors(database, model)
        self.runs = SqlRuns(database)
        self.upkeep = SqlUpkeep(database, model)

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()


def load(rest: str, *, home: Path, model: str) -> SqlJournal:
    """Open the journal of the library at ``home``; ``rest`` is a PostgreSQL URL or empty."""
    if rest and "//" not in rest:
        raise Invalid(f"journal = ...:{rest} is no address; write postgresql://user@host/name.")
    database = open_postgresql(rest) if rest else open_sqlite(home / FILE)
    return SqlJournal(database, model)
