"""A chat model that is left alone after it failed a few times in a row, and tried again by one.

The circuit breaker of M. Nygard, "Release It!", 2007: closed, open, half open. Knows nothing of who is
asked instead.
"""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from time import monotonic

from cairn.chat import Event, Prompt
from cairn.errors import ModelFailed
from cairn.protocols import Chat


class Breaker:
    """``chat``, refused for ``rest`` seconds after so many ``failures``; a ``Chat`` itself."""

    def __init__(
        self, chat: Chat, *, failures: int = 5, rest: float = 30.0, clock: Callable[[], float] = monotonic
    ) -> None:
        self.chat = chat
        self.name = chat.name
        self._failures, self._rest, self._clock = failures, rest, clock
        self._failed = 0
        self._until = 0.0

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        self._enter()
        try:
            async with aclosing(self.chat.stream(prompt)) as events:
                async for event in events:
                    yield event
        except ModelFailed as error:
            if error.again:  # what would fail again anyway says nothing of the model's health
                self._failed += 1
                self._until = self._clock() + self._rest
            raise
        self._failed = 0

    def _enter(self) -> None:
        """Raise ModelFailed while the model rests; after that one may try, and the others wait for it."""
        if self._failed < self._failures:
            return
        left = self._until - self._clock()
        if left > 0:
            raise ModelFailed(
                f"{self.name} failed {self._failed} times in a row and is left alone for {left:.0f} s.",
                again=True,
                after=left,
                charged=False,
            )
        self._until = self._clock() + self._rest
