"""A corpus of any number of passages, made from a seed, to measure retrieval on.

    python -m bench.corpus 200000            # writes bench/out/corpus-1/, goes on where it was stopped
    corpus(200_000).texts(), .vectors, .classes, .readers, .queries

The first n passages are the same in a corpus of any size, so one set of files serves all sizes. Needs numpy
alone once the files are there: a peer's own environment reads them too.

Text: a chain over the public sets (bench/chain.py). Each document has a topic, a second one, two names and
two numbers of its own; numbers of three digits or more are new each time, and the stock of names grows with
the corpus, so that its vocabulary does. Passages have a log-normal length around 80 words (20 to 300),
documents 1 to 200 passages with a heavy tail (about 12 on average).

Access: every document is in one of 40,000 classes by Zipf's law (the largest holds 9 % of all); a reader is
the set of classes they see. ``third`` and ``few`` walk through the classes in an order of their own and take
what fits until they see 30 % and 2 %; ``one`` takes only small classes, to 0.01 %; ``all`` takes every class.
With access "documents" each document is its own class; with "passages" each passage is its own document and
class. Readers are then sets of single documents: 1,000,000 classes, of which ``third`` sees 300,000.

Vectors are those of Cairn's own embedder for the first 150 characters of each passage, some 32 word pieces:
all of it would take hours for a million. They are real vectors with their real neighbourhoods.
"""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench import spelling
from bench.hashing import Ids, hashed, normal, uniform

FOLDER = Path(__file__).parent / "out"
CLASSES = 40_000
"""Of which 5,754 occur in 200,000 passages and 16,842 in a million: most are small."""
SEED = 1
CHUNK = 20_000
HEAD = 150
DIMENSIONS = 384
QUERIES = 1_000
SHARES = {"all": 1.0, "third": 0.3, "few": 0.02, "one": 0.0001}

Access = Literal["classes", "documents", "passages"]
Vectors = NDArray[np.float16]


class Reader(NamedTuple):
    """Somebody who may read the passages of some classes."""

    name: str
    classes: Ids
    """Sorted."""
    share: float
    """Which part of all passages they see."""


class Query(NamedTuple):
    """Words to look for, and the passage they were taken from."""

    text: str
    passage: int


@dataclass(frozen=True)
class Corpus:
    """The first ``n`` passages, numbered from 0."""

    n: int
    seed: int = SEED
    access: Access = "classes"

    @property
    def folder(self) -> Path:
        return FOLDER / f"corpus-{self.seed}"

    @cached_property
    def documents(self) -> Ids:
        """Return each passage's document, numbered from 0 in order."""
        if self.access == "passages":
            return np.arange(self.n)
        return documents(self.n, self.seed)

    @cached_property
    def classes(self) -> Ids:
        """Return each passage's access class."""
        if self.access != "classes":
            return self.documents
        harmonic = np.cumsum(1 / np.arange(1, CLASSES + 1))
        drawn = uniform(self.seed, 21, self.documents) * harmonic[-1]
        # Class numbers say nothing of their size.
        shuffled = np.argsort(hashed(self.seed, 22, np.arange(CLASSES)), kind="stable")
        classes: Ids = shuffled[np.searchsorted(harmonic, drawn, side="right")]
        return classes

    @cached_property
    def readers(self) -> dict[str, Reader]:
        """Return ``all``, ``third``, ``few`` and ``one``."""
        sizes = np.bincount(self.classes)
        return {name: self._reader(name, share, sizes) for name, share in SHARES.items()}

    def _reader(self, name: str, share: float, sizes: Ids) -> Reader:
        order = np.argsort(hashed(self.seed, 23, len(name), np.arange(len(sizes))), kind="stable")
        wanted = max(1, round(share * self.n))
        order = order[(sizes[order] > 0) & (sizes[order] <= wanted)]
        if share < 0.001:
            # Somebody new, say, sees several small classes and not one that happens to be as large.
            order = order[sizes[order] <= max(1, wanted // 4)]
        taken, seen = [], 0
        for each in order.tolist():
            if seen + sizes[each] <= wanted:
                taken.append(each)
                seen += int(sizes[each])
            if seen == wanted:
                break
        return Reader(name, np.array(sorted(taken), np.int64), seen / self.n)

    def visible(self, reader: Reader) -> NDArray[np.bool_]:
        """Return for each passage whether the reader may see it."""
        return np.isin(self.classes, reader.classes)

    def texts(self, start: int = 0, stop: int | None = None) -> Iterator[str]:
        """Yield the passages' texts in order."""
        stop = self.n if stop is None else stop
        with (self.folder / "texts.bin").open("rb") as file:
            file.seek(int(self._offsets[start]))
            for first in range(start, stop, 1_000):
                ends = self._offsets[first : min(first + 1_000, stop) + 1]
                data, base = file.read(int(ends[-1] - ends[0])), ends[0]
                for here, there in zip((ends[:-1] - base).tolist(), (ends[1:] - base).tolist(), strict=True):
                    yield data[here:there].decode()

    def text(self, passage: int) -> str:
        """Return one passage's text."""
        return next(self.texts(passage, passage + 1))

    def title(self, document: int) -> str:
        """Return a document's title: a name and a number of its own."""
        return f"{spelling.name(self.seed, document, 0)} {spelling.identifier(self.seed, document, 0)}"

    @cached_property
    def _offsets(self) -> Ids:
        lengths = np.memmap(self.folder / "lengths.bin", np.int32, "r", shape=(self.n,))
        return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])

    @cached_property
    def vectors(self) -> Vectors:
        """Return the passages' vectors, shape (n, 384), unit, 16 bits, on disk."""
        return np.memmap(self.folder / "vectors.bin", np.float16, "r", shape=(self.n, DIMENSIONS))

    @cached_property
    def queries(self) -> list[Query]:
        """Return 1,000 queries of 3 to 10 words, each from one passage; a quarter asks for a number."""
        return [Query(*each) for each in json.loads(self._queries.with_suffix(".json").read_text())]

    def query(self, number: int) -> str:
        """Return one of as many queries as are wanted; from QUERIES on they are others than ``queries``."""
        return _query(self, number)[0]

    @cached_property
    def query_vectors(self) -> NDArray[np.float32]:
        """Return the queries' vectors, shape (1000, 384)."""
        vectors: NDArray[np.float32] = np.load(self._queries.with_suffix(".npy"))
        return vectors

    @property
    def _queries(self) -> Path:
        return self.folder / f"queries-{self.n}.npy"


def corpus(n: int, seed: int = SEED, access: Access = "classes") -> Corpus:
    """Return a corpus, written first where it was not."""
    made = Corpus(n, seed, access)
    if not made._queries.is_file():
        write(made)
    return made


def documents(n: int, seed: int) -> Ids:
    """Return the document of each of the first ``n`` passages: a Pareto tail, cut at 200."""
    sizes = np.minimum(200, (1 - uniform(seed, 11, np.arange(n))) ** (-1 / 0.75)).astype(np.int64)
    enough = int(np.searchsorted(np.cumsum(sizes), n)) + 1
    return np.repeat(np.arange(enough), sizes[:enough])[:n]


def write(made: Corpus) -> None:
    """Write texts, vectors and queries, as far as they are missing."""
    made.folder.mkdir(parents=True, exist_ok=True)
    for start in range(_length(made.folder / "lengths.bin", 4, made.n), made.n, CHUNK):
        _write_texts(made.folder, made.seed, start)
    from cairn import registry

    embedder: Any = registry.load("embedders", "minilm", home=made.folder)
    embedded = _length(made.folder / "vectors.bin", 2 * DIMENSIONS, made.n)
    for start in range(embedded, made.n, CHUNK):
        heads = [text[:HEAD] for text in Corpus(start + CHUNK, made.seed).texts(start)]
        with (made.folder / "vectors.bin").open("ab") as file:
            file.write(embedder.embed(heads).astype(np.float16).tobytes())
        print(f"vectors {start + CHUNK:,}", flush=True)
    queries = [_query(made, number) for number in range(QUERIES)]
    made._queries.with_suffix(".json").write_text(json.dumps(queries))
    np.save(made._queries, embedder.embed([text for text, _ in queries]))


def _length(path: Path, row: int, wanted: int) -> int:
    """Return how many rows a file holds, if too few after dropping what a stopped process left unfinished."""
    if not path.is_file():
        return 0
    if path.stat().st_size >= wanted * row:
        return wanted
    rows = path.stat().st_size // row // CHUNK * CHUNK
    with path.open("r+b") as file:
        file.truncate(rows * row)
    return rows


def _write_texts(folder: Path, seed: int, start: int) -> None:
    from bench.chain import chain

    rows = np.arange(start, start + CHUNK)
    keys = hashed(seed, 12, rows)
    held = documents(start + CHUNK, seed)[start:]
    lengths = np.clip(np.exp(np.log(73) + 0.45 * normal(seed, 13, rows)), 20, 300).astype(np.int64)
    topic = np.where(uniform(keys, 4) < 0.75, 0, 1)
    sections = (uniform(seed, 14, held, topic) * chain().sections).astype(np.int64)
    drawn = chain().passages(keys, sections, lengths)
    texts = [
        spelling.spell(chain(), words, seed, document, key).encode()
        for words, document, key in zip(drawn, held.tolist(), keys.tolist(), strict=True)
    ]
    offset = int(np.fromfile(folder / "lengths.bin", np.int32).sum(dtype=np.int64)) if start else 0
    with (folder / "texts.bin").open("r+b" if start else "wb") as file:
        file.seek(offset)
        file.write(b"".join(texts))
        file.truncate()
    with (folder / "lengths.bin").open("ab") as file:
        file.write(np.array([len(text) for text in texts], np.int32).tobytes())


def _query(made: Corpus, number: int) -> tuple[str, int]:
    from bench.chain import chain

    passage = int(uniform(made.seed, 31, made.n, number)[0] * made.n)
    words = list(dict.fromkeys(re.findall(r"[\w’'/.,-]*\w", made.text(passage))))
    numbered = number % 4 == 0
    size = 3 + int(uniform(made.seed, 32, number)[0] * 8)
    usual = chain().frequencies
    rare = np.array([min(1.0, (100 / (1 + usual.get(word, 0))) ** 0.5) for word in words])
    digits = np.array([any(letter.isdigit() for letter in word) for word in words])
    rare[digits] = 0
    race = -np.log1p(-uniform(made.seed, 33, number, np.arange(len(words)))) / np.maximum(rare, 1e-9)
    if numbered and digits.any():
        race[np.flatnonzero(digits)[-1]] = -1
    chosen = sorted(np.argsort(race, kind="stable")[:size].tolist())
    return " ".join(words[each] for each in chosen), passage


if __name__ == "__main__":
    for size in sys.argv[1:] or ["200000"]:
        ready = corpus(int(size))
        print(ready.folder, *(f"{each.name} {each.share:.4%}" for each in ready.readers.values()), sep="\n")
