"""The words view: passages by BM25 in Tantivy, with the position in the same commit.

Knows nothing of vectors. One process writes; any number of processes and threads read, and see
what was committed at their next call.
"""

import contextlib
import os
import secrets
import shutil
import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from tantivy import DocAddress, Index, IndexWriter, Query, Searcher

from cairn.adapters.indexes.engine import is_panic, refused, storing, undamaged
from cairn.adapters.indexes.memory import Memory
from cairn.adapters.indexes.queries import (
    Pair,
    among,
    ask,
    granted,
    narrowed,
    numbers,
    prefilters,
    restricted,
    sum_of,
    weighed,
)
from cairn.adapters.indexes.schema import LAYOUT, SCHEMA, documents, marker
from cairn.adapters.indexes.scopes import NOTHING, best, hopeless, remember, settled
from cairn.errors import Invalid, Storage
from cairn.records import Entry, Hits, Scope

META = "meta.json"
HEAP = 100_000_000
"""Bytes each of a writer's threads holds before it writes a segment: the larger, the less is merged later."""
MANY = 5_000
"""Documents of the engine handed over together: waking a thread for each takes longer than indexing it. From
so many on, it indexes with THREADS: each writes a segment of its own, which would be wasted on few."""
TOGETHER = 500
"""Passages whose words are looked up together."""
THREADS = 2
"""About as many as keep up with one that prepares documents in Python."""
LARGE_SHARE = 0.25
"""From this share on, ranking all and dropping what is hidden is faster than asking for what may be seen."""
SMALL_SHARE = 0.001
SAMPLED = 20_000
"""Of more access classes, so many tell which part of all passages they have."""
MOST_DELETED = 1_000
RESCORED = 100
"""Passages, the best by their words alone, in which words near each other are looked for."""
RARE_PAIR = 2_000
"""Passages that hold a word, up to which it is faster to find it near another everywhere than in those."""
LARGEST = int(np.iinfo(np.int64).max)
"""What a number in the index may be."""
ATTEMPTS = 3
"""Times a commit is read that another process may just be replacing."""

Stamp = tuple[int, int, int]


class View(NamedTuple):
    """What one commit holds."""

    searcher: Searcher
    sets: tuple[str, ...]
    position: tuple[int, int]
    stamp: Stamp
    memory: Memory


class Words:
    """Passages by words in ``folder``; an index that cannot be read is as an empty one."""

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self.path = folder / f"words-{LAYOUT}"
        self._head = str(self.path / META)  # looked at for every search
        self._writable = writable
        self._lock = threading.Lock()
        self._index: Index | None = None
        self._writer: IndexWriter | None = None
        self._threads = 1
        self._view: View | None = None
        self._shares: dict[frozenset[int], tuple[float, int]] = {}
        if writable:
            self._prepare(folder)

    def search(self, query: str, scope: Scope, k: int, without: Collection[str]) -> Hits:
        """Return at most ``k`` passages, best first, by the share of what is asked that they hold."""
        view = self.view()
        if view is None or hopeless(scope, k):
            return NOTHING
        with undamaged(self.path):
            asked = ask(query, without, view.sets, view.searcher)
            if not asked:
                return NOTHING
            terms = weighed(asked, view.searcher, scope, view.memory.within(scope))
            hits = self._ranked(view, terms.words, scope, max(k, RESCORED))
            order = np.argsort(hits.passages)
            passages, scores = hits.passages[order], hits.scores[order]
            scores += _nearness(view.searcher, terms.pairs, passages)
            return best(passages, scores / np.float32(terms.ideal), k)

    def _ranked(self, view: View, query: Query, scope: Scope, k: int) -> Hits:
        text = narrowed(query, scope)
        if scope.classes is None:
            return _fetch(view.searcher, text, None, k, 1.0)
        if self.prefilters_best(view.searcher, scope.classes, k):
            seen = restricted(text, [granted(scope.classes)])
            return _fetch(view.searcher, seen, None, k, 1.0)
        return _fetch(view.searcher, text, scope.classes, k, self._share(view.searcher, scope.classes))

    def prefilters_best(self, searcher: Searcher, classes: frozenset[int], k: int) -> bool:
        """Tell whether the engine filters sooner than one drops what is out of sight of the ``k`` best."""
        share = self._share(searcher, classes)
        return share < LARGE_SHARE and prefilters(classes, _limit(k, share))

    def position(self) -> tuple[int, int]:
        """Return up to where the journal has been applied, and that change's stamp."""
        view = self.view()
        return (0, 0) if view is None else view.position

    def searcher(self) -> Searcher | None:
        """Return what is stored now; None when that cannot be read."""
        view = self.view()
        return None if view is None else view.searcher

    def write(self, removed: Collection[int], entries: Iterable[Entry], position: int, stamp: int) -> None:
        """Drop documents, add entries and move the position, in one commit.

        Raises Busy when another process is writing, Storage when the disk refuses.
        """
        added = chain.from_iterable(map(documents, _together(entries)))
        first = list(islice(added, MANY))
        with self._writing(THREADS if len(first) == MANY else 1) as writer:
            with storing(self.path):
                _delete(writer, "document", removed)
            for many in chain([first], iter(lambda: list(islice(added, MANY)), [])):
                with storing(self.path):
                    for each in many:
                        writer.add_document(each)
            with storing(self.path):
                _delete(writer, "marker", [1])
                writer.add_document(marker(position, stamp))
                writer.commit()

    def reset(self) -> None:
        """Begin again from nothing; raises Storage when the disk refuses."""
        self._check_writable()
        self.close()
        with storing(self.path), self._lock:
            self._index = self._create()

    def close(self) -> None:
        """Let merges end and give the writer's lock back."""
        self._close_writer()
        self._view = self._index = None

    def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is not None:
            with contextlib.suppress(ValueError, OSError):
                writer.wait_merging_threads()

    @contextlib.contextmanager
    def _writing(self, threads: int) -> Iterator[IndexWriter]:
        writer = self._open_writer(threads)
        try:
            yield writer
        except BaseException:
            self._abandon(writer)
            raise

    def _open_writer(self, threads: int) -> IndexWriter:
        self._check_writable()
        if threads != self._threads:
            self._close_writer()
        if self._writer is None:
            try:
                self._writer = self._opened().writer(HEAP * threads, threads)
                self._threads = threads
                # What a killed writer left behind may have the very names that are to be written.
                self._writer.garbage_collect_files()
            except ValueError as error:
                raise refused(self.path, error) from error
        return self._writer

    def _check_writable(self) -> None:
        if not self._writable:
            raise Invalid(f"The index in {self.path} was opened for reading; open it for writing first.")

    def _abandon(self, writer: IndexWriter) -> None:
        try:
            writer.rollback()
        except (ValueError, OSError):
            self._writer = None

    def _prepare(self, folder: Path) -> None:
        with storing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for other in folder.glob("words-*"):
                if other != self.path:
                    shutil.rmtree(other, ignore_errors=True)
            if self.view() is None:
                self._index = self._create()

    def _create(self) -> Index:
        if self.path.exists():
            broken = self.path.with_name(f"words-broken-{secrets.token_hex(4)}")
            self.path.rename(broken)
            shutil.rmtree(broken, ignore_errors=True)
        self.path.mkdir()
        return _readied(Index(SCHEMA, str(self.path)))

    def view(self) -> View | None:
        """Return what the newest commit holds; None where there is none that can be read."""
        view, stamp = self._view, self._stamp()
        if view is not None and view.stamp == stamp:
            return view
        with self._lock:
            for _ in range(ATTEMPTS):
                stamp, view = self._stamp(), self._view
                if view is None or view.stamp != stamp:
                    self._view = view = None if stamp is None else self._look(stamp)
                if view is not None or stamp is None:
                    break
            return view

    def _stamp(self) -> Stamp | None:
        try:
            found = os.stat(self._head)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _look(self, stamp: Stamp) -> View | None:
        try:
            index = self._opened()
            index.reload()
            searcher = index.searcher()
            sets = tuple(term for term, _ in searcher.terms_with_prefix("analyser", ""))
            return View(searcher, sets, _position(searcher), stamp, Memory())
        except BaseException as error:
            if not isinstance(error, ValueError | OSError | Storage) and not is_panic(error):
                raise
            self._index = None
            return None

    def _opened(self) -> Index:
        if self._index is None:
            self._index = _readied(Index.open(str(self.path)))
        return self._index

    def _share(self, searcher: Searcher, classes: frozenset[int]) -> float:
        """Return which part of all passages has one of ``classes``, about."""
        total = searcher.num_docs
        known = self._shares.get(classes)
        if known is not None and abs(total - known[1]) <= total * 0.1:
            return known[0]
        asked = list(islice(classes, SAMPLED))
        seen = sum(searcher.doc_freq("access_class", each) for each in asked if each >= 0)
        share = min(1.0, seen * len(classes) / max(len(asked) * total, 1))
        return remember(self._shares, classes, (share, total))[0]


def _readied(index: Index) -> Index:
    """Prepare an index for writing, and for being reloaded only when asked."""
    index.config_reader("manual")
    return index


def _together(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield entries, as many at a time as have TOGETHER passages."""
    held, passages = list[Entry](), 0
    for entry in entries:
        held.append(entry)
        passages += len(entry.passages)
        if passages >= TOGETHER:
            yield held
            held, passages = [], 0
    yield held


def _delete(writer: IndexWriter, field: str, values: Collection[int]) -> None:
    """Delete by query: deleting by term takes every number for a signed one and deletes nothing."""
    wanted = sorted(values)
    for start in range(0, len(wanted), MOST_DELETED):
        writer.delete_documents_by_query(numbers(field, wanted[start : start + MOST_DELETED]))


def _fetch(searcher: Searcher, query: Query, classes: frozenset[int] | None, k: int, share: float) -> Hits:
    """Fetch more and more until the ``k`` best that have one of ``classes`` are known for certain."""
    limit = _limit(k, share)
    total = max(searcher.num_docs, 1)
    while True:
        limit = min(limit, total)
        found = searcher.search(query, limit, count=False).hits
        addresses = [address for _, address in found]
        scores = np.array([score for score, _ in found], np.float32)
        passages = np.array(values(searcher, "passage", addresses), np.int64)
        ended = len(found) < limit or limit == total
        last = 0.0 if ended else float(scores[-1])
        if classes is not None:
            held = values(searcher, "access_class", addresses)
            kept = [row for row, each in enumerate(held) if each in classes]
            passages, scores = passages[kept], scores[kept]
        if ended or settled(scores, k, last, limit):
            return best(passages, scores, k)
        limit *= 4


def _nearness(searcher: Searcher, pairs: Sequence[Pair], passages: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return what ``pairs`` of words score each of ``passages``, which are sorted; shape (n,)."""
    scores = np.zeros(len(passages), np.float32)
    if not len(passages):
        return scores
    rare = [pair for pair in pairs if pair.at_most <= RARE_PAIR]
    common = [pair.query for pair in pairs if pair.at_most > RARE_PAIR]
    if rare:
        query, limit = sum_of([pair.query for pair in rare]), sum(pair.at_most for pair in rare)
        _add(searcher, query, limit, passages, scores)
    if common:
        _add(searcher, among(passages.tolist(), common), len(passages), passages, scores)
    return scores


def _add(
    searcher: Searcher, query: Query, limit: int, passages: NDArray[np.int64], scores: NDArray[np.float32]
) -> None:
    """Add what ``query`` scores ``passages``, which are sorted; it finds ``limit`` at most."""
    found = searcher.search(query, limit, count=False).hits
    numbers = np.array(values(searcher, "passage", [address for _, address in found]), np.int64)
    added = np.array([score for score, _ in found], np.float32)
    _, rows, held = np.intersect1d(passages, numbers, assume_unique=True, return_indices=True)
    scores[rows] += added[held]


def _limit(k: int, share: float) -> int:
    """Return how many of the best passages to look at for ``k`` that may be seen."""
    return int(k / max(share, SMALL_SHARE) * 1.2) + 16


def _position(searcher: Searcher) -> tuple[int, int]:
    found = searcher.search(numbers("marker", [1]), 1, count=False).hits
    if not found:
        return 0, 0
    addresses = [address for _, address in found]
    position, stamp = (values(searcher, field, addresses)[0] for field in ("position", "stamp"))
    return position, stamp


def values(searcher: Searcher, field: str, addresses: list[DocAddress]) -> list[int]:
    """Return a number's value of each document of the engine; raises Storage when it cannot be read."""
    found: list[Any] = searcher.fast_field_values(field, addresses)
    if None in found or max(found, default=0) > LARGEST:
        raise Storage(
            f"The word index is damaged ({field} cannot be read); mend it with: cairn verify --repair"
        )
    return found
