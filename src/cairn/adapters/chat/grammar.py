"""A writer without a model, for trying out written answers: composes sentences from the evidence by rules.

It reads a prompt as a model would: by its text alone. Of each piece of evidence it takes what holds most of
the question's words, says rows of tables as sentences, and cites. Knows nothing of meaning; the same prompt
gives the same answer.
"""

import json
import math
import re
from collections import Counter
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import NamedTuple

from cairn.chat import Delta, Done, Event, Prompt, Usage

SENTENCES = 4
"""Of an answer, at most."""
SHARE = 0.2
"""Of the question's words, by rarity, a sentence holds so many at least, or is not said."""
PIECE = 12
"""Characters that come at a time."""

_EVIDENCE = re.compile(r"<evidence (\w+) (e\d+)>\n([^\n]*)\n(.*?)\n</evidence \1>", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-ZÀ-ÖØ-Þ\d\"'“(])|(?<=[。！？])|\n+")
_WORD = re.compile(r"\w+")
_SMALL = 4
"""Letters of a word that says little."""


class Candidate(NamedTuple):
    """A sentence that could be said."""

    share: float
    label: str
    text: str


class Statement(NamedTuple):
    """What a piece of evidence says."""

    label: str
    text: str
    head: str
    """What stands above it: title and headings."""


class GrammarChat:
    """See ``cairn.protocols.Chat``."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """Yield the answer a few characters at a time; never fails."""
        said = written(prompt)
        for start in range(0, len(said), PIECE):
            yield Delta(said[start : start + PIECE])
        read = sum(len(part.text) for part in prompt.parts)
        yield Done(Usage(input=read // 4, output=len(said) // 4), self.name)


def load(rest: str, *, name: str, **_: object) -> GrammarChat:
    """The writer for the spec "grammar"; what providers need is not used."""
    del rest
    return GrammarChat(name)


def written(prompt: Prompt) -> str:
    """Return what the writer says to a prompt."""
    question = next((part.text.splitlines()[-1] for part in prompt.parts if part.origin == "question"), "")
    match prompt.purpose:
        case "plan" if prompt.schema is not None:
            return json.dumps({"questions": re.findall(r"[^?]+\?", question)})
        case "plan":
            return "\n".join(re.findall(r"[^?]+\?", question))
        case "rewrite":
            history = "\n".join(part.text for part in prompt.parts if part.origin == "history")
            return f"{re.findall('Question: (.*)', history)[-1]} {question}"
        case "repair":
            listed = re.findall(r"^(\d+)\. ", prompt.parts[-1].text, re.MULTILINE)
            return "\n".join(f"{number}. NONE" for number in listed)
    return _answer(question, "\n".join(part.text for part in prompt.parts if part.origin == "evidence"))


def _answer(question: str, evidence: str) -> str:
    said = list(_said(evidence))
    found = sorted(_candidates(_words(question), said), key=lambda one: (-one.share, int(one.label[1:])))
    chosen = [one for one in found if one.share >= max(SHARE, 0.8 * found[0].share)][:SENTENCES]
    return " ".join(_cited(one) for one in chosen) if chosen else "NO ANSWER"


def _candidates(asked: set[str], said: Sequence[Statement]) -> list[Candidate]:
    """Weigh what could be said by the question's words in it, rare ones most, and by those above it."""
    words = [(_words(one.text), _words(one.head)) for one in said]
    counts = Counter(word for own, above in words for word in (own | above) & asked)
    worth = {word: math.log(1 + len(said) / (1 + counts[word])) for word in asked}
    whole = sum(worth.values())
    return [
        Candidate(sum(worth[w] * (1 if w in own else 0.6) for w in (own | above) & asked) / whole, *one[:2])
        for one, (own, above) in zip(said, words, strict=True)
        if whole
    ]


def _said(evidence: str) -> Iterator[Statement]:
    """Yield the sentences of the evidence, and its rows as sentences."""
    for _, label, head, body in _EVIDENCE.findall(evidence):
        header: list[str] = []
        for line in _SENTENCE.split(body):
            cells = [cell.strip() for cell in line.split(" | ")]
            if len(cells) > 1 and len(cells) != len(header):
                header = cells
                continue
            said = _row(header, cells) if len(cells) > 1 else line.strip()
            if len(said.split()) >= _SMALL or not said.isascii():
                yield Statement(label, said, head)


def _row(header: list[str], cells: list[str]) -> str:
    """Say a row as a sentence."""
    told = [f"{name} is {cell}" for name, cell in zip(header[1:], cells[1:], strict=True) if cell]
    return f"For {cells[0]}, {', '.join(told)}." if told else cells[0]


def _cited(one: Candidate) -> str:
    bare = one.text.rstrip(".")
    return f"{bare} [{one.label}]."


def _words(text: str) -> set[str]:
    return {word[:6] for word in _WORD.findall(text.casefold()) if len(word) >= _SMALL or word.isdigit()}
