"""Which rows of the vectors' segments a scope may see.

Knows the columns, not the vectors' meaning, and nothing of files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.indexes.analysis import primary
from cairn.adapters.indexes.scopes import kinds, moment
from cairn.adapters.indexes.segments import DEAD, Bytes, Column, Ids, Numbers, Segment
from cairn.records import Place, Scope
from cairn.types import Filters

Mask = NDArray[np.bool_]

MANY = 0.35
"""From this share on, scanning all and dropping what is hidden is faster than gathering what is seen."""


@dataclass(frozen=True)
class Names:
    """The strings that columns hold numbers of, in the order of their first appearance."""

    media_types: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    tags: tuple[tuple[str, ...], ...] = ()

    def extended(self, places: Sequence[Place]) -> "Names":
        """Return these names with those of ``places``."""
        new = dict.fromkeys((place.media_type, place.language, place.tags) for place in places)
        return Names(
            tuple(dict.fromkeys([*self.media_types, *(kinds(media_type)[0] for media_type, _, _ in new)])),
            tuple(dict.fromkeys([*self.languages, *(primary(language) for _, language, _ in new)])),
            tuple(dict.fromkeys([*self.tags, *(tags for _, _, tags in new)])),
        )

    def plain(self) -> dict[str, Any]:
        """Return them as JSON can hold them."""
        return {"media_types": self.media_types, "languages": self.languages, "tags": self.tags}

    @classmethod
    def read(cls, plain: dict[str, Any]) -> "Names":
        """Read back what ``plain`` wrote."""
        tags = tuple(tuple(each) for each in plain["tags"])
        return cls(tuple(plain["media_types"]), tuple(plain["languages"]), tags)


class Visible(NamedTuple):
    """The visible rows of one segment, in the form in which they are used."""

    rows: Numbers | None
    """Which they are; None if they are many."""
    mask: Mask | None
    """A truth a row, if they are many; None if they are few or all."""
    share: float
    """Which part of the segment's rows they are."""

    def nearest(self, segment: Segment, sketch: Bytes, k: int) -> tuple[Ids, Ids]:
        """Return at least ``k`` visible rows whose sketches differ least, or all, and in how many bits."""
        if self.rows is not None:
            return segment.nearest(sketch, k, self.rows)
        if self.mask is None:
            return segment.nearest(sketch, k)
        limit = int(k / self.share * 1.2) + 16
        while True:
            rows, distances = segment.nearest(sketch, limit)
            kept = self.mask[rows]
            if np.count_nonzero(kept) >= k or len(rows) < limit:
                return rows[kept], distances[kept]
            limit *= 4


class Seen(NamedTuple):
    """What a scope may see of all segments."""

    masks: tuple[Visible, ...]
    total: int


def columns(places: Sequence[Place], names: Names) -> Ids:
    """Return what the places' passages are, shape (len(Column), passages)."""
    types, languages, tags = (
        {name: number for number, name in enumerate(each)}
        for each in (names.media_types, names.languages, names.tags)
    )
    said = [
        (
            place.document,
            place.source,
            moment(place.modified),
            types[kinds(place.media_type)[0]],
            languages[primary(place.language)],
            tags[place.tags],
        )
        for place in places
    ]
    counts = [len(place.passages) for place in places]
    table = np.empty((len(Column), sum(counts)), np.int64)
    table[Column.PASSAGE] = list(chain.from_iterable(place.passages for place in places))
    table[Column.DOCUMENT :] = np.repeat(np.array(said, np.int64).T, counts, axis=1)
    return table


def seen(segments: Sequence[Segment], names: Names, scope: Scope) -> Seen:
    """Return which rows ``scope`` may see."""
    masks = [_mask(segment, names, scope) for segment in segments]
    return Seen(tuple(map(_form, masks)), sum(int(np.count_nonzero(mask)) for mask in masks))


def _form(mask: Mask) -> Visible:
    share = float(mask.mean())
    if share < MANY:
        return Visible(np.flatnonzero(mask).astype(np.int32), None, share)
    return Visible(None, None if mask.all() else mask, share)


def _mask(segment: Segment, names: Names, scope: Scope) -> Mask:
    mask: Mask = segment.classes != DEAD
    if scope.classes is not None:
        mask &= _among(segment.classes, scope.classes)
    if scope.documents is not None:
        mask &= np.isin(segment.columns[Column.DOCUMENT], np.array(sorted(scope.documents), np.int64))
    filters = scope.filters
    if filters.sources:
        mask &= np.isin(segment.columns[Column.SOURCE], np.array(filters.sources, np.int64))
    for column, allowed in _allowed(names, filters):
        mask &= np.array(allowed, bool)[segment.columns[column]]
    if filters.after is not None:
        mask &= segment.columns[Column.MODIFIED] >= moment(filters.after)
    if filters.before is not None:
        mask &= segment.columns[Column.MODIFIED] < moment(filters.before)
    return mask


def _among(classes: NDArray[np.int32], wanted: frozenset[int]) -> Mask:
    """Look every row's class up in a table; removed rows hit its last place, which is never set."""
    table = np.zeros(int(classes.max(initial=0)) + 2, bool)
    known = np.fromiter(wanted, np.int64, len(wanted))
    table[known[(known >= 0) & (known < len(table) - 1)]] = True
    mask: Mask = table[classes]
    return mask


def _allowed(names: Names, filters: Filters) -> list[tuple[Column, list[bool]]]:
    """Return for each filter on a string which of its numbers pass."""
    wanted = {each.lower() for each in filters.types}
    languages = {primary(each) for each in filters.languages}
    tags = set(filters.tags)
    found = []
    if wanted:
        found.append((Column.MEDIA_TYPE, [not wanted.isdisjoint(kinds(each)) for each in names.media_types]))
    if languages:
        found.append((Column.LANGUAGE, [each in languages for each in names.languages]))
    if tags:
        found.append((Column.TAGS, [tags <= set(each) for each in names.tags]))
    return found
