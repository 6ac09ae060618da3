"""A verdict as a claim with citations: the words of each evidence that it rests on, and where they stand."""

from collections.abc import Sequence

from cairn.flows.answering.units import units
from cairn.flows.answering.verification.quotation import plain
from cairn.flows.answering.verification.statements import Statement
from cairn.types import Citation, Claim, Evidence, Verdict, locate

NOWHERE = (0, 0)


def quotation(text: str, cited: Sequence[Evidence]) -> Claim | None:
    """Return a claim that is, word for word, sentences or rows in a row of some cited evidence; else None."""
    spans = [_quoted(plain(text), one) for one in cited]
    if all(span is None for span in spans):
        return None
    citations = tuple(
        _citation(one, span or NOWHERE, "not found" if span is None else "supported")
        for one, span in zip(cited, spans, strict=True)
    )
    return Claim(text=text, citations=citations, verdict="supported")


def judged(
    text: str, cited: Sequence[Evidence], verdict: Verdict, reason: str, rests_on: Sequence[Statement] = ()
) -> Claim:
    """Return a claim with its verdict; a citation quotes its evidence's first statement in ``rests_on``."""
    citations = []
    for number, one in enumerate(cited):
        span = next(((held.start, held.end) for held in rests_on if held.evidence == number), NOWHERE)
        citations.append(_citation(one, span, "not found" if span == NOWHERE else verdict))
    return Claim(text=text, citations=tuple(citations), verdict=verdict, reason=reason)


def _quoted(wanted: str, evidence: Evidence) -> tuple[int, int] | None:
    """Return where whole sentences or rows in a row say just this."""
    if not wanted or wanted not in plain(evidence.text):
        return None
    pieces = [(unit.start, unit.end, plain(unit.text)) for unit in units([evidence])]
    for first, (start, end, joined) in enumerate(pieces):
        if wanted.startswith(joined):
            for _, after, following in pieces[first + 1 :]:
                if len(joined) >= len(wanted):
                    break
                joined, end = f"{joined} {following}", after
            if joined == wanted:
                return start, end
    return None


def _citation(evidence: Evidence, span: tuple[int, int], verdict: Verdict) -> Citation:
    return Citation(
        evidence=evidence.id,
        number=0,
        quote=evidence.text[slice(*span)],
        uri=evidence.uri,
        title=evidence.title,
        locators=locate(evidence.anchors, *span),
        verdict=verdict,
    )
