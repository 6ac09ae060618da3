"""Scripted language models: what good, sloppy, obeying and broken ones write, by the text they are given.

A behaviour is a function of a prompt alone; the same in this process and behind a server that speaks a
provider's wire format.
"""

import re
from collections.abc import AsyncGenerator, Callable

from tests.models.wires import Heard

from cairn.adapters.chat.grammar import written
from cairn.chat import Delta, Done, Event, Origin, Part, Prompt, Usage
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

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
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

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
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


class Sloppy:
    """Writes the answer with every second sentence wrong in one respect: number, label, name, denial."""

    def __init__(self) -> None:
        self.spoiled = set[str]()
        """What was written wrong, without labels."""
        self.misplaced = set[str]()
        """What was written as it stands, and cites other evidence; which may say it as well."""

    def __call__(self, prompt: Prompt) -> str:
        if prompt.purpose != "answer":
            return written(prompt)
        evidence = "\n".join(part.text for part in prompt.parts if part.origin == "evidence")
        labels = re.findall(r"<evidence \w+ (e\d+)>", evidence)
        said = re.findall(r"(.+?) \[(e\d+)\]\.\s*", written(prompt), re.DOTALL)
        return " ".join(
            self._wrong(text, label, labels) if n % 2 == 0 else f"{text} [{label}]."
            for n, (text, label) in enumerate(said)
        )

    def _wrong(self, text: str, label: str, labels: list[str]) -> str:
        ways = [
            re.sub(r"\d+", lambda found: str(int(found[0]) + 7), text, count=1),
            re.sub(r"\b(is|are|was|were|has|have|must|may)\b", r"\1 not", text, count=1),
            f"{text}, as Mallory Evil confirmed",
            f"{text} in 2031",
            re.sub(r"\b([A-Z][a-z]{3,}) ([A-Z][a-z]{3,})\b", r"Mallory \2", text, count=1),
        ]
        how = sum(map(ord, text))
        if how % 6 == 5 and len(labels) > 1:
            self.misplaced.add(f"{text}.")
            return f"{text} [{labels[labels.index(label) - 1]}]."
        wrong = next(way for way in (*ways[how % 6 :], *ways) if way != text)
        self.spoiled.add(f"{wrong}.")
        return f"{wrong} [{label}]."


def garbage(prompt: Prompt) -> str:
    """Write what no prompt asked for."""
    return '{"answer": [{"text": "EUR 99 million", "cite": ["e1"]}, ' + '{"tool_calls": []}]}' * 3


def repeating(prompt: Prompt) -> str:
    """Say the same for ever."""
    return "The plan is a plan [e1]. " * 100_000


def uncited(prompt: Prompt) -> str:
    """Write the answer without a label."""
    return re.sub(r" \[e\d+\]", "", written(prompt))


def served(behaviour: Behaviour) -> Callable[[Heard], str]:
    """Return a behaviour for a server, which hears messages and not whose words they are made of."""

    def said(heard: Heard) -> str:
        system = "".join(one.text for one in heard.messages if one.role == "system")
        last = heard.messages[-1].text
        purpose = next((name for begins, name in _BEGINNINGS.items() if begins in system + last), "answer")
        first = next(one.text for one in heard.messages if one.role == "user")
        origins: tuple[Origin, ...] = ("history", "evidence", "question")
        parts = (Part("system", "system", system), *(Part("user", origin, first) for origin in origins))
        return behaviour(
            Prompt(parts=(*parts, Part("user", "retry", last)), purpose=purpose, version="", asker="")
        )

    return said


_BEGINNINGS = {
    "A program compared your sentences": "repair",
    "You divide a question": "plan",
    "You make a question": "rewrite",
}
