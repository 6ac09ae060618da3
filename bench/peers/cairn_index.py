"""Cairn's index alone: words in Tantivy, vectors in faiss, fused by Hybrid's rule, no journal.

The vectors that fusion reads of each candidate come from the corpus's file, as the journal's would come from
SQLite.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from bench.peers.given import Floats, Given, Reader
from cairn import registry
from cairn.flows.ingest.views import STEP
from cairn.flows.retrieval.fusion import fuse
from cairn.records import Entry, Place, Scope
from cairn.types import Filters

DEPTH = 100
TOGETHER = 10_000
"""Vectors in one write."""
OF_ALL: dict[str, Any] = {
    "source": 1,
    "media_type": "text/plain",
    "modified": datetime(2026, 1, 1, tzinfo=UTC),
    "language": "en",
    "tags": (),
}
"""What is the same of every document."""


class Peer:
    modes: tuple[str, ...] = ("words", "vectors", "fused")
    persistent = True

    def build(self, given: Given, folder: Path) -> None:
        index = opened(folder, writable=True)
        with ThreadPoolExecutor(1) as beside:  # as ``views.apply`` does
            vectors = beside.submit(_write_vectors, index, given)
            for position, rows in enumerate(_steps(given), start=1):
                index.write_words([], entries(given, rows), position)
            vectors.result()
        index.close()

    def open(self, given: Given, folder: Path) -> None:
        self._vectors = given.vectors
        self._found = opened(folder, writable=False)

    def reader(self, reader: Reader) -> Any:
        classes = None if reader.classes is None else frozenset(reader.classes)
        return Scope(classes=classes, filters=Filters())

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        hits: list[int] = self._found.words(text, reader, k).passages.tolist()
        return hits

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        hits: list[int] = self._found.vectors(vector, reader, k).passages.tolist()
        return hits

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        words = self._found.words(text, reader, DEPTH)
        scores = dict(zip(words.passages.tolist(), words.scores.tolist(), strict=True))
        found = sorted({*scores, *self._found.vectors(vector, reader, DEPTH).passages.tolist()})
        rows = self._vectors[np.array(found, np.int64)].astype(np.float32)
        nothing = [0.0] * len(found)
        rank = fuse(vector, rows, [scores.get(each, 0.0) for each in found], nothing, nothing)["rank"]
        best = sorted(range(len(found)), key=lambda each: (-rank[each], found[each]))[:k]
        return [found[each] for each in best]


def _write_vectors(index: Any, given: Given) -> None:
    for position, start in enumerate(range(0, given.n, TOGETHER), start=1):
        rows = range(start, min(start + TOGETHER, given.n))
        vectors = given.vectors[rows.start : rows.stop].astype(np.float32)
        index.write_vectors([], {}, list(places(given, rows)), vectors, position)


def places(given: Given, rows: range) -> Iterator[Place]:
    """Yield these passages by document, without their words."""
    for each in _documents(given, rows):
        yield Place(passages=each, **_of(given, each.start))


def _steps(given: Given) -> Iterator[range]:
    """Yield the passages of as many documents at a time as ingest applies in one step."""
    starts = np.flatnonzero(np.diff(given.documents, prepend=-1))[::STEP].tolist()
    return map(range, starts, [*starts[1:], given.n])


def entries(given: Given, rows: range) -> Iterator[Entry]:
    """Yield these passages by document, as the index takes them."""
    texts = given.texts(rows.start, rows.stop)
    for each in _documents(given, rows):
        title, held = given.title(int(given.documents[each.start])), list(islice(texts, len(each)))
        yield Entry(
            passages=each,
            **_of(given, each.start),
            name=title,
            opening=held[0],
            texts=[(title, text) for text in held],
        )


def _documents(given: Given, rows: range) -> Iterator[range]:
    """Yield the passages of each document among these."""
    starts = (
        np.flatnonzero(np.diff(given.documents[rows.start : rows.stop], prepend=-1)) + rows.start
    ).tolist()
    return map(range, starts, [*starts[1:], rows.stop])


def opened(folder: Path, *, writable: bool) -> Any:
    """Open the local index in ``folder``."""
    return registry.load("indexes", "local", folder=folder, model="minilm", dimensions=384, writable=writable)


def _of(given: Given, row: int) -> dict[str, Any]:
    """Return what the index knows of a passage's document."""
    return OF_ALL | {"document": int(given.documents[row]), "access_class": int(given.classes[row])}
