"""A chat model that is asked by so many at once, while the others wait their turn for a while.

Knows nothing of requests per minute: those are the provider's to count.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from weakref import WeakKeyDictionary

from cairn.chat import Event, Prompt
from cairn.errors import ModelFailed
from cairn.protocols import Chat


class Limited:
    """``chat`` for ``at_once`` at a time, who wait ``patience`` seconds at most; a ``Chat`` itself."""

    def __init__(self, chat: Chat, *, at_once: int, patience: float) -> None:
        self.chat = chat
        self.name = chat.name
        self._at_once, self._patience = at_once, patience
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()
        """By event loop, of which a server has one."""

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        turn = self._turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._at_once))
        try:
            async with asyncio.timeout(self._patience):
                await turn.acquire()
        except TimeoutError:
            busy = f"{self.name} is busy with {self._at_once} others; ask again, or raise chat_at_once."
            raise ModelFailed(busy, again=True, charged=False) from None
        try:
            async with aclosing(self.chat.stream(prompt)) as events:
                async for event in events:
                    yield event
        finally:
            turn.release()
