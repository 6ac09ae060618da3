"""What is killed: named pieces of writing, each from a beginning to one end that it always reaches.

To add one, write a function that takes a Stage and may be run again after it was stopped anywhere, and
put it into SCENARIOS with the worlds that it goes through.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from unittest.mock import patch

from tests.faults.library import Stage, World, enrol, ingest, wait, world

import cairn
from cairn.adapters.indexes import segments
from cairn.errors import Unknown
from cairn.flows.ingest import pipeline, views
from cairn.operations import access
from cairn.session import open_library


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


# --- the table --------------------------------------------------------------------------------------

_FEW = range(10)
_FINANCE = "n[3-6].md allow group:finance\n"
_A = world(0, _FEW, zipped=3)
_B = world(1, [*range(2, 9), 12, 13], rules=_FINANCE, zipped=2)
_MOVED = world(1, [*range(2, 9), 12, 13], rules="deep/* allow group:finance\n", prefix="deep/", zipped=2)
_GROWING = [world(0, range(2 + number)) for number in range(8)]

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
        Scenario(name="rebuild", worlds=[_A], act=rebuilt, spoil=_without_index),
        Scenario(name="vectors", worlds=[_A], act=rebuilt, spoil=_without_vectors),
        Scenario(name="restored", worlds=[_A, _B], act=rebuilt, spoil=_restored),
    )
}
