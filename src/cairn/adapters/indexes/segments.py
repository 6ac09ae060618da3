"""Immutable segments of quantised vectors: their codes and what each row is, in files.

Knows nothing of scopes, positions or the manifest that names the segments, nor how codes are searched.

A vector is rotated (a fixed random rotation spreads any embedder's directions evenly, so that one
range suits every coordinate of every batch) and stored as one byte a coordinate. All segments
share rotation and range: rows move between them byte for byte, and merging loses nothing.
"""

import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.indexes import codes
from cairn.adapters.indexes.codes import LISTED, Bytes, Codes, Floats, Ids

DEAD = -1
"""The access class of a removed row."""
RANGE = 5.0
"""Standard deviations of a rotated unit vector's coordinate that a code can express."""


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

    files: tuple[str, str, str]
    """Codes, columns, classes."""
    codes: Codes
    columns: Ids
    classes: NDArray[np.int32]

    @cached_property
    def live(self) -> int:
        """Return how many rows have not been removed."""
        return int(np.count_nonzero(self.classes != DEAD))

    def cosines(self, query: Floats, rows: Ids) -> Floats:
        """Return the cosine of each of ``rows`` with a rotated unit vector."""
        vectors = self.codes.take(rows).astype(np.float32) - 128
        lengths = np.maximum(np.linalg.norm(vectors, axis=1), 1e-9)
        cosines: Floats = np.round(vectors @ query / lengths, 6)
        return cosines

    def rows(self) -> Rows:
        """Return the rows that have not been removed."""
        live = self.classes != DEAD
        return Rows(self.codes.take(np.flatnonzero(live)), self.columns[:, live], self.classes[live])


def rotation(dimensions: int) -> Floats:
    """Return a random rotation, shape (dimensions, dimensions)."""
    gaussian = np.random.default_rng(7).standard_normal((dimensions, dimensions))
    return np.linalg.qr(gaussian)[0].astype(np.float32)


def encode(vectors: Floats, rotation: Floats) -> Bytes:
    """Return the codes of unit vectors, shape as given."""
    coordinates = vectors @ rotation
    coordinates *= 127 / min(1.0, RANGE / np.sqrt(vectors.shape[1]))
    np.rint(coordinates, out=coordinates)
    np.clip(coordinates, -127, 127, out=coordinates)
    return (coordinates + 128).astype(np.uint8)


def whole(query: Floats) -> Floats:
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


def mergeable(segments: Sequence[Segment], most: float) -> list[Segment]:
    """Return what to merge: all that is mostly removed, and, of too many, the small ones.

    Only what comes to at most ``most`` rows together. Segments grow by a factor each time, so that a
    row is written a few times in all, and its lists are trained anew as often.
    """
    small = sorted((one for one in segments if one.live <= most), key=lambda segment: segment.live)
    waiting = sum(one.live for one in small if not one.codes.listed)
    if len(small) <= MOST_SEGMENTS and waiting < LISTED:
        return [one for one in small if one.live * 2 < len(one.classes)]
    total, taken = 0, 0
    for segment in small:
        if total + segment.live > most or (taken >= 2 and segment.live > GROWTH * total):
            break
        total, taken = total + segment.live, taken + 1
    return small[:taken] if taken > 1 else []


def store(folder: Path, rows: Rows) -> Segment:
    """Write ``rows`` as a new segment and open it; raises OSError or RuntimeError."""
    files = unused("codes"), unused("columns.npy"), unused("classes.npy")
    order = codes.store(folder / files[0], rows.codes)
    _sync(folder / files[0])
    save(folder / files[1], rows.columns[:, order])
    save(folder / files[2], rows.classes[order])
    return load(folder, files)


def regraded(folder: Path, segment: Segment, classes: NDArray[np.int32]) -> Segment:
    """Return the segment with other classes, which are written at once."""
    name = unused("classes.npy")
    save(folder / name, classes)
    return replace(segment, files=(*segment.files[:2], name), classes=classes)


def load(folder: Path, files: tuple[str, str, str], known: Segment | None = None) -> Segment:
    """Open a segment, from ``known`` what it shares; raises OSError, RuntimeError or ValueError."""
    if known is not None and known.files == files:
        return known
    classes = np.load(folder / files[2])
    if known is not None:
        return replace(known, files=files, classes=classes)
    held = codes.load(folder / files[0])
    columns = np.load(folder / files[1], mmap_mode="r")
    if not held.size == columns.shape[1] == len(classes):
        raise ValueError(f"The parts of segment {files[0]} differ in length.")
    return Segment(files=files, codes=held, columns=columns, classes=classes)


def save(path: Path, array: NDArray[Any]) -> None:
    """Write an array so that it survives a power cut."""
    with path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())


def unused(ending: str) -> str:
    """Return a file name that was never used: what a reader has mapped is never written to."""
    return f"{secrets.token_hex(8)}.{ending}"


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
