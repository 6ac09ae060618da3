"""What every peer is given: the same passages, vectors, access classes and questions.

Needs numpy alone: it runs in the peers' own environments.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bench.corpus import Corpus

OUT = Path(os.environ.get("CAIRN_BENCH", Path(__file__).parents[1] / "out"))

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

READERS = ("third", "few", "one")
EVERYTHING = "everything"


class Given(Protocol):
    """Passages, numbered from 0 in order."""

    @property
    def n(self) -> int: ...

    @property
    def vectors(self) -> NDArray[Any]:
        """Return unit vectors, shape (n, 384), 16 or 32 bits."""
        ...

    @property
    def classes(self) -> Ids:
        """Return each passage's access class."""
        ...

    @property
    def documents(self) -> Ids:
        """Return each passage's document, in order."""
        ...

    def texts(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """Yield the passages' texts."""
        ...

    def title(self, document: int) -> str:
        """Return a document's title; it is part of its text where the set has titles."""
        ...


@dataclass(frozen=True)
class Reader:
    """Somebody and what they may see, to be asked for; no filter at all for ``everything``."""

    name: str
    classes: list[int] | None
    """Sorted."""
    passages: NDArray[np.bool_] | None
    """The same by passage, for what takes masks."""


def readers(given: Corpus) -> list[Reader]:
    """Return who asks."""
    named = [given.readers[name] for name in READERS]
    filtered = [Reader(each.name, each.classes.tolist(), given.visible(each)) for each in named]
    return [Reader(EVERYTHING, None, None), *filtered]


def batches(given: Given, size: int) -> Iterator[tuple[range, list[str], Floats]]:
    """Yield numbers, texts and vectors (32 bits) of ``size`` passages at a time."""
    for start in range(0, given.n, size):
        stop = min(start + size, given.n)
        yield range(start, stop), list(given.texts(start, stop)), given.vectors[start:stop].astype(np.float32)


class Peer(Protocol):
    """One library as its user would write it."""

    modes: tuple[str, ...]
    """Of words, vectors and fused, what it can do."""
    persistent: bool
    """Whether what it built can be opened again by another process."""

    def build(self, given: Given, folder: Path) -> None:
        """Make everything searchable."""
        ...

    def open(self, given: Given, folder: Path) -> None:
        """Open what was built; after ``build`` in the same process when it is not persistent."""
        ...

    def reader(self, reader: Reader) -> Any:
        """Return the filter of this reader in the peer's own form."""
        ...

    def words(self, text: str, reader: Any, k: int) -> list[int]: ...
    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]: ...
    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]: ...


@dataclass(frozen=True)
class PublicSet:
    """A public retrieval set, a passage a document, as bench.peers.quality wrote it."""

    name: str

    @property
    def folder(self) -> Path:
        return OUT / "peers-sets" / self.name

    @cached_property
    def rows(self) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = json.loads((self.folder / "documents.json").read_text())
        return rows

    @property
    def n(self) -> int:
        return len(self.rows)

    @cached_property
    def queries(self) -> dict[str, str]:
        queries: dict[str, str] = json.loads((self.folder / "queries.json").read_text())
        return queries

    @cached_property
    def vectors(self) -> NDArray[Any]:
        vectors: NDArray[Any] = np.load(self.folder / "vectors.npy")
        return vectors

    @cached_property
    def query_vectors(self) -> Floats:
        vectors: Floats = np.load(self.folder / "query_vectors.npy")
        return vectors

    @property
    def documents(self) -> Ids:
        return np.arange(self.n)

    @property
    def classes(self) -> Ids:
        return np.zeros(self.n, np.int64)

    def texts(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        for row in self.rows[start:stop]:
            yield f"{row['title']}\n{row['text']}".strip()

    def title(self, document: int) -> str:
        return self.rows[document]["title"]
