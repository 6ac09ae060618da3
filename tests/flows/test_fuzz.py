"""Hostile files among good ones: each fails alone, nothing leaves the folder, nothing comes in."""

import socket
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from bench import fuzz, hostile

SMALL = {"deep": 3_000, "bomb": 3_000_000}
LIMITS = {"parse_seconds": 30, "file_mb": 1, "archive_mb": 4}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[fuzz.Stage]:
    """Hold an empty place to ingest in."""
    place = tmp_path / "place"
    place.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield fuzz.Stage(place, listener, **SMALL)


def test_hostile_files_harm_nobody(stage: fuzz.Stage) -> None:
    made = list(hostile.made(stage.trap))
    stage.fill([*hostile.mutated(hostile.seeds(), 24, fuzz.SEED), *made[:: len(made) // 36]])
    report = stage.ingest(seconds=120, **LIMITS)
    assert report.faults == []
    assert report.kept == []
    assert report.states["indexed"] >= 3
    assert report.states["failed"] > 10


def test_what_reaches_out_is_noticed(stage: fuzz.Stage) -> None:
    stage.fill([("plain.txt", f"They read {fuzz.SECRET} out.".encode())])
    lost = stage.folder / "00000-good.txt"
    lost.write_bytes(b"\x00\x01\x02")
    (stage.temporary / "left").touch()
    faults = stage.ingest(seconds=60, **LIMITS).faults
    for expected in ("read from outside", "lost neighbour", "left behind"):
        assert sum(fault.startswith(expected) for fault in faults) == 1, faults


def test_the_same_seed_makes_the_same_files() -> None:
    good = hostile.seeds()
    assert list(hostile.mutated(good, 20, 3)) == list(islice(hostile.mutated(good, 40, 3), 20))
    assert list(hostile.mutated(good, 20, 3)) != list(hostile.mutated(good, 20, 4))
