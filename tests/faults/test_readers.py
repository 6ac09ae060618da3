"""Readers beside a writer: threads and processes that search and open while it writes, merges and resets.

Every state the writer makes has its own generation of passages: what one search finds must be one of
them, whole; nothing at all only where the writer had emptied the index.
"""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from tests.conformance.test_indexes import DIMENSIONS, entry, unit

from cairn.adapters.indexes import local, segments
from cairn.protocols import Index
from cairn.records import Hits, Scope
from cairn.types import Filters

DOCUMENTS = 12
GENERATION = 1_000
ROUNDS = 25
RESET_EVERY = 9
EVERYTHING = Scope(classes=None, filters=Filters())
VISIBLE = Scope(classes=frozenset({1}), filters=Filters())


def size(generation: int) -> int:
    """Return how many passages a generation has: each time others."""
    return DOCUMENTS + generation % 5


def write(index: Index, generation: int) -> None:
    """Replace all documents by the next generation of them, and half of their readers' class."""
    numbers = range(1, size(generation) + 1)
    entries = [
        entry(generation * GENERATION + n, document=n, access_class=1 + n % 2, text="a house by the sea")
        for n in numbers
    ]
    gone = range(1, DOCUMENTS + 6)
    index.write_words(gone, entries, generation)
    vectors = unit(*(each.passages[0] for each in entries))
    index.write_vectors(gone, {}, entries, vectors, generation)


@dataclass
class Reader:
    """Searches until told to stop, and remembers what was wrong."""

    folder: Path
    emptied: bool
    """Whether the index may be empty once it has been full."""
    full: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    looks: int = 0

    def look(self, index: Index) -> None:
        """Search once each way."""
        self.looks += 1
        vector = unit(5)[0]
        for scope, part in ((EVERYTHING, 1), (VISIBLE, 2)):
            self._check("words", index.words("house", scope, 100), part)
            self._check("vectors", index.vectors(vector, scope, 100), part)

    def _check(self, view: str, hits: Hits, part: int) -> None:
        found = set(hits.passages.tolist())
        generations = {passage // GENERATION for passage in found}
        if len(generations) > 1:
            self.wrong.append(f"{view} of {sorted(generations)} at once")
        elif found:
            (generation,) = generations
            numbers = range(1, size(generation) + 1)
            wanted = {generation * GENERATION + n for n in numbers if part == 1 or n % 2 == 0}
            if found != wanted:
                self.wrong.append(f"{view} of {generation}: {len(found)} of {len(wanted)}")
            self.full.add(view)
        elif view in self.full and not self.emptied:
            self.wrong.append(f"{view} found nothing")
        if len(hits.scores) and not np.isfinite(hits.scores).all():
            self.wrong.append(f"{view}: scores that are no numbers")

    def follow(self, stop: threading.Event, *, reopening: bool) -> None:
        """Look again and again, with one index or with a new one each time."""
        index = self._open()
        try:
            while not stop.is_set():
                self.look(index)
                if reopening:
                    index.close()
                    index = self._open()
        except Exception as error:
            self.wrong.append(repr(error))
        finally:
            index.close()

    def _open(self) -> Index:
        return local.load("", folder=self.folder, model="m", dimensions=DIMENSIONS, writable=False)


@pytest.fixture
def small_segments() -> Iterator[None]:
    """Let vectors' segments merge at almost every write."""
    with patch.object(segments, "MOST_SEGMENTS", 2):
        yield


def write_all(folder: Path, *, resets: bool) -> None:
    index = local.load("", folder=folder, model="m", dimensions=DIMENSIONS, writable=True)
    try:
        for generation in range(1, ROUNDS + 1):
            write(index, generation)
            if resets and generation % RESET_EVERY == 0:
                index.reset()
            if generation % 7 == 0:  # as one process after the other writes
                index.close()
                index = local.load("", folder=folder, model="m", dimensions=DIMENSIONS, writable=True)
    finally:
        index.close()


@pytest.mark.parametrize("resets", [False, True])
def test_threads_and_processes_see_whole_states(tmp_path: Path, small_segments: None, resets: bool) -> None:
    folder, stop = tmp_path / "index", threading.Event()
    readers = [Reader(folder, resets) for _ in range(3)]
    threads = [
        threading.Thread(target=reader.follow, args=(stop,), kwargs={"reopening": number == 0})
        for number, reader in enumerate(readers)
    ]
    program = "import sys; from tests.faults.test_readers import be_reader; be_reader(*sys.argv[1:])"
    others = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(folder), "emptied" if resets else ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for _ in range(2)
    ]
    for other in others:  # both are looking before anything is written
        assert other.stdout is not None and other.stdout.readline() == "looking\n"
    for thread in threads:
        thread.start()
    try:
        write_all(folder, resets=resets)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        told = [other.communicate("stop\n", timeout=60)[0] for other in others]
    assert not [wrong for reader in readers for wrong in reader.wrong]
    assert told == ["nothing wrong\n"] * len(others)
    assert all(reader.looks for reader in readers)


def be_reader(folder: str, emptied: str) -> None:
    """Be a process that looks until a line comes in, and tells what was wrong."""
    stop, reader = threading.Event(), Reader(Path(folder), bool(emptied))

    def listen() -> None:
        sys.stdin.readline()
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    print("looking", flush=True)
    reader.follow(stop, reopening=False)
    print("; ".join(reader.wrong[:5]) if reader.wrong else "nothing wrong")
