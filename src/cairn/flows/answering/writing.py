"""A written answer: evidence, a prompt, claims checked as they are written, one repair, or abstention.

Whatever goes wrong with the model, extracts stand ready, and the answer says that it is these. Knows nothing
of providers, money or how rights are decided: all that it is given may be read by whoever asks.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import zip_longest
from time import perf_counter

from cairn.chat import Prompt
from cairn.errors import ModelFailed, OverBudget
from cairn.flows.answering.answer import abstention, extracts, text
from cairn.flows.answering.caching import Basis, Cache
from cairn.flows.answering.confidence import probability
from cairn.flows.answering.drafting import Check, Drafted, Judge, Tell, drafted, numbered
from cairn.flows.answering.extractive import Draft, Extractive
from cairn.flows.answering.opinion import SecondOpinion
from cairn.flows.answering.packing import Packed, pack
from cairn.flows.answering.planning import divided
from cairn.flows.answering.prompting import Prompts
from cairn.flows.answering.repairing import repaired
from cairn.flows.answering.words import tells_number
from cairn.protocols import Chat, Retriever
from cairn.records import KeptAnswer, Query
from cairn.trace import dispensable, span, trace_id
from cairn.types import Answer, Claim, Evidence


@dataclass(frozen=True, kw_only=True, slots=True)
class Whose:
    """Whom the calls of an answer are accounted to."""

    asker: str
    thread: str = ""
    """The trace of the conversation's first question, where it follows on one."""
    documents: frozenset[int] = frozenset()
    """Whose words may be in the question, as it follows on what was said of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Looked:
    """One question that was looked up, and the evidence for it, best first."""

    question: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """What the evidence says by itself, without a model."""

    draft: Draft
    """Of the question, or of the one of several that is answered best."""
    missing: tuple[str, ...]
    """Of several questions, those that nothing answers."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Answers with a language model; one serves all requests."""

    chat: Chat
    check: Check
    states: Callable[[str], bool]
    """Whether a sentence states anything that has to be checked."""
    extract: Extractive
    prompts: Prompts
    cache: Cache
    threshold: float
    """Below this probability that the evidence answers, no answer is given."""
    tokens: int
    """Of evidence in a prompt, at most."""
    show: bool
    """Whether what did not pass the check is shown, marked as such."""
    second: Chat | None = None
    """A language model that is asked about each claim which passed the check."""
    cited: Callable[[str, float], None]
    """Told by trace which share of the evidence in the prompt an answer cites."""

    async def __call__(self, query: Query, retrieve: Retriever, whose: Whose, tell: Tell) -> Answer:
        """Answer ``query`` from what its asker may read; tell evidence, text and claims as they come."""
        began = perf_counter()
        head = await asyncio.to_thread(self.cache.head)
        looked = await self._looked_up(query, retrieve, whose)
        evidence = _merged(looked)
        tell("evidence", evidence)
        if not evidence:
            return abstention((), 0.0, began)
        packed = await asyncio.to_thread(pack, query.text, evidence, self.tokens)
        basis = self._basis(query, packed, whose, head)
        kept = await asyncio.to_thread(self.cache.find, basis)
        if kept is not None:
            return self._again(kept, packed, tell, began)
        reading = asyncio.create_task(self._read(looked, evidence))
        try:
            draft = await self._write(basis, tell)
        except (ModelFailed, OverBudget) as error:
            return self._extracts(await reading, evidence, began, f"These are extracts: {error}")
        else:
            answer = self._answer(draft, await reading, evidence, query.text, began)
            if answer.claims and not answer.notice:
                tokens = draft.usage.input + draft.usage.output
                with dispensable("answer"):
                    await asyncio.to_thread(self.cache.keep, basis, answer, tokens)
            answer = self._shown(answer, packed)
            share = packed.share(answer.evidence if answer.claims else ())
            with dispensable("share that was cited"):
                await asyncio.to_thread(self.cited, answer.trace, share)
            return answer
        finally:
            reading.cancel()

    async def _looked_up(self, query: Query, retrieve: Retriever, whose: Whose) -> list[Looked]:
        """Find evidence for the question, and for each of those it is divided into."""
        parts = await divided(query.text, self.chat, self.prompts, whose.asker, whose.thread)
        questions = (query.text, *parts)
        with span("retrieve", questions=len(questions)):
            found = await asyncio.gather(*(retrieve(replace(query, text=one)) for one in questions))
        return [
            Looked(question=one, evidence=tuple(held)) for one, held in zip(questions, found, strict=True)
        ]

    def _basis(self, query: Query, packed: Packed, whose: Whose, head: int) -> Basis:
        template = self.prompts["answer"]
        given = {"fence": packed.fence, "evidence": packed.text(), "question": query.text}
        prompt = Prompt(
            parts=template.filled(**given),
            purpose="answer",
            version=template.version,
            asker=whose.asker,
            thread=whose.thread,
        )
        return Basis(
            query=query,
            packed=packed,
            prompt=prompt,
            told=repr(template),
            model=self.chat.name,
            head=head,
            documents=whose.documents.union(one.evidence.document for one in packed.shown),
        )

    async def _write(self, basis: Basis, tell: Tell) -> Drafted:
        """Have the model write, and once more what did not pass the check."""
        judge = Judge(
            question=basis.query.text,
            labelled=basis.packed.labelled(),
            check=self.check,
            states=self.states,
        )
        with span("write", prompt=basis.prompt.version, model=self.chat.name) as step:
            draft = await drafted(self.chat, basis.prompt, judge, tell)
            step.set_attributes({"claims": len(draft.claims), "passed": len(passed(draft.claims))})
        draft = await repaired(draft, basis.prompt, self.prompts["repair"], self.chat, judge, tell)
        return draft if self.second is None else await self._confirmed(draft, self.second, basis)

    async def _confirmed(self, draft: Drafted, second: Chat, basis: Basis) -> Drafted:
        """Ask a model about each claim that passed the check."""
        opinion = SecondOpinion(chat=second, prompts=self.prompts, asker=basis.prompt.asker)
        held = {one.id: one for one in basis.packed.labelled().values()}

        async def confirmed(claim: Claim) -> Claim:
            if claim.verdict != "supported":
                return claim
            return await opinion(claim, [held[one.evidence] for one in claim.citations])

        with span("second opinion", model=second.name) as step:
            claims = await asyncio.gather(*map(confirmed, draft.claims))
            step.set_attribute("passed", len(passed(tuple(claims))))
        return replace(draft, claims=tuple(claims))

    async def _read(self, looked: list[Looked], evidence: tuple[Evidence, ...]) -> Read:
        """Read the evidence without the model, while that writes."""
        whole, *parts = looked
        draft, *drafts = await asyncio.gather(
            self.extract(whole.question, evidence),
            *(self.extract(part.question, part.evidence) for part in parts),
        )
        missing = [p.question for p, d in zip(parts, drafts, strict=True) if d.confidence < self.threshold]
        best = max((draft, *drafts), key=lambda one: one.confidence)
        return Read(draft=best, missing=tuple(missing))

    def _answer(
        self, draft: Drafted, read: Read, evidence: tuple[Evidence, ...], question: str, began: float
    ) -> Answer:
        """Return what passed the check, or extracts where nothing did, or an abstention."""
        kept = passed(draft.claims)
        confidence = _confidence(read, kept, question)
        if not draft.claims or confidence < self.threshold:
            return abstention(evidence, confidence, began, writer=draft.model)
        if not kept:
            notice = f"Nothing that {draft.model} wrote passed the check; these are extracts."
            return self._extracts(read, evidence, began, notice)
        withdrawn = (one for one in draft.claims if one.text not in {claim.text for claim in kept})
        claims = numbered((*kept, *withdrawn))
        return Answer(
            text=text(claims[: len(kept)]),
            abstained=False,
            claims=claims[: len(kept)],
            evidence=evidence,
            confidence=confidence,
            seconds=perf_counter() - began,
            trace=trace_id(),
            writer=draft.model,
            notice=_notice(draft, read),
            withdrawn=claims[len(kept) :],
        )

    def _extracts(self, read: Read, evidence: tuple[Evidence, ...], began: float, notice: str) -> Answer:
        return extracts(read.draft, evidence, began, threshold=self.threshold, notice=notice)

    def _again(self, kept: KeptAnswer, packed: Packed, tell: Tell, began: float) -> Answer:
        """Return an answer from before; its evidence was found anew for whoever asks now."""
        for claim in kept.claims:
            tell("claim", claim)
        answer = Answer(
            text=text(kept.claims),
            abstained=False,
            claims=kept.claims,
            evidence=(),
            confidence=kept.confidence,
            seconds=perf_counter() - began,
            trace=trace_id(),
            writer=kept.writer,
            # The day alone: at which minute somebody else asked is not everybody's to know.
            notice=f"Written on {kept.at:%Y-%m-%d}; its evidence still stands.",
            withdrawn=kept.withdrawn,
        )
        return self._shown(answer, packed)

    def _shown(self, answer: Answer, packed: Packed) -> Answer:
        """Return an answer as it is shown, with the evidence that it cites."""
        if not answer.claims or not answer.writer:
            return answer
        withdrawn = answer.withdrawn if self.show else ()
        held = {one.evidence.id: one.evidence for one in packed.shown}
        ids = dict.fromkeys(one.evidence for c in (*answer.claims, *withdrawn) for one in c.citations)
        return replace(answer, withdrawn=withdrawn, evidence=tuple(held[id] for id in ids))


def passed(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Return the claims that what they cite supports, each once."""
    return tuple({one.text: one for one in claims if one.verdict == "supported"}.values())


def _merged(looked: list[Looked]) -> tuple[Evidence, ...]:
    """Return all evidence, each once, of several questions in turn the best of each."""
    ranked = zip_longest(*(held.evidence for held in looked))
    return tuple({one.id: one for same in ranked for one in same if one is not None}.values())


def _confidence(read: Read, kept: tuple[Claim, ...], question: str) -> float:
    """Return how probable an answer is; a number that a claim tells was not missing."""
    if any(tells_number(claim.text, question) for claim in kept):
        return probability(replace(read.draft.signals, number=0.0))
    return read.draft.confidence


def _notice(draft: Drafted, read: Read) -> str:
    said = [] if draft.whole else ["The answer was cut short; what stands here was checked."]
    if read.missing:
        said.append(f"Not answered: {' '.join(read.missing)}")
    return " ".join(said)
