"""A small version of `make torture`: the writer killed at some dozens of system calls, and what kills it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.faults.library import ENVIRONMENT

ROOT = Path(__file__).parents[2]
SCENARIOS = (
    *("changes", "people", "forget", "merges", "restored"),
    *("reembed", "reembed back", "backup", "restore", "repair"),
)


def python(*arguments: str) -> "subprocess.CompletedProcess[str]":
    paths = [*filter(None, [os.environ.get("PYTHONPATH")]), str(ROOT), str(ROOT / "src")]
    environment = os.environ | ENVIRONMENT | {"PYTHONPATH": os.pathsep.join(paths)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module", autouse=True)
def traced() -> None:
    """Skip where a process may not be traced; asked in a process without threads."""
    asked = python("-c", "from tests.faults.tracer import permitted; print(permitted())")
    assert asked.returncode == 0, asked.stderr
    if why := asked.stdout.strip():
        pytest.skip(why)


@pytest.mark.parametrize("harm", ["before", "after", "torn"])
def test_a_process_is_killed_at_exactly_the_call_that_is_named(tmp_path: Path, harm: str) -> None:
    program = """
import pathlib, sys
from tests.faults.tracer import Fault, trace
folder = pathlib.Path(sys.argv[1])
def write():
    for name in "ab":
        with open(folder / name, "wb") as file:
            file.write(bytes(1000))
outcome = trace(write, Fault(at=4, harm=sys.argv[2]))
print(outcome.calls, outcome.status, [path.stat().st_size for path in sorted(folder.iterdir())])
"""
    left = {"before": 0, "after": 1000, "torn": 500}[harm]
    assert python("-c", program, str(tmp_path), harm).stdout == f"4 9 [1000, {left}]\n"


def test_a_writer_killed_at_any_call_goes_on_from_there() -> None:
    chosen = [word for name in SCENARIOS for word in ("--scenario", name)]
    done = python("-m", "tests.faults.torture", "--points", "40", *chosen)
    assert done.returncode in (0, 1), done.stderr
    assert "40 points, 0 differences" in done.stdout, done.stdout
