"""bm25s (numba) and faiss (flat, exact) by themselves, and reciprocal rank fusion of both: the floors.

The filter is a weight a passage for bm25s and a bitmap of passages for faiss. Nothing is on disk.
"""

from pathlib import Path
from typing import Any

import bm25s  # type: ignore[import-not-found]
import faiss as untyped
import numpy as np
import Stemmer  # type: ignore[import-not-found]

from bench.peers.given import Floats, Given, Reader
from bench.peers.ranks import reciprocal

faiss: Any = untyped  # its stubs do not know what its Python layer adds
DEPTH = 100


class Peer:
    modes = ("words", "vectors", "fused")
    persistent = False

    def build(self, given: Given, folder: Path) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        tokens = bm25s.tokenize(list(given.texts()), stemmer=self._stemmer, show_progress=False)
        self._bm25 = bm25s.BM25(backend="numba")
        self._bm25.index(tokens, show_progress=False)
        self._index = faiss.IndexFlatIP(given.vectors.shape[1])
        self._index.add(given.vectors.astype(np.float32))

    def open(self, given: Given, folder: Path) -> None:
        pass

    def reader(self, reader: Reader) -> Any:
        if reader.passages is None:
            return None, None
        bitmap = np.packbits(reader.passages, bitorder="little")
        selector = faiss.IDSelectorBitmap(bitmap)
        return reader.passages.astype(np.float32), faiss.SearchParameters(sel=selector)

    def words(self, text: str, reader: Any, k: int) -> list[int]:
        tokens = bm25s.tokenize(
            [text], stemmer=self._stemmer, show_progress=False, return_ids=False, allow_empty=True
        )
        found, scores = self._bm25.retrieve(tokens, k=k, weight_mask=reader[0], show_progress=False)
        return [int(hit) for hit, score in zip(found[0], scores[0], strict=True) if score > 0]

    def vectors(self, vector: Floats, reader: Any, k: int) -> list[int]:
        _, found = self._index.search(vector[None], k, params=reader[1])
        return [int(hit) for hit in found[0] if hit >= 0]

    def fused(self, text: str, vector: Floats, reader: Any, k: int) -> list[int]:
        return reciprocal([self.words(text, reader, DEPTH), self.vectors(vector, reader, DEPTH)])[:k]
