"""Written answers given again: to the same question, or one that means the same, from the same evidence.

An answer depends on the question, what is shown of which evidence, the prompt, the model, the filters and the
set of access classes it was asked with; it is given again only where all of these are the same. It is never
looked up before evidence was found anew: whatever it cites must be among what the asker was just found.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256

from cairn.chat import Prompt
from cairn.flows.answering.packing import Packed
from cairn.flows.answering.words import FUNCTION_WORDS
from cairn.protocols import Answers, Catalogue, Embedder
from cairn.records import KeptAnswer, Query
from cairn.trace import span
from cairn.types import Answer, Claim, Evidence

COMPARED = 1_000
"""Of a scope's answers the newest are compared."""
CHANGES = 1_000
"""After so many changes of the library an answer to another wording is not given again."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)?")
# What turns a question into another one, and vectors do not tell well; with what is asked for.
_TURNING_WORDS = """
not no never without nor neither none except excluding only before after since until more most less least
fewer fewest highest lowest higher lower larger largest smaller smallest maximum minimum max min first last
latest earliest previous next increase increased decrease decreased rise rose fall fell gain loss up down
above below over under any all who whom whose what when where why how which many much long often far old
nicht kein keine keinen keiner nie ohne vor nach seit bis mehr meist weniger höchste niedrigste erste letzte
wer wen wem was wann wo warum wie welche welcher welches viel viele
ne pas non jamais sans avant après depuis plus moins premier dernier qui que quoi quel quelle quand où
pourquoi comment combien nunca sin antes después más menos quién qué cuándo dónde cómo cuánto
"""
_TURNING = frozenset(_TURNING_WORDS.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What an answer depends on."""

    query: Query
    packed: Packed
    prompt: Prompt
    told: str
    """Of the prompt, all but the question and its evidence."""
    model: str

    def scope(self) -> str:
        """Return a digest of all but the question and its evidence."""
        scope = self.query.scope
        return _digest(self.told, self.model, repr(scope.filters), _classes(scope.classes))

    def key(self) -> str:
        """Return a digest of all of it."""
        shown = (part for one in self.packed.shown for part in (one.evidence.id, one.text))
        return _digest(self.scope(), " ".join(_plain(self.query.text)), *shown)


class Cache:
    """Answers that were written and checked, for a while."""

    def __init__(
        self, answers: Answers, catalogue: Catalogue, embedder: Embedder, *, days: float, likeness: float
    ) -> None:
        self._answers = answers
        self._catalogue = catalogue
        self._embedder = embedder
        self._kept = timedelta(days=days)
        self._likeness = likeness

    def find(self, asked: Asked) -> KeptAnswer | None:
        """Return an answer that may be given again, with its citations as they are now."""
        if not self._kept:
            return None
        with span("answer cache") as step:
            found, how = self._find(asked)
            step.set_attribute("hit", how)
            if found is not None:
                step.set_attribute("tokens_saved", found.tokens)
                self._answers.used(found.key)
            return found

    def keep(self, asked: Asked, answer: Answer, tokens: int) -> None:
        """Keep an answer, which took so many tokens, for whoever asks the same."""
        if not self._kept:
            return
        now = datetime.now(UTC)
        kept = KeptAnswer(
            key=asked.key(),
            scope=asked.scope(),
            question=asked.query.text,
            vector=self._embedder.embed([asked.query.text])[0],
            claims=answer.claims,
            withdrawn=answer.withdrawn,
            confidence=answer.confidence,
            writer=answer.writer,
            trace=answer.trace,
            person=asked.prompt.asker,
            head=self._catalogue.head(),
            documents=frozenset(one.evidence.document for one in asked.packed.shown),
            tokens=tokens,
            at=now,
        )
        self._answers.keep(kept, now - self._kept)

    def _find(self, asked: Asked) -> tuple[KeptAnswer | None, str]:
        current = {one.evidence.id: one.evidence for one in asked.packed.shown}
        same = self._usable(self._answers.find(asked.key()), current, lambda kept: True)
        if same is not None:
            return same, "exact"
        for key in self._alike(asked):
            other = self._usable(
                self._answers.find(key), current, lambda kept: self._unchanged(kept, asked.packed)
            )
            if other is not None and interchangeable(other.question, asked.query.text):
                return other, "semantic"
        return None, "none"

    def _alike(self, asked: Asked) -> list[str]:
        """Return the keys of questions that mean nearly the same, the likest first."""
        held = self._answers.vectors(asked.scope(), COMPARED)
        if not held:
            return []
        vector = self._embedder.embed([asked.query.text])[0]
        near = sorted(((float(other @ vector), key) for key, other in held.items()), reverse=True)
        return [key for cosine, key in near if cosine >= self._likeness]

    def _usable(
        self,
        kept: KeptAnswer | None,
        current: dict[str, Evidence],
        further: Callable[[KeptAnswer], bool],
    ) -> KeptAnswer | None:
        """Return an answer that is young enough and cites only what was found, with it as it is named now."""
        if kept is None or kept.at < datetime.now(UTC) - self._kept:
            return None
        both = (*kept.claims, *kept.withdrawn)
        if any(one.evidence not in current for claim in both for one in claim.citations):
            return None
        if not further(kept):
            return None
        return replace(
            kept,
            claims=tuple(_named(claim, current) for claim in kept.claims),
            withdrawn=tuple(_named(claim, current) for claim in kept.withdrawn),
        )

    def _unchanged(self, kept: KeptAnswer, packed: Packed) -> bool:
        """Tell whether nothing that was found for the question has changed since the answer."""
        changes = self._catalogue.changes(kept.head, CHANGES)
        documents = {one.evidence.document for one in packed.shown}
        fresh = (change.kind == "content" and change.document in documents for change in changes)
        return len(changes) < CHANGES and not any(fresh)


def interchangeable(one: str, other: str) -> bool:
    """Tell whether two questions hold the same numbers, names and turning words, whatever their wording."""
    return _firm(one) == _firm(other)


def _firm(question: str) -> frozenset[str]:
    words = _WORD.findall(question)
    firm = {word.casefold() for word in words if word[0].isdigit() or word.casefold() in _TURNING}
    names = {word.casefold() for word in words[1:] if word[0].isupper()}
    return frozenset(firm | (names - FUNCTION_WORDS))


def _plain(question: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(question)]


def _named(claim: Claim, current: dict[str, Evidence]) -> Claim:
    """Name what a claim cites as it is called now: files are renamed."""
    return replace(
        claim,
        citations=tuple(
            replace(one, uri=current[one.evidence].uri, title=current[one.evidence].title)
            for one in claim.citations
        ),
    )


@lru_cache(maxsize=64)
def _classes(classes: frozenset[int] | None) -> str:
    """Name a set of access classes; sets of many are told from each other once."""
    return "all" if classes is None else _digest(*map(str, sorted(classes)))


def _digest(*parts: str) -> str:
    told = sha256()
    for part in parts:
        written = part.encode("utf-8", "surrogatepass")
        told.update(len(written).to_bytes(8, "big") + written)
    return told.hexdigest()
