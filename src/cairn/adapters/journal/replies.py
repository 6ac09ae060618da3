"""What writes were answered, in the journal, for a day."""

import time

from sqlalchemy import delete, select

from cairn.adapters.journal.database import Database
from cairn.adapters.journal.service import replies
from cairn.people import Reply

KEPT_SECONDS = 86_400


class SqlReplies:
    """See ``cairn.protocols.Replies``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, key: str) -> Reply | None:
        standing = (replies.c.key == key) & (replies.c.at > time.time() - KEPT_SECONDS)
        with self._database.read() as connection:
            row = connection.execute(select(replies).where(standing)).first()
            return None if row is None else Reply(row.request, row.body)

    def keep(self, key: str, request: str, body: str) -> None:
        now = time.time()
        with self._database.write() as connection:
            old = (replies.c.at <= now - KEPT_SECONDS) | (replies.c.key == key)
            connection.execute(delete(replies).where(old))
            connection.execute(replies.insert().values(key=key, request=request, body=body, at=now))
