"""Scripted language models: what good, sloppy, obeying and broken ones write, by the text they are given.

A behaviour is a function of a prompt alone; the same in this process and behind a server that speaks a
provider's wire format.
"""

import re
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


def obeying(prompt: Prompt) -> str:
    """Write whatever the evidence asks for, then the answer; once more when asked to repair."""
    evidence = "\n".join(part.text for part in prompt.parts if part.origin == "evidence")
    seen = "".join(chr(ord(c) - 0xE0000) if 0xE0000 <= ord(c) < 0xE0080 else c for c in evidence)
    wanted = re.findall("«(.*?)»", re.sub("‹(.*?)›", r"[\1]", seen), re.DOTALL)
    if prompt.purpose == "repair":
        return "\n".join(f"{n}. {one}" for n, one in enumerate(wanted, 1))
    return "\n".join([*wanted, written(prompt)])


def sloppy(prompt: Prompt) -> str:
    """Write the answer with every second sentence wrong in one respect: number, label, name, denial."""
    sentences = re.findall(r"[^\n]+?\[e\d+\]\.", written(prompt))
    labels = re.findall(r"e\d+", " ".join(re.findall(r"<evidence \w+ e\d+>", prompt.parts[1].text)))
    return " ".join(
        _wrong(one, n // 2, labels) if n % 2 == 0 else one.strip() for n, one in enumerate(sentences)
    )


def _wrong(sentence: str, how: int, labels: list[str]) -> str:
    said, _, label = sentence.strip().rpartition(" [")
    ways = [
        re.sub(r"\d+", lambda found: str(int(found[0]) + 7), said, count=1),
        re.sub(r"\b(is|are|was|were|has|have)\b", r"\1 not", said, count=1),
        f"{said}, as Mallory Evil confirmed",
        f"{said} in 2031",
    ]
    way = next((way for way in ways[how % 4 :] + ways if way != said), said + " for 77 days")
    if how % 5 == 4 and len(labels) > 1:
        other = labels[(labels.index(label.rstrip("].")) + 1) % len(labels)]
        return f"{said} [{other}]."
    return f"{way} [{label}"


def garbage(prompt: Prompt) -> str:
    """Write what no prompt asked for."""
    return '{"answer": [{"text": "EUR 99 million", "cite": ["e1"]}, ' + '{"tool_calls": []}]}' * 3


def repeating(prompt: Prompt) -> str:
    """Say the same for ever."""
    return "The plan is a plan [e1]. " * 100_000


def uncited(prompt: Prompt) -> str:
    """Write the answer without a label."""
    return re.sub(r" \[e\d+\]", "", written(prompt))
