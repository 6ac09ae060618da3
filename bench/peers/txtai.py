"""txtai: its hybrid index (BM25 and faiss) with content in SQLite, asked in its SQL.

``similar()`` finds candidates and the rest of the WHERE clause is applied to them: a filter after ranking.
Its default is ten candidates a result; asked here for 1,000, as its pages suggest for narrow filters. The
hybrid index always runs both searches; a weight of 1 or 0 counts one of them alone.
"""

import os
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from txtai import Embeddings  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader, batches

CANDIDATES = 1_000
os.environ["ALLOW_RESOLVE_TRANSFORM"] = "True"  # an index that is loaded names its function
feed: list[Iterator[Floats]] = [iter(())]


class Peer:
    modes = ("words", "vectors", "fused")
    persistent = True

    def build(self, given: Given, folder: Path) -> None:
        embeddings = self._embeddings()
        feed[0] = (vector for _, _, vectors in batches(given, 10_000) for vector in vectors)
        embeddings.index(
            (str(row), {"text": text, "class": int(given.classes[row])}, None)
            for rows, texts, _ in batches(given, 10_000)
            for row, text in zip(rows, texts, strict=True)
        )
        embeddings.save(str(folder / "index"))

    def open(self, given: Given, folder: Path) -> None:
        self._loaded = self._embeddings()
        self._loaded.load(str(folder / "index"))

    def reader(self, reader: Reader) -> Any:
        return "" if reader.classes is None else f" and class in ({', '.join(map(str, reader.classes))})"

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        return self._ids(text, np.full(384, 384**-0.5, np.float32), reader, k, "0.0")

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        return self._ids("a", vector, reader, k, "1.0")

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        return self._ids(text, vector, reader, k, "0.5")

    def _ids(self, text: str, vector: Floats, reader: Any, k: int, weight: str) -> list[int]:
        feed[0] = repeat(vector)
        candidates = max(k, CANDIDATES) if reader else k
        query = f"select id, score from txtai where similar(:text, {candidates}, {weight}){reader}"
        found = self._loaded.search(query, limit=k, parameters={"text": text})
        return [int(each["id"]) for each in found]

    def _embeddings(self) -> Any:
        return Embeddings(
            method="external", transform="bench.peers.txtai.transform", hybrid=True, content=True
        )


def transform(texts: list[str]) -> Floats:
    """Return the next vectors: txtai asks for them in the order of the texts."""
    return np.stack([next(feed[0]) for _ in texts])
