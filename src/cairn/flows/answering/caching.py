"""Written answers given again: to the same question, or one that means the same, from the same evidence.

An answer depends on the question, what is shown of which evidence, the prompt, the model, the filters and the
set of access classes it was asked with; it is given again only where all of these are the same. It is never
looked up before evidence was found anew: whatever it cites must be among what the asker was just found.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from threading import Lock

from cairn.chat import Prompt
from cairn.flows.answering.packing import Packed
from cairn.flows.answering.words import FUNCTION_WORDS, terms
from cairn.protocols import Answers, Catalogue, Embedder
from cairn.records import KeptAnswer, Query
from cairn.trace import span
from cairn.types import Answer, Citation, Evidence

COMPARED = 1_000
"""Of a scope's answers the newest are compared."""
CHANGES = 1_000
"""After so many changes of the library an answer to another wording is not given again."""

_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|(?<!\w)-(?=\d)|[^\w\s.,;:!?'’\"“”()\[\]-]|_")
"""Numbers, words, and signs that say something: of ``C++ > 5 %`` each."""
# What turns a question into another one, and vectors do not tell well; with what is asked for.
_TURNING_WORDS = """
not t no never without nor neither none except excluding only before after since until more most less least
fewer fewest highest lowest higher lower larger largest smaller smallest maximum minimum max min first last
latest earliest previous next increase increased decrease decreased rise rose fall fell gain loss up down
above below over under any all who whom whose what when where why how which many much long often far old
nicht kein keine keinen keiner nie ohne vor nach seit bis mehr meist weniger höchste niedrigste erste letzte
wer wen wem wann wo warum wie welche welcher welches viel viele
ne pas non jamais sans avant après depuis plus moins premier dernier qui que quoi quel quelle quand où
pourquoi comment combien nunca sin antes después más menos quién qué cuándo dónde cómo cuánto
"""
_TURNING = frozenset(_TURNING_WORDS.split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Basis:
    """What an answer depends on."""

    query: Query
    packed: Packed
    prompt: Prompt
    told: str
    """Of the prompt, all but the question and its evidence."""
    model: str
    head: int
    """The journal's newest change before evidence was looked for."""
    documents: frozenset[int]
    """Whose words are in any of it."""

    def scope(self) -> str:
        """Return a digest of all but the question and its evidence."""
        scope = self.query.scope
        return _digest(self.told, self.model, repr(scope.filters), _classes(scope.classes))

    def key(self) -> str:
        """Return a digest of all of it."""
        shown = (part for one in self.packed.shown for part in (one.evidence.id, one.text))
        return _digest(self.scope(), " ".join(_plain(self.query.text)), *shown)


class Lookups:
    """How often an answer was found, and the tokens that saved, since the process began; thread-safe."""

    def __init__(self) -> None:
        self.found = dict.fromkeys(("exact", "semantic", "none"), 0)
        self.tokens = 0
        self._lock = Lock()

    def note(self, how: str, tokens: int) -> None:
        """Count one."""
        with self._lock:
            self.found[how] += 1
            self.tokens += tokens


class Cache:
    """Answers that were written and checked, for a while."""

    def __init__(
        self,
        answers: Answers,
        catalogue: Catalogue,
        embedder: Embedder,
        lookups: Lookups,
        *,
        days: float,
        likeness: float,
    ) -> None:
        self._answers = answers
        self._catalogue = catalogue
        self._embedder = embedder
        self._lookups = lookups
        self._kept = timedelta(days=days)
        self._likeness = likeness

    def head(self) -> int:
        """Return the journal's newest change."""
        return self._catalogue.head()

    def find(self, basis: Basis) -> KeptAnswer | None:
        """Return an answer that may be given again, with its citations as they are now."""
        if not self._kept:
            return None
        with span("answer cache") as step:
            found, how = self._find(basis)
            step.set_attribute("hit", how)
            if found is not None:
                step.set_attribute("tokens_saved", found.tokens)
            self._lookups.note(how, found.tokens if found is not None else 0)
            return found

    def keep(self, basis: Basis, answer: Answer, tokens: int) -> None:
        """Keep an answer, which took so many tokens, for whoever asks the same."""
        if not self._kept:
            return
        now = datetime.now(UTC)
        kept = KeptAnswer(
            key=basis.key(),
            scope=basis.scope(),
            question=basis.query.text,
            vector=self._embedder.embed([basis.query.text])[0],
            claims=answer.claims,
            withdrawn=answer.withdrawn,
            confidence=answer.confidence,
            writer=answer.writer,
            trace=answer.trace,
            person=basis.prompt.asker,
            head=basis.head,
            documents=basis.documents,
            tokens=tokens,
            at=now,
        )
        self._answers.keep(kept, now - self._kept)
        # What was forgotten meanwhile took along only what was kept by then.
        self._answers.erase(self._catalogue.forgotten(kept.documents))

    def _find(self, basis: Basis) -> tuple[KeptAnswer | None, str]:
        current = {one.evidence.id: one.evidence for one in basis.packed.shown}
        same = self._answers.find(basis.key())
        if same is not None and self._stands(same, current):
            return _named(same, current), "exact"
        for key in self._alike(basis):
            other = self._answers.find(key)
            if (
                other is not None
                and interchangeable(other.question, basis.query.text)
                and self._stands(other, current)
                and self._unchanged(other, current)
            ):
                # What was withdrawn may say what stood in other evidence, which nobody looked at now.
                return replace(_named(other, current), withdrawn=()), "semantic"
        return None, "none"

    def _alike(self, basis: Basis) -> list[str]:
        """Return the keys of questions that mean nearly the same, the likest first."""
        held = self._answers.vectors(basis.scope(), COMPARED)
        if not held:
            return []
        vector = self._embedder.embed([basis.query.text])[0]
        near = sorted(((float(other @ vector), key) for key, other in held.items()), reverse=True)
        return [key for cosine, key in near if cosine >= self._likeness]

    def _stands(self, kept: KeptAnswer, current: Mapping[str, Evidence]) -> bool:
        """Tell whether an answer is young enough and cites only what was found."""
        cited = {one.evidence for claim in (*kept.claims, *kept.withdrawn) for one in claim.citations}
        return kept.at >= datetime.now(UTC) - self._kept and cited <= current.keys()

    def _unchanged(self, kept: KeptAnswer, current: Mapping[str, Evidence]) -> bool:
        """Tell whether nothing that was found has changed since the evidence of the answer was."""
        changes = self._catalogue.changes(kept.head, CHANGES)
        documents = {one.document for one in current.values()}
        fresh = (change.kind == "content" and change.document in documents for change in changes)
        return len(changes) < CHANGES and not any(fresh)


def interchangeable(one: str, other: str) -> bool:
    """Tell whether two questions hold the same numbers, names, signs and turning words, in one order.

    Vectors hardly tell who did what to whom: the same words in another order are another question, unless
    what stands first in one stands last in the other (``the plan's budget``, ``the budget of the plan``).
    """
    said, other_said = (
        [term for term in terms(question) if not term[0].isdigit()] for question in (one, other)
    )
    reordered = sorted(said) == sorted(other_said) and other_said not in _turned(said)
    return _firm(one) == _firm(other) and not reordered


def _firm(question: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(question) if _is_firm(word)]


def _is_firm(word: str) -> bool:
    plain = word.casefold()
    return plain in _TURNING or not word.isalpha() or (word[0].isupper() and plain not in FUNCTION_WORDS)


def _turned(words: list[str]) -> list[list[str]]:
    return [words, *(words[n:] + words[:n] for n in range(1, len(words)))]


def _plain(question: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(question)]


def _named(kept: KeptAnswer, current: Mapping[str, Evidence]) -> KeptAnswer:
    """Name what an answer cites as it is called now: files are renamed."""
    claims, withdrawn = (
        tuple(
            replace(claim, citations=tuple(_cited(one, current) for one in claim.citations)) for claim in held
        )
        for held in (kept.claims, kept.withdrawn)
    )
    return replace(kept, claims=claims, withdrawn=withdrawn)


def _cited(one: Citation, current: Mapping[str, Evidence]) -> Citation:
    return replace(one, uri=current[one.evidence].uri, title=current[one.evidence].title)


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
