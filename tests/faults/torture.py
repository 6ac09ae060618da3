"""Kills the writer at thousands of system calls; what is left, continued, must equal a library never killed.

    python -m tests.faults.torture --points 10000

Prints one table, and how to run each point again at which something differed.
"""

import argparse
import gc
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import NamedTuple, get_args
from unittest.mock import patch

from tests.faults import forks, tracer
from tests.faults.calls import machine
from tests.faults.library import Stage, begin_process, copy, fingerprint, look, standing
from tests.faults.scenarios import SCENARIOS, Scenario
from tests.faults.tracer import Fault, Harm

from cairn.session import open_library

HARMS: tuple[Harm, ...] = get_args(Harm)
WEIGHTS = (30, 15, 35, 20)
EVERY = 0.05
"""Part of the points that are chosen among all system calls: what they add is writing to mapped memory."""
AGAIN = 0.2
"""Part of the points after which the next run is killed as well."""
HOURS = 6
CAIRN_ERROR = "cairn.errors."


class Point(NamedTuple):
    """Where one library is harmed."""

    at: int
    harm: Harm
    every: bool
    again: int
    """The call at which the next run is killed too; 0 for none."""
    part: float

    def __str__(self) -> str:
        return ":".join(str(value) for value in (self.at, self.harm, int(self.every), self.again, self.part))

    @classmethod
    def read(cls, text: str) -> "Point":
        """Read back what a report shows."""
        at, harm, every, again, part = text.split(":")
        return cls(int(at), HARMS[HARMS.index(harm)], every == "1", int(again), float(part))


@dataclass(kw_only=True)
class Tally:
    """What came of a scenario's points."""

    calls: int = 0
    points: int = 0
    hits: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        """Take in what another process found."""
        self.points += other.points
        self.hits += other.hits
        self.differences += other.differences


class Bench:
    """One scenario on a stage in memory: made once, then harmed again and again."""

    def __init__(self, scenario: Scenario, root: Path) -> None:
        self.scenario = scenario
        self.stage = Stage(root=root)
        self._log = root / "log"
        self.counts = {False: 0, True: 0}
        self.before: dict[str, str] = {}
        self.expected: dict[str, str] = {}

    def prepare(self) -> None:
        """Make the library as it is before, and what it must come to."""
        self.stage.root.mkdir(parents=True)
        self.stage.place(self.scenario.worlds)
        self.before = forks.call(self._begun).get()
        self._first = self.stage.shown()
        for every in self.counts:
            self._restore()
            outcome = tracer.trace(partial(self.scenario.run, self.stage), every=every)
            if not outcome.ended:
                raise RuntimeError(f"{self.scenario.name}: not harmed, it still ends with {outcome}")
            self.counts[every] = outcome.calls
        self.expected = forks.call(self._fingerprint).get()

    def _begun(self) -> dict[str, str]:
        self.scenario.begin(self.stage)
        copy(self.stage.volume, self.stage.root / "template")
        return self._fingerprint()

    def _fingerprint(self) -> dict[str, str]:
        with open_library(self.stage.home) as session:
            return fingerprint(session)

    def choose(self, points: int, seed: str) -> list[Point]:
        """Return so many points, always the same for the same seed."""
        chance = random.Random(f"{seed} {self.scenario.name}")
        chosen = []
        for _ in range(points):
            every = chance.random() < EVERY
            at = chance.randint(1, self.counts[every])
            (harm,) = chance.choices(HARMS, WEIGHTS)
            again = chance.randint(1, self.counts[False]) if chance.random() < AGAIN else 0
            chosen.append(Point(at, harm, every, again, round(chance.random(), 3)))
        return chosen

    def suffer(self, points: Sequence[Point]) -> Tally:
        """Harm the library at each point, and tell what differed afterwards."""
        tally = Tally()
        for point in points:
            self._restore()
            hit, wrong = self._harm(point)
            tally.points += 1
            tally.hits[hit] += 1
            wrong += self._recover()
            if wrong:
                tally.differences.append(f"{self.scenario.name} {point} ({hit}): {'; '.join(wrong[:3])}")
        return tally

    def _harm(self, point: Point) -> tuple[str, list[str]]:
        run = partial(self.scenario.run, self.stage)
        self._log.unlink(missing_ok=True)
        fault = Fault(at=point.at, harm=point.harm, part=point.part)
        within = self.stage.volume
        outcome = tracer.trace(run, fault, every=point.every, within=within, log=self._log)
        wrong = ["hung"] if outcome.hung else []
        if self._log.exists():
            told = self._log.read_text().strip()
            if point.harm != "full" or not _last(told).startswith(CAIRN_ERROR):
                wrong.append(f"raised {short(told)}")
        if point.again:
            tracer.trace(run, Fault(at=point.again), log=self._log)
        return _name(outcome.hit), wrong

    def _recover(self) -> list[str]:
        """Do as the next command does, continue to the end, and compare."""
        result = forks.call(self._continued)
        if result.value is None:
            return [short(result.error)]
        wrong, found = result.value
        sides = [side for side, checksum in found.items() if checksum != self.expected[side]]
        return [*wrong, *([f"differs in {', '.join(sides)}"] if sides else [])]

    def _continued(self) -> tuple[list[str], dict[str, str]]:
        wrong = self._looked()
        self.scenario.run(self.stage)
        wrong += self.scenario.check(self.stage)
        with open_library(self.stage.home) as session:
            return wrong + standing(session), fingerprint(session)

    def _looked(self) -> list[str]:
        with open_library(self.stage.home) as session:
            wrong = look(session)
            if self.scenario.whole and fingerprint(session) not in (self.before, self.expected):
                wrong.append("neither as before nor as after")
        return wrong + self.scenario.check(self.stage)

    def _restore(self) -> None:
        copy(self.stage.root / "template", self.stage.volume)
        self.stage.show(self._first)


def _last(told: str) -> str:
    return told.strip().splitlines()[-1]


def short(told: str) -> str:
    """Return a traceback as one line: what was raised, and where in Cairn."""
    places = [line.strip() for line in told.splitlines() if "/cairn/" in line and line.startswith("  File")]
    return " ".join([_last(told), *places[-1:]])


def _name(number: int | None) -> str:
    this = machine()
    names = {} if this is None else {known: name for name, known in this.calls.items()}
    return "none" if number is None else names.get(number, "other")


def torture(
    names: Sequence[str], points: int, seed: str, jobs: int, only: Point | None = None
) -> list[Tally]:
    """Run every scenario's share of the points and print a row for each."""
    print(f"{'scenario':12} {'calls':>6} {'points':>6} {'differ':>6} {'s':>6}  killed at")
    tallies = []
    with memory() as root:
        for name in names:
            share = -(-points // len(names) // jobs)
            began = time.monotonic()
            work = [
                partial(_work, name, root / f"{job}", share, f"{seed} {job}", only) for job in range(jobs)
            ]
            tally = Tally()
            for result in forks.together(work, seconds=HOURS * 3600):
                done = result.get()
                tally.add(done)
                tally.calls = done.calls
            tally.seconds = time.monotonic() - began
            tallies.append(tally)
            _row(name, tally)
    return tallies


def _work(name: str, root: Path, points: int, seed: str, only: Point | None) -> Tally:
    bench = Bench(SCENARIOS[name], root)
    try:
        bench.prepare()
        tally = bench.suffer(bench.choose(points, seed) if only is None else [only])
        tally.calls = bench.counts[False]
        return tally
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _row(name: str, tally: Tally) -> None:
    kinds = ", ".join(f"{kind} {count}" for kind, count in tally.hits.most_common())
    numbers = f"{tally.calls:6} {tally.points:6} {len(tally.differences):6} {tally.seconds:6.0f}"
    print(f"{name:12} {numbers}  {kinds}", flush=True)
    for difference in tally.differences:
        print(f"    {difference}", flush=True)


@contextmanager
def memory() -> Iterator[Path]:
    """Hold a folder in memory, where there is some: nothing here survives a power cut anyway.

    It has the temporary files as well: what is killed throws none of them away.
    """
    shared = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(dir=shared) as root, patch.object(tempfile, "tempdir", root):
        yield Path(root)


def warm() -> None:
    """Import all that is needed, so that a forked child begins to write at once."""
    with memory() as root:
        bench = Bench(SCENARIOS["ingest"], root / "warm")

        def once() -> None:
            bench.stage.root.mkdir()
            bench.stage.place(bench.scenario.worlds)
            bench.scenario.begin(bench.stage)
            bench.scenario.run(bench.stage)
            with open_library(bench.stage.home) as session:
                look(session)
                fingerprint(session)

        forks.preload(once)
    gc.freeze()
    gc.disable()  # in no child's short life is it worth while


def main() -> int:
    """Parse the arguments, run, and return 1 if anything differed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--points", type=int, default=10_000, help="crash points in all")
    parser.add_argument("--seed", default="7")
    parser.add_argument("--jobs", type=int, default=1, help="processes that run points side by side")
    parser.add_argument("--scenario", action="append", choices=sorted(SCENARIOS), help="only these")
    parser.add_argument("--only", type=Point.read, help="one point, as a difference is reported")
    arguments = parser.parse_args()
    begin_process()
    if why := tracer.permitted():
        print(f"skipped: {why}")
        return 0
    warm()
    names = arguments.scenario if arguments.scenario else list(SCENARIOS)
    tallies = torture(names, arguments.points, arguments.seed, arguments.jobs, arguments.only)
    points, different = sum(t.points for t in tallies), sum(len(t.differences) for t in tallies)
    print(f"{points:,} points, {different} differences, {sum(t.seconds for t in tallies):,.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
