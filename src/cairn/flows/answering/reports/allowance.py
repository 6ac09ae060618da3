"""A language model of which no more than so many tokens may be taken."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from cairn.chat import Delta, Done, Event, Prompt, estimate_tokens
from cairn.errors import ModelFailed, OverBudget
from cairn.protocols import Chat


class Allowance:
    """See ``cairn.protocols.Chat``; raises OverBudget before a request that might take more than is left."""

    def __init__(self, chat: Chat, tokens: int) -> None:
        self._chat = chat
        self._tokens = tokens
        self._left = tokens

    @property
    def name(self) -> str:
        return self._chat.name

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """Yield the output as it comes; what a failed request took counts as it was estimated."""
        read = sum(estimate_tokens(part.text) for part in prompt.parts)
        if read + prompt.most > self._left:
            raise OverBudget(f"the {self._tokens:,} tokens that a report may take are spent (report_tokens).")
        self._left -= read + prompt.most  # so that others, at the same time, do not count on them
        taken = read
        try:
            async with aclosing(self._chat.stream(prompt)) as events:
                async for event in events:
                    if isinstance(event, Delta):
                        taken += estimate_tokens(event.text)
                    elif isinstance(event, Done):
                        taken = event.usage.input + event.usage.output
                    yield event
        except (ModelFailed, OverBudget) as error:
            if isinstance(error, OverBudget) or not error.charged:
                taken = 0  # it was not asked
            raise
        finally:
            self._left += read + prompt.most - taken
