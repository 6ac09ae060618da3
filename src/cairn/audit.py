"""The audit: who did what, when, from where, on what, and what was decided; each entry seals the one before.

An entry holds names, ids and digests, never content. Knows nothing of where entries are kept.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import astuple, dataclass
from hashlib import sha256
from typing import Literal, NamedTuple

Decision = Literal["allowed", "denied", "begun", "not found", "refused", "failed", "cancelled"]

MOST = 100
"""Ids kept of one entry; of more, their number."""
START = "0" * 64
"""What the first entry seals."""

_touched: ContextVar[list[str] | None] = ContextVar("touched", default=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One thing that was done or refused."""

    at: int
    """Microseconds since the epoch."""
    person: str
    """Who asked; empty when nobody was signed in."""
    behalf: str = ""
    """Whose rights they used, if not their own."""
    origin: str
    action: str
    objects: tuple[str, ...] = ()
    """Ids of what it was about: ``d12``, ``p7``, ``person:amina``."""
    decision: Decision
    reason: str = ""
    trace: str = ""

    def seal(self, number: int, previous: str) -> str:
        """Return the digest that stands for this entry, as this number after the entry ``previous``."""
        written = json.dumps([number, *astuple(self)], separators=(",", ":"), ensure_ascii=True)
        return sha256(f"{previous}\n{written}".encode()).hexdigest()


class Sealed(NamedTuple):
    """An entry in its place in the chain."""

    number: int
    """From 1, without gaps."""
    entry: Entry
    digest: str


@contextmanager
def noting() -> Iterator[list[str]]:
    """Hold the list of what is touched inside, also by threads begun inside."""
    ids: list[str] = []
    held = _touched.set(ids)
    try:
        yield ids
    finally:
        _touched.reset(held)


def touched(*ids: str) -> None:
    """Note ids of what the operation under way is about."""
    noted = _touched.get()
    if noted is not None:
        noted.extend(ids)


def objects(ids: list[str]) -> tuple[str, ...]:
    """Return what an entry keeps of these ids: each once, and not too many."""
    once = tuple(dict.fromkeys(ids))
    return once if len(once) <= MOST else (*once[:MOST], f"and {len(once) - MOST:,} more")
