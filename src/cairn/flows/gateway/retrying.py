"""A chat model that is asked again when that may help: after a while that doubles, with chance in it.

Chance keeps those who failed together from coming back together (M. Brooker, "Exponential Backoff And
Jitter", 2015). What was passed on is never taken back: after a first word nothing is asked again.
"""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import replace
from time import monotonic

from cairn.chat import Event, Prompt
from cairn.errors import ModelFailed
from cairn.protocols import Chat

BASE = 0.5
"""Seconds of the first pause, at most; each next one may be twice as long."""


class Retrying:
    """``chat`` with so many ``attempts``, none begun after ``within`` seconds; a ``Chat`` itself."""

    def __init__(
        self,
        chat: Chat,
        *,
        attempts: int,
        within: float,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.chat = chat
        self.name = chat.name
        self._attempts, self._within = attempts, within
        self._sleep, self._clock = sleep, clock

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        end = self._clock() + self._within
        for attempt in range(1, self._attempts + 1):
            begun = False
            try:
                async with aclosing(self.chat.stream(replace(prompt, attempt=attempt))) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except ModelFailed as error:
                pause = _pause(attempt, error.after)
                spent = attempt == self._attempts or self._clock() + pause > end
                if begun or spent or not error.again:
                    raise
            await self._sleep(pause)


def _pause(attempt: int, after: float | None) -> float:
    """Return the seconds until the next try: by chance, but not before the provider wants it."""
    chance = random.uniform(0, BASE * 2 ** (attempt - 1))
    return chance if after is None else after + chance
