"""Terms of many texts at once: words are told apart and looked up by numpy.

Word by word, most of the time goes into waiting for what a dictionary has scattered over the memory. Here a
word's hash is the place in a table that says where its terms stand in one array of bytes; a word that is not
there is asked for (``terms.py``) and takes the place of what was. Knows nothing of fields or languages.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Ids = NDArray[np.int64]
Hashes = NDArray[np.uint64]

BITS = 19
"""Of a hash, that say where in the table: few of 100,000 words and as many numbers share a place."""
LENGTH = 32
"""Bits that say how long terms are; those above them, where they begin."""
POOL = 8_000_000
"""Bytes of terms that are remembered; when they do not suffice, remembering begins anew."""
BLOCK = 60_000
"""Bytes of text that are read at once: what is made of them stays in the cache of a core."""
SPACE = 32
"""Up to this byte all are spaces or control characters; what other spaces there are, analysis knows."""


class _Block(NamedTuple):
    """Texts with a space before, between and after them."""

    text: bytes
    raw: Bytes
    starts: Ids
    """Where each word begins."""
    ends: Ids
    stops: Ids
    """How many words begin before the end of each text."""

    def words(self, numbers: Ids) -> Iterator[bytes]:
        """Yield these words."""
        for start, end in zip(self.starts[numbers].tolist(), self.ends[numbers].tolist(), strict=True):
            yield self.text[start:end]


class Lookup:
    """Terms by word and analyser, as ``learn`` tells them, for any number of threads, one at a time."""

    def __init__(self, learn: Callable[[str, str], str]) -> None:
        self._learn = learn
        self._lock = threading.Lock()
        random = np.random.default_rng()  # of its own, so that nobody can write words that share a hash
        self._seeds = defaultdict[str, np.uint64](lambda: random.integers(2**64, dtype=np.uint64))
        self._codes = random.integers(2**64, size=256, dtype=np.uint64)
        self._codes[: SPACE + 1] = 0
        self._factor = int(random.integers(2**64, dtype=np.uint64)) | 1
        self._powers = self._inverses = np.empty(0, np.uint64)
        self._hashes = np.zeros(2**BITS, np.uint64)
        self._spans = np.zeros(2**BITS, np.int64)
        self._pool, self._used = np.empty(POOL, np.uint8), 0

    def __call__(self, texts: Sequence[str], name: str) -> list[str]:
        """Return the terms of each text, in order, with spaces between."""
        with self._lock:
            return [found for block in _blocks(texts) for found in self._read(_parted(block), name)]

    def _read(self, block: _Block, name: str) -> Iterator[str]:
        hashes = self._hashed(block) ^ self._seeds[name]
        places = (hashes >> np.uint64(64 - BITS)).astype(np.int64)
        spans, pool = self._spans.take(places), self._pool
        unknown = np.flatnonzero(self._hashes.take(places) != hashes)
        if len(unknown):
            _, first, again = np.unique(hashes[unknown], return_index=True, return_inverse=True)
            new = unknown[first]
            terms = [self._learned(word, name) for word in block.words(new)]
            lengths = np.array([len(each) for each in terms])
            learned = (self._used + np.cumsum(lengths) - lengths) << LENGTH | lengths
            spans[unknown] = learned[again]
            pool = self._kept(b"".join(terms))
            if pool is self._pool:
                self._hashes[places[new]], self._spans[places[new]] = hashes[new], learned
        lengths = spans & (1 << LENGTH) - 1
        ends = np.cumsum(lengths)
        where = np.repeat((spans >> LENGTH) - ends + lengths, lengths)
        where += np.arange(len(where))
        found = pool.take(where, mode="clip").tobytes()
        stops = np.concatenate(([0], ends))[block.stops].tolist()
        return (found[start:stop].decode() for start, stop in pairwise([0, *stops]))

    def _hashed(self, block: _Block) -> Hashes:
        """Return each word's hash: the sum over its bytes of a random number times its place's power."""
        size = len(block.raw)
        if size > len(self._powers):
            self._powers = _powers_of(self._factor, 2 * size)
            self._inverses = _powers_of(pow(self._factor, -1, 2**64), 2 * size)
        codes = self._codes.take(block.raw, mode="clip")
        codes *= self._powers[:size]
        np.cumsum(codes, out=codes)
        codes = codes[block.ends - 1] - codes[block.starts - 1]
        codes *= self._inverses[block.starts]
        return codes

    def _learned(self, word: bytes, name: str) -> bytes:
        return self._learn(word.decode("utf-8", "surrogatepass"), name).encode() + b" "

    def _kept(self, terms: bytes) -> Bytes:
        """Return the array of what is remembered with these behind it."""
        new = np.frombuffer(terms, np.uint8)
        before, self._used = self._used, self._used + len(new)
        if self._used <= POOL:
            self._pool[before : self._used] = new
            return self._pool
        self._hashes[:], self._used = 0, 0
        return np.concatenate((self._pool[:before], new))


def _powers_of(factor: int, n: int) -> Hashes:
    powers: Hashes = np.cumprod(np.full(n, factor, np.uint64), dtype=np.uint64)
    return powers


def _blocks(texts: Sequence[str]) -> Iterator[list[bytes]]:
    block, size = list[bytes](), 0
    for text in texts:
        block.append(text.encode("utf-8", "surrogatepass"))
        size += len(block[-1])
        if size >= BLOCK:
            yield block
            block, size = [], 0
    if block:
        yield block


def _parted(texts: Sequence[bytes]) -> _Block:
    text = b" ".join((b"", *texts, b""))
    raw = np.frombuffer(text, np.uint8)
    spaces = raw <= SPACE
    edges = np.flatnonzero(spaces[1:] != spaces[:-1]) + 1
    starts, ends = edges[::2], edges[1::2]
    stops = np.searchsorted(starts, np.cumsum([len(each) + 1 for each in texts]))
    return _Block(text, raw, starts, ends, stops)
