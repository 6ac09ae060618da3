"""System calls that change files, by machine, and the seccomp program that stops at them.

The program runs in the kernel: only the calls it names stop the process that is traced, so that
a crash point costs a few dozen stops and not tens of thousands.
"""

import ctypes
import platform
import struct
from collections.abc import Mapping
from typing import NamedTuple


class Machine(NamedTuple):
    """What differs between processors: places of registers in their set, numbers of calls."""

    audit: int
    """AUDIT_ARCH_*, by which the kernel names the calling convention."""
    registers: int
    """Words in the general register set."""
    number: int | None
    """Place of the call's number; None where it has a register set of its own."""
    result: int
    arguments: tuple[int, int, int]
    """Places of the first three arguments."""
    calls: Mapping[str, int]


X86_64 = Machine(
    audit=0xC000_003E,
    registers=27,
    number=15,
    result=10,
    arguments=(14, 13, 12),
    calls={
        "write": 1,
        "open": 2,
        "mmap": 9,
        "pwrite64": 18,
        "writev": 20,
        "msync": 26,
        "sendfile": 40,
        "fsync": 74,
        "fdatasync": 75,
        "truncate": 76,
        "ftruncate": 77,
        "rename": 82,
        "mkdir": 83,
        "rmdir": 84,
        "creat": 85,
        "link": 86,
        "unlink": 87,
        "symlink": 88,
        "openat": 257,
        "mkdirat": 258,
        "unlinkat": 263,
        "renameat": 264,
        "linkat": 265,
        "symlinkat": 266,
        "fallocate": 285,
        "pwritev": 296,
        "renameat2": 316,
        "copy_file_range": 326,
        "pwritev2": 328,
    },
)
AARCH64 = Machine(
    audit=0xC000_00B7,
    registers=34,
    number=None,
    result=0,
    arguments=(0, 1, 2),
    calls={
        "mkdirat": 34,
        "unlinkat": 35,
        "symlinkat": 36,
        "linkat": 37,
        "renameat": 38,
        "truncate": 45,
        "ftruncate": 46,
        "fallocate": 47,
        "openat": 56,
        "write": 64,
        "writev": 66,
        "pwrite64": 68,
        "pwritev": 70,
        "sendfile": 71,
        "fsync": 82,
        "fdatasync": 83,
        "mmap": 222,
        "msync": 227,
        "renameat2": 276,
        "copy_file_range": 285,
        "pwritev2": 287,
    },
)
MACHINES = {"x86_64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}

SIZED = ("write", "pwrite64")
"""Calls whose third argument is a number of bytes: those that can be torn."""
GROWING = ("write", "pwrite64", "writev", "pwritev", "pwritev2", "ftruncate", "fallocate", "sendfile")
"""Calls that a full disk refuses; the first argument is the file."""

_O_CREAT, _O_TRUNC = 0o100, 0o1000
_MAP_SHARED, _PROT_WRITE = 0x1, 0x2

ALLOW, TRACE = 0x7FFF_0000, 0x7FF0_0000
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06
_NUMBER, _AUDIT, _ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data."""

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2


def machine() -> Machine | None:
    """Return the processor's, None for one that is not known here."""
    return MACHINES.get(platform.machine())


def program(this: Machine, *, every: bool = False) -> bytes:
    """Return the filter: a traced stop that carries the call's number, for each call that changes files.

    ``every``: for all calls there are.
    """
    steps = [
        (_LOAD, 0, 0, _AUDIT),
        (_EQUAL, 1, 0, this.audit),
        (_RETURN, 0, 0, ALLOW),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if every:
        return _packed([*steps, *_every(this)])
    for name, number in this.calls.items():
        conditions = _CONDITIONS.get(name, ())
        steps.append((_EQUAL, 0, 3 * len(conditions) + 1, number))
        for argument, mask in conditions:
            steps += [
                (_LOAD, 0, 0, _ARGUMENTS + 8 * argument),
                (_ANY_BIT, 1, 0, mask),
                (_RETURN, 0, 0, ALLOW),
            ]
        steps.append((_RETURN, 0, 0, TRACE | number))
    return _packed([*steps, (_RETURN, 0, 0, ALLOW)])


_CONDITIONS = {
    "open": ((1, _O_CREAT | _O_TRUNC),),
    "openat": ((2, _O_CREAT | _O_TRUNC),),
    "mmap": ((3, _MAP_SHARED), (2, _PROT_WRITE)),
}
"""Argument and bits, one of which it must have, for the call to change a file."""

_MOST_CALLS = 512


def _every(this: Machine) -> list[tuple[int, int, int, int]]:
    """Return what stops at every number there is: the number must be a constant of the program."""
    del this
    steps = []
    for number in range(_MOST_CALLS):
        steps += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, TRACE | number)]
    return [*steps, (_RETURN, 0, 0, ALLOW)]


def _packed(steps: list[tuple[int, int, int, int]]) -> bytes:
    return b"".join(struct.pack("<HBBI", *step) for step in steps)


def install(filter_: bytes) -> None:
    """Put the calling process under the filter for good; raises OSError where the kernel refuses."""
    libc = ctypes.CDLL(None, use_errno=True)
    held = ctypes.create_string_buffer(filter_, len(filter_))
    length = ctypes.c_ushort(len(filter_) // 8)

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    whole = Program(length, ctypes.cast(held, ctypes.c_void_p))
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(whole), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp")
