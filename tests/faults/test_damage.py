"""Torn, flipped and lost files, an old journal, a newer layout, a full disk: continued, rebuilt, or said.

Each kind of damage is done in a process of its own: what it breaks, it breaks there.
"""

import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.faults.damage import BITS, WHOLE
from tests.faults.library import ENVIRONMENT

import cairn
from cairn.adapters.indexes import local
from cairn.adapters.journal.vectors import SqlVectors
from cairn.errors import Storage
from cairn.flows.ingest import views
from cairn.operations import keeping
from cairn.session import Session

Run = Callable[[Awaitable[Any]], Any]

ROOT = Path(__file__).parents[2]
BY_VERIFY = "too much to read at each start: `cairn verify` finds it by the file's checksum (test_keeping.py)"


@cache
def damaged(*arguments: str) -> dict[str, list[str]]:
    """Return what came of each piece of damage."""
    paths = [*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT), str(ROOT / "src")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.damage", *arguments],
        env=os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    found = defaultdict(list)
    for line in done.stdout.splitlines():
        told = json.loads(line)
        found[told["damage"]].append(told["outcome"])
    return dict(found)


def is_well(outcome: str) -> bool:
    return outcome == "equal" or (outcome.startswith("said: ") and "\n" not in outcome)


def xfail(name: str, reason: str, **_: Any) -> Any:
    return pytest.param(name, marks=pytest.mark.xfail(reason=reason, strict=True))


# --- files of the index -----------------------------------------------------------------------------


@pytest.mark.parametrize("harm", ["removed", "emptied", "cut"])
def test_an_index_with_a_lost_or_torn_file_is_as_built_anew(harm: str) -> None:
    wrong = {name: came for name, came in damaged(harm).items() if set(came) != {"equal"}}
    assert not wrong


def test_a_word_index_with_a_zeroed_file_is_as_built_anew() -> None:
    wrong = {name: came for name, came in damaged("zeroed").items() if set(came) != {"equal"}}
    assert not [name for name in wrong if "words/" in name]


def test_a_vector_index_with_a_zeroed_file_is_as_built_anew() -> None:
    wrong = {name: came for name, came in damaged("zeroed").items() if not all(map(is_well, came))}
    assert not [name for name in wrong if "vectors/" in name]


FLIPPED = {
    "a bit of a code": BY_VERIFY,
    "a removed passage": BY_VERIFY,
}


@pytest.mark.parametrize("name", [xfail(n, FLIPPED[n]) if n in FLIPPED else n for n in BITS])
def test_a_flipped_bit_is_noticed_or_does_not_matter(name: str) -> None:
    assert all(map(is_well, damaged("bits")[name])), damaged("bits")[name]


def test_whatever_bits_flip_nothing_forbidden_is_shown_and_nothing_dies() -> None:
    outcomes = [outcome for came in damaged("flipped").values() for outcome in came]
    assert len(outcomes) > 20
    assert not [one for one in outcomes if any(word in one for word in ("forbidden", "died", "hung"))]


# --- the library as a whole --------------------------------------------------------------------------

TRUTH = {
    "journal of a newer schema": "newer Cairn",
    "journal zeroed": "journal is damaged",
    "journal cut": "journal is damaged",
    "journal emptied": "journal of this library was lost",
    "journal lost": "journal of this library was lost",
}
"""Nothing can be rebuilt from these: what must be said."""


@pytest.mark.parametrize(
    "name",
    [name for name in WHOLE if name not in TRUTH],
)
def test_a_library_with_parts_of_other_times_equals_a_fresh_build(name: str) -> None:
    found = damaged("whole")
    assert found[name] == ["equal"] and found[f"{name}, fresh"] == ["equal"]


@pytest.mark.parametrize("name", TRUTH)
def test_a_journal_that_cannot_be_used_is_said_in_one_line(name: str) -> None:
    (came,) = damaged("whole")[name]
    assert is_well(came) and TRUTH[name] in came


def unlink(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    os.truncate(path, 0)


@pytest.mark.parametrize("harm", [unlink, empty])
def test_beside_a_lost_journal_nothing_is_touched_until_it_is_decided(
    run: Run, session: Session, folder: Path, tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    (folder / "note.md").write_text("# Note\n\nThe otter sleeps in the den.")
    run(cairn.ingest(session, str(folder)))
    run(keeping.backup(session, str(tmp_path / "backup")))
    session.app.close()
    home, index = session.app.home, session.app.index_folder
    held = {path: path.read_bytes() for path in index.rglob("*") if path.is_file()}
    harm(home / "journal.db")
    for _ in range(2):
        with pytest.raises(Storage, match=r"journal of this library was lost.*cairn restore"):
            cairn.open()
    assert held == {path: path.read_bytes() for path in index.rglob("*") if path.is_file()}
    with cairn.open(wire=False) as lost:
        run(keeping.restore(lost, str(tmp_path / "backup"), replace=True))
    with cairn.open() as again:
        assert run(cairn.search(again, "otter")).evidence
    harm(home / "journal.db")
    shutil.rmtree(index)
    with cairn.open() as anew:
        run(cairn.ingest(anew, str(folder)))
        assert run(cairn.search(anew, "otter")).evidence


def test_an_index_that_has_read_nothing_yet_tells_of_no_lost_journal(session: Session) -> None:
    with session.app.writing():
        pass
    session.app.close()
    assert any(session.app.index_folder.iterdir())
    cairn.open().app.close()


# --- no room -----------------------------------------------------------------------------------------


def test_a_full_disk_is_said_and_ingest_goes_on_when_there_is_room() -> None:
    found = damaged("disk")
    assert any(came[0].startswith("said: The disk is full") for came in found.values()) or not any(
        name.startswith("disk") for name in found
    )
    assert not {name: came for name, came in found.items() if not all(map(is_well, came))}
    assert {came[0] for name, came in found.items() if "then" in name or "again" in name} == {"equal"}


SHORT_ARRAY = """
import pathlib, resource, signal, sys
import numpy as np
from cairn.adapters.indexes import segments
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
try:
    segments.save(pathlib.Path(sys.argv[1]), np.arange(100))
except OSError:
    print("said")
"""


def test_an_array_that_does_not_fit_is_not_taken_for_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", SHORT_ARRAY, str(tmp_path / "a.npy")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "said\n"


def test_no_room_for_the_writers_number_is_no_traceback() -> None:
    found = damaged("lock")["no room for the lock"]
    assert all(map(is_well, found)), found


# --- what a kill leaves -------------------------------------------------------------------------------


class Stop(Exception):
    pass


def stop(*_: Any, **__: Any) -> None:
    raise Stop


def test_vectors_that_no_change_tells_of_yet_are_no_damage(
    run: Run, session: Session, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "note.md").write_text("# Note\n\nThe otter sleeps in the den.")
    for part, name in ((views, "embed"), (SqlVectors, "complete")):
        with monkeypatch.context() as patched, pytest.raises(Stop):
            patched.setattr(part, name, stop)
            run(cairn.ingest(session, str(folder)))
    assert run(keeping.verify(session)).missed == ()
    run(cairn.ingest(session, str(folder)))
    told = run(keeping.verify(session))
    assert told.missed == () and told.vectors == 1


def test_a_removal_killed_before_its_commit_is_made_again(tmp_path: Path) -> None:
    from tests.conformance.test_indexes import entry

    def remove(folder: Path) -> None:
        index = local.load("", folder=folder, model="m", dimensions=16, writable=True)
        try:
            index.write_words([1], [], 2)
        finally:
            index.close()

    one, other = tmp_path / "one", tmp_path / "other"
    index = local.load("", folder=one, model="m", dimensions=16, writable=True)
    index.write_words([], [entry(1), entry(2)], 1)
    index.close()
    shutil.copytree(one, other)
    remove(one)
    for path in [*one.glob("words-*/*.del"), *one.glob("words-*/.managed.json")]:
        shutil.copy(path, other / path.relative_to(one))  # all but the meta.json that commits it
    try:
        remove(other)
    except Storage as error:
        pytest.fail(str(error))
