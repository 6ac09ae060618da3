"""Puts one library in the place of another by renaming alone, so that a kill leaves the old or the new one.

The new one is made in a folder of the library's own, which may be a volume with no room beside it. Two
marks tell how far the swap has come; whoever finds one goes on from there. Knows nothing of what is
renamed. The caller holds the library's lock.
"""

import os
from pathlib import Path
from shutil import rmtree

LOCK = "write.lock"
STAGING = "restore"
KEPT = {LOCK, STAGING, "evaluations"}
"""What is the place's own, not the library's."""
READY, EMPTIED = "ready", "emptied"


def prepare(home: Path) -> Path:
    """Return an empty folder for the new library."""
    finish(home)
    new = home / STAGING / "new"
    new.mkdir(mode=0o700, parents=True)
    return new


def commit(home: Path) -> None:
    """Put what has been prepared, and is safe on disk, in the library's place."""
    sync(home / STAGING)
    (home / STAGING / READY).touch()
    finish(home)


def interrupted(home: Path) -> bool:
    """Tell whether a swap was begun and not ended: what is in place is then neither library."""
    return any((home / STAGING / mark).exists() for mark in (READY, EMPTIED))


def finish(home: Path) -> None:
    """End a swap that was begun, and remove what is left of one that was not."""
    staging = home / STAGING
    if not staging.exists():
        return
    old, new = staging / "old", staging / "new"
    if (staging / READY).exists():
        old.mkdir(exist_ok=True)
        sync(staging)
        _move(home, old)
        (staging / READY).rename(staging / EMPTIED)
        sync(staging)
    if (staging / EMPTIED).exists():
        for entry in new.iterdir():
            # What a process made that looked in between; SQLite would take a log it left for the new one's.
            for stray in home.glob(f"{entry.name}-*"):
                stray.unlink()
        _move(new, home)
        (staging / EMPTIED).unlink()
        sync(staging)
    rmtree(staging, ignore_errors=True)


def sync(folder: Path) -> None:
    """Make sure that a folder's entries survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _move(source: Path, target: Path) -> None:
    for entry in sorted(source.iterdir()):
        if entry.name not in KEPT:
            entry.rename(target / entry.name)
    sync(source)
    sync(target)
