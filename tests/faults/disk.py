"""Fills the disk under a library: a small one in memory, where that may be mounted, else a limit on files.

Ingest must stop with one line then, and go on once there is room.
"""

import ctypes
import os
import resource
import shutil
import signal
from collections.abc import Iterator
from functools import partial

from tests.faults import forks
from tests.faults.library import Stage, enrol, fingerprint, look
from tests.faults.scenarios import SCENARIOS

from cairn.errors import CairnError
from cairn.session import open_library

DISKS = tuple(4096 * pages for pages in (20, 60, 90, 110, 130, 150, 170, 190, 210, 250))
"""Bytes of a disk: the library of the scenario needs more than most of them."""
FILES = tuple(4096 * pages for pages in (1, 5, 10, 20, 40, 60))
"""Bytes of a file."""
ROOM = 64_000_000
_MS_REMOUNT = 32


def disks(stage: Stage) -> Iterator[tuple[str, str]]:
    """Ingest onto disks of several sizes, then give room and go on; yield what came of it."""
    stage.place(SCENARIOS["changes"].worlds)
    elsewhere = Stage(root=stage.root / "whole")
    elsewhere.root.mkdir()
    elsewhere.place(SCENARIOS["changes"].worlds)
    expected = forks.call(partial(_write, elsewhere)).value
    stage.home.mkdir(parents=True)
    if _mount(stage, DISKS[0]):
        _unmount(stage)
        for size in DISKS:
            _mount(stage, size)
            try:
                yield f"disk of {size}", _result(forks.call(partial(_write, stage)), None)
                _mount(stage, ROOM, _MS_REMOUNT)
                yield (
                    f"disk of {size}, with room again",
                    _result(forks.call(partial(_go_on, stage)), expected),
                )
            finally:
                _unmount(stage)
            stage.show(0)
    for size in FILES:
        shutil.rmtree(stage.home)
        stage.home.mkdir()
        stage.show(0)
        yield f"files of {size}", _result(forks.call(partial(_limited, stage, size)), None)
        yield f"files of {size}, then any", _result(forks.call(partial(_go_on, stage)), expected)


def locks(stage: Stage) -> Iterator[tuple[str, str]]:
    """Let the index have to be built where not one byte can be written."""
    stage.place(SCENARIOS["changes"].worlds)
    forks.call(partial(_write, stage))
    shutil.rmtree(stage.home / "index")
    yield "no room for the lock", _result(forks.call(partial(_asked, stage)), None)


Said = tuple[str, dict[str, str]]
"""In which line it was refused, and the checksum."""


def _write(stage: Stage) -> Said:
    try:
        if not stage.folder.is_symlink():
            stage.show(0)
        enrol(stage)
        SCENARIOS["changes"].run(stage)
        with open_library(stage.home) as session:
            return "", fingerprint(session)
    except CairnError as error:
        return str(error), {}


def _go_on(stage: Stage) -> Said:
    try:
        wrong = _looked(stage) if (stage.home / "journal.db").exists() else []
    except CairnError as error:  # nobody was enrolled yet
        wrong = [] if "Unknown person" in str(error) else [str(error)]
    told = _write(stage)
    return ("; ".join([*wrong, *_looked(stage)]), told[1]) if not told[0] else told


def _looked(stage: Stage) -> list[str]:
    with open_library(stage.home) as session:
        return look(session)


def _limited(stage: Stage, size: int) -> Said:
    _limit(size)
    return _write(stage)


def _limit(size: int) -> None:
    """Let no file of this process grow beyond ``size``."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def _asked(stage: Stage) -> Said:
    """Ask of a library whose index is lost, when not one byte can be written any more."""
    with open_library(stage.home) as session:
        session.app.journal.catalogue.head()  # the journal's own files are there
        _limit(0)
        try:
            session.app.catch_up()
        except CairnError as error:
            return str(error), {}
    return "", {}


def _result(result: "forks.Result[Said]", expected: Said | None) -> str:
    if result.value is None:
        lines = result.error.strip().splitlines()
        return f"broke: {lines[-1]}"
    said, found = result.value
    if expected is None:
        return f"said: {said}" if said else "equal"
    return f"wrong: {said}" if said else "equal" if found == expected[1] else "wrong: it differs"


def _mount(stage: Stage, size: int, flags: int = 0) -> bool:
    """Mount a disk in memory over the library's folder; False where that is not permitted."""
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"size={size},mode=700".encode()
    return bool(libc.mount(b"cairn", os.fsencode(stage.home), b"tmpfs", flags, options) == 0)


def _unmount(stage: Stage) -> None:
    ctypes.CDLL(None, use_errno=True).umount2(os.fsencode(stage.home), 2)
