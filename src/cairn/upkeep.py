"""The seams by which a library is looked after: its parts checked and copied, what was done remembered.

Knows nothing of when that is done, nor of what is done about what is found.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from cairn.records import JobRecord, SpanRecord


class Checksum(NamedTuple):
    """What a view holds, in whatever order it holds it."""

    rows: int
    sum: int
    """Of a hash of each row, modulo 2^64."""


class Checksums(NamedTuple):
    """Of both views: two indexes of one journal are equal if these are."""

    words: Checksum
    """Over passage and access class, and over document and access class of what is known by name."""
    vectors: Checksum
    """Over passage, access class and vector."""


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


class Runs(Protocol):
    """Jobs and traces."""

    def record(self, spans: Sequence[SpanRecord]) -> None: ...
    def trace(self, trace: str) -> list[SpanRecord]: ...
    def begin(self, kind: str, detail: str = "") -> int:
        """Open a job; what an earlier process left open is closed as stopped."""
        ...

    def end(self, job: int, state: str, detail: str) -> None: ...
    def last(self, kind: str) -> JobRecord | None:
        """Return the job of this kind that was opened last."""
        ...
