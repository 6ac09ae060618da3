"""Which evidence a prompt holds: as much as its budget of tokens allows, and of each what matters.

What is best is shown whole; where room is short, of the rest only the sentences that speak of the question.
Each thing left out leaves its reason in the trace. Knows words, and nothing of meaning.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from cairn.chat import estimate_tokens
from cairn.flows.answering.fencing import fenced, mark
from cairn.flows.answering.units import Unit, units
from cairn.flows.answering.words import coverage, rarity, terms
from cairn.trace import span
from cairn.types import Evidence

WHOLE = 6
"""The best passages are not shortened, while there is room for them."""
HEAD = 40
"""Tokens of the lines around a passage, about."""
LEAST = 60
"""Tokens that a passage is shortened to, at least."""
GAP = "…"
"""Stands where sentences are left out."""


class Shown(NamedTuple):
    """A piece of evidence as the model sees it."""

    label: str
    """``e1``, by rank."""
    evidence: Evidence
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Packed:
    """The evidence of one prompt, best first."""

    shown: tuple[Shown, ...]
    fence: str
    """A mark that nobody could have known."""

    def text(self) -> str:
        """Return the evidence as data, the best last: next to the question, and not what servers cut off."""
        return fenced(self.shown[::-1], self.fence)

    def share(self, cited: Iterable[Evidence]) -> float:
        """Return which share of what is shown is of the evidence cited, by characters."""
        ids = {one.id for one in cited}
        sizes = {one.evidence.id: len(one.text) for one in self.shown}
        return sum(size for id, size in sizes.items() if id in ids) / max(sum(sizes.values()), 1)

    def labelled(self) -> dict[str, Evidence]:
        """Return the evidence by its label."""
        return {one.label: one.evidence for one in self.shown}


def pack(question: str, evidence: Sequence[Evidence], tokens: int) -> Packed:
    """Choose of the evidence, best first, what fits into ``tokens``, estimated by length."""
    with span("pack", budget=tokens) as step:
        shown = list[Shown]()
        for one, text, reason in _chosen(question, evidence, tokens):
            step.set_attribute(one.id, reason)
            if text:
                shown.append(Shown(f"e{len(shown) + 1}", one, text))
        step.set_attribute("shown", len(shown))
    return Packed(shown=tuple(shown), fence=mark([one.text for one in evidence]))


def _chosen(question: str, evidence: Sequence[Evidence], tokens: int) -> Iterator[tuple[Evidence, str, str]]:
    """Yield each piece with what of it is shown, and why not all."""
    sizes = [estimate_tokens(one.text) + HEAD for one in evidence]
    short = sum(sizes) > tokens
    idf = rarity(terms(question), [set(terms(one.text)) for one in evidence])
    held: dict[str, str] = {}
    for place, (one, size) in enumerate(zip(evidence, sizes, strict=True)):
        words = " ".join(one.text.casefold().split())
        twin = next((id for id, text in held.items() if words in text), None)
        if twin is not None:
            yield one, "", f"left out: {twin} says it"
            continue
        text, reason = one.text, "whole"
        if short and (place >= WHOLE or size > tokens / 3):
            text, reason = _shortened(one, idf, tokens // (len(sizes) - place) - HEAD)
            size = estimate_tokens(text) + HEAD
        if text and size <= tokens:
            tokens -= size
            held[one.id] = words
            yield one, text, reason
        else:
            yield one, "", reason if not text else "left out: no room"


def _shortened(one: Evidence, idf: Mapping[str, float], room: int) -> tuple[str, str]:
    """Return the sentences that hold most of the question, in their order, within so many tokens."""
    found = units([one])
    worth = [coverage(idf, terms(f"{unit.header} {unit.text}")) for unit in found]
    sizes = [estimate_tokens(unit.text) for unit in found]
    kept, room = set[int](), max(room, LEAST)
    for i in sorted(range(len(found)), key=lambda i: -worth[i]):
        if worth[i] and sizes[i] <= room:
            kept.add(i)
            room -= sizes[i]
    if not kept:
        return "", "left out: nothing in it speaks of the question"
    return "\n".join(_lines(found, sorted(kept))), f"{len(kept)} of {len(found)} sentences"


def _lines(found: Sequence[Unit], kept: Sequence[int]) -> Iterator[str]:
    """Yield these sentences and rows, each table's header once, and where something is left out."""
    before, header = -1, ""
    for i in kept:
        if i > before + 1:
            yield GAP
        if found[i].header and found[i].header != header:
            yield found[i].header
        header = found[i].header
        yield found[i].text
        before = i
