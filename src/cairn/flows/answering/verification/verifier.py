"""Does what is cited say what a claim says? Judged part by part: numbers, dates, names, which way, words.

A claim is supported when every part stands in the cited evidence and is said there of the same thing. It is
contradicted when the evidence says another value, or the opposite, of the very same.
"""

from collections.abc import Sequence

from cairn.flows.answering.verification.check_dates import check_dates
from cairn.flows.answering.verification.check_names import check_names
from cairn.flows.answering.verification.check_numbers import check_numbers
from cairn.flows.answering.verification.check_ways import check_comparisons, check_way
from cairn.flows.answering.verification.citations import judged, quotation
from cairn.flows.answering.verification.findings import Findings
from cairn.flows.answering.verification.likeness import share
from cairn.flows.answering.verification.parts import Parts, parts
from cairn.flows.answering.verification.statements import Statement, read
from cairn.flows.answering.verification.support import READ, Support, rank, support
from cairn.protocols import Embedder
from cairn.protocols.chat import Entailment
from cairn.types import Claim, Evidence, Verdict

LONGEST = 2000
"""Characters of a claim; a longer one is no sentence."""
ENOUGH = 0.72
"""The share of a claim's words that must be said."""
SOME = 0.4
"""The share of them from which a claim that is not supported is so in part."""
CITED = 0.3
"""The share of them that an evidence must say, beside the one that says most, to be what a claim rests on."""
SURE = 0.6
"""The probability from which an entailment model's word counts."""


class Verifier:
    """Judges claims by what they cite; thread-safe, keeps nothing."""

    def __init__(self, embedder: Embedder, *, entailment: Entailment | None = None) -> None:
        self._embedder = embedder
        self._entailment = entailment

    def check(self, text: str, cited: Sequence[Evidence], question: str = "") -> Claim:
        """Return the claim with its verdict, the reason, and a citation of each cited evidence.

        A claim that cites nothing is not found. The numbers of the citations are the caller's affair: all 0.
        """
        del question
        if not cited:
            return judged(text, cited, "not found", "nothing is cited")
        if len(text) > LONGEST:
            reason = f"too long to be checked: {len(text)} characters, at most {LONGEST}"
            return judged(text, cited, "not found", reason)
        quoted = quotation(text, cited)
        return quoted if quoted is not None else self._check(parts(text), cited)

    def _check(self, claim: Parts, cited: Sequence[Evidence]) -> Claim:
        reading = read(cited)
        findings = Findings(reading=reading)
        ranks = {number: place for place, number in enumerate(rank(claim, reading, {}))}
        check_numbers(claim, ranks, findings)
        check_comparisons(claim, findings)
        ranked = rank(claim, reading, findings.bound)
        enough = ENOUGH if self._entailment is None else 1.0
        moves = not findings.by_cells
        said = support(claim, reading, ranked, self._embedder, moves=moves, enough=enough)
        check_dates(claim, said, findings)
        check_names(claim, said, findings)
        check_way(claim, said, findings)
        score = self._score(claim, said, findings)
        if score < ENOUGH:
            findings.missing.append("the cited evidence does not say this")
        reason = "; ".join([*findings.against, *findings.missing][:2])
        return judged(claim.text, cited, _verdict(score, findings), reason, _rests_on(claim, said, findings))

    def _score(self, claim: Parts, said: Support, findings: Findings) -> float:
        """Return how well the words are supported; by an entailment model where one is sure."""
        statements = findings.reading.statements
        if self._entailment is None or not statements:
            return said.score
        held = [statements[number] for number in said.statements] or list(statements[:READ])
        told = [*(one.above for one in held if one.above), *(one.text for one in held)]
        premise = "\n".join(dict.fromkeys(told))
        ((supports, denies),) = self._entailment.score([(premise, claim.text)]).tolist()
        if denies >= SURE:
            findings.against.append("the cited evidence says otherwise")
        return 1.0 if supports >= SURE else said.score * (1 - denies)


def _verdict(score: float, findings: Findings) -> Verdict:
    if findings.against:
        return "contradicted"
    if findings.missing:
        return "partly" if findings.stands and score >= SOME else "not found"
    return "supported"


def _rests_on(claim: Parts, said: Support, findings: Findings) -> list[Statement]:
    """Return the statements that a claim rests on: where its numbers stand, then what says most of it."""
    statements = findings.reading.statements
    bound = sorted(findings.bound, key=lambda number: -findings.bound[number])
    others = [n for n in said.statements if n == said.statements[0] or share(claim, statements[n]) >= CITED]
    return [statements[number] for number in dict.fromkeys([*bound, *others])]
