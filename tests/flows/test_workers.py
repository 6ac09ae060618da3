"""What one file does to a parse process is that one file's failure."""

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from cairn.errors import ParseFailed
from cairn.flows.ingest.workers import Pool, pool

PROGRAM = """
import os, sys, time
from cairn.flows.ingest.workers import serve

def answer(message):
    match message["do"]:
        case "hang":
            while True: pass
        case "crash":
            os.kill(os.getpid(), 11)
        case "leave":
            os._exit(3)
        case "eat":
            kept = [bytearray(50_000_000) for _ in range(1000)]
        case "print":
            print("noise that is no reply", flush=True)
            os.write(1, b"more noise")
        case "fetch":
            import socket
            socket.create_connection(("127.0.0.1", int(message["port"])), timeout=5).close()
        case "litter":
            import tempfile
            tempfile.mkdtemp()
            os._exit(3)
        case "raise":
            raise ValueError("seven is not a number")
        case "recurse":
            answer(message)
    return {"done": message["do"], "pid": os.getpid()}

serve(answer, seconds=30, memory_mb=700)
"""


@asynccontextmanager
async def workers_of(size: int, seconds: float) -> AsyncIterator[Pool]:
    with TemporaryDirectory() as place:
        scratch = Path(place) / "scratch"
        async with pool([sys.executable, "-c", PROGRAM], size, seconds, scratch) as opened:
            yield opened
        assert not scratch.exists()


def asked(*messages: str, seconds: float = 20) -> list[dict[str, Any] | str]:
    """Ask a pool of one worker one thing after another; a failure is its reason."""

    async def ask() -> list[dict[str, Any] | str]:
        answers: list[dict[str, Any] | str] = []
        async with workers_of(1, seconds) as workers:
            for message in messages:
                try:
                    answers.append(await workers.ask({"do": message}))
                except ParseFailed as error:
                    answers.append(str(error))
        return answers

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        ("crash", "crashed (signal 11"),
        ("leave", "ended early (exit 3)"),
        ("eat", "more than 700 MB"),
        ("raise", "ValueError: seven is not a number"),
        ("recurse", "RecursionError"),
    ],
)
def test_harm_is_a_reason_and_the_pool_goes_on(harm: str, reason: str) -> None:
    first, harmed, after = asked("fine", harm, "fine")
    assert isinstance(first, dict) and isinstance(after, dict)
    assert isinstance(harmed, str) and reason in harmed


def test_a_hang_is_ended() -> None:
    harmed, after = asked("hang", "fine", seconds=2)
    assert isinstance(harmed, str) and "longer than 2 s" in harmed
    assert isinstance(after, dict)


def test_printing_does_not_spoil_the_replies() -> None:
    (answer,) = asked("print")
    assert isinstance(answer, dict) and answer["done"] == "print"


def test_a_process_is_used_again() -> None:
    one, two = asked("fine", "fine")
    assert isinstance(one, dict) and isinstance(two, dict) and one["pid"] == two["pid"]


def test_what_is_given_up_stops_the_process(run: Callable[..., Any]) -> None:
    async def give_up() -> None:
        async with workers_of(1, 60) as workers:
            task = asyncio.create_task(workers.ask({"do": "hang"}))
            await asyncio.sleep(1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await workers.ask({"do": "fine"}))["done"] == "fine"

    run(give_up())


def test_a_process_that_dies_leaves_no_files() -> None:
    assert "ended early" in str(asked("litter", "fine")[0])  # `workers_of` looks whether its folder is gone


@pytest.mark.skipif(
    subprocess.run(
        ["unshare", *([] if os.getuid() == 0 else ["--user"]), "--net", "true"], capture_output=True
    ).returncode
    != 0,
    reason="this kernel lets no process leave the network",
)
def test_a_parser_reaches_nobody(run: Callable[..., Any]) -> None:
    async def fetch() -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            async with workers_of(1, 20) as workers:
                with pytest.raises(ParseFailed, match=r"OSError|[Uu]nreachable|refused"):
                    await workers.ask({"do": "fetch", "port": server.getsockname()[1]})

    run(fetch())
