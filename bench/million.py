"""The index part alone at a million passages, for every kind of reader, beside what memory allows.

    python -m bench.million 1000000 classes     # or: passages, where each has an access class of its own

Builds the index once (bench/out/million-...), from bench/corpus.py; vectors that were not embedded yet are
those of others, turned a little at random. Prints a table: processor time in ms of words, vectors and both
(p50 / p95), recall@10 of vectors against an exact scan of what the reader may see, and the bytes that the
scan of the sketches touches beside the time that reading them takes here.
"""

import resource
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from bench.corpus import DIMENSIONS, FOLDER, Access, Corpus
from bench.peers.cairn_index import entries, opened, places
from cairn.records import Scope
from cairn.types import Filters

STEP = 20_000
ASKED = 200
DEPTH = 100
JITTER = 0.03

Floats = NDArray[np.float32]


def main(n: int, access: Access) -> None:
    """Build what is missing, measure, print."""
    faiss.omp_set_num_threads(1)
    made = Corpus(n, access=access)
    folder = FOLDER / f"million-{access}-{n}"
    if not folder.exists():
        _build(made, folder)
    began = time.perf_counter()
    index = opened(folder, writable=False)
    index.positions()
    print(f"opened in {time.perf_counter() - began:.2f} s; reading memory: {_bandwidth():.1f} GB/s")
    queries, vectors = [each.text for each in Corpus(200_000).queries[:ASKED]], _queries()
    print("| reader | classes | share | words | vectors | both | recall@10 | sketches MB | at memory speed |")
    print("|---|---|---|---|---|---|---|---|---|")
    owner: list[tuple[str, Any]] = [("owner", None)]
    for name, reader in owner + list(made.readers.items()):
        classes = None if reader is None else frozenset(reader.classes.tolist())
        scope = Scope(classes=classes, filters=Filters())
        words = _timed(partial(index.words, scope=scope, k=DEPTH), queries)
        near = _timed(partial(index.vectors, scope=scope, k=DEPTH), vectors)
        share = 1.0 if reader is None else reader.share
        touched = n * (1.0 if share >= 0.15 else share) * DIMENSIONS / 8 / 1e6
        print(
            f"| {name} | {'all' if classes is None else format(len(classes), ',')} | {share:.2%} "
            f"| {_said(words)} | {_said(near)} | {_said(words + near)} "
            f"| {_recall(index, made, scope, reader, vectors):.3f} "
            f"| {touched:.1f} | {touched / _bandwidth():.2f} ms |",
            flush=True,
        )
    print(f"peak memory, maps included: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


def _build(made: Corpus, folder: Path) -> None:
    index = opened(folder, writable=True)
    began = time.process_time()
    for start in range(0, made.n, STEP):
        rows = range(start, min(start + STEP, made.n))
        index.write_words([], entries(made, rows), start + STEP)
        index.write_vectors([], {}, list(places(made, rows)), vectors(made, start, rows.stop), start + STEP)
        print(f"{rows.stop:,} built, {time.process_time() - began:.0f} s of processor time", flush=True)
    index.close()


def vectors(made: Corpus, start: int, stop: int) -> Floats:
    """Return unit vectors of passages, shape (stop - start, DIMENSIONS)."""
    held = np.memmap(made.folder / "vectors.bin", np.float16, "r").reshape(-1, DIMENSIONS)
    rows = np.arange(start, stop)
    found = np.asarray(held[rows % len(held)], np.float32)
    again = rows >= len(held)
    noise = np.random.default_rng(start).standard_normal(found.shape, np.float32)
    found[again] += JITTER * noise[again]
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


def _recall(index: Any, made: Corpus, scope: Scope, reader: Any, queries: Floats) -> float:
    best_scores = np.full((len(queries), 10), -2.0, np.float32)
    best_rows = np.zeros((len(queries), 10), np.int64)
    seen = np.ones(made.n, bool) if reader is None else made.visible(reader)
    for start in range(0, made.n, STEP * 5):
        stop = min(start + STEP * 5, made.n)
        rows = np.arange(start, stop)[seen[start:stop]]
        if not len(rows):
            continue
        parts = [vectors(made, first, min(first + STEP, stop)) for first in range(start, stop, STEP)]
        scores = queries @ np.concatenate(parts)[rows - start].T
        every = np.concatenate([best_scores, scores], axis=1)
        ids = np.concatenate([best_rows, np.tile(rows, (len(queries), 1))], axis=1)
        order = np.argpartition(-every, 9, axis=1)[:, :10]
        best_scores, best_rows = (np.take_along_axis(each, order, 1) for each in (every, ids))
    wanted = min(10, int(seen.sum()))
    found = [set(index.vectors(query, scope, DEPTH).passages[:10].tolist()) for query in queries]
    return float(np.mean([len(f & set(r.tolist())) / wanted for f, r in zip(found, best_rows, strict=True)]))


def _timed(search: Callable[[Any], Any], queries: Sequence[Any] | Floats) -> NDArray[np.float64]:
    """Return each search's processor time in ms, after one that warms up."""
    search(queries[0])
    spent = []
    for query in queries:
        began = time.thread_time()
        search(query)
        spent.append((time.thread_time() - began) * 1e3)
    return np.array(spent)


def _said(spent: NDArray[np.float64]) -> str:
    return f"{np.percentile(spent, 50):.1f} / {np.percentile(spent, 95):.1f}"


def _bandwidth() -> float:
    """Return how many GB a second one core reads."""
    block = np.ones(1 << 27, np.uint64)
    began = time.thread_time()
    block.max()
    return float(block.nbytes / (time.thread_time() - began) / 1e9)


def _queries() -> Floats:
    return Corpus(200_000).query_vectors[:ASKED]


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])  # type: ignore[arg-type]
