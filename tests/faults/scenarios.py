"""What is killed: named pieces of writing, each from a beginning to one end that it always reaches.

To add one, write a function that takes a Stage and may be run again after it was stopped anywhere, and
put it into SCENARIOS with the worlds that it goes through.
"""

import asyncio
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unittest.mock import patch

from tests.faults.library import EMBEDDER, Stage, World, enrol, ingest, look, wait, world
from tests.reading import reading_here

import cairn
from cairn.adapters.indexes import segments
from cairn.errors import Invalid, Unknown
from cairn.flows.ingest import pipeline, views
from cairn.operations import access, keeping, models
from cairn.session import Session, open_library


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One way to write a library."""

    name: str
    worlds: Sequence[World]
    """What the folder is, one after the other; the library begins with the first, unless ``empty``."""
    act: Callable[[Stage], None]
    """Brings the library from wherever it is to the end."""
    empty: bool = False
    spoil: Callable[[Stage], None] = lambda stage: None
    """What has happened to the library since it was made."""
    whole: bool = False
    """Stopped anywhere, the library is what it was before or what it is after."""
    check: Callable[[Stage], list[str]] = lambda stage: []
    """Tells what else is wrong, after a stop and at the end."""

    def begin(self, stage: Stage) -> None:
        """Make the library as it is before."""
        stage.show(0)
        enrol(stage)
        if not self.empty:
            ingest(stage)
        self.spoil(stage)

    def run(self, stage: Stage) -> None:
        """Write, in smaller steps than usual, so that there are more of them and segments merge."""
        with (
            patch.object(views, "BATCH", 4),
            patch.object(views, "STEP", 4),
            patch.object(views, "DOCUMENTS", 3),
            patch.object(pipeline, "CHUNK", 5),
            patch.object(pipeline, "FLUSH_PASSAGES", 8),
            patch.object(segments, "MOST_SEGMENTS", 2),
        ):
            self.act(stage)


# --- the ways -----------------------------------------------------------------------------------


def rounds(stage: Stage) -> None:
    """Ingest each world in turn, from the one that was being ingested on."""
    last = len(list((stage.root / "worlds").iterdir()))
    for number in range(stage.shown(), last):
        stage.show(number)
        ingest(stage)


def forget(stage: Stage) -> None:
    """Erase documents, one that has a copy among them, and an archive with its parts."""
    for name in ("n6.md", "n9.md", "parts.zip"):
        with open_library(stage.home) as session:
            try:
                wait(cairn.forget(session, name))
            except Unknown:
                session.app.catch_up()


def forget_all(stage: Stage) -> None:
    """Erase a source as a whole."""
    with open_library(stage.home) as session:
        if session.app.journal.catalogue.sources():
            wait(cairn.forget(session, str(stage.folder)))


def people(stage: Stage) -> None:
    """Let people join and leave while documents' readers change."""
    with open_library(stage.home) as session:
        wait(access.access_add(session, "person:tomas", ["group:finance"]))
        wait(access.access_remove(session, "person:amina", ["group:staff"]))
        wait(access.access_add(session, "group:board", ["group:staff"]))
        wait(access.access_add(session, "person:amina", ["group:board"]))
    rounds(stage)


def rebuilt(stage: Stage) -> None:
    """Build whatever an index lacks."""
    with open_library(stage.home) as session:
        session.app.catch_up()


def read_again(stage: Stage) -> None:
    """Read every document once more, as after a new recipe."""
    with open_library(stage.home) as session:
        ids = [record.id for record in session.app.journal.catalogue.find()]
        session.app.journal.library.retry(ids)
    ingest(stage)


def reembed(stage: Stage) -> None:
    """Let another embedder serve."""
    with open_library(stage.home) as session:
        wait(models.reembed(session, OTHER))


def reembed_back(stage: Stage) -> None:
    """Let the first embedder serve again, and forget the other's vectors."""
    with open_library(stage.home) as session:
        wait(models.reembed(session, EMBEDDER))
    with open_library(stage.home) as session:
        wait(models.reembed(session, OTHER, drop=True))


def backup(stage: Stage) -> None:
    """Back up while the next world is ingested; what a former attempt left is thrown away."""
    shutil.rmtree(stage.backup, ignore_errors=True)
    stage.show(1)

    async def both(one: Session, other: Session) -> None:
        ingesting = cairn.ingest(one, str(stage.folder), prune=True)
        await asyncio.gather(ingesting, keeping.backup(other, str(stage.backup)))

    with reading_here(), open_library(stage.home) as one, open_library(stage.home) as other:
        wait(both(one, other))


def restore(stage: Stage) -> None:
    """Put the backup in the place of the library."""
    with open_library(stage.home, wire=False) as session:
        wait(keeping.restore(session, str(stage.backup), replace=True))


def repair(stage: Stage) -> None:
    """Find what is wrong with the index, and build it again."""
    with open_library(stage.home) as session:
        assert not wait(keeping.verify(session, repair=True)).missed


# --- what has happened before ---------------------------------------------------------------------


def _without_index(stage: Stage) -> None:
    shutil.rmtree(stage.home / "index")


def _without_vectors(stage: Stage) -> None:
    shutil.rmtree(next((stage.home / "index").glob("vectors-*")))


def _restored(stage: Stage) -> None:
    """The journal is that of yesterday, the index that of today."""
    yesterday = (stage.home / "journal.db").read_bytes()
    stage.show(1)
    ingest(stage)
    for name in ("journal.db-wal", "journal.db-shm"):
        (stage.home / name).unlink(missing_ok=True)
    (stage.home / "journal.db").write_bytes(yesterday)


def _reembedded(stage: Stage) -> None:
    """Another embedder serves, and has seen what the first has not."""
    reembed(stage)
    stage.show(1)
    ingest(stage)


def _backed_up(stage: Stage) -> None:
    """There is a backup, and the library has gone on since."""
    with open_library(stage.home) as session:
        wait(keeping.backup(session, str(stage.backup)))
    stage.show(1)
    ingest(stage)


def _flipped(stage: Stage) -> None:
    """One bit of each view is not what was written, where only `verify` looks."""
    for pattern in ("words-*/*.store", "vectors-*/*.codes.npy"):
        path = next((stage.home / "index").glob(pattern))
        held = bytearray(path.read_bytes())
        held[len(held) // 2] ^= 1
        path.write_bytes(held)


# --- what must be true besides ---------------------------------------------------------------------


def _refused_or_sound(stage: Stage) -> list[str]:
    """A backup, however far it came, is refused or holds a library in which nothing is wrong."""
    other = Stage(root=stage.root / "restored")
    shutil.rmtree(other.root, ignore_errors=True)
    if not stage.backup.exists():
        return []
    with open_library(other.home, wire=False) as session:
        try:
            wait(keeping.restore(session, str(stage.backup)))
        except Invalid:
            return []
    with open_library(other.home) as session:
        return look(session)


# --- the table --------------------------------------------------------------------------------------

_FEW = range(10)
_FINANCE = "n[3-6].md allow group:finance\n"
_A = world(0, _FEW, zipped=3)
_B = world(1, [*range(2, 9), 12, 13], rules=_FINANCE, zipped=2)
_MOVED = world(1, [*range(2, 9), 12, 13], rules="deep/* allow group:finance\n", prefix="deep/", zipped=2)
_GROWING = [world(0, range(2 + number)) for number in range(8)]
OTHER = "hash:32"
"""The embedder that is changed to."""

SCENARIOS = {
    one.name: one
    for one in (
        Scenario(name="ingest", worlds=[_A], act=rounds, empty=True),
        Scenario(name="changes", worlds=[_A, _B], act=rounds),
        Scenario(name="renames", worlds=[_B, _MOVED], act=rounds),
        Scenario(name="regrants", worlds=[world(0, _FEW), world(0, _FEW, rules=_FINANCE)], act=rounds),
        Scenario(name="people", worlds=[world(0, _FEW), world(0, _FEW, rules=_FINANCE)], act=people),
        Scenario(name="forget", worlds=[_A], act=forget),
        Scenario(name="forget all", worlds=[_A], act=forget_all),
        Scenario(name="merges", worlds=_GROWING, act=rounds),
        Scenario(name="rounds", worlds=[_A, _B, _MOVED, _A], act=rounds),
        Scenario(name="read again", worlds=[_A], act=read_again),
        Scenario(name="rebuild", worlds=[_A], act=rebuilt, spoil=_without_index, whole=True),
        Scenario(name="vectors", worlds=[_A], act=rebuilt, spoil=_without_vectors, whole=True),
        Scenario(name="restored", worlds=[_A, _B], act=rebuilt, spoil=_restored, whole=True),
        Scenario(name="reembed", worlds=[_A], act=reembed, whole=True),
        Scenario(name="reembed back", worlds=[_A, _B], act=reembed_back, spoil=_reembedded, whole=True),
        Scenario(name="backup", worlds=[_A, _B], act=backup, check=_refused_or_sound),
        Scenario(name="restore", worlds=[_A, _B], act=restore, spoil=_backed_up, whole=True),
        Scenario(name="repair", worlds=[_A], act=repair, spoil=_flipped),
    )
}
