"""Killed at any moment, ingest goes on from there: the library equals one that was never killed."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import cairn
from cairn.session import Session
from cairn.types import Filters

KILLS = 20
_WORDS = "otter heron badger kingfisher river weir sluice meadow willow reed bank ford"
WORDS = _WORDS.split()


def write(folder: Path) -> None:
    chance = random.Random(7)
    for number in range(120):
        text = ". ".join(" ".join(chance.choices(WORDS, k=12)).capitalize() for _ in range(60))
        (folder / f"note-{number}.md").write_text(f"# Note {number}\n\n{text}.\n")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / ".cairn-access").write_text("note-1*.md allow everyone\n")


def ingest(home: Path, folder: Path, kill_after: float | None = None) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "cairn", "ingest", str(folder)],
        env=os.environ | {"CAIRN_HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if kill_after is None:
        assert running.wait(120) == 0
        return
    time.sleep(kill_after)
    running.send_signal(signal.SIGKILL)
    running.wait(20)


def fingerprint(session: Session) -> str:
    """Return a checksum over states, texts, classes, vectors, and what the index finds."""
    journal, index = session.app.journal, session.app.index
    digest = hashlib.sha256()
    name = {}
    classes = journal.directory.classes()
    for document in sorted(journal.catalogue.find(), key=lambda one: one.uri):
        state = (document.uri, document.state, document.reason, document.content)
        digest.update(repr((*state, classes[document.access_class].key())).encode())
        vectors = dict(zip(*journal.vectors.load([document.id]), strict=True))
        for held in journal.catalogue.passages([document.id]):
            name[held.id] = (document.uri, held.ordinal)
            digest.update(repr(held.passage).encode() + vectors[held.id].tobytes())
    everything = session.app.grants("owner").query("x", 10, Filters()).scope
    for word in WORDS:
        # The engine counts what is deleted until it merges: a score by words tells how often it was written.
        words = index.words(word, everything, 100_000).passages
        digest.update(repr(sorted(name[int(passage)] for passage in words)).encode())
        hits = index.vectors(session.app.embedder.embed([word])[0], everything, 100_000)
        found = sorted((name[int(p)], round(float(s), 4)) for p, s in zip(*hits, strict=True))
        digest.update(repr(found).encode())
    positions, head = index.positions(), journal.catalogue.head()
    assert positions.words == positions.vectors == head
    assert journal.vectors.unembedded() == []
    return digest.hexdigest()


def test_a_library_killed_again_and_again_equals_one_that_never_was(tmp_path: Path, folder: Path) -> None:
    write(folder)
    began = time.monotonic()
    ingest(tmp_path / "whole", folder)
    whole = time.monotonic() - began
    chance = random.Random(os.environ.get("CAIRN_TEST_SEED", "11"))
    for _ in range(KILLS):
        ingest(tmp_path / "killed", folder, kill_after=chance.uniform(0.2, whole))
    ingest(tmp_path / "killed", folder)
    with cairn.open(tmp_path / "whole") as one, cairn.open(tmp_path / "killed") as other:
        assert fingerprint(one) == fingerprint(other)


def test_a_lost_or_torn_index_is_built_again(tmp_path: Path, folder: Path) -> None:
    write(folder)
    home = tmp_path / "library"
    ingest(home, folder)
    with cairn.open(home) as session:
        before = fingerprint(session)
    for harm in ("torn", "lost"):
        for path in sorted((home / "index").rglob("*")):
            if path.is_file() and harm == "lost":
                path.unlink()
            elif path.is_file() and path.stat().st_size > 40:
                os.truncate(path, path.stat().st_size // 2)
        with cairn.open(home) as session:
            session.app.catch_up()
            assert fingerprint(session) == before
