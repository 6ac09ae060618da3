"""What hostile files do to an ingest: thousands mutated or made to harm, good neighbours between them.

    python -m bench.fuzz               # 2,000 mutated files and all made ones, always the same
    python -m bench.fuzz 300 7         # so many mutated, with another seed

They stand in one folder, which the command line ingests. Printed is what became of them; a file that
took too long, broke its parser or its process is kept in bench/out/fuzz, for only its parser's author can
say that this is right. Exits with 1 when the ingest itself failed, a good neighbour was lost, a file has
no state, anything was written outside, read from outside or called, or anything was left behind.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from time import perf_counter

import cairn
from bench.formats import FOLDERS, accounted
from bench.hostile import File, Trap, made, mutated, seeds
from bench.sets import DATA, OUT
from bench.specimens import MAKERS
from cairn.records import DocumentRecord
from cairn.types import State

SEED = 20261121
MUTATED = 2000
EVERY = 20
"""So many hostile files stand between two good ones."""
GOOD = ("txt", "md", "html", "pdf")
SECONDS = 20
LIMITS = {"parse_seconds": SECONDS, "parse_memory_mb": 1024, "file_mb": 50, "archive_mb": 200}
SECRET = "zwirnspulenkasten"
KEPT = re.compile(r"took longer than|its parser (?:crashed|ended early|broke)")
_VARIES = re.compile(r"\d[\d.,]*|'[^']*'|\"[^\"]*\"|0x[0-9a-f]+|\(line.*")


@dataclass
class Report:
    """What became of the files, and what should not have happened."""

    files: int = 0
    within: int = 0
    states: Counter[str] = field(default_factory=Counter)
    reasons: dict[str, list[str]] = field(default_factory=dict)
    """By reason without its numbers: the files that failed or were skipped for it."""
    kept: list[str] = field(default_factory=list)
    """Files that took too long, or broke their parser or its process."""
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0


def main() -> None:
    """Make the files, ingest them, print the report."""
    os.environ["CAIRN_EMBEDDER"] = "hash"
    given = [int(argument) for argument in sys.argv[1:3]]
    count, seed = [*given, *(MUTATED, SEED)[len(given) :]]
    with tempfile.TemporaryDirectory() as place, socket.create_server(("127.0.0.1", 0)) as listener:
        stage = Stage(Path(place), listener)
        good = seeds([DATA / name for name in FOLDERS])
        stage.fill(chain(mutated(good, count, seed), made(stage.trap)))
        report = stage.ingest(seconds=600 + count)
        keep(stage.folder, report.kept)
    show(report)
    sys.exit(1 if report.faults else 0)


class Stage:
    """A place with a folder to ingest, and around it what no file may touch."""

    def __init__(self, base: Path, listener: socket.socket, **trap: int) -> None:
        """Set the place up in an empty folder; ``trap`` makes the hostile files smaller."""
        self.base = base
        self.folder = base / "folder"
        self.home = base / "library"
        self.temporary = base / "temporary"
        outside = base / "outside"
        for place in (self.folder, self.temporary, outside):
            place.mkdir()
        secret = base / "secret.txt"
        secret.write_text(SECRET)
        self.trap = Trap(secret, outside, listener.getsockname()[1], **trap)
        self._listener = listener
        self._good: dict[str, str] = {}
        self._files = 0

    def fill(self, files: Iterable[File]) -> None:
        """Write the files, a good neighbour before each twentieth."""
        for number, (name, data) in enumerate(files):
            if number % EVERY == 0:
                self._write_good(number)
            # What begins with = is to have just that name.
            path = self.folder / (name[1:] if name.startswith("=") else f"{number:05}-{name}")
            path.write_bytes(data)
            self._files += 1

    def _write_good(self, number: int) -> None:
        suffix = GOOD[number // EVERY % len(GOOD)]
        name, word = f"{number:05}-good.{suffix}", f"neighbour{number}"
        (self.folder / name).write_bytes(MAKERS[suffix](f"The {word} is well."))
        self._good[name] = word
        self._files += 1

    def ingest(self, *, seconds: float, **limits: int) -> Report:
        """Ingest the folder as a person would, and look at everything afterwards."""
        before, report, began = self._around(), Report(files=self._files), perf_counter()
        report.faults += self._run(seconds, LIMITS | limits)
        report.seconds = perf_counter() - began
        after = self._around()
        report.faults += (f"written outside: {name}" for name in sorted(after.keys() ^ before.keys()))
        report.faults += (
            f"changed outside: {name}" for name in sorted(before) if after.get(name) != before[name]
        )
        report.faults += (f"left behind: {path}" for path in self.temporary.rglob("*"))
        report.faults += (f"still running: process {number}" for number in _processes(self.home))
        if self._was_called():
            report.faults.append("something was called over the network")
        self._look(report)
        return report

    def _run(self, seconds: float, limits: Mapping[str, int]) -> list[str]:
        """Run the command line; return what was wrong with it."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith("CAIRN_")}
        environment |= {f"CAIRN_{name.upper()}": str(value) for name, value in limits.items()}
        environment |= {"CAIRN_HOME": str(self.home), "CAIRN_EMBEDDER": "hash", "CAIRN_WORKERS": "1"}
        environment |= {"TMPDIR": str(self.temporary), "HOME": str(self.base)}
        command = [sys.executable, "-m", "cairn", "ingest", str(self.folder)]
        try:
            done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds)
        except subprocess.TimeoutExpired:
            return [f"the ingest took longer than {seconds:.0f} s"]
        return [f"the ingest ended with {done.returncode}: {done.stderr[-500:]}"] if done.returncode else []

    def _around(self) -> dict[str, tuple[int, int]]:
        """Return what stands in the place, with size and time, but for the library and temporary files."""
        own = (self.home, self.temporary)
        found = [path for path in self.base.rglob("*") if not any(map(path.is_relative_to, own))]
        return {str(path): (path.lstat().st_size, path.lstat().st_mtime_ns) for path in found}

    def _was_called(self) -> bool:
        self._listener.setblocking(False)
        try:
            self._listener.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    def _look(self, report: Report) -> None:
        """Read from the library what became of every file."""
        with cairn.open(self.home) as session:
            catalogue = session.app.journal.catalogue
            records = catalogue.find()
            texts: dict[int, str] = {}
            for held in catalogue.passages([record.id for record in records]):
                texts[held.document] = texts.get(held.document, "") + held.passage.text
        shown = [record for record in records if record.parent is None]
        report.within = len(records) - len(shown)
        if len(shown) != self._files:
            report.faults.append(f"{self._files} files, but {len(shown)} in the library")
        for record in records:
            _count(report, record)
            if not accounted(record):
                report.faults.append(f"no state or no reason: {record.uri!r}")
            if SECRET in texts.get(record.id, "") + record.title + str(record.metadata):
                report.faults.append(f"read from outside: {record.uri!r}")
        there = {record.uri: texts.get(record.id, "") for record in shown if record.state is State.INDEXED}
        report.faults += (
            f"lost neighbour: {name}" for name, word in self._good.items() if word not in there.get(name, "")
        )


def _count(report: Report, record: DocumentRecord) -> None:
    report.states[record.state] += 1
    if record.reason is not None and record.state is not State.INDEXED:
        reason = f"{record.state}: {_VARIES.sub('…', record.reason)[:100]}"
        report.reasons.setdefault(reason, []).append(record.uri)
        if KEPT.search(record.reason):
            report.kept.append(record.uri)


def _processes(home: Path) -> list[str]:
    """Return the processes that still work for the library."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(home).encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue  # it has just ended
    return found


def keep(folder: Path, names: Iterable[str]) -> None:
    """Copy files to where they can be looked at."""
    kept = OUT / "fuzz"
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for name in names:
        path = folder / name.partition("!/")[0]
        if path.is_file():
            shutil.copy(path, kept)


def show(report: Report) -> None:
    """Print what became of the files."""
    states = ", ".join(f"{count:,} {state}" for state, count in sorted(report.states.items()))
    print(f"{report.files:,} files and {report.within:,} within them in {report.seconds:.0f} s: {states}\n")
    for reason, names in sorted(report.reasons.items(), key=lambda item: -len(item[1])):
        print(f"{len(names):6}  {reason}\n            {', '.join(names[:4])[:200]!r}")
    print(f"\ntook too long, broke a parser or its process: {len(report.kept)} (kept in {OUT / 'fuzz'})")
    for name in report.kept:
        print(f"    {name!r}")
    print(f"\nfaults: {len(report.faults)}")
    for fault in report.faults:
        print(f"    {fault}")


if __name__ == "__main__":
    main()
