"""The right answers: the nearest visible passages by exact cosine, and a peer's own ranking, filtered."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.corpus import Corpus
from bench.peers.given import EVERYTHING, Floats, Ids
from bench.peers.process import QUERIES, K

BLOCK = 50_000
SAME = 2e-4
"""Cosines as near as this are equal: vectors are given in 16 bits and some peers norm them again."""


class Answers:
    """Judges what peers found in one corpus."""

    def __init__(self, given: Corpus) -> None:
        self.given = given
        self._last: dict[str, Floats] = {}

    def vector_recall(self, who: str, hits: Sequence[Sequence[int]]) -> float:
        """Return which part of the ten nearest visible passages was found."""
        if who not in self._last:
            self._last[who] = self._tenth(who)
        visible = self._visible(who)
        wanted = min(K, int(visible.sum()))
        found = []
        for number, rows in enumerate(hits):
            own = np.array([row for row in rows if visible[row]], np.int64)
            cosines = self._normed(own) @ self._queries[number]
            found.append(min(wanted, int((cosines >= self._last[who][number] - SAME).sum())) / wanted)
        return float(np.mean(found))

    def word_recall(self, who: str, hits: Sequence[Sequence[int]], deep: Sequence[Sequence[int]]) -> float:
        """Return which part of the ten best of the peer's own whole ranking that are visible was found."""
        visible, found = self._visible(who), []
        for rows, ranking in zip(hits, deep, strict=False):
            wanted = [row for row in ranking if visible[row]][:K]
            if wanted:
                found.append(len(set(wanted) & set(rows)) / len(wanted))
        return float(np.mean(found)) if found else float("nan")

    def leaked(self, who: str, hits: Sequence[Sequence[int]]) -> int:
        """Return how many hits are of passages that the reader may not see."""
        visible = self._visible(who)
        return sum(not visible[row] for rows in hits for row in rows)

    def _visible(self, who: str) -> NDArray[np.bool_]:
        if who == EVERYTHING:
            return np.ones(self.given.n, bool)
        return self.given.visible(self.given.readers[who])

    @cached_property
    def _queries(self) -> Floats:
        queries = self.given.query_vectors[:QUERIES]
        normed: Floats = queries / np.linalg.norm(queries, axis=1, keepdims=True)
        return normed

    def _normed(self, rows: Ids) -> Floats:
        vectors = self.given.vectors[rows].astype(np.float32)
        normed: Floats = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return normed

    def _tenth(self, who: str) -> Floats:
        """Return the cosine of the last of the ten nearest, by query."""
        rows = np.flatnonzero(self._visible(who))
        best = np.full((len(self._queries), K), -1, np.float32)
        for start in range(0, len(rows), BLOCK):
            cosines = self._queries @ self._normed(rows[start : start + BLOCK]).T
            best = np.sort(np.hstack([best, cosines]), axis=1)[:, -K:]
        tenth: Floats = best[:, -min(K, len(rows))]
        return tenth
