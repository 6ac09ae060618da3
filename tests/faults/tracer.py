"""Runs a function in a forked child and harms it at one exact system call: ptrace, without strace.

Knows nothing of what runs. All threads and children of it are followed, and die with it. The
process that calls this has no other children and no threads.
"""

import contextlib
import ctypes
import errno
import os
import signal
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.faults.calls import GROWING, SIZED, Machine, install, machine, program

_TRACEME, _CONT, _SYSCALL = 0, 7, 24
_SETOPTIONS, _GETEVENTMSG, _GETREGSET, _SETREGSET = 0x4200, 0x4201, 0x4204, 0x4205
_OPTIONS = 0x1 | 0x2 | 0x4 | 0x8 | 0x10 | 0x80 | 0x10_0000
"""TRACESYSGOOD, FORK, VFORK, CLONE, EXEC, SECCOMP and EXITKILL."""
_EVENT_SECCOMP = 7
_AT_CALL = signal.SIGTRAP | 0x80
_WALL = 0x4000_0000
_NT_PRSTATUS, _NT_ARM_SYSTEM_CALL = 1, 0x404
_REFUSED = 77
"""The exit status of a child that may not be traced."""
NO_CALL = (1 << 64) - 1

Harm = Literal["before", "after", "torn", "full"]
"""Killed before or after the call; killed after a part of it was written; refused from it on."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What is done to the process at its ``at``-th call that counts, from 1."""

    at: int
    harm: Harm = "before"
    part: float = 0.5
    """Of a torn write: which part of its bytes is written."""


@dataclass(kw_only=True)
class Outcome:
    """What became of a run."""

    calls: int = 0
    kinds: Counter[int] = field(default_factory=Counter)
    """How often each call's number was met."""
    hit: int | None = None
    """The number of the call that was harmed."""
    status: int = 0
    """As waitpid tells it, of the first process."""
    hung: bool = False

    @property
    def ended(self) -> bool:
        """Whether the function returned by itself."""
        return self.status == 0 and not self.hung


class _Hung(Exception):
    pass


def permitted() -> str:
    """Return why nothing can be traced here; empty where it can be."""
    if machine() is None:
        return f"no table of system calls for {os.uname().machine}"
    try:
        outcome = trace(lambda: None)
    except OSError as error:
        return f"ptrace is not permitted here: {error.strerror}"
    return "" if outcome.ended else "ptrace or seccomp is not permitted here"


def trace(
    action: Callable[[], object],
    fault: Fault | None = None,
    *,
    every: bool = False,
    within: Path | None = None,
    log: Path | None = None,
    seconds: float = 60,
) -> Outcome:
    """Run ``action`` in a child, harm it as told, and return when all of it has ended.

    ``every``: all system calls count, not only those that change files. ``within``: only files
    below this folder are refused on a full disk. ``log``: where a traceback of the child goes.
    """
    this = machine()
    if this is None:
        raise OSError(errno.ENOSYS, f"unknown processor {os.uname().machine}")
    filter_ = program(this, every=every)
    pid = os.fork()
    if pid == 0:
        _be_traced(action, filter_, log)
    run = _Run(this, pid, fault, within)
    with _bounded(seconds):
        try:
            run.follow()
        except _Hung:
            run.outcome.hung = True
            run.kill()
            run.reap()
    return run.outcome


def _be_traced(action: Callable[[], object], filter_: bytes, log: Path | None) -> None:
    code = 1
    try:
        if _libc().ptrace(_TRACEME, 0, None, None) != 0:
            os._exit(_REFUSED)
        os.kill(os.getpid(), signal.SIGSTOP)
        install(filter_)
        action()
        code = 0
    except BaseException:
        told = traceback.format_exc()
        if log is not None:
            log.write_text(told)
        else:
            sys.stderr.write(told)
    finally:
        os._exit(code)


class _Run:
    """One traced run, from the tracer's side."""

    def __init__(self, this: Machine, pid: int, fault: Fault | None, within: Path | None) -> None:
        self._this = this
        self._first = pid
        self._fault = fault
        self._within = None if within is None else str(within)
        self._known = {pid}
        self._names = {number: name for name, number in this.calls.items()}
        self._libc = _libc()
        self._leaving: int | None = None
        """The thread that is killed when its call returns."""
        self._killed = False
        self.outcome = Outcome()

    def follow(self) -> None:
        _, status = os.waitpid(self._first, _WALL)
        if not os.WIFSTOPPED(status):
            raise OSError(errno.EPERM, f"the child ended with {status} before it could be traced")
        self._ptrace(_SETOPTIONS, self._first, _OPTIONS)
        self._ptrace(_CONT, self._first, 0)
        self.reap()

    def reap(self) -> None:
        """Let everything run on until nothing is left."""
        while True:
            try:
                tid, status = os.waitpid(-1, _WALL)
            except ChildProcessError:
                return
            if os.WIFSTOPPED(status):
                if not self._killed:
                    with contextlib.suppress(ProcessLookupError):
                        self._stopped(tid, status)
            elif tid == self._first:
                self.outcome.status = status

    def kill(self) -> None:
        self._killed = True
        for tid in self._known:
            with contextlib.suppress(ProcessLookupError):
                os.kill(tid, signal.SIGKILL)

    def _stopped(self, tid: int, status: int) -> None:
        event, signal_ = status >> 16, os.WSTOPSIG(status)
        fresh = tid not in self._known
        self._known.add(tid)
        if event == _EVENT_SECCOMP:
            self._call(tid)
        elif signal_ == _AT_CALL and tid == self._leaving:
            self.kill()
        elif event or signal_ == _AT_CALL or (fresh and signal_ == signal.SIGSTOP):
            self._ptrace(_CONT, tid, 0)
        else:
            self._ptrace(_CONT, tid, signal_)

    def _call(self, tid: int) -> None:
        message = ctypes.c_ulong()
        self._ptrace(_GETEVENTMSG, tid, ctypes.addressof(message))
        number, outcome = message.value, self.outcome
        outcome.calls += 1
        outcome.kinds[number] += 1
        fault = self._fault
        if fault is None or outcome.calls < fault.at:
            self._ptrace(_CONT, tid, 0)
        elif fault.harm == "full":
            self._refuse(tid, number)
        elif outcome.hit is None:
            outcome.hit = number
            self._strike(tid, number, fault)
        else:  # another thread, while the one that was hit is still within its call
            self._ptrace(_CONT, tid, 0)

    def _strike(self, tid: int, number: int, fault: Fault) -> None:
        if fault.harm == "before":
            self.kill()
            return
        if fault.harm == "torn" and self._names.get(number) in SIZED:
            held = self._registers(tid)
            place = self._this.arguments[2]
            held[place] = int(held[place] * fault.part)
            self._set_registers(tid, held)
        self._leaving = tid
        self._ptrace(_SYSCALL, tid, 0)

    def _refuse(self, tid: int, number: int) -> None:
        """Let no file grow any more."""
        if self._names.get(number) in GROWING:
            held = self._registers(tid)
            if self._is_within(tid, held[self._this.arguments[0]]):
                if self.outcome.hit is None:
                    self.outcome.hit = number
                held[self._this.result] = (-errno.ENOSPC) & NO_CALL
                if self._this.number is not None:
                    held[self._this.number] = NO_CALL
                else:
                    none = ctypes.c_int(-1)
                    self._regset(_SETREGSET, tid, _NT_ARM_SYSTEM_CALL, none)
                self._set_registers(tid, held)
        self._ptrace(_CONT, tid, 0)

    def _is_within(self, tid: int, descriptor: int) -> bool:
        if self._within is None:
            return True
        try:
            return os.readlink(f"/proc/{tid}/fd/{descriptor & 0xFFFF_FFFF}").startswith(self._within)
        except OSError:
            return False

    def _registers(self, tid: int) -> "ctypes.Array[ctypes.c_ulong]":
        held = (ctypes.c_ulong * self._this.registers)()
        self._regset(_GETREGSET, tid, _NT_PRSTATUS, held)
        return held

    def _set_registers(self, tid: int, held: "ctypes.Array[ctypes.c_ulong]") -> None:
        self._regset(_SETREGSET, tid, _NT_PRSTATUS, held)

    def _regset(
        self, request: int, tid: int, which: int, held: "ctypes.Array[ctypes.c_ulong] | ctypes.c_int"
    ) -> None:
        vector = (ctypes.c_ulong * 2)(ctypes.addressof(held), ctypes.sizeof(held))
        self._check(self._libc.ptrace(request, tid, which, ctypes.addressof(vector)))

    def _ptrace(self, request: int, tid: int, data: int) -> None:
        self._check(self._libc.ptrace(request, tid, None, data))

    def _check(self, result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))


def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    libc.ptrace.restype = ctypes.c_long
    return libc


@contextlib.contextmanager
def _bounded(seconds: float) -> Iterator[None]:
    def late(_signal: int, _frame: object) -> None:
        raise _Hung

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
