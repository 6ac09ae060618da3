"""Isolated processes that read files: what one file does to them, it does to itself alone.

A worker is a program that answers one JSON message on its standard output for each on its
standard input. Knows nothing of what is read.
"""

import asyncio
import ctypes
import json
import os
import resource
import signal
import struct
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from shutil import rmtree
from typing import Any, BinaryIO

from cairn.errors import ParseFailed, Unavailable

Message = dict[str, Any]
LENGTH = struct.Struct(">Q")
CLONE_NEWUSER, CLONE_NEWNET = 0x1000_0000, 0x4000_0000
GRACE = 5
"""Seconds after which a worker ends itself if nobody is left to do it."""
RECYCLE = 1000
"""Files after which a worker is replaced, lest a parser's leaks add up."""


class Worker:
    """One process, asked one thing at a time."""

    def __init__(self, process: Process, scratch: Path) -> None:
        self._process = process
        self._scratch = scratch
        self.asked = 0

    @classmethod
    async def start(cls, command: Sequence[str], scratch: Path) -> "Worker":
        """Start the program, whose temporary files go to ``scratch``; it speaks only when asked."""
        try:
            scratch.mkdir(parents=True)
            environment = os.environ | {"TMPDIR": str(scratch)}
            started = await asyncio.create_subprocess_exec(
                *command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=environment
            )
            return cls(started, scratch)
        except OSError as error:
            raise Unavailable(f"The parse process {command[0]} does not start: {error.strerror}.") from error

    async def ask(self, message: Message, seconds: float) -> Message:
        """Return the answer; raises ParseFailed when it dies or takes longer than ``seconds``."""
        self.asked += 1
        try:
            async with asyncio.timeout(seconds):
                return await self._exchange(message)
        except TimeoutError:
            raise ParseFailed(f"reading it took longer than {seconds:g} s (setting parse_seconds)") from None
        except (asyncio.IncompleteReadError, ConnectionError):
            raise ParseFailed(_death(await self._process.wait())) from None

    async def stop(self) -> None:
        """End the process at once, even when the caller is cancelled meanwhile."""
        try:
            if self._process.returncode is None:
                self._process.kill()
            await self._process.wait()
        finally:
            # The transport's pipes are closed by hand: its destructor would do it after the loop has gone.
            self._process._transport.close()  # type: ignore[attr-defined]
            rmtree(self._scratch, ignore_errors=True)

    async def _exchange(self, message: Message) -> Message:
        assert self._process.stdin is not None and self._process.stdout is not None
        body = json.dumps(message).encode()
        self._process.stdin.write(LENGTH.pack(len(body)) + body)
        await self._process.stdin.drain()
        (length,) = LENGTH.unpack(await self._process.stdout.readexactly(LENGTH.size))
        answer: Message = json.loads(await self._process.stdout.readexactly(length))
        return answer


class Pool:
    """So many workers; one that dies is replaced and only its file suffers."""

    def __init__(self, command: Sequence[str], size: int, seconds: float, scratch: Path) -> None:
        self._command = command
        self._seconds = seconds
        self._scratch = scratch
        self._started = count(1)
        self._free: asyncio.Queue[Worker | None] = asyncio.Queue()
        for _ in range(size):
            self._free.put_nowait(None)
        self.size = size

    async def ask(self, message: Message) -> Message:
        """Return a free worker's answer; raises ParseFailed."""
        worker = await self._free.get()
        try:
            if worker is None:
                worker = await Worker.start(self._command, self._scratch / str(next(self._started)))
            answer = await worker.ask(message, self._seconds)
        except BaseException:
            self._free.put_nowait(None)
            if worker is not None:
                await worker.stop()
            raise
        if worker.asked >= RECYCLE:
            await worker.stop()
            worker = None
        self._free.put_nowait(worker)
        if "failed" in answer:
            raise ParseFailed(answer["failed"])
        return answer

    async def close(self) -> None:
        """End the workers that are free."""
        while not self._free.empty():
            worker = self._free.get_nowait()
            if worker is not None:
                await worker.stop()


@asynccontextmanager
async def pool(command: Sequence[str], size: int, seconds: float, scratch: Path) -> AsyncIterator[Pool]:
    """Hold a pool of ``size`` workers that run ``command``; ``scratch`` is theirs alone, and emptied."""
    rmtree(scratch, ignore_errors=True)  # what a killed process left behind
    opened = Pool(command, size, seconds, scratch)
    try:
        yield opened
    finally:
        await opened.close()
        rmtree(scratch, ignore_errors=True)


def serve(answer: Callable[[Message], Message], *, seconds: float, memory_mb: int) -> None:
    """Be a worker: answer messages until the input ends; called in the process itself.

    Whatever ``answer`` raises is that one file's failure.
    """
    requests, replies = sys.stdin.buffer, claimed_output()
    limit = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the parent's affair
    _leave_the_network()
    while header := requests.read(LENGTH.size):
        (length,) = LENGTH.unpack(header)
        message = json.loads(requests.read(length))
        signal.alarm(int(seconds) + GRACE)
        reply = json.dumps(_guarded(answer, message, memory_mb)).encode()
        signal.alarm(0)
        replies.write(LENGTH.pack(len(reply)) + reply)
        replies.flush()


def _leave_the_network() -> None:
    """Move into a network of its own, with nobody else in it, where the kernel lets it.

    No parser fetches anything; this holds even for one that a file has taken over.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "unshare") and libc.unshare(CLONE_NEWNET) != 0 and os.getuid() != 0:
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def claimed_output() -> BinaryIO:
    """Keep the real output for replies, so that a library that prints cannot spoil them."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return replies


def _guarded(answer: Callable[[Message], Message], message: Message, memory_mb: int) -> Message:
    try:
        return answer(message)
    except MemoryError:
        return {"failed": f"reading it needs more than {memory_mb} MB of memory (setting parse_memory_mb)"}
    except Exception as error:
        return {"failed": f"its parser broke: {type(error).__name__}: {error}"[:500]}


def _death(code: int) -> str:
    if code < 0:
        return f"its parser crashed (signal {-code}: {signal.strsignal(-code)})"
    return f"its parser ended early (exit {code})"


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def greet(workers: Pool) -> Message:
    """Return what the workers say of themselves; raises Unavailable when they do not start."""
    try:
        return await workers.ask({})
    except ParseFailed as error:
        raise Unavailable(f"The parse process does not start: {error}.") from error
