"""Scripted language models: what good, sloppy, obeying and broken ones write, by the text they are given.

A behaviour is a function of a prompt alone; the same in this process and behind a server that speaks a
provider's wire format.
"""

from collections.abc import AsyncIterator, Callable

from cairn.adapters.chat.grammar import written
from cairn.chat import Delta, Done, Event, Prompt, Usage
from cairn.errors import ModelFailed

Behaviour = Callable[[Prompt], str]


class ScriptedChat:
    """A model that writes what a behaviour says, a few characters at a time, and remembers its prompts."""

    def __init__(self, behaviour: Behaviour | str, *, name: str = "scripted", piece: int = 7) -> None:
        self.name = name
        self.asked: list[Prompt] = []
        self.closed = 0
        self._behaviour = behaviour if callable(behaviour) else lambda prompt: behaviour
        self._piece = piece

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        self.asked.append(prompt)
        said = self._behaviour(prompt)
        try:
            for start in range(0, len(said), self._piece):
                yield Delta(said[start : start + self._piece])
            yield Done(Usage(input=1_000, output=len(said) // 4), self.name, cut=said.endswith("✂"))
        finally:
            self.closed += 1


class FailingChat(ScriptedChat):
    """A model whose connection breaks after so many characters."""

    def __init__(self, behaviour: Behaviour | str, *, after: int = 0) -> None:
        super().__init__(behaviour)
        self._after = after

    async def stream(self, prompt: Prompt) -> AsyncIterator[Event]:
        self.asked.append(prompt)
        said = self._behaviour(prompt)[: self._after]
        if said:
            yield Delta(said)
        raise ModelFailed(f"{self.name} broke off.", again=True)


def good(prompt: Prompt) -> str:
    """Write what the evidence says."""
    return written(prompt)
