"""Verify, backup, restore: damage is found, what is restored is whole, a kill leaves a whole library."""

import asyncio
import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cairn
from cairn.adapters.indexes.segments import encode, rotation
from cairn.errors import CairnError, Denied, Invalid, Storage, Unavailable
from cairn.flows.keeping import manifest, swap
from cairn.operations import access, auditing, identity, keeping, tokens
from cairn.people import Kind
from cairn.records import Checksum
from cairn.session import Session

pytestmark = pytest.mark.usefixtures("here")

Run = Callable[[Awaitable[Any]], Any]

EVENTS = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.copyfile"}
"""What Python does to files; a process can be killed before each."""
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(
    [
        "cairn.operations.keeping",
        *(
            f"cairn.adapters.{name}"
            for name in ("journal.sql", "indexes.local", "embedders.hash", "sinks.sql")
        ),
    ]
)


@pytest.fixture
def filled(run: Run, session: Session, folder: Path) -> Session:
    """Hold a library in which not everything is everybody's, and something was deleted."""
    for number in range(6):
        lines = "\n\n".join(f"## Part {part}\n\nThe otter {number} sees {part} herons." for part in range(30))
        (folder / f"note-{number}.md").write_text(f"# Note {number}\n\n{lines}\n")
    (folder / ".cairn-access").write_text("note-1.md allow person:amina\n")
    run(access.access_add(session, "person:amina"))
    run(cairn.ingest(session, str(folder)))
    (folder / "note-2.md").unlink()
    run(cairn.ingest(session, str(folder)))
    return session


@pytest.fixture
def kept(run: Run, filled: Session, tmp_path: Path) -> Path:
    """Return a backup of it."""
    run(keeping.backup(filled, str(tmp_path / "backup")))
    return tmp_path / "backup"


def found(run: Run, session: Session) -> list[tuple[str, str]]:
    return [(one.uri, one.text) for one in run(cairn.search(session, "otter herons", k=50)).evidence]


def restored(run: Run, home: Path, backup: Path, **options: Any) -> Any:
    with cairn.open(home, wire=False) as session:
        return run(keeping.restore(session, str(backup), **options))


def index_files(session: Session) -> Iterator[Path]:
    """Yield the files that hold something: not locks, and not Tantivy's lists, which have no checksum."""
    for path in sorted(session.app.index_folder.rglob("*")):
        if path.is_file() and path.suffix != ".lock" and path.name not in ("meta.json", ".managed.json"):
            yield path


def flip(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 4
    path.write_bytes(content)


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_is_restored_equals_what_was_backed_up(
    run: Run, filled: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (filled.app.home / "settings.toml").write_text("per_document = 2\n")
    told = run(keeping.backup(filled, str(tmp_path / "backup")))
    before = run(keeping.verify(filled))
    assert before.missed == before.found == () and before.rebuilt == ""
    assert told.left_out == () and told.position == before.position
    for path in (tmp_path / "backup").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)
    back = restored(run, tmp_path / "elsewhere", tmp_path / "backup")
    assert (back.documents, back.rebuilt, back.replaced) == (5, "", False)
    with cairn.open(tmp_path / "elsewhere") as again:
        assert again.app.settings.per_document == 2
        after = run(keeping.verify(again))
        assert after.checksum == before.checksum and after.missed == ()
    monkeypatch.setenv("CAIRN_PER_DOCUMENT", "2")
    for name in ("owner", "amina"):
        with cairn.open(as_=name) as one, cairn.open(tmp_path / "elsewhere", as_=name) as other:
            assert found(run, one) == found(run, other) != []


def test_a_restored_library_lets_nobody_in_by_what_was_given_out_before(
    run: Run, filled: Session, tmp_path: Path
) -> None:
    secret = run(tokens.tokens_create(filled, "notebook")).secret
    run(keeping.backup(filled, str(tmp_path / "backup")))
    restored(run, tmp_path / "other", tmp_path / "backup")
    assert identity.session(filled.app, secret, Kind.API, filled.origin) is not None
    with cairn.open(tmp_path / "other") as other:
        assert identity.session(other.app, secret, Kind.API, other.origin) is None
        assert run(auditing.audit_list(other)).entries[0].action == "restore"
        assert run(auditing.audit_verify(other)).missed == ()


def test_a_backup_taken_while_another_process_ingests_is_whole(
    run: Run, filled: Session, folder: Path
) -> None:
    program = (
        "import asyncio, cairn, pathlib, sys\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "with cairn.open() as session:\n"
        "    for number in range(1000):\n"
        "        (folder / f'more-{number % 9}.md').write_text(f'# More\\n\\nThe weir: {number} herons.')\n"
        "        asyncio.run(cairn.ingest(session, str(folder)))\n"
        "        print(number, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        try:
            for number in range(4):
                writer.stdout.readline()
                told = run(keeping.backup(filled, str(folder.parent / f"backup-{number}")))
                assert told.left_out == ()
        finally:
            writer.kill()
    for number in range(4):
        restored(run, folder.parent / f"home-{number}", folder.parent / f"backup-{number}")
        with cairn.open(folder.parent / f"home-{number}") as again:
            assert run(keeping.verify(again)).missed == ()


def test_an_index_that_cannot_be_caught_whole_is_left_out_and_built_again(
    run: Run, filled: Session, tmp_path: Path
) -> None:
    words = next(filled.app.index_folder.glob("words-*/*.idx"))
    words.rename(tmp_path / "vanished")
    told = run(keeping.backup(filled, str(tmp_path / "backup")))
    assert told.left_out == ("words",) and not list((tmp_path / "backup").rglob("words-*"))
    assert restored(run, tmp_path / "again", tmp_path / "backup").rebuilt == "words: missing"
    with cairn.open(tmp_path / "again") as again:
        assert run(keeping.verify(again)).missed == ()


@pytest.mark.parametrize("harm", ["truncated", "flipped", "missing"])
def test_a_damaged_backup_is_refused_and_nothing_touched(
    run: Run, filled: Session, kept: Path, tmp_path: Path, harm: str
) -> None:
    filled.app.close()
    before = content(filled.app.home)
    for path in sorted(kept.rglob("*")):
        if path.is_dir() or not path.stat().st_size:
            continue
        whole = path.read_bytes()
        if harm == "truncated":
            os.truncate(path, len(whole) // 2)
        elif harm == "flipped":
            flip(path, len(whole) // 2)
        else:
            path.unlink()
        with pytest.raises(Invalid) as refused:
            restored(run, filled.app.home, kept, replace=True)
        assert "\n" not in str(refused.value) and str(kept) in str(refused.value)
        path.write_bytes(whole)
    assert content(filled.app.home) == before
    assert restored(run, filled.app.home, kept, replace=True).replaced


def test_a_backup_that_names_files_elsewhere_is_refused(run: Run, kept: Path, tmp_path: Path) -> None:
    plain = json.loads((kept / manifest.NAME).read_text())
    plain["files"]["../outside"] = plain["files"].pop("journal.db")
    plain.pop("seal")
    (kept / manifest.NAME).write_text(json.dumps(plain | {"seal": manifest._seal(plain)}))
    with pytest.raises(Invalid, match="outside"):
        restored(run, tmp_path / "new", kept)
    plain["format"] = manifest.FORMAT + 1
    (kept / manifest.NAME).write_text(json.dumps(plain | {"seal": manifest._seal(plain)}))
    with pytest.raises(Invalid, match="upgrade Cairn"):
        restored(run, tmp_path / "new", kept)


def test_a_library_is_replaced_only_on_request_and_who_has_it_open_is_told(
    run: Run, filled: Session, kept: Path, folder: Path
) -> None:
    before = found(run, filled)
    (folder / "late.md").write_text("# Late\n\nThe otter and the herons came late.")
    run(cairn.ingest(filled, str(folder)))
    assert found(run, filled) != before
    with pytest.raises(Invalid, match="--replace"):
        restored(run, filled.app.home, kept)
    with filled.app.locked(), pytest.raises(CairnError, match="is writing"):
        restored(run, filled.app.home, kept, replace=True)
    assert restored(run, filled.app.home, kept, replace=True).replaced
    for wanted in (cairn.search(filled, "otter"), cairn.ingest(filled, str(folder))):
        with pytest.raises(Storage, match="open the library again"):
            run(wanted)
    with cairn.open() as again:
        assert found(run, again) == before
        assert run(keeping.verify(again)).missed == ()


def test_a_journal_that_cannot_be_opened_is_replaced(run: Run, filled: Session, kept: Path) -> None:
    filled.app.close()
    journal = filled.app.home / "journal.db"
    journal.write_bytes(b"nothing of use" * 1000)
    with pytest.raises(Storage, match="restore"):
        cairn.open()
    restored(run, filled.app.home, kept, replace=True)
    with cairn.open() as again:
        assert run(keeping.verify(again)).missed == ()


def test_where_a_backup_or_a_library_may_be(run: Run, filled: Session, kept: Path, tmp_path: Path) -> None:
    for place, said in (
        (kept, "empty"),
        (filled.app.home / "backup", "within"),
        (kept / "journal.db", "empty"),
    ):
        with pytest.raises(Invalid, match=said):
            run(keeping.backup(filled, str(place)))
    with pytest.raises(Invalid, match=r"no backup.json|is no backup"):
        restored(run, tmp_path / "new", tmp_path / "folder")
    shutil.copytree(kept, filled.app.home / "inside")
    with pytest.raises(Invalid, match="within"):
        restored(run, filled.app.home, filled.app.home / "inside", replace=True)


def test_a_backup_is_not_restored_into_another_kind_of_journal(
    run: Run, kept: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAIRN_JOURNAL", "postgresql://nobody@localhost/nothing")
    with pytest.raises(Invalid, match="CAIRN_JOURNAL"):
        restored(run, tmp_path / "new", kept)


def test_a_backup_that_fails_leaves_nothing(
    run: Run, filled: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("cairn.flows.keeping.manifest.sync", full)
    with pytest.raises(Storage, match="No space"):
        run(keeping.backup(filled, str(tmp_path / "backup")))
    assert not (tmp_path / "backup").exists()


def test_only_the_owner(run: Run, filled: Session, kept: Path, tmp_path: Path) -> None:
    with cairn.open(as_="amina") as amina:
        for wanted in (keeping.verify(amina), keeping.backup(amina, str(tmp_path / "b"))):
            with pytest.raises(Denied):
                run(wanted)
    with cairn.open(tmp_path / "new", as_="amina", wire=False) as amina, pytest.raises(Denied):
        run(keeping.restore(amina, str(kept)))
    assert not (tmp_path / "b").exists()


def killed_at(number: int, home: Path, name: str, folder: Path, **options: bool) -> bool:
    """Run an operation that is killed at its nth step; tell whether it came so far."""
    process = PROCESSES.Process(target=_act, args=(number, home, name, folder, options))
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


def _act(number: int, home: Path, name: str, folder: Path, options: dict[str, bool]) -> None:
    os.environ.update({"CAIRN_EMBEDDER": "hash"})
    left = number

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if event in EVENTS and str(arguments[0]).startswith((str(home), str(folder))):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    with cairn.open(home, wire=name != "restore") as session:
        sys.addaudithook(watch)
        asyncio.run(getattr(keeping, name)(session, str(folder), **options))
        os._exit(0)


def steps() -> Iterator[int]:
    """Yield numbers of steps: each of the first, then ever fewer."""
    number = 0
    while True:
        yield number
        number += 1 + number // 6


def test_a_backup_killed_anywhere_is_none(run: Run, filled: Session, kept: Path, tmp_path: Path) -> None:
    filled.app.close()
    times = 0
    for number in steps():
        place = tmp_path / f"backup-{number}"
        if not killed_at(number, filled.app.home, "backup", place):
            break
        times += 1
        assert not (place / manifest.NAME).exists()
        with pytest.raises(Invalid):
            restored(run, tmp_path / "new", place)
    assert times > 8
    with cairn.open() as again:
        assert run(keeping.verify(again)).missed == ()


def test_a_restore_killed_anywhere_leaves_the_old_or_the_new(
    run: Run, filled: Session, kept: Path, folder: Path, tmp_path: Path
) -> None:
    old = run(keeping.verify(filled)).checksum
    (folder / "late.md").write_text("# Late\n\nThe otter and the herons came late.")
    run(cairn.ingest(filled, str(folder)))
    new = run(keeping.verify(filled)).checksum
    filled.app.close()
    shutil.copytree(filled.app.home, tmp_path / "whole")
    seen = []
    for number in steps():
        shutil.rmtree(filled.app.home)
        shutil.copytree(tmp_path / "whole", filled.app.home)
        if not killed_at(number, filled.app.home, "restore", kept, replace=True):
            break
        with cairn.open() as again:
            told = run(keeping.verify(again))
            assert told.missed == ()
            seen.append(told.checksum)
    assert seen == sorted(seen, key=[new, old].index) and set(seen) == {old, new} and len(seen) > 12
    assert not (filled.app.home / swap.STAGING).exists()


@pytest.mark.parametrize("mark", ["before", "emptying", "filling", "after"])
def test_a_swap_goes_on_from_wherever_it_was_stopped(tmp_path: Path, mark: str) -> None:
    home = tmp_path / "home"
    new = swap.prepare(home)
    names = ("a", "b", "journal.db")
    for name in names:
        (home / name).write_text("old")
        (new / name).write_text("new")
    (new / swap.LOCK).write_text("not moved")
    if mark == "emptying":
        (home / swap.STAGING / swap.READY).touch()
        (home / swap.STAGING / "old").mkdir()
        (home / "a").rename(home / swap.STAGING / "old" / "a")
    elif mark in ("filling", "after"):
        (home / swap.STAGING / swap.EMPTIED).touch()
        for name in names:
            (home / name).unlink()
        (new / "a").rename(home / "a")
        (home / "journal.db-wal").write_text("left by one who looked in between")
    if mark == "after":
        swap.finish(home)
    assert swap.interrupted(home) is (mark in ("emptying", "filling"))
    swap.finish(home)
    told = "old" if mark == "before" else "new"
    assert content(home) == dict.fromkeys(names, told.encode())


def test_verify_finds_a_flipped_byte_in_every_file_of_the_index(run: Run, filled: Session) -> None:
    names = set()
    for path in list(index_files(filled)):
        names.add("".join(path.suffixes))
        whole = path.read_bytes()
        places = {0, len(whole) // 3} if path.parent.name.startswith("words") else {0, len(whole) // 3, -1}
        for at in sorted(places):
            flip(path, at)
            told = run(keeping.verify(filled))
            assert len(told.missed) == 1 and path.name in told.missed[0] and told.found == told.missed
            path.write_bytes(whole)
    assert {".fast", ".idx", ".term", ".store", ".fieldnorm", ".pos", ".json"} <= names
    assert any(name.endswith(".del") for name in names) and ".classes.npy" in names
    assert run(keeping.verify(filled)).missed == ()


def test_verify_repairs_what_is_damaged(run: Run, filled: Session) -> None:
    before = sorted(
        found(run, filled)
    )  # what is deleted, and gone in a fresh build, counts in the engine's scores
    for ending in (
        "words-*/*.fast",
        "words-*/*.idx",
        "words-*/*.del",
        "vectors-*/*.classes.npy",
        "vectors-*/*.json",
    ):
        path = next(filled.app.index_folder.glob(ending), None)
        if path is not None:  # after a rebuild nothing is deleted any more
            flip(path, path.stat().st_size // 3)
            told = run(keeping.verify(filled, repair=True))
            assert path.name in told.found[0] and told.missed == () and path.name in told.rebuilt
    with cairn.open() as again:
        assert sorted(found(run, again)) == before and run(keeping.verify(again)).found == ()
        assert "is damaged" in run(cairn.status(again)).rebuilt


def test_verify_finds_what_the_index_lacks_or_grants_otherwise(run: Run, filled: Session) -> None:
    where = filled.app.index.positions()
    amina = next(one for one in filled.app.journal.catalogue.find() if one.uri == "note-1.md")
    with filled.app.writing() as index:
        index.write_vectors([], {amina.id: 1 + amina.access_class}, [], np.empty((0, 64)), *where[1::2])
    (wrong,) = run(keeping.verify(filled)).missed
    assert wrong.startswith("vectors: ")
    with filled.app.writing() as index:
        index.write_words([amina.id], [], *where[::2])
    told = run(keeping.verify(filled, repair=True))
    assert [line.partition(":")[0] for line in told.found] == ["words", "vectors"] and told.missed == ()
    assert run(keeping.verify(filled)).found == ()


def test_verify_finds_a_journal_that_contradicts_itself(run: Run, filled: Session) -> None:
    import sqlite3

    with sqlite3.connect(filled.app.home / "journal.db") as journal:
        journal.execute("DELETE FROM embeddings WHERE rowid = 1")
        journal.execute("UPDATE documents SET source = 99 WHERE id = 1")
    journal.close()
    missed = run(keeping.verify(filled, repair=True)).missed
    assert any("belongs to nothing in sources" in line for line in missed)


def test_verify_takes_away_what_a_killed_one_left(run: Run, filled: Session) -> None:
    left = filled.app.home / "scratch" / "fresh"
    left.mkdir(parents=True)
    (left / "large").write_text("index")
    assert run(keeping.verify(filled)).missed == ()
    assert not left.exists()


def test_a_journal_of_yesterday_under_an_index_of_today(run: Run, filled: Session, folder: Path) -> None:
    home = filled.app.home
    filled.app.close()
    shutil.copyfile(home / "journal.db", folder.parent / "yesterday.db")
    with cairn.open() as today:
        for number in range(4):
            (folder / f"late-{number}.md").write_text(f"# Late\n\nThe badger {number} digs.")
        run(cairn.ingest(today, str(folder)))
    shutil.copyfile(folder.parent / "yesterday.db", home / "journal.db")
    # What comes now gets numbers the index believes to have seen.
    for number in range(9):
        (folder / f"late-{number}.md").write_text(f"# Late\n\nThe kingfisher {number} dives.")
    with cairn.open() as again:
        run(cairn.ingest(again, str(folder)))
        assert "of another journal" in run(cairn.status(again)).rebuilt
        told = run(keeping.verify(again))
        assert told.found == () and told.rebuilt == ""
        assert not any("badger" in text for _, text in found(run, again))


@pytest.mark.parametrize("harm", ["words-*", "vectors-*", "newer", "all"])
def test_an_index_that_is_gone_or_of_another_layout_is_built_and_says_so(
    run: Run, filled: Session, harm: str
) -> None:
    before, place = sorted(found(run, filled)), filled.app.index_folder
    assert run(cairn.status(filled)).rebuilt == ""
    filled.app.close()
    if harm == "newer":
        for path in list(place.iterdir()):
            path.rename(path.with_name(path.name.replace("-2-", "-92-").replace("words-", "words-9")))
    else:
        for path in place.parent.glob("index" if harm == "all" else f"*/{harm}"):
            shutil.rmtree(path)
    with cairn.open() as again:
        trace = run(cairn.search(again, "otter")).trace
        said = run(cairn.status(again)).rebuilt
        assert ("another layout" if harm == "newer" else "missing") in said
        steps = run(cairn.operations.questions.trace(again, trace)).steps
        assert any(step.name == "rebuild" and step.attributes["why"] in said for step in steps)
        assert sorted(found(run, again)) == before and run(keeping.verify(again)).missed == ()


def test_the_command_line(filled: Session, kept: Path, tmp_path: Path) -> None:
    def cli(*arguments: str, home: Path = filled.app.home) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cairn", *arguments]
        environment = os.environ | {"CAIRN_HOME": str(home)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    assert "whole and equal" in cli("verify").stdout
    flip(next(filled.app.index_folder.glob("vectors-*/*.codes*")), -1)
    told = cli("verify", "--json")
    assert told.returncode == 1 and json.loads(told.stdout)["missed"]
    told = cli("verify", "--repair")
    assert told.returncode == 0 and "Built from nothing" in told.stdout
    told = cli("restore", str(kept), home=tmp_path / "new")
    assert told.returncode == 0 and "5 documents" in told.stdout
    assert cli("backup", str(tmp_path / "second")).returncode == 0
    told = cli("restore", str(tmp_path / "second"))
    assert told.returncode == 1 and told.stderr.count("\n") == 1 and "--replace" in told.stderr


def test_a_sum_does_not_depend_on_order_nor_on_how_it_came_about(run: Run, filled: Session) -> None:
    held = filled.app.index.upkeep.checksum()
    with filled.app.locked(), filled.app.fresh() as index:
        assert index.upkeep.checksum() == held
        index.reset()
        assert index.upkeep.checksum() == (Checksum(0, 0), Checksum(0, 0))


def test_a_sum_is_the_same_page_by_page(filled: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    held = filled.app.index.upkeep.checksum()
    monkeypatch.setattr("cairn.adapters.indexes.checksums.PAGE", 7)
    assert filled.app.index.upkeep.checksum() == held and held.words.rows > held.vectors.rows > 14


def test_a_code_does_not_depend_on_what_is_encoded_with_it() -> None:
    vectors = np.random.default_rng(5).standard_normal((2000, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    turned = rotation(384)
    together = encode(vectors, turned)
    assert all(
        np.array_equal(encode(one[None], turned)[0], code)
        for one, code in zip(vectors, together, strict=True)
    )


def test_a_journal_in_postgresql_is_another_tools_work(tmp_path: Path) -> None:
    url = os.environ.get("CAIRN_TEST_POSTGRESQL")
    if url is None:
        pytest.skip("CAIRN_TEST_POSTGRESQL does not point to a PostgreSQL server")
    from cairn import registry

    journal = registry.load("journal", f"postgresql:{url}", home=tmp_path, model="m1")
    try:
        assert journal.upkeep.damage() == []
        with pytest.raises(Unavailable, match="pg_dump"):
            journal.upkeep.copy(tmp_path)
    finally:
        journal.close()


def test_operations_run_in_threads_of_one_session(filled: Session, tmp_path: Path) -> None:
    async def both() -> None:
        await asyncio.gather(keeping.backup(filled, str(tmp_path / "b")), cairn.search(filled, "otter"))

    asyncio.run(both())
    assert (tmp_path / "b" / manifest.NAME).exists()
