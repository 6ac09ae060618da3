"""Damages a library's files one by one, and tells what the next command makes of it.

    python -m tests.faults.damage flipped --times 50

Prints one line of JSON for each piece of damage: what it was, and ``equal`` where everything equals
a fresh build afterwards, ``said`` with the one line in which Cairn refused, else what was wrong.
"""

import argparse
import json
import os
import random
import shutil
import sys
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from tests.faults import forks
from tests.faults.disk import disks, locks
from tests.faults.library import Stage, begin_process, copy, enrol, fingerprint, ingest, look, world
from tests.faults.torture import memory, short, warm

from cairn.errors import CairnError
from cairn.session import open_library

Harm = Callable[[Path, random.Random], None]
SPARED = 16
"""Bytes: damage to a lock file is no damage."""


def _cut(path: Path, chance: random.Random) -> None:
    os.truncate(path, chance.choice([path.stat().st_size - 1, path.stat().st_size // 2, SPARED]))


def _zero(path: Path, chance: random.Random) -> None:
    size = path.stat().st_size
    start = chance.choice([0, size // 2])
    _overwrite(path, start, bytes(size - start))


def _flip(path: Path, chance: random.Random) -> None:
    place = chance.randrange(path.stat().st_size)
    with path.open("rb") as file:
        file.seek(place)
        (byte,) = file.read(1)
    _overwrite(path, place, bytes([byte ^ 1 << chance.randrange(8)]))


def _overwrite(path: Path, place: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(content)


FILES: dict[str, Harm] = {
    "removed": lambda path, chance: path.unlink(),
    "emptied": lambda path, chance: os.truncate(path, 0),
    "cut": _cut,
    "zeroed": _zero,
    "flipped": _flip,
}
"""What is done to each file of an index."""


BITS = {
    "a bit of a class": ("vectors-*/*.classes.npy", 128, 0),
    "a bit of a code": ("vectors-*/*.codes.npy", -40, 7),
    "a bit of the rotation": ("vectors-*/*.rotation.npy", 128 + 256 * (zlib.crc32(b"otter") % 64) + 3, 6),
    "a bit of a passage's number": ("vectors-*/*.columns.npy", 128, 1),
    "a header of columns": ("vectors-*/*.columns.npy", 10, 4),
    "the manifest's position": ("vectors-*/manifest.json", 13, 0),
    "a posting": ("words-*/*.idx", 30, 3),
    "a word": ("words-*/*.term", 60, 2),
    "a fast value": ("words-*/*.fast", 12, 0),
    "a fast footer": ("words-*/*.fast", -12, 5),
    "a store footer": ("words-*/*.store", -8, 5),
    "a magic number": ("words-*/*.idx", -1, 3),
    "a footer's length": ("words-*/*.pos", -7, 7),
    "a removed passage": ("words-*/*.del", 4, 0),
    "a letter of the words' meta": ("words-*/meta.json", 40, 0),
}
"""One bit of a file, by its place from the beginning or the end, and which of the byte's."""


# --- what happens to a library as a whole -----------------------------------------------------------


def _lose(name: str, stage: Stage, before: Path) -> None:
    del before
    for path in sorted(stage.home.glob(name)):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _old_journal(stage: Stage, before: Path) -> None:
    for path in stage.home.glob("journal.db*"):
        path.unlink()
    for path in before.glob("journal.db*"):
        shutil.copy2(path, stage.home)


def _old_journal_then_ingest(stage: Stage, before: Path) -> None:
    """The first command after the restoration makes more changes than were lost, before any view looks."""
    _old_journal(stage, before)
    stage.show(2)
    ingest(stage)


def _old_index(stage: Stage, before: Path) -> None:
    copy(before / "index", stage.home / "index")


def _old_view(name: str, stage: Stage, before: Path) -> None:
    (old,) = before.glob(f"index/{name}-*")
    copy(old, stage.home / old.relative_to(before))


def _newer_index(stage: Stage, before: Path) -> None:
    """What a later Cairn would leave: folders of other layouts, and none of this one's."""
    for path in list((stage.home / "index").iterdir()):
        path.rename(_newer(path))


def _newer_index_beside(stage: Stage, before: Path) -> None:
    for path in list((stage.home / "index").iterdir()):
        copy(path, _newer(path))


def _newer(path: Path) -> Path:
    """Return the name of a view's folder in the next layout: ``words-3``, ``vectors-MODEL-2-64``."""
    parts = path.name.split("-")
    place = 1 if parts[0] == "words" else -2
    parts[place] = str(int(parts[place]) + 1)
    return path.with_name("-".join(parts))


def _newer_journal(stage: Stage, before: Path) -> None:
    import sqlite3

    with sqlite3.connect(stage.home / "journal.db") as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    connection.close()


def _journal_file(name: str, harm: Harm, stage: Stage, before: Path) -> None:
    harm(stage.home / name, random.Random(3))


WORLDS = [
    world(0, range(12)),
    world(0, [*range(1, 12), 20]),
    world(0, range(12), rules="* allow group:finance\n"),
]
"""The folder before, after, and as it is when an old journal meets it."""

WHOLE: dict[str, Callable[[Stage, Path], None]] = {
    "index lost": partial(_lose, "index"),
    "words lost": partial(_lose, "index/words-*"),
    "vectors lost": partial(_lose, "index/vectors-*"),
    "index older than journal": _old_index,
    "words older than journal": partial(_old_view, "words"),
    "vectors older than journal": partial(_old_view, "vectors"),
    "journal older than index": _old_journal,
    "journal older than index, then ingest": _old_journal_then_ingest,
    "index of a newer layout": _newer_index,
    "index of a newer layout beside": _newer_index_beside,
    "journal of a newer schema": _newer_journal,
    "journal lost": partial(_lose, "journal.db*"),
    "journal emptied": partial(_journal_file, "journal.db", FILES["emptied"]),
    "journal zeroed": partial(
        _journal_file, "journal.db", lambda path, chance: _overwrite(path, 0, bytes(4096))
    ),
    "journal cut": partial(_journal_file, "journal.db", lambda path, chance: os.truncate(path, 20_480)),
}
"""What is done to a library that was ingested twice; ``before`` is what it was after the first time."""


# --- what comes of it -----------------------------------------------------------------------------------


def outcome(stage: Stage, expected: dict[str, str] | None) -> str:
    """Return what the next command makes of a library; nothing is expected of one whose truth was harmed."""
    result = forks.call(partial(_next, stage))
    if result.value is None:
        return f"broke: {short(result.error)}"
    said, wrong, found = result.value
    if said:
        return f"said: {said}"
    if expected is not None:
        wrong += [f"{side} differ" for side, checksum in found.items() if expected[side] != checksum]
    return f"wrong: {'; '.join(wrong[:3])}" if wrong else "equal"


def _next(stage: Stage) -> tuple[str, list[str], dict[str, str]]:
    try:
        with open_library(stage.home) as session:
            return "", look(session), fingerprint(session)
    except CairnError as error:
        return str(error), [], {}


def files(stage: Stage, harm: str, times: int) -> Iterator[tuple[str, str]]:
    """Harm each file of the index so many times; yield what it was and what came of it."""
    whole, kept = stage.root / "whole", _made(stage)
    copy(stage.home, whole)
    for path in sorted(whole.glob("index/**/*")):
        if path.is_file() and path.stat().st_size > SPARED:
            name = path.relative_to(whole)
            for number in range(times):
                copy(whole, stage.home)
                seed = zlib.crc32(f"{harm} {path.suffix} {path.stat().st_size} {number}".encode())
                FILES[harm](stage.home / name, random.Random(seed))
                yield f"{harm} {_kind(name)} {number}", outcome(stage, kept)


def bits(stage: Stage) -> Iterator[tuple[str, str]]:
    """Flip each of BITS in the largest such file."""
    whole, kept = stage.root / "whole", _made(stage)
    copy(stage.home, whole)
    for name, (pattern, place, bit) in BITS.items():
        copy(whole, stage.home)
        path = max(stage.home.glob(f"index/{pattern}"), key=lambda one: one.stat().st_size)
        held = path.read_bytes()
        _overwrite(path, place % len(held), bytes([held[place] ^ 1 << bit]))
        yield name, outcome(stage, kept)


def _kind(name: Path) -> str:
    """Return a file's name without what is random in it."""
    view, file = name.parts[2].split("-")[0], name.name
    return f"{view}/{file}" if file.endswith("json") else f"{view}/*.{file.partition('.')[2]}"


def _made(stage: Stage) -> dict[str, str]:
    """Make a library that has been written twice; return what it must be found to be."""

    def make() -> dict[str, str]:
        _twice(stage)
        with open_library(stage.home) as session:
            return fingerprint(session)

    return forks.call(make).get()


def wholes(stage: Stage) -> Iterator[tuple[str, str]]:
    """Do to a library what WHOLE names; where its journal is another, a fresh build decides."""
    whole = stage.root / "whole"
    forks.call(partial(_twice, stage)).get()
    copy(stage.home, whole)
    for name, harm in WHOLE.items():
        stage.show(1)
        copy(whole, stage.home)
        forks.call(partial(harm, stage, stage.root / "before")).get()
        yield name, outcome(stage, None)
        yield f"{name}, fresh", outcome(stage, forks.call(partial(_fresh, stage)).value)


def _fresh(stage: Stage) -> dict[str, str]:
    """Return what an index built from nothing finds, and leave the present one alone."""
    fresh = Stage(root=stage.root / "fresh")
    copy(stage.home, fresh.home)
    shutil.rmtree(fresh.home / "index", ignore_errors=True)
    with open_library(fresh.home) as session:
        return fingerprint(session)


def _twice(stage: Stage) -> None:
    stage.place(WORLDS)
    stage.show(0)
    enrol(stage)
    ingest(stage)
    copy(stage.home, stage.root / "before")
    stage.show(1)
    ingest(stage)


def main() -> int:
    """Parse the arguments and print a line for each piece of damage."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=[*FILES, "bits", "whole", "disk", "lock"])
    parser.add_argument("--times", type=int, default=1, help="how often each file is damaged")
    arguments = parser.parse_args()
    what = arguments.what
    begin_process()
    with memory() as root:
        warm()
        stage = Stage(root=root / "stage")
        stage.root.mkdir()
        others = {"bits": bits, "whole": wholes, "disk": disks, "lock": locks}
        told = files(stage, what, arguments.times) if what in FILES else others[what](stage)
        for name, came in told:
            print(json.dumps({"damage": name, "outcome": came}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
