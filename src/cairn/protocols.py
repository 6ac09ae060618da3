"""The seams: what flows ask of adapters, one small protocol each.

Knows nothing of any implementation. numpy stands in annotations alone, so that importing
this costs nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, runtime_checkable

from cairn.access import Readers
from cairn.records import (
    DocumentRecord,
    Entry,
    Focus,
    Hits,
    JournalChange,
    Known,
    Parsed,
    PassageRecord,
    Positions,
    Query,
    Scope,
    SourceRecord,
    Tokens,
    Unread,
)
from cairn.types import Change, Document, Evidence, Part, State
from cairn.upkeep import IndexUpkeep, JournalUpkeep, Runs

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


# --- getting documents in -------------------------------------------------------------------


class Source(Protocol):
    """A place that holds documents."""

    def changes(self, known: Mapping[str, Known]) -> Iterator[Change]:
        """Yield how the place differs from ``known`` (by uri).

        Raises Invalid when its access rules cannot be read (then nothing is yielded), and
        Unavailable when the place as a whole is gone.
        """
        ...

    def fetch(self, uri: str) -> AbstractContextManager[Path]:
        """Hold the item's bytes as a local file."""
        ...


@runtime_checkable
class Parser(Protocol):
    """Reads one kind of file into a Document; pure, run in an isolated process.

    For a type that Cairn does not know by itself, ``suffixes`` maps ends of names to media types.
    """

    name: str
    """With its version (``html/1``): a change of what it reads out changes the name."""
    media_types: frozenset[str]

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``, which the source calls ``name``; raises ParseFailed."""
        ...


@runtime_checkable
class Container(Protocol):
    """Opens one kind of file that holds others; pure, run in an isolated process.

    An adapter of the kind ``parsers`` is a Parser, a Container or both: a mail is text with attachments.
    """

    name: str
    """With its version, as a parser's."""
    media_types: frozenset[str]

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield what is inside, in order, without unpacking it; raises ParseFailed."""
        ...

    def open(self, path: Path, key: str) -> AbstractContextManager[BinaryIO]:
        """Hold one part's bytes, unpacked as they are read; raises ParseFailed."""
        ...


class Splitter(Protocol):
    """Breaks over-long text."""

    def __call__(self, text: str, characters: int) -> list[tuple[int, int]]:
        """Return half-open ranges of at most ``characters`` each, in order."""
        ...


class Embedder(Protocol):
    """Turns texts into unit vectors; thread-safe."""

    name: str
    """Identifies the vectors it makes; a change of anything that changes them changes it."""
    dimensions: int

    def count(self, texts: Sequence[str]) -> list[int]:
        """Return each text's tokens by its own tokenizer, untruncated, no special tokens."""
        ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return unit vectors, shape (len(texts), dimensions)."""
        ...

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """Return each text's tokens as far as it is read; a text may have none."""
        ...


# --- the journal ----------------------------------------------------------------------------


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

    def reread(self, recipes: Mapping[str, str], limits: str) -> int:
        """Make pending what another recipe or other limits made, and what failed by chance."""
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

    def passages(self, documents: Collection[int]) -> list[PassageRecord]:
        """Return the documents' present passages in reading order."""
        ...

    def citable(self, passages: Collection[int]) -> dict[int, tuple[PassageRecord, DocumentRecord]]:
        """Return those that still stand in a present document, with it."""
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

    def epoch(self) -> int:
        """Return a number that grows whenever anything here changes."""
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

    def store(self, hashes: Sequence[str], vectors: NDArray[np.float32]) -> None:
        """Keep vectors, shape (len(hashes), dimensions)."""
        ...

    def complete(self, documents: Collection[int], *, serving: bool = True) -> None:
        """Note that these documents lack no vector now; a view that is ``serving`` is told so."""
        ...

    def models(self) -> dict[str, int]:
        """Return how many vectors of each model are kept."""
        ...

    def drop(self) -> None:
        """Erase this model's vectors."""
        ...

    def load(self, documents: Collection[int]) -> tuple[list[int], NDArray[np.float32]]:
        """Return the passages of these documents that have vectors, and those, a row each."""
        ...

    def of(self, passages: Sequence[int], dimensions: int) -> NDArray[np.float32]:
        """Return these passages' vectors, shape (len(passages), dimensions); 0 where there is none."""
        ...


class Journal(Protocol):
    """The truth, in parts that are used apart."""

    library: Library
    catalogue: Catalogue
    directory: Directory
    vectors: Vectors
    runs: Runs
    upkeep: JournalUpkeep

    def close(self) -> None: ...


# --- the index ------------------------------------------------------------------------------


class Names(Protocol):
    """Knows longer documents by the words of their titles and file names."""

    def documents(self, scope: Scope) -> int:
        """Return how many documents within ``scope`` are known by name."""
        ...

    def split(self, question: str) -> list[str]:
        """Return a question's words as names are split: ``FY18`` is ``2018``; stop words are empty."""
        ...

    def called(self, words: Sequence[str], scope: Scope, *, opening: bool = False) -> Mapping[int, float]:
        """Return the documents whose name holds these words in a row, with how much of a word they are.

        With ``opening`` the first words of the document's text stand for its name.
        """
        ...

    def focus(self, words: Sequence[str], documents: Collection[int], scope: Scope) -> Focus:
        """Return how the passages whose text holds all ``words`` lie to ``documents``."""
        ...


class Index(Protocol):
    """A view of the journal that finds passages; written by one process, read by many."""

    upkeep: IndexUpkeep

    @property
    def names(self) -> Names:
        """What knows documents by name."""
        ...

    def words(self, query: str, scope: Scope, k: int, without: Collection[str] = ()) -> Hits:
        """Return at most ``k`` passages by words.

        A score is the share of what is asked, by rarity, that the passage holds: about 0 to 1 and
        comparable between queries. ``without`` are words of the query to leave out.
        """
        ...

    def vectors(self, vector: NDArray[np.float32], scope: Scope, k: int) -> Hits:
        """Return at most ``k`` passages by cosine with ``vector``, shape (dimensions,)."""
        ...

    def positions(self) -> Positions: ...

    def write_words(self, removed: Collection[int], entries: Iterable[Entry], position: int) -> None:
        """Drop all of the ``removed`` documents, add ``entries`` and the position, in one step."""
        ...

    def write_vectors(
        self,
        removed: Collection[int],
        regranted: Mapping[int, int],
        entries: Sequence[Entry],
        vectors: NDArray[np.float32],
        position: int,
    ) -> None:
        """Drop, give documents another access class, add, and set the position, in one step.

        ``entries`` may belong to documents in ``removed``: removal comes first.
        """
        ...

    def reset(self) -> None:
        """Begin again from nothing, position 0."""
        ...

    def drop_vectors(self) -> None:
        """Erase the vectors' view, position 0: another model serves."""
        ...

    def close(self) -> None: ...


# --- answering and measuring ----------------------------------------------------------------


class Retriever(Protocol):
    """Finds evidence; what wraps a retriever is a retriever."""

    async def __call__(self, query: Query) -> list[Evidence]: ...


class Reranker(Protocol):
    """Judges how well texts answer a question, reading both together; thread-safe."""

    name: str

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a score for each text, higher is better, comparable within one call."""
        ...


class Measures(Protocol):
    """Ranking measures over whole runs."""

    def __call__(
        self,
        names: Sequence[str],
        qrels: Mapping[str, Mapping[str, int]],
        run: Mapping[str, Mapping[str, float]],
    ) -> dict[str, float]: ...
