"""Does a claim point the way the evidence does? Which is more, by cells; denials, opposites, by sentences."""

import re

from cairn.flows.answering.verification.check_numbers import SAME
from cairn.flows.answering.verification.comparisons import compare, compares, crossed, superlative
from cairn.flows.answering.verification.findings import Findings
from cairn.flows.answering.verification.likeness import says_number, share, source
from cairn.flows.answering.verification.parts import Parts, parts
from cairn.flows.answering.verification.polarity import stance
from cairn.flows.answering.verification.statements import Statement
from cairn.flows.answering.verification.support import Support
from cairn.flows.answering.words import terms

SAME_STILL = 0.65
"""The share of its words that a sentence must say to be held against a claim that cells bear out."""

_CLAUSE = re.compile(r"[,;:]\s")


def check_comparisons(claim: Parts, findings: Findings) -> None:
    """Check by cells what a claim says is more, or the most."""
    most = superlative(claim, findings.reading)
    outcome = compare(claim, findings.reading) if compares(claim) and most.holds is None else most
    if outcome.holds:
        findings.holds(outcome.statements)
        findings.compared = True
    elif outcome.holds is not None:
        findings.against.append(outcome.reason)


def check_way(claim: Parts, said: Support, findings: Findings) -> None:
    """Check which way a claim points by the sentence that says most of it."""
    statement = _likest(claim, findings)
    if statement is None:
        if not findings.compared and _denied(claim, said, findings):
            findings.against.append("the cells do not deny this")
        elif compares(claim) and not (findings.compared or findings.against or claim.told):
            findings.missing.append("what is cited does not tell which is more")
        return
    turned = crossed(claim, statement)
    if stance(_bare(claim)).opposes(stance(_told_of(claim, statement))) != turned:
        way = "it is compared the other way round" if turned else "the cited evidence says the opposite"
        findings.against.append(way)


def _denied(claim: Parts, said: Support, findings: Findings) -> bool:
    """Tell whether a claim denies what it is carried by, which is rows: none of them denies as much."""
    statements = findings.reading.statements
    carry = [statements[number] for number in (findings.bound if findings.bound else said.statements[:1])]
    denials = stance(_bare(claim)).denials
    rows = [one for one in carry if one.table >= 0]
    return bool(rows) and all((denials - stance(one.text).denials) % 2 for one in rows)


def _likest(claim: Parts, findings: Findings) -> Statement | None:
    """Return the sentence to hold against a claim; beside cells only one that says a number of it."""
    statements = findings.reading.statements
    likest = source(claim, findings.reading, SAME_STILL if findings.by_cells else SAME, findings.bound)
    bound = [number for number in findings.bound if statements[number].table < 0]
    if likest is None and bound:
        likest = max(bound, key=lambda number: share(claim, statements[number]))
    if likest is None or (findings.by_cells and not says_number(claim, statements[likest])):
        return None
    return statements[likest]


def _told_of(claim: Parts, statement: Statement) -> str:
    """Return the clauses of a sentence that the claim speaks of, without numbers and dates."""
    mine = set(claim.words)
    bare = _bare(parts(statement.text))
    kept = [one for one in _CLAUSE.split(bare) if len(set(terms(one)) & mine) >= len(set(terms(one))) / 2]
    return " ".join(kept) if kept else bare


def _bare(of: Parts) -> str:
    """Return a text without its numbers and dates, whose words are judged apart."""
    text = of.text
    spans = [(date.start, date.end) for date in of.dates]
    spans += [(told.quantity.start, told.quantity.end) for told in of.told]
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]} {text[end:]}"
    return text
