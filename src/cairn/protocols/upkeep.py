"""What keeping a library whole asks of its journal and its index: that they can be checked and copied."""

from collections.abc import Collection
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cairn.records import Checksums


class JournalUpkeep(Protocol):
    """Checks and copies a journal."""

    def damage(self) -> list[str]:
        """Say what in it contradicts itself; raises Storage when it cannot even be read."""
        ...

    def copy(self, folder: Path) -> int:
        """Write it as it is at one moment into ``folder``, while others go on; return its newest change.

        Raises Storage when the disk refuses, Unavailable when that is another tool's work.
        """
        ...

    def strike(self, people: Collection[str]) -> None:
        """Erase how people sign in, and what they asked and were told; the audit and the accounts stay."""
        ...

    def expire(self, *, traces: datetime, turns: datetime, answers: datetime) -> None:
        """Erase what was written before these moments, and reports and replies when their time is over."""
        ...


class IndexUpkeep(Protocol):
    """Checks and copies an index."""

    def lost(self) -> list[str]:
        """Say which views are missing, unreadable or of another layout, and so begin from nothing."""
        ...

    def damage(self) -> list[str]:
        """Name the files that are not what was written, without relying on them."""
        ...

    def checksum(self) -> Checksums:
        """Sum up what it holds, in bounded memory; raises Storage when it cannot be read."""
        ...

    def copy(self, folder: Path) -> list[str]:
        """Write it into ``folder`` while others go on; return the views that could not be caught whole.

        The copy is never ahead of what the journal holds at the end of the call.
        """
        ...
