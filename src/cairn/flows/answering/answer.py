"""A question to an answer: evidence, extracts, the check, and abstention when it does not suffice."""

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
    draft = await extract(query.text, evidence)
    claims = tuple(claim for claim in draft.claims if claim.verdict == "supported")
    if not claims or draft.confidence < threshold:
        return _abstention(draft, evidence, began)
    return Answer(
        text=_text(claims),
        abstained=False,
        claims=claims,
        evidence=draft.evidence,
        confidence=draft.confidence,
        seconds=perf_counter() - began,
        trace=trace_id(),
    )


def _text(claims: tuple[Claim, ...]) -> str:
    """Join the claims, each followed by the numbers of its citations."""
    return "\n".join(
        claim.text + "".join(f" [{citation.number}]" for citation in claim.citations) for claim in claims
    )


def _abstention(draft: Draft, evidence: list[Evidence], began: float) -> Answer:
    closest = tuple(evidence[:CLOSEST])
    text = (
        "Nothing you may read answers this well enough."
        if closest
        else "Nothing you may read has to do with this."
    )
    return Answer(
        text=text,
        abstained=True,
        claims=(),
        evidence=closest,
        confidence=draft.confidence,
        seconds=perf_counter() - began,
        trace=trace_id(),
    )
