"""What one caller may use of a server: requests a minute, bytes of a body."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from time import monotonic
from typing import Any

from starlette.exceptions import HTTPException

from cairn.operations.identity import TooOften

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
REMEMBERED = 10_000
STALLED = 60
"""Seconds a client may keep the other end waiting, for a part of a body or to take one."""


class Rate:
    """So many requests a minute for each caller, in bursts of a sixth of it; forgets the oldest callers."""

    def __init__(self, per_minute: int) -> None:
        self._per_second = per_minute / 60
        self._burst = max(per_minute / 6, 1.0)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one request; raises TooOften."""
        now = monotonic()
        left, last = self._left.pop(caller, (self._burst, now))
        left = min(self._burst, left + (now - last) * self._per_second)
        self._left[caller] = (max(left - 1, 0.0) if left >= 1 else left, now)
        while len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        if left < 1:
            raise TooOften((1 - left) / self._per_second)


def bounded(receive: Receive, most: int) -> Receive:
    """Return what receives a body of at most ``most`` bytes, whatever its header says; raises HTTPException.

    That kind of error is the one that passes through whatever reads the body.
    """
    taken, ended = 0, False

    async def counted() -> Message:
        nonlocal taken, ended
        # Whoever waits for the end of a connection may wait; whoever waits for a body may not for long.
        async with asyncio.timeout(None if ended else STALLED):
            message = await receive()
        ended = not message.get("more_body", False)
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413, f"The body has more than {most:,} bytes.")
        return message

    return counted
