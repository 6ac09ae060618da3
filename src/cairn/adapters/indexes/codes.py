"""Codes of vectors, one byte a coordinate, mapped from a file: scanned all, or by lists once they are many.

Knows rows by their number in the file alone. Lists are those of an inverted file (Sivic and Zisserman
2003): each row stands with the rows nearest to one of some centroids, and a search reads the lists
whose centroids are nearest to it.
"""

from abc import ABC, abstractmethod
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

LISTED = 65_536
"""From so many rows on, lists pay: a scan of fewer takes a millisecond or two."""
PROBED = 32
"""Lists read when every row may be seen."""
MANY = 0.15
"""From this share on, scanning all and dropping what is hidden is faster than asking row by row."""
SAMPLE = 48
"""Rows a centroid is trained on."""
ROUNDS = 8
BLOCK = 16_384
"""Rows decoded at once."""
CODE = faiss.ScalarQuantizer.QT_8bit_direct_signed


class Codes(ABC):
    """Some rows of codes."""

    listed: bool

    def __init__(self, index: Any) -> None:
        self._index = index
        self.size: int = index.ntotal
        self.dimensions: int = index.d

    @abstractmethod
    def take(self, rows: Ids) -> Bytes:
        """Return the codes of ``rows``, shape (len(rows), dimensions)."""

    @abstractmethod
    def nearest(self, query: Floats, k: int, bitmap: Bytes | None, share: float) -> Ids:
        """Return at least ``k`` rows near to ``query`` of those whose bit is set, or all that were looked at.

        ``bitmap`` None is every row; ``share`` is which part of all rows has its bit set.
        """

    def _found(self, query: Floats, k: int, parameters: faiss.SearchParameters | None) -> Ids:
        _, found = self._index.search(query[None], min(k, self.size), params=parameters)
        rows: Ids = found[0]
        return rows[rows >= 0]


class Flat(Codes):
    """Codes in the order in which they came."""

    listed = False

    def take(self, rows: Ids) -> Bytes:
        whole: Bytes = faiss.rev_swig_ptr(self._index.codes.data(), self.size * self.dimensions)
        return whole.reshape(self.size, self.dimensions)[rows]

    def nearest(self, query: Floats, k: int, bitmap: Bytes | None, share: float) -> Ids:
        if bitmap is None or share < MANY:
            selector = None if bitmap is None else _selector(bitmap)
            return self._found(query, k, None if selector is None else _parameters(sel=selector))
        limit = int(k / share * 1.2) + 16
        while True:
            rows = self._found(query, limit, None)
            kept: Ids = rows[(bitmap[rows >> 3] >> (rows & 7).astype(np.uint8)) & 1 == 1]
            if len(kept) >= k or len(rows) < limit:
                return kept
            limit *= 4


class Listed(Codes):
    """Codes list by list; rows are numbered in that order."""

    listed = True

    def __init__(self, index: Any) -> None:
        super().__init__(index)
        lists = index.invlists
        held = [number for number in range(index.nlist) if lists.list_size(number)]
        sizes = np.array([lists.list_size(number) for number in held], np.int64)
        places = np.array([int(lists.get_codes(number)) for number in held], np.int64)
        self._starts = np.cumsum(sizes) - sizes
        self._places = places - places[0]
        extent = int(self._places[-1] + sizes[-1] * self.dimensions)
        self._mapped: Bytes = faiss.rev_swig_ptr(lists.get_codes(held[0]), extent)

    def take(self, rows: Ids) -> Bytes:
        number = np.searchsorted(self._starts, rows, side="right") - 1
        places = self._places[number] + (rows - self._starts[number]) * self.dimensions
        taken: Bytes = self._mapped[places[:, None] + np.arange(self.dimensions)]
        return taken

    def nearest(self, query: Floats, k: int, bitmap: Bytes | None, share: float) -> Ids:
        # Of what few may see the nearest lie further off: in more lists, and all of them in the end.
        probed = ceil(PROBED / max(share, 1e-9) ** 0.5)
        selector = None if bitmap is None else _selector(bitmap)
        probed = min(probed, self._index.nlist)
        parameters = faiss.SearchParametersIVF(nprobe=probed, sel=selector)  # type: ignore[call-arg]
        return self._found(query, k, parameters)


def load(path: Path) -> Codes:
    """Map a file of codes; raises RuntimeError or ValueError when it is none."""
    index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    if isinstance(index, faiss.IndexIVFScalarQuantizer):
        return Listed(index)
    if isinstance(index, faiss.IndexScalarQuantizer):
        return Flat(index)
    raise ValueError(f"{path} holds no codes.")


def store(path: Path, codes: Bytes) -> Ids:
    """Write codes, shape (n, dimensions), listed if they are many; return which row stands where."""
    if len(codes) < LISTED:
        index, order = _flat(codes), np.arange(len(codes))
    else:
        index, order = _listed(codes)
    faiss.write_index(index, str(path))
    return order


def _flat(codes: Bytes) -> Any:
    index = faiss.IndexScalarQuantizer(codes.shape[1], CODE, faiss.METRIC_INNER_PRODUCT)
    index.is_trained = True
    index.add_sa_codes(np.ascontiguousarray(codes))
    return index


def _listed(codes: Bytes) -> tuple[Any, Ids]:
    size, dimensions = codes.shape
    count = 1 << round(np.log2(size) / 2)
    centroids = faiss.IndexFlatIP(dimensions)
    centroids.add(_trained(codes, count))
    blocks = (_decoded(codes[start : start + BLOCK]) for start in range(0, size, BLOCK))
    nearest = np.concatenate([centroids.search(block, 1)[1][:, 0] for block in blocks])
    order = np.argsort(nearest, kind="stable")
    bounds = np.searchsorted(nearest[order], np.arange(count + 1))
    metric = faiss.METRIC_INNER_PRODUCT
    index: Any = faiss.IndexIVFScalarQuantizer(centroids, dimensions, count, CODE, metric, False)
    index.is_trained = True
    for number, (start, end) in enumerate(pairwise(bounds.tolist())):
        rows, held = np.arange(start, end), np.ascontiguousarray(codes[order[start:end]])
        index.invlists.add_entries(number, end - start, faiss.swig_ptr(rows), faiss.swig_ptr(held))
    index.ntotal = size
    return index, order


def _trained(codes: Bytes, count: int) -> Floats:
    """Return centroids of unit length, the same for the same codes."""
    chosen = np.random.default_rng(7).choice(len(codes), min(len(codes), SAMPLE * count), replace=False)
    means: Any = faiss.Kmeans(codes.shape[1], count, niter=ROUNDS, spherical=True, seed=7)
    means.train(_decoded(codes[np.sort(chosen)]))
    centroids: Floats = means.centroids
    return centroids


def _decoded(codes: Bytes) -> Floats:
    vectors = codes.astype(np.float32) - 128
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return vectors


def _selector(bitmap: Bytes) -> Any:
    return faiss.IDSelectorBitmap(bitmap)  # type: ignore[call-arg, arg-type]


def _parameters(**values: Any) -> faiss.SearchParameters:
    return faiss.SearchParameters(**values)
