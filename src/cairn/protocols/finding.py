"""What finding and measuring ask of adapters: an index, what ranks, what measures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from cairn.protocols.upkeep import IndexUpkeep
from cairn.records import Called, Entry, Hits, Holding, Place, Positions, Query, Scope
from cairn.types import Evidence

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Names(Protocol):
    """Knows longer documents by the words of their titles and file names."""

    def documents(self, scope: Scope) -> int:
        """Return how many documents within ``scope`` are known by name."""
        ...

    def split(self, question: str) -> list[str]:
        """Return a question's words as names are split: ``FY18`` is ``2018``; stop words are empty."""
        ...

    def called(
        self, runs: Sequence[Sequence[str]], scope: Scope, *, opening: bool = False
    ) -> Sequence[Mapping[int, Called]]:
        """Return for each run of words the documents whose name holds these words in a row.

        With ``opening`` the first words of the document's text stand for its name.
        """
        ...

    def holding(
        self, words: Sequence[str], documents: Collection[int], scope: Scope, share: float
    ) -> Holding | None:
        """Return how many passages hold all ``words`` in their text.

        None where clearly less than ``share`` of them are of ``documents``.
        """
        ...


class Index(Protocol):
    """A view of the journal that finds passages; written by one process, read by many."""

    names: Names
    upkeep: IndexUpkeep

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

    def write_words(
        self, removed: Collection[int], entries: Iterable[Entry], position: int, stamp: int = 0
    ) -> None:
        """Drop all of the ``removed`` documents, add ``entries`` and the position, in one step."""
        ...

    def write_vectors(
        self,
        removed: Collection[int],
        regranted: Mapping[int, int],
        places: Sequence[Place],
        vectors: NDArray[np.float32],
        position: int,
        stamp: int = 0,
    ) -> None:
        """Drop, give documents another access class, add, and set the position, in one step.

        ``vectors`` has a row for each passage of ``places``, which may be of ``removed`` documents: removal
        comes first.
        """
        ...

    def reset(self) -> None:
        """Begin again from nothing, position 0."""
        ...

    def drop_vectors(self) -> None:
        """Erase the vectors' view, position 0: another model serves."""
        ...

    def close(self) -> None: ...


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
