"""Text that looks like text, in any amount: a chain over the words of the public sets, the same on every run.

The words of the sets stand in one row, in their order. A step goes from a word to some place where the same
word stands and takes what follows it there: half the time a place in the section that the passage is about
(a bigram chain of some 2,000 words), else any place after the same two words (a trigram chain of them all).
So passages of a section share a topic, words have the frequencies of real text, and yet no two are the same.

The sets are read from $CAIRN_DATA (bench.sets), once; what is learnt from them is kept in
bench/out/chain.npz, which git ignores. FinanceBench's filings are for measurement only and never shipped.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pypdfium2  # type: ignore[import-untyped]
from numpy.typing import NDArray

from bench.hashing import Hashes, Ids, uniform
from bench.sets import DATA, OUT, cranfield, tatqa, vaswani

FILE = OUT / "chain.npz"
SECTION = 2_000
"""Words of source text that are one topic."""
LOCAL = 0.5
"""Of the steps, those that stay with the topic."""


@dataclass(frozen=True)
class Chain:
    """The words of the sets in a row, as numbers, and their spelling."""

    row: NDArray[np.int32]
    words: list[str]

    @cached_property
    def sections(self) -> int:
        return max(1, len(self.row) // SECTION)

    @cached_property
    def frequencies(self) -> dict[str, int]:
        """Return how often each word stands in the sets, as it is spelt with its punctuation."""
        return dict(zip(self.words, np.bincount(self.row, minlength=len(self.words)).tolist(), strict=True))

    @cached_property
    def long_numbers(self) -> NDArray[np.bool_]:
        """Say of each word whether it is a number of three digits or more, years aside."""
        return np.array([_long_number(word) for word in self.words])

    def passages(self, keys: Hashes, sections: Ids, lengths: Ids) -> list[NDArray[np.int32]]:
        """Return the words of passages by their hash, section and length."""
        order = np.argsort(-lengths, kind="stable")
        drawn = np.empty((len(keys), int(lengths.max())), np.int32)
        place = (sections[order] * SECTION + uniform(keys[order], 1) * SECTION).astype(np.int64)
        going = len(order)
        for step in range(drawn.shape[1]):
            while lengths[order[going - 1]] <= step:
                going -= 1
            now = order[:going]
            drawn[now, step] = self.row[place[:going]]
            place = self._next(place[:going], sections[now], keys[now], step)
        return [drawn[each, : lengths[each]] for each in range(len(keys))]

    def _next(self, place: Ids, sections: Ids, keys: Hashes, step: int) -> Ids:
        chance = uniform(keys, 3, step)
        starts, counts, after = self._pairs
        taken = after[starts[place] + (chance * counts[place]).astype(np.int64)]
        known, first, count, where = self._local
        wanted = self.row[place].astype(np.int64) * self.sections + sections
        found = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        here = (known[found] == wanted) & (uniform(keys, 2, step) < LOCAL)
        found = found[here]
        taken[here] = where[first[found] + (chance[here] * count[found]).astype(np.int64)]
        return (taken + 1) % len(self.row)

    @cached_property
    def _local(self) -> tuple[Ids, Ids, Ids, Ids]:
        """Return the places of each word in each section: keys, first, how many; and the places."""
        section = np.minimum(np.arange(len(self.row)) // SECTION, self.sections - 1)
        key = self.row.astype(np.int64) * self.sections + section
        where = np.argsort(key, kind="stable")
        known, first, count = np.unique(key[where], return_index=True, return_counts=True)
        return known, first, count, where

    @cached_property
    def _pairs(self) -> tuple[Ids, Ids, Ids]:
        """Return by place where the places after the same two words begin and how many; and those."""
        key = np.roll(self.row, 1).astype(np.int64) * len(self.words) + self.row
        where = np.argsort(key, kind="stable")
        _, first, which, count = np.unique(
            key[where], return_index=True, return_inverse=True, return_counts=True
        )
        starts, counts = np.empty_like(where), np.empty_like(where)
        starts[where], counts[where] = first[which], count[which]
        return starts, counts, where


@lru_cache(maxsize=1)
def chain() -> Chain:
    """Return what was learnt from the sets, now if it never was."""
    if not FILE.is_file():
        _learn()
    with np.load(FILE) as kept:
        return Chain(row=kept["row"], words=bytes(kept["words"]).decode().split("\n"))


def _learn() -> None:
    words = [word for text in _texts() for word in text.replace("|", " ").replace("---", " ").split()]
    known, row = np.unique(np.array(words, object).astype(str), return_inverse=True)
    OUT.mkdir(parents=True, exist_ok=True)
    spelt = np.frombuffer("\n".join(known.tolist()).encode(), np.uint8)
    np.savez(FILE, row=row.astype(np.int32), words=spelt)


def _texts() -> Iterator[str]:
    for name, read in (("cranfield", cranfield), ("vaswani_npl", vaswani), ("tatqa", tatqa)):
        yield from (f"{title} {text}" for _, title, text in read(DATA / name).documents)
    yield from _pages(sorted((DATA / "financebench" / "pdfs").glob("*.pdf")))


def _pages(paths: Iterable[Any]) -> Iterator[str]:
    for path in paths:
        with pypdfium2.PdfDocument(path) as filing:
            for page in filing:
                text = page.get_textpage().get_text_range(errors="replace")
                yield "".join(letter if letter.isprintable() else " " for letter in text)


def _long_number(word: str) -> bool:
    digits = sum(letter.isdigit() for letter in word)
    year = len(word.strip(".,;:()")) == 4 and word.strip(".,;:()")[:2] in ("19", "20")
    return digits >= 3 and not year and not any(letter.isalpha() for letter in word)
