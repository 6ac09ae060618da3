"""Sums over what the two views hold, the same in whatever order and in however many segments.

Knows nothing of files. A row's hash is of its numbers and bytes; the sum is modulo 2^64.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress, FieldType, Order, Query, Searcher

from cairn.adapters.indexes.queries import count
from cairn.adapters.indexes.schema import SCHEMA
from cairn.adapters.indexes.segments import DEAD, Bytes, Column, Segment
from cairn.records import Checksum

PAGE = 50_000
"""Rows in memory at once."""

Hashes = NDArray[np.uint64]


def words_checksum(searcher: Searcher) -> Checksum:
    """Sum up passages, and documents known by name, each with its access class."""
    rows = total = 0
    for salt, field in enumerate(("passage", "named")):
        rows += count(searcher, _from(field, 0))
        for values, addresses in _pages(searcher, field):
            classes = np.array(searcher.fast_field_values("access_class", addresses), np.int64)
            total += _sum(_hash(values, classes, np.full(len(values), salt)))
    return Checksum(rows, total % 2**64)


def vectors_checksum(segments: Iterable[Segment]) -> Checksum:
    """Sum up passages, each with its access class and its vector's code."""
    rows = total = 0
    for segment in segments:
        for start in range(0, len(segment.classes), PAGE):
            page = slice(start, start + PAGE)
            live = segment.classes[page] != DEAD
            passages = segment.columns[Column.PASSAGE][page][live]
            hashes = _hash(passages, segment.classes[page][live], _folded(segment.codes[page][live]))
            rows, total = rows + len(hashes), total + _sum(hashes)
    return Checksum(rows, total % 2**64)


def _pages(searcher: Searcher, field: str) -> Iterator[tuple[NDArray[np.int64], list[DocAddress]]]:
    """Yield a field's values in order, with whose they are.

    Of equal values at a page's end some may be missed: they have no business there and the count tells.
    """
    least = 0
    while True:
        query = _from(field, least)
        found = searcher.search(query, PAGE, count=False, order_by_field=field, order=Order.Asc).hits
        yield np.array([value for value, _ in found], np.int64), [address for _, address in found]
        if len(found) < PAGE:
            return
        least = int(found[-1][0]) + 1


def _from(field: str, least: int) -> Query:
    return Query.range_query(SCHEMA, field, FieldType.Unsigned, least, None)


def _folded(codes: Bytes) -> Hashes:
    """Return a number for each row of bytes: another one whenever one byte is another."""
    wide = np.zeros((len(codes), -(-codes.shape[1] // 8) * 8), np.uint8)
    wide[:, : codes.shape[1]] = codes
    lanes = wide.view(np.uint64)
    factors = np.random.default_rng(11).integers(0, 2**63, lanes.shape[1], np.uint64)
    folded: Hashes = (lanes * (factors * np.uint64(2) + np.uint64(1))).sum(axis=1, dtype=np.uint64)
    return folded


def _hash(*columns: NDArray[np.generic]) -> Hashes:
    hashes = np.zeros(len(columns[0]), np.uint64)
    for column in columns:
        hashes = _mixed(hashes ^ column.astype(np.uint64))
    return hashes


def _mixed(values: Hashes) -> Hashes:
    """Scatter numbers over all of 64 bits: splitmix64, Steele et al. 2014."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def _sum(hashes: Hashes) -> int:
    return int(hashes.sum(dtype=np.uint64))
