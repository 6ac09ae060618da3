"""A chat model that is given so much time: until its first words, between two, and in all.

Knows nothing of why a model is slow.
"""

from asyncio import timeout
from collections.abc import AsyncGenerator
from contextlib import aclosing
from time import monotonic

from cairn.chat import Event, Prompt
from cairn.errors import ModelFailed
from cairn.protocols import Chat


class Timed:
    """``chat`` within limits, in seconds; a ``Chat`` itself."""

    def __init__(self, chat: Chat, *, first: float, between: float, whole: float) -> None:
        self.chat = chat
        self.name = chat.name
        self._first, self._between, self._whole = first, between, whole

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        end = monotonic() + self._whole
        waiting, why = self._first, f"did not begin within {self._first:g} s"
        async with aclosing(self.chat.stream(prompt)) as events:
            while True:
                left = end - monotonic()
                if left < waiting:
                    waiting, why = left, f"was not done within {self._whole:g} s"
                try:
                    async with timeout(waiting):
                        event = await anext(events, None)
                except TimeoutError:
                    raise ModelFailed(
                        f"{self.name} {why}; ask again, or another model.", again=True
                    ) from None
                if event is None:
                    return
                yield event
                waiting, why = self._between, f"stopped for {self._between:g} s in the middle"
