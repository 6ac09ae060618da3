"""A question to an answer: evidence, extracts, the check, and abstention when it does not suffice."""

from collections.abc import Sequence
from time import perf_counter

from cairn.flows.answering.extractive import Draft, Extractive
from cairn.protocols import Retriever
from cairn.records import Query
from cairn.trace import span, trace_id
from cairn.types import Answer, Claim, Evidence

CLOSEST = 3
"""Passages shown with an abstention."""


async def answer(query: Query, retrieve: Retriever, extract: Extractive, *, threshold: float) -> Answer:
    """Answer ``query`` from what its asker may read; abstain below ``threshold`` probability."""
    began = perf_counter()
    with span("retrieve"):
        evidence = await retrieve(query)
    return extracts(await extract(query.text, evidence), evidence, began, threshold=threshold)


def extracts(
    draft: Draft, evidence: Sequence[Evidence], began: float, *, threshold: float, notice: str = ""
) -> Answer:
    """Return what was extracted as an answer, or an abstention, with what one should know of it."""
    claims = tuple(claim for claim in draft.claims if claim.verdict == "supported")
    if not claims or draft.confidence < threshold:
        return abstention(evidence, draft.confidence, began, notice=notice)
    return Answer(
        text=text(claims),
        abstained=False,
        claims=claims,
        evidence=draft.evidence,
        confidence=draft.confidence,
        seconds=perf_counter() - began,
        trace=trace_id(),
        notice=notice,
    )


def text(claims: Sequence[Claim]) -> str:
    """Join the claims, each followed by the numbers of its citations."""
    return "\n".join(
        claim.text + "".join(f" [{citation.number}]" for citation in claim.citations) for claim in claims
    )


def abstention(
    evidence: Sequence[Evidence], confidence: float, began: float, *, writer: str = "", notice: str = ""
) -> Answer:
    """Return that nothing answers, with what comes closest."""
    closest = tuple(evidence[:CLOSEST])
    said = (
        "Nothing you may read answers this well enough."
        if closest
        else "Nothing you may read has to do with this."
    )
    return Answer(
        text=said,
        abstained=True,
        claims=(),
        evidence=closest,
        confidence=confidence,
        seconds=perf_counter() - began,
        trace=trace_id(),
        writer=writer,
        notice=notice,
    )
