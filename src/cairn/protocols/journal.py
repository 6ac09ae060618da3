"""What everything asks of the journal, in parts that are used apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from cairn.access import Epoch, Readers
from cairn.protocols.chat import Accounts
from cairn.protocols.conversations import Answers, Turns
from cairn.protocols.people import Ledger, People, Questions, Replies, Reports
from cairn.protocols.upkeep import JournalUpkeep
from cairn.records import (
    Citable,
    DocumentRecord,
    Encoded,
    JobRecord,
    JournalChange,
    Known,
    Parsed,
    PassageRecord,
    SourceRecord,
    SpanRecord,
    SpanSize,
    Standing,
    Tokens,
    Unread,
    Wanted,
)
from cairn.types import Change, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cairn.trace import Tracer


class Library(Protocol):
    """Sources, documents and passages: what ingest writes, each call one transaction."""

    def add_source(self, spec: str, options: Mapping[str, Any]) -> SourceRecord:
        """Return the source of this spec, added or given new options."""
        ...

    def source_error(self, source: int, error: str | None) -> None:
        """Remember why its last reading failed as a whole, or that it did not."""
        ...

    def show(self, source: int, changes: Sequence[Change]) -> None:
        """Take what a source reports: new and changed items become pending."""
        ...

    def rename(self, moves: Mapping[int, int]) -> None:
        """Give each gone document (key) the uri of a pending one (value), which it replaces."""
        ...

    def retry(self, documents: Collection[int]) -> None:
        """Make documents pending that failed or are skipped, or are to be read again."""
        ...

    def reread(self, source: int, recipes: Mapping[str, str], limits: str) -> int:
        """Make pending, of a source, what another recipe or other limits made, and what failed by chance."""
        ...

    def parsed(self, results: Sequence[Parsed]) -> None:
        """Replace each document's passages; it is indexed from here on, and its new parts are pending."""
        ...

    def unread(self, outcomes: Sequence[Unread]) -> None:
        """Record that documents failed or are skipped; they have no passages then."""
        ...

    def forget(self, documents: Collection[int], source: int | None) -> None:
        """Erase documents, and a source with them, from the journal."""
        ...

    def sweep(self) -> None:
        """Erase the vectors of texts that stand in no passage any more."""
        ...


class Catalogue(Protocol):
    """The same as everything else reads it."""

    def sources(self) -> list[SourceRecord]: ...

    def known(self, source: int) -> dict[str, Known]:
        """Return what a source has shown, without what is deleted and what is within other items."""
        ...

    def documents(self, ids: Collection[int]) -> list[DocumentRecord]: ...

    def forgotten(self, ids: Collection[int]) -> set[int]:
        """Return those that are no documents any more, not even deleted ones."""
        ...

    def find(
        self, *, source: int | None = None, uri: str | None = None, states: Collection[State] = ()
    ) -> list[DocumentRecord]:
        """Return documents in the order they were first shown."""
        ...

    def stored(self, documents: Collection[int]) -> set[int]:
        """Return those of present documents that an index stores: the first of each set of twins.

        Twins have the same words, source, media type and readers, so that one stands for all.
        """
        ...

    def related(self, document: int) -> list[DocumentRecord]:
        """Return present documents of the same thread or words, its parent and its parts."""
        ...

    def page(self, wanted: Wanted, limit: int) -> list[DocumentRecord]:
        """Return at most ``limit`` of the documents wanted, newest first."""
        ...

    def unread(self, source: int) -> list[DocumentRecord]:
        """Return the documents of a source that failed, are skipped, or were read in part."""
        ...

    def versions(self, document: int) -> list[tuple[int, datetime]]:
        """Return the numbers of what a document has been, and when each was read, newest first."""
        ...

    def passages(self, documents: Collection[int]) -> list[PassageRecord]:
        """Return the documents' present passages in reading order."""
        ...

    def standing(self, passages: Collection[int]) -> dict[int, Standing]:
        """Return of those that still stand in a present document what decides about them."""
        ...

    def citable(self, passages: Collection[int]) -> dict[int, Citable]:
        """Return those that still stand in a present document."""
        ...

    def counts(self) -> dict[tuple[int, State, int], int]:
        """Return the number of documents by source, state and access class."""
        ...

    def head(self) -> int:
        """Return the newest sequence number; 0 when nothing ever changed."""
        ...

    def changes(self, since: int, limit: int) -> list[JournalChange]:
        """Return at most ``limit`` changes after ``since``, in order."""
        ...


class Directory(Protocol):
    """People, groups, memberships and access classes."""

    def epoch(self) -> Epoch:
        """Return numbers of which one grows whenever anything here changes."""
        ...

    def expanded(self, name: str) -> frozenset[str]:
        """Return a principal with every group it belongs to; nothing for one that is not known."""
        ...

    def allowing(self, names: Collection[str], since: int) -> dict[int, Readers | None]:
        """Return the classes after ``since`` that allow any of ``names``.

        With their readers, or None for one that denies nobody and requires nothing: those may read it.
        """
        ...

    def principals(self) -> list[str]:
        """Return every known ``person:NAME`` and ``group:NAME``."""
        ...

    def memberships(self) -> dict[str, tuple[str, ...]]:
        """Return the groups each member is directly in."""
        ...

    def classes(self) -> dict[int, Readers]: ...

    def enrol(self, names: Collection[str], memberships: Collection[tuple[str, str]]) -> None:
        """Add principals and (member, group) pairs; what is there already stays."""
        ...

    def remove(self, names: Collection[str], memberships: Collection[tuple[str, str]]) -> None:
        """Remove principals with their memberships, and (member, group) pairs."""
        ...


class Vectors(Protocol):
    """One model's embeddings by passage hash, so that unchanged text is never embedded twice."""

    def unembedded(self, limit: int | None = None) -> list[int]:
        """Return documents with passages that may lack vectors, newest first."""
        ...

    def missing(self, documents: Collection[int]) -> list[tuple[str, str]]:
        """Return (hash, text to embed) of these documents' passages without a vector."""
        ...

    def store(self, hashes: Sequence[str], encoded: Encoded) -> None:
        """Keep what an embedder read of the texts with these hashes."""
        ...

    def complete(self, documents: Collection[int], *, serving: bool = True) -> None:
        """Note which of these documents lack no vector now; a view that is ``serving`` is told so."""
        ...

    def models(self) -> dict[str, int]:
        """Return how many vectors of each model are kept."""
        ...

    def drop(self) -> None:
        """Erase this model's vectors."""
        ...

    def load(self, documents: Collection[int]) -> tuple[dict[int, int], NDArray[np.float32]]:
        """Return the passages of those of the documents that are complete, whose they are, and a row each."""
        ...

    def of(self, hashes: Sequence[str], dimensions: int) -> NDArray[np.float32]:
        """Return the vectors of texts, shape (len(hashes), dimensions); 0 where there is none."""
        ...

    def tokens(self, passages: Sequence[int], dimensions: int) -> dict[int, Tokens]:
        """Return the tokens of those passages that have a vector, rounded; see ``Passage.embedded_text``."""
        ...


class Runs(Protocol):
    """Jobs and traces."""

    def record(self, spans: Sequence[SpanRecord]) -> None: ...
    def trace(self, trace: str) -> list[SpanRecord]: ...
    def large(self, since: datetime, over: int) -> list[SpanSize]:
        """Return steps since a moment with attributes of more than ``over`` characters, the largest first."""
        ...

    def begin(self, kind: str, detail: str = "") -> int:
        """Open a job; what an earlier process left open is closed as stopped."""
        ...

    def end(self, job: int, state: str, detail: str) -> None: ...
    def last(self, kind: str) -> JobRecord | None:
        """Return the job of this kind that was opened last."""
        ...


class Sink(Protocol):
    """Where traces end."""

    @property
    def tracer(self) -> Tracer: ...
    def settle(self) -> None:
        """Wait until every trace that has ended is kept."""
        ...

    def close(self) -> None:
        """Keep what has ended; nothing ends here any more."""
        ...


class Journal(Protocol):
    """The truth, in parts that are used apart."""

    library: Library
    catalogue: Catalogue
    directory: Directory
    vectors: Vectors
    runs: Runs
    people: People
    ledger: Ledger
    questions: Questions
    turns: Turns
    answers: Answers
    replies: Replies
    reports: Reports
    accounts: Accounts
    upkeep: JournalUpkeep

    def close(self) -> None: ...
