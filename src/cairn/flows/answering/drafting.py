"""A model's stream to claims, each checked as soon as it has been written.

Knows nothing of how evidence was found or a claim is checked.
"""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Protocol

from cairn.chat import Delta, Done, Prompt, Usage
from cairn.errors import ModelFailed
from cairn.flows.answering.fencing import Inert
from cairn.flows.answering.sentences import Sentence, Sentences
from cairn.protocols import Chat
from cairn.types import Claim, Evidence

Tell = Callable[[str, object], None]

REPEATS = 5
"""Sentences said again, after which a model is stopped: it will not find its way out."""
LETTERS = 12
"""Characters a token has at most, about; a model that goes on beyond its limit of tokens is stopped."""
NONE = "NO ANSWER"
"""What a model is to write where the evidence does not tell."""

_ADDRESS = re.compile(r"(?:\w+://|www\.|mailto:|data:)[^\s)\]>\"']+", re.IGNORECASE)


class Check(Protocol):
    """The check of one sentence against the evidence it cites."""

    def __call__(self, text: str, cited: Sequence[Evidence], question: str = "") -> Claim: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Drafted:
    """What a model wrote, checked."""

    text: str
    """As it came."""
    claims: tuple[Claim, ...]
    model: str
    usage: Usage
    whole: bool
    """It came to an end by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judge:
    """Makes claims of sentences."""

    question: str
    labelled: Mapping[str, Evidence]
    check: Check
    states: Callable[[str], bool]
    _said: set[Sentence] = field(default_factory=set)

    def repeated(self, sentence: Sentence) -> bool:
        """Tell whether it was said before; it is from now on."""
        again = sentence in self._said
        self._said.add(sentence)
        return again

    def __call__(self, sentence: Sentence) -> Claim | None:
        """Return the claim that a sentence makes, if it makes one."""
        cited = [self.labelled[label] for label in sentence.cited if label in self.labelled]
        if sentence.text == NONE or (not sentence.cited and not self.states(sentence.text)):
            return None
        claim = self._borne(sentence.text, cited)
        if invented := [label for label in sentence.cited if label not in self.labelled]:
            return replace(claim, verdict="not found", reason=f"there is no evidence {', '.join(invented)}")
        for address in _ADDRESS.findall(sentence.text):
            if not any(address.rstrip(".,;:!?") in one.text for one in cited):
                reason = f"{address} does not stand in what is cited"
                return replace(claim, verdict="not found", reason=reason)
        return claim

    def _borne(self, text: str, cited: Sequence[Evidence]) -> Claim:
        """Check a claim; of what it cites, what says it by itself lends its name to nothing beside it."""
        claim = self.check(text, cited, self.question)
        if claim.verdict != "supported":
            return claim
        alone = [one for one in cited if len(cited) > 1 and self._supports(one, text)]
        if alone and len(alone) < len(cited):
            claim = self.check(text, alone, self.question)
        return replace(claim, citations=tuple(one for one in claim.citations if one.verdict == "supported"))

    def _supports(self, evidence: Evidence, text: str) -> bool:
        return self.check(text, [evidence], self.question).verdict == "supported"


async def whole(chat: Chat, prompt: Prompt) -> str:
    """Return all that a model says; raises ModelFailed, also where it had to be cut."""
    said = list[str]()
    async with aclosing(chat.stream(prompt)) as events:
        async for event in events:
            if isinstance(event, Delta):
                said.append(event.text)
            elif event.cut:
                raise ModelFailed(f"{chat.name} said more than {prompt.most} tokens for {prompt.purpose}.")
    return "".join(said)


async def drafted(chat: Chat, prompt: Prompt, judge: Judge, tell: Tell) -> Drafted:
    """Have a model write, tell its text and claims as they come; raises ModelFailed."""
    sentences = asyncio.Queue[Sentence | None]()
    checking = asyncio.create_task(_checked(sentences, judge, tell))
    collected, shown, text = Sentences(), Inert(), list[str]()
    done: Done | None = None
    stray = length = 0
    try:
        async with aclosing(chat.stream(prompt)) as events:
            async for event in events:
                if isinstance(event, Done):
                    done = event
                    continue
                text.append(event.text)
                length += len(event.text)
                tell("text", shown(event.text))
                stray += _collect(collected.feed(event.text), judge, sentences)
                if stray > REPEATS or length > LETTERS * prompt.most:
                    break
        finished = done is not None and not done.cut
        if finished:
            _collect(collected.end(), judge, sentences)
        sentences.put_nowait(None)
        claims = await checking
    finally:
        checking.cancel()
    return Drafted(
        text="".join(text),
        claims=tuple(claims),
        model=done.model if done is not None else chat.name,
        usage=done.usage if done is not None else Usage(),
        whole=finished,
    )


def _collect(found: Sequence[Sentence], judge: Judge, sentences: asyncio.Queue[Sentence | None]) -> int:
    """Hand on what was not said before; return how much was."""
    fresh = [sentence for sentence in found if not judge.repeated(sentence)]
    for sentence in fresh:
        sentences.put_nowait(sentence)
    return len(found) - len(fresh)


async def _checked(sentences: asyncio.Queue[Sentence | None], judge: Judge, tell: Tell) -> list[Claim]:
    claims = list[Claim]()
    while (sentence := await sentences.get()) is not None:
        claim = await asyncio.to_thread(judge, sentence)
        if claim is not None:
            claims.append(claim)
            tell("claim", numbered(claims)[-1])
    return claims


def numbered(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Number the citations in the order of what they cite, one number for each piece of evidence."""
    numbers: dict[str, int] = {}
    return tuple(
        replace(
            claim,
            citations=tuple(
                replace(one, number=numbers.setdefault(one.evidence, len(numbers) + 1))
                for one in claim.citations
            ),
        )
        for claim in claims
    )
