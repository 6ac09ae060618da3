"""Runs functions in forked children and hands back what they returned: what they break, they break there.

Whoever calls this has no threads: a fork takes along only the one that calls.
"""

import importlib
import os
import pickle
import select
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, NoReturn, TypeVar, cast

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Result(Generic[T]):
    """What a child came to."""

    value: T | None = None
    error: str = ""
    """Its traceback, the signal it died of, or that it hung."""

    def get(self) -> T:
        """Return the value; raises RuntimeError where there is none."""
        if self.error:
            raise RuntimeError(self.error)
        return cast(T, self.value)


def call(action: Callable[[], T], *, seconds: float = 60) -> Result[T]:
    """Return what ``action`` returns in a child of this process."""
    (result,) = together([action], seconds=seconds)
    return result


def together(actions: Sequence[Callable[[], T]], *, seconds: float) -> list[Result[T]]:
    """Run each in a child of its own, all at once."""
    started = [_start(action) for action in actions]
    return [_finish(pid, reading, seconds) for pid, reading in started]


def preload(action: Callable[[], object]) -> None:
    """Import here whatever ``action`` imports in a child, so that no later child has to."""
    before = set(sys.modules)

    def imported() -> list[str]:
        action()
        return [name for name in sys.modules if name not in before]

    for name in call(imported).get():
        try:
            importlib.import_module(name)
        except ImportError:  # a name that some package made up
            continue


def _start(action: Callable[[], object]) -> tuple[int, int]:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _answer(action, writing)
    os.close(writing)
    return pid, reading


def _finish(pid: int, reading: int, seconds: float) -> Result[T]:
    parts: list[bytes] = []
    while select.select([reading], [], [], seconds)[0]:
        part = os.read(reading, 1 << 20)
        if not part:
            break
        parts.append(part)
    else:
        os.kill(pid, signal.SIGKILL)
        parts = [pickle.dumps((None, f"hung for {seconds:g} seconds"))]
    os.close(reading)
    _, status = os.waitpid(pid, 0)
    if not parts:
        return Result(error=f"died: {signal.strsignal(status & 0x7F)}")
    value, error = pickle.loads(b"".join(parts))
    return Result(value=value, error=error)


def _answer(action: Callable[[], object], writing: int) -> NoReturn:
    try:
        told = pickle.dumps((action(), ""))
    except BaseException:
        told = pickle.dumps((None, traceback.format_exc()))
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(told)
    os._exit(0)
