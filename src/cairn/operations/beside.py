"""Processes beside a server's own, which answer questions: Python in one process has one core.

They are started when somebody first asks while somebody else waits, open the library as any other process
does, and end when the server has ended, however that was. Until they are there, and where one dies, the
server runs what they would have run. Messages are pickled: nobody else has a hand in the pipes.
"""

import asyncio
import ctypes
import gc
import logging
import os
import pickle
import signal
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from time import monotonic
from typing import Any, BinaryIO, NamedTuple

from cairn.app import App
from cairn.errors import CairnError, place
from cairn.flows.ingest.workers import claimed_output
from cairn.operations.declare import DECLARED
from cairn.session import Session, untold
from cairn.settings import Settings
from cairn.trace import joined, under_way, watched, watching

LENGTH = struct.Struct(">Q")
LOOSE = 10_000
"""Objects made before those are looked for that hold each other and nothing else: a few requests'."""
M_ARENA_MAX = -8
"""Of glibc's malloc.h."""
AHEAD = 2
"""Errands that a process has been told of."""
PATIENCE = 1.0
"""Seconds that an errand waits for the one before it: no longer for one that takes long."""
AGAIN = 30.0
"""Seconds after which processes are started anew where some have died."""

log = logging.getLogger("cairn.beside")


class Errand(NamedTuple):
    """An operation to be run, and for whom."""

    operation: str
    given: Mapping[str, Any]
    session: Any
    """A Session without its app, and without anybody whom it tells."""
    trace: tuple[int, int]
    """The trace and the span that it is part of."""
    told: bool
    """Whether anybody listens while it is run."""


class Gone(Exception):
    """The process has ended."""


@dataclass(eq=False)
class _Waiting:
    """Somebody who waits for an errand."""

    done: asyncio.Future[Any]
    hears: Mapping[str, Callable[..., None]]
    """Who is told of what while it is run."""


class _Beside:
    """One process, as the server sees it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = count(1)
        self._waiting: dict[int, _Waiting] = {}
        self._reading = asyncio.create_task(self._read())
        self.ready = asyncio.Event()

    @property
    def number(self) -> int:
        """The operating system's."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        return not self._reading.done()

    @property
    def load(self) -> int:
        """How many wait for it."""
        return len(self._waiting)

    async def run(self, errand: Errand, hears: Mapping[str, Callable[..., None]]) -> Any:
        """Return an operation's result, or raise what it raised; raises Gone where the process dies."""
        number = next(self._numbers)
        self._waiting[number] = waiting = _Waiting(asyncio.get_running_loop().create_future(), hears)
        try:
            self.send(number, errand)
            return await waiting.done
        except asyncio.CancelledError:
            self.send(number, None)
            raise
        finally:
            del self._waiting[number]

    def send(self, number: int, message: object) -> None:
        """Say something; whether it is heard, reading tells."""
        assert self._process.stdin is not None
        if self.alive:
            self._process.stdin.write(_framed((number, message)))

    async def _read(self) -> None:
        assert self._process.stdout is not None
        try:
            while True:
                number, kind, value = await _message(self._process.stdout)
                if kind == "ready":
                    self.ready.set()
                elif (waiting := self._waiting.get(number)) is not None:
                    _heard(waiting, kind, value)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            for waiting in self._waiting.values():
                if not waiting.done.done():
                    waiting.done.set_exception(Gone())

    async def end(self) -> None:
        """End it at once."""
        if self._process.returncode is None:
            with suppress(ProcessLookupError):
                self._process.kill()
        await self._process.wait()
        self._reading.cancel()
        await asyncio.gather(self._reading, return_exceptions=True)
        # The transport's pipes are closed by hand: its destructor would do it after the loop has gone.
        self._process._transport.close()  # type: ignore[attr-defined]


def _heard(waiting: _Waiting, kind: str, value: Any) -> None:
    if waiting.done.done():
        return  # given up meanwhile
    if kind == "done":
        waiting.done.set_result(value)
    elif kind == "failed":
        waiting.done.set_exception(value)
    else:
        waiting.hears[kind](*value)


class Processes:
    """So many processes of one library; see ``cairn.protocols.Beside``."""

    def __init__(self, program: Sequence[str], settings: Settings, size: int) -> None:
        self._program = program
        self._settings = settings
        self._size = size
        self.running: list[_Beside] = []
        # First come, first served; one more than is under way waits in each, so that none of them has to.
        self._turns = asyncio.Semaphore(AHEAD * size)
        self._under_way = 0
        self._started = -AGAIN
        self._starting: asyncio.Task[None] | None = None

    async def run(
        self, operation: str, session: Session, given: Mapping[str, Any], here: Callable[[], Awaitable[Any]]
    ) -> Any:
        self._under_way += 1
        try:
            if self._under_way > 1:  # who is alone is answered sooner without a way to another process
                self._start()
                if self._able():
                    async with self._turns:
                        if able := self._able():
                            with suppress(Gone):
                                chosen = min(able, key=lambda one: one.load)
                                return await self._run(chosen, operation, session, given)
            return await here()
        finally:
            self._under_way -= 1

    def _able(self) -> list[_Beside]:
        return [one for one in self.running if one.alive and one.ready.is_set()]

    async def _run(self, process: _Beside, operation: str, session: Session, given: Mapping[str, Any]) -> Any:
        seen = watched()
        alone = replace(session, app=None, tell=untold, report=_unheard)  # type: ignore[arg-type]
        told = seen is not None or session.tell is not untold
        hears: dict[str, Callable[..., None]] = {
            "tell": session.tell,
            "report": session.report,
            "stage": seen if seen is not None else _unheard,
        }
        return await process.run(Errand(operation, given, alone, under_way(), told), hears)

    def _start(self) -> None:
        """Have as many as there may be, soon; not again at once where they die."""
        missing = self._size - sum(one.alive for one in self.running)
        if missing and monotonic() - self._started >= AGAIN:
            self._started = monotonic()
            self._starting = asyncio.create_task(self._begin(missing))

    async def _begin(self, missing: int) -> None:
        for one in [one for one in self.running if not one.alive]:
            self.running.remove(one)
            await one.end()
        for _ in range(missing):
            try:
                process = await asyncio.create_subprocess_exec(*self._program, stdin=PIPE, stdout=PIPE)
            except OSError as error:
                log.warning("%s does not start: %s", self._program[0], error.strerror)
                return
            self.running.append(_Beside(process))
            self.running[-1].send(0, self._settings)

    async def close(self) -> None:
        """End them all."""
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        for one in self.running:
            await one.end()


def _unheard(*told: object) -> None:
    """Tell nobody."""


def share_memory() -> None:
    """Let threads use what others gave back: glibc's would keep eight times the cores' own, mostly unused."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, os.cpu_count() or 1)


def leave_alone() -> None:
    """Have what is there for good not be looked through, again and again, for what may be thrown away."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(LOOSE)


def answer(home: str) -> None:
    """Be such a process for the library at ``home``, until standard input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # ctrl-C is the server's affair
    share_memory()
    asyncio.run(_answer(Path(home), claimed_output()))


async def _answer(home: Path, output: BinaryIO) -> None:
    requests = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(requests), sys.stdin)
    _, settings = await _message(requests)
    with closing(App(home=home, cores=1, follows=True, chosen=settings)) as app:
        app.wire()
        app.warm()
        leave_alone()
        _say(output, 0, "ready", None)
        running: dict[int, asyncio.Task[None]] = {}
        turn = asyncio.Lock()
        with suppress(asyncio.IncompleteReadError):
            while True:
                number, message = await _message(requests)
                if message is not None:
                    running[number] = asyncio.create_task(
                        _run(app, turn, partial(_say, output, number), message)
                    )
                    running = {each: task for each, task in running.items() if not task.done()}
                elif number in running:
                    running[number].cancel()


async def _run(app: App, turn: asyncio.Lock, say: Callable[[str, object], None], errand: Errand) -> None:
    """Run an operation when it is its turn: several at once would wait at every row for each other.

    Its trace is written before anybody can ask for it.
    """
    loop = asyncio.get_running_loop()

    def hear(kind: str, *value: object) -> None:
        loop.call_soon_threadsafe(say, kind, value)

    session = replace(errand.session, app=app)
    if errand.told:
        session = replace(session, tell=partial(hear, "tell"), report=partial(hear, "report"))
    try:
        async with _in(turn):
            with joined(*errand.trace), watching(partial(hear, "stage")) if errand.told else nullcontext():
                result = await DECLARED[errand.operation].run(session, **errand.given)
        await asyncio.to_thread(app.sink.settle)
        say("done", result)
    except (CairnError, TimeoutError) as error:
        say("failed", error)
    except Exception as error:
        log.error("%s: %s at %s", errand.operation, type(error).__name__, place(error))
        say("failed", RuntimeError(type(error).__name__))


@asynccontextmanager
async def _in(turn: asyncio.Lock) -> AsyncIterator[None]:
    """Hold one's turn, or after PATIENCE go on without."""
    held = False
    with suppress(TimeoutError):
        held = await asyncio.wait_for(turn.acquire(), PATIENCE)
    try:
        yield
    finally:
        if held:
            turn.release()


def _say(output: BinaryIO, number: int, kind: str, value: object) -> None:
    output.write(_framed((number, kind, value)))
    output.flush()


def _framed(message: object) -> bytes:
    body = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(body)) + body


async def _message(reader: asyncio.StreamReader) -> Any:
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    return pickle.loads(await reader.readexactly(length))
