"""Chat models in order, the next of which is asked when one fails before its first word.

Knows nothing of why one fails.
"""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from cairn.chat import Event, Prompt
from cairn.errors import ModelFailed
from cairn.protocols import Chat


class Fallback:
    """The first of ``chats`` that answers; a ``Chat`` itself."""

    def __init__(self, chats: Sequence[Chat]) -> None:
        self.chats = tuple(chats)
        self.name = ",".join(chat.name for chat in self.chats)

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        failed: list[ModelFailed] = []
        for chat in self.chats:
            begun = False
            try:
                async with aclosing(chat.stream(prompt)) as events:
                    async for event in events:
                        begun = True
                        yield event
                return
            except ModelFailed as error:
                if begun:
                    raise
                failed.append(error)
        again = any(error.again for error in failed)
        after = [error.after for error in failed if error.after is not None]
        raise ModelFailed(" ".join(map(str, failed)), again=again, after=min(after, default=None))
