"""The local index: words in Tantivy and vectors in faiss, in one folder, behind one protocol.

Knows nothing of the journal it is a view of; whoever writes holds a lock on the folder.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.indexes.names import LocalNames
from cairn.adapters.indexes.upkeep import LocalUpkeep
from cairn.adapters.indexes.vectors import Vectors
from cairn.adapters.indexes.words import Words
from cairn.errors import Invalid
from cairn.protocols import IndexUpkeep, Names
from cairn.records import Entry, Hits, Place, Positions, Scope


class LocalIndex:
    """Passages by words and by vectors; see ``cairn.protocols.Index``."""

    def __init__(self, folder: Path, model: str, dimensions: int, *, writable: bool) -> None:
        self._words = Words(folder, writable=writable)
        self._vectors = Vectors(folder, model, dimensions, writable=writable)
        self.names: Names = LocalNames(self._words)
        self.upkeep: IndexUpkeep = LocalUpkeep(self._words, self._vectors)

    def words(self, query: str, scope: Scope, k: int, without: Collection[str] = ()) -> Hits:
        """Return at most ``k`` passages by BM25 as a share of what a passage could score."""
        return self._words.search(query, scope, k, without)

    def vectors(self, vector: NDArray[np.float32], scope: Scope, k: int) -> Hits:
        """Return at most ``k`` passages by cosine with ``vector``, shape (dimensions,)."""
        return self._vectors.search(vector, scope, k)

    def positions(self) -> Positions:
        """Return up to where each view has applied the journal; 0 when missing or unreadable."""
        (words, words_stamp), (vectors, vectors_stamp) = self._words.position(), self._vectors.position()
        return Positions(words, vectors, words_stamp, vectors_stamp)

    def write_words(
        self, removed: Collection[int], entries: Iterable[Entry], position: int, stamp: int = 0
    ) -> None:
        """Drop documents, add entries and the position in one commit; raises Busy or Storage."""
        self._words.write(removed, entries, position, stamp)

    def write_vectors(
        self,
        removed: Collection[int],
        regranted: Mapping[int, int],
        places: Sequence[Place],
        vectors: NDArray[np.float32],
        position: int,
        stamp: int = 0,
    ) -> None:
        """Drop, regrant, add and set the position by swapping one manifest; raises Storage."""
        self._vectors.write(removed, regranted, places, vectors, position, stamp)

    def reset(self) -> None:
        """Begin again from nothing, position 0; raises Storage."""
        self._words.reset()
        self._vectors.reset()

    def drop_vectors(self) -> None:
        """Erase the vectors' view, position 0; raises Storage."""
        self._vectors.reset()

    def close(self) -> None:
        """Let merges end and give files and locks back."""
        self._words.close()
        self._vectors.close()


def load(rest: str, *, folder: Path, model: str, dimensions: int, writable: bool) -> LocalIndex:
    """Open the index in ``folder``, made if ``writable``; an unreadable one is emptied or taken as empty.

    Words are the same for all; the vectors of each ``model`` stand by themselves.

    Raises Invalid for ``local:something``, Storage when the folder cannot be made.
    """
    if rest:
        raise Invalid(f"The local index takes nothing after its name, got {rest!r}; write: local.")
    return LocalIndex(folder, model, dimensions, writable=writable)
