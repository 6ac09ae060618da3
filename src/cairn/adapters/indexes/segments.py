"""Immutable segments of quantised vectors, in files that are mapped: what each row is, and its codes.

Knows nothing of scopes, positions or the manifest that names the segments.

A vector is rotated (a fixed random rotation spreads any embedder's directions evenly, so that one
range suits every coordinate of every batch) and kept twice: as a sketch, one bit a coordinate, which
is scanned, and as a code, one byte a coordinate, by which what the scan found is ranked (the two steps
of Gao and Long 2024, arXiv 2405.12497, with the plain Hamming distance). Nothing is trained, so that
rows move between segments byte for byte and merging loses nothing.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import ThreadpoolController

Bytes = NDArray[np.uint8]
Ids = NDArray[np.int64]
Numbers = NDArray[np.int32]
"""Of rows of one segment."""
Floats = NDArray[np.float32]

DEAD = -1
"""The access class of a removed row."""
RANGE = 5.0
"""Standard deviations of a rotated unit vector's coordinate that a code can express."""

TOGETHER = 1_000
"""Vectors in double precision at once."""

MOST_SEGMENTS = 8
GROWTH = 2
"""A segment joins a merge if it is at most so many times as large as all smaller ones."""


class Column(IntEnum):
    """The rows of a segment's table of what its vectors are."""

    PASSAGE = 0
    DOCUMENT = 1
    SOURCE = 2
    MODIFIED = 3
    MEDIA_TYPE = 4
    LANGUAGE = 5
    TAGS = 6


class Rows(NamedTuple):
    """Vectors in memory, on their way into a segment."""

    codes: Bytes
    """Shape (n, dimensions)."""
    columns: Ids
    """Shape (len(Column), n)."""
    classes: NDArray[np.int32]
    """Shape (n,)."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Segment:
    """Vectors as a folder holds them; only the classes are ever rewritten, into a new file."""

    files: tuple[str, str, str, str]
    """Codes, sketches, columns, classes."""
    codes: Bytes
    """Shape (n, dimensions)."""
    sketches: Bytes
    """Shape (n, dimensions / 8)."""
    columns: Ids
    classes: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def live(self) -> int:
        """Return how many rows have not been removed."""
        return int(np.count_nonzero(self.classes != DEAD))

    def nearest(self, sketch: Bytes, k: int, rows: Numbers | None = None) -> tuple[Ids, Ids]:
        """Return which ``k`` rows' sketches differ least from ``sketch``, and in how many bits.

        ``rows`` are those to look at, all if None. They are gathered first: going through all with a
        selector takes faiss twice the time of that at a share of .3, and thirty times at .02.
        """
        faiss = _alone()
        sketches = self.sketches if rows is None else np.take(self.sketches, rows, axis=0)
        k = min(k, len(sketches))
        if not k:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        distances, found = faiss.knn_hamming(sketch[None], sketches, k, variant="mc")
        return found[0] if rows is None else rows[found[0]], distances[0].astype(np.int64)

    def shortlist(self, query: Floats, rows: Ids, k: int) -> Ids:
        """Return about the ``k`` of ``rows`` with the highest cosines, by whole numbers alone."""
        if len(rows) <= k:
            return rows
        faiss = _alone()
        code = faiss.ScalarQuantizer.QT_8bit_direct_signed
        codes = faiss.IndexScalarQuantizer(self.codes.shape[1], code, faiss.METRIC_INNER_PRODUCT)
        codes.is_trained = True
        rows = np.sort(rows)  # read in the order in which they lie
        codes.add_sa_codes(np.take(self.codes, rows, axis=0))
        _, found = codes.search(_whole(query)[None], k)
        chosen: Ids = rows[found[0]]
        return chosen

    def cosines(self, query: Floats, rows: Ids) -> Floats:
        """Return the cosine of each of ``rows`` with a rotated unit vector."""
        vectors = self.codes[rows].astype(np.float32) - 128
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        cosines: Floats = np.round(vectors @ query / lengths, 6)
        return cosines

    def rows(self) -> Rows:
        """Return the rows that have not been removed."""
        live = self.classes != DEAD
        return Rows(self.codes[live], self.columns[:, live], self.classes[live])


def rotation(dimensions: int) -> Floats:
    """Return a random rotation, shape (dimensions, dimensions)."""
    gaussian = np.random.default_rng(7).standard_normal((dimensions, dimensions))
    return np.linalg.qr(gaussian)[0].astype(np.float32)


def encode(vectors: Floats, rotation: Floats) -> Bytes:
    """Return the codes of unit vectors, shape as given."""
    # In double precision, as a sum's last bit depends on how many vectors are multiplied at once, and a
    # code must not: what was added bit by bit equals what is built anew.
    turned = rotation.astype(np.float64)
    codes = np.empty(vectors.shape, np.uint8)
    for start in range(0, len(vectors), TOGETHER):
        part = slice(start, start + TOGETHER)
        with _products().limit(limits=1):
            coordinates = vectors[part].astype(np.float64) @ turned
        coordinates *= 127 / min(1.0, RANGE / np.sqrt(vectors.shape[1]))
        np.rint(coordinates, out=coordinates)
        np.clip(coordinates, -127, 127, out=coordinates)
        codes[part] = coordinates + 128
    return codes


@cache
def _products() -> ThreadpoolController:
    """Return what numpy's products run on: with two threads they wait for each other as faiss's do, below."""
    return ThreadpoolController().select(user_api="blas")


def _alone() -> Any:
    """Return faiss, to search on this thread alone: many are asked at once, and one takes few milliseconds.

    OpenMP's threads wait for each other by spinning: on a busy machine most of a search is that (LOG.md).
    """
    import faiss  # by the first search: most commands make none, and it is a tenth of their start

    faiss.omp_set_num_threads(1)
    return faiss


def _whole(query: Floats) -> Floats:
    """Return ``query`` stretched to whole numbers, as faiss cuts off what is behind the point."""
    stretched: Floats = np.rint(query * (127 / max(float(np.abs(query).max()), 1e-9)))
    return stretched


def joined(parts: Sequence[Rows]) -> Rows:
    """Return all rows of ``parts`` as one."""
    return Rows(
        np.concatenate([part.codes for part in parts]),
        np.concatenate([part.columns for part in parts], axis=1),
        np.concatenate([part.classes for part in parts]),
    )


def mergeable(segments: Sequence[Segment]) -> list[Segment]:
    """Return what to merge: all that is mostly removed, and, of too many, the small ones."""
    if len(segments) <= MOST_SEGMENTS:
        return [segment for segment in segments if segment.live * 2 < len(segment.classes)]
    ordered = sorted(segments, key=lambda segment: segment.live)
    total, taken = 0, 0
    for segment in ordered:
        if taken >= 2 and segment.live > GROWTH * total:
            break
        total, taken = total + segment.live, taken + 1
    return ordered[:taken]


def store(folder: Path, rows: Rows) -> Segment:
    """Write ``rows`` as a new segment and open it; raises OSError."""
    names = unused("codes.npy"), unused("sketches.npy"), unused("columns.npy"), unused("classes.npy")
    arrays = rows.codes, np.packbits(rows.codes > 128, axis=1), rows.columns, rows.classes
    for name, array in zip(names, arrays, strict=True):
        save(folder / name, np.ascontiguousarray(array))
    return load(folder, names)


def regraded(folder: Path, segment: Segment, classes: NDArray[np.int32]) -> Segment:
    """Return the segment with other classes, which are written at once."""
    name = unused("classes.npy")
    save(folder / name, classes)
    return replace(segment, files=(*segment.files[:3], name), classes=classes)


def load(folder: Path, files: tuple[str, str, str, str], known: Segment | None = None) -> Segment:
    """Open a segment, from ``known`` what it shares; raises OSError or ValueError."""
    if known is not None and known.files == files:
        return known
    classes = np.load(folder / files[3])
    if known is not None:
        return replace(known, files=files, classes=classes)
    codes, sketches, columns = (np.load(folder / name, mmap_mode="r") for name in files[:3])
    if not len(codes) == len(sketches) == columns.shape[1] == len(classes):
        raise ValueError(f"The parts of segment {files[0]} differ in length.")
    return Segment(files=files, codes=codes, sketches=sketches, columns=columns, classes=classes)


def save(path: Path, array: NDArray[Any]) -> None:
    """Write an array so that it survives a power cut."""
    with path.open("wb") as file:
        # Not numpy's own writing, which does not notice a full disk when it closes the file.
        header = np.lib.format.header_data_from_array_1_0(array)
        np.lib.format.write_array_header_1_0(file, header)
        file.write(np.ascontiguousarray(array).data)
        file.flush()
        os.fsync(file.fileno())


def unused(ending: str) -> str:
    """Return a file name that was never used: what a reader has mapped is never written to."""
    return f"{secrets.token_hex(8)}.{ending}"
