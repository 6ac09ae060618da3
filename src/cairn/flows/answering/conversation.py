"""A question that follows on others, made to stand alone, from what its asker may read at this moment.

What was answered before is looked at anew: a claim is out of sight as soon as any of the evidence it
rests on is, and so are words that came from it into a later question.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from cairn.chat import Prompt, estimate_tokens
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.answering.drafting import whole
from cairn.flows.answering.fencing import mark, neutral
from cairn.flows.answering.prompting import Prompts
from cairn.flows.answering.words import terms
from cairn.protocols import Catalogue, Chat
from cairn.records import Turn
from cairn.trace import span

LONGEST = 8
"""Turns that a conversation is followed back."""
HISTORY = 1_000
"""Tokens of it that a model reads, at most; the newest count most."""
QUESTION = 600
"""Characters of a question that a model made."""

_BACK = re.compile(
    r"^\W*(?:and|but|also|what about|how about|why|und|aber|et|mais|y|pero|e)\b"
    r"|\b(?:it|its|they|them|their|he|she|his|her|then|ones?|same|former|latter|(?<!is )(?<!are )there"
    r"|(?:this|that|these|those)(?! (?:year|quarter|month|week|day))"
    r"|instead|es|sie|er|dies\w*|jene\w*|dort|damals|ihr\w*|il|elle|ils|elles|cela|ça|celui|celle|là|eso|esto|ello)\b",
    re.IGNORECASE,
)
_TOLD = re.compile(r"\d+(?:[.,]\d+)*|\b[A-ZÀ-ÖØ-ÞΑ-ΩА-Я][\w-]*")
"""Numbers and names."""


class StandAlone(NamedTuple):
    """A question that can be understood by itself."""

    text: str
    rests: tuple[str, ...] = ()
    """The evidence of earlier answers that its words may come from."""
    documents: frozenset[int] = frozenset()
    """Whose words may be in it."""
    thread: str = ""
    """The trace of the conversation's first question, where it follows on one."""


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """The turns before a question, as far as its asker may read them now, oldest first."""

    turns: tuple[Turn, ...]

    async def standalone(self, question: str, chat: Chat | None, prompts: Prompts, asker: str) -> StandAlone:
        """Return the question in words that need no conversation."""
        with span("follow up", turns=len(self.turns)) as step:
            joined = self._joined(question)
            if chat is None:
                return joined
            template = prompts["rewrite"]
            step.set_attribute("prompt", template.version)
            history, rests = self._history()
            fence = mark([history])
            prompt = Prompt(
                parts=template.filled(
                    fence=fence, history=f"<{fence}>\n{history}\n</{fence}>", question=question
                ),
                purpose="rewrite",
                version=template.version,
                asker=asker,
                most=300,
                thread=self.turns[-1].thread,
            )
            try:
                said = (await whole(chat, prompt)).strip()
            except (ModelFailed, OverBudget) as error:
                step.set_attribute("error", type(error).__name__)
                return joined
            if not _plausible(said, f"{history} {question}"):
                step.set_attribute("failed", "what was written is no such question")
                return joined
        return self._alone(said, rests)

    def _joined(self, question: str) -> StandAlone:
        """Put the question before in front of one that points back; what is whole stays as it is."""
        before = self.turns[-1]
        if _BACK.search(question) or len(terms(question)) < 3:
            return self._alone(f"{before.question} {question}", before.rests)
        return self._alone(question, ())

    def _alone(self, text: str, rests: tuple[str, ...]) -> StandAlone:
        documents = frozenset[int]().union(*(turn.documents for turn in self.turns if rests))
        return StandAlone(text, rests, documents, self.turns[-1].thread)

    def _history(self) -> tuple[str, tuple[str, ...]]:
        """Write the newest turns within the budget, and tell what evidence they rest on."""
        lines, rests, left = list[str](), dict[str, None](), HISTORY
        for turn in reversed(self.turns):
            said = [f"Question: {turn.question}", *(f"Answer: {claim.text}" for claim in turn.claims)]
            text = neutral("\n".join(said))
            size = estimate_tokens(text)
            if size > left:
                break
            left -= size
            lines.insert(0, text)
            rests |= dict.fromkeys([*turn.rests, *(one for claim in turn.claims for one in claim.evidence)])
        return "\n".join(lines), tuple(rests)


def recalled(
    follows: str,
    own: Callable[[str], Turn | None],
    catalogue: Catalogue,
    readable: Callable[[int], bool],
) -> Conversation | None:
    """Return the conversation that ends with the turn ``follows``; None where that is not their ``own``."""
    found = list[Turn]()
    while follows and len(found) < LONGEST:
        turn = own(follows)
        if turn is None:
            break
        found.insert(0, turn)
        follows = turn.follows
    if not found:
        return None
    with span("access to what was said") as step:
        cited = {
            one for turn in found for said in (turn.rests, *(c.evidence for c in turn.claims)) for one in said
        }
        held = _standing(cited, catalogue, readable)
        step.set_attributes({"evidence": len(cited), "removed": len(cited) - len(held)})
    return Conversation(turns=tuple(_in_sight(turn, held) for turn in found))


def _standing(cited: Iterable[str], catalogue: Catalogue, readable: Callable[[int], bool]) -> set[str]:
    """Return which evidence still stands in a document that may be read."""
    found = catalogue.standing({int(one[1:]) for one in cited})
    return {f"p{number}" for number, held in found.items() if readable(held.access_class)}


def _in_sight(turn: Turn, held: Collection[str]) -> Turn:
    kept = tuple(claim for claim in turn.claims if all(one in held for one in claim.evidence))
    plain = all(one in held for one in turn.rests)
    return replace(
        turn,
        claims=kept,
        question=turn.question if plain else turn.asked,
        rests=turn.rests if plain else (),
    )


def _plausible(said: str, known: str) -> bool:
    """Tell whether it is one question that names nothing which was not said before."""
    if not said or len(said) > QUESTION or "\n" in said:
        return False
    told = known.casefold()
    # The first word is written large whatever it is.
    return all(word.casefold() in told for word in _TOLD.findall(said.partition(" ")[2]))
