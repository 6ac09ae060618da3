"""Does what is cited say what a claim says? Judged part by part: numbers, dates, names, which way, words.

A claim is supported when every part stands in the cited evidence and is said there of the same thing. It is
contradicted when the evidence says another value, or the opposite, of the very same.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from cairn.flows.answering.units import units
from cairn.flows.answering.verification.arithmetic import derive
from cairn.flows.answering.verification.binding import Found, find
from cairn.flows.answering.verification.comparisons import compare, compares, superlative, swapped
from cairn.flows.answering.verification.dates import Date, dates
from cairn.flows.answering.verification.names import Name, names
from cairn.flows.answering.verification.parts import Parts, Told, parts
from cairn.flows.answering.verification.polarity import stance
from cairn.flows.answering.verification.quotation import plain
from cairn.flows.answering.verification.statements import Reading, read
from cairn.flows.answering.verification.support import Support, rank, support
from cairn.flows.answering.words import terms
from cairn.protocols import Embedder
from cairn.protocols.chat import Entailment
from cairn.types import Citation, Claim, Evidence, Verdict, locate

LONGEST = 2000
"""Characters of a claim; a longer one is no sentence."""
ENOUGH = 0.62
"""The share of a claim's words that must be said."""
BOUND = 3.0
"""What a statement gains in rank that holds a number of the claim."""
SURE = 0.6
"""The probability from which an entailment model's word counts."""


@dataclass(kw_only=True, slots=True)
class Findings:
    """What was found of each part of a claim."""

    stands: int = 0
    bound: dict[int, float] = field(default_factory=dict)
    """By statement, what it gains in rank."""
    missing: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)

    def holds(self, statements: Sequence[int]) -> None:
        self.stands += 1
        for number in statements:
            self.bound[number] = self.bound.get(number, 0.0) + BOUND


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
            return Claim(text=text, citations=(), verdict="not found", reason="nothing is cited")
        if len(text) > LONGEST:
            reason = f"too long to be checked: {len(text)} characters, at most {LONGEST}"
            return _claim(text, cited, "not found", reason, ())
        if _quoted(text, cited):
            return _quotation(text, cited)
        reading = read(cited)
        claim = parts(text)
        findings = Findings()
        for told in claim.told:
            _number(told, claim, reading, findings)
        ranked = rank(claim, reading, findings.bound)
        said = support(claim, reading, ranked, self._embedder)
        for date in claim.dates:
            _date(date, claim, reading, said, findings)
        for name in claim.names:
            _name(name, reading, said, findings)
        _way(claim, reading, said, findings)
        return self._judged(claim, reading, said, findings)

    def _judged(self, claim: Parts, reading: Reading, said: Support, findings: Findings) -> Claim:
        score = said.score
        if self._entailment is not None and said.statements:
            score = self._entailed(claim, reading, said, findings)
        if score < ENOUGH:
            findings.missing.append("the cited evidence does not say this")
        verdict: Verdict = "supported"
        if findings.against:
            verdict = "contradicted"
        elif findings.missing:
            verdict = "partly" if findings.stands and score >= ENOUGH else "not found"
        reason = "; ".join([*findings.against, *findings.missing][:2])
        chosen = [*sorted(findings.bound, key=lambda n: -findings.bound[n]), *said.statements]
        return _claim(claim.text, reading.evidence, verdict, reason, chosen, reading)

    def _entailed(self, claim: Parts, reading: Reading, said: Support, findings: Findings) -> float:
        assert self._entailment is not None
        held = [reading.statements[number] for number in said.statements]
        premise = "\n".join(dict.fromkeys([*(one.above for one in held if one.above), *(one.text for one in held)]))
        ((supports, denies),) = self._entailment.score([(premise, claim.text)]).tolist()
        if denies >= SURE:
            findings.against.append("the cited evidence says otherwise")
        return 1.0 if supports >= SURE else said.score * (1 - denies)


_STATES = re.compile(r"\w[^\W\d_]*\W+\w+", re.UNICODE)


def states(text: str) -> bool:
    """Tell whether a sentence states something that can be checked: no heading, question or lead-in."""
    bare = re.sub(r"\[e?\d+\]", "", text).strip().strip("*_#>- ")
    if not bare or bare.endswith((":", "?", "：", "？")):
        return False
    return bool(terms(bare)) and _LEAD.match(bare) is None


_LEAD = re.compile(
    r"(?:here (?:is|are)|sure|certainly|of course|in summary[,.]?$|based on the (?:evidence|documents)[,.]?$"
    r"|i (?:hope|could|can|cannot|do not)|let me|please)\b.{0,60}$",
    re.IGNORECASE,
)


def _number(told: Told, claim: Parts, reading: Reading, findings: Findings) -> None:
    found = find(told, reading)
    if found.places:
        best = sorted(found.places, key=lambda place: -place.fit)
        findings.holds([best[0].statement])
        return
    derived = derive(told, claim, reading)
    if derived is not None and derived.right_way:
        firsts = {one.table: number for number, one in reversed(list(enumerate(reading.statements)))}
        findings.holds([firsts[table] + row for table, row in derived.cells])
        return
    if told.quantity.value == 1 and not told.quantity.unit:
        return  # "one" is hardly ever a number
    said = told.quantity.text
    if derived is not None:
        findings.against.append(f"{said} is the change the other way round: {derived.how}")
    elif found.astray and found.rivals:
        findings.against.append(f"{said} is said of something else: {_short(found.astray[0].label)}")
    elif found.rivals and _certain(found):
        best = max(found.rivals, key=lambda place: place.fit)
        findings.against.append(f"{said} is {best.quantity.text} in what is cited")
    else:
        where = f"; it is said of {_short(found.astray[0].label)}" if found.astray else ""
        findings.missing.append(f"{said} does not stand in what is cited{where}")


def _certain(found: Found) -> bool:
    return len({place.quantity.value for place in found.rivals}) == 1


def _short(label: str) -> str:
    return label if len(label) <= 80 else label[:79] + "…"


def _date(date: Date, claim: Parts, reading: Reading, said: Support, findings: Findings) -> None:
    words = claim.text[date.start : date.end]
    statements = [*findings.bound, *said.statements[:1]] if findings.bound else list(said.statements)
    held = [
        other
        for number in statements
        for other in (*reading.statements[number].dates, *_dates_above(reading, number))
    ]
    if any(_stands(date, other, held) for other in held):
        findings.stands += 1
        return
    own = [other for number in statements for other in reading.statements[number].dates if other.agrees_kind(date)]
    context = [other for said_of in reading.dates for other in said_of]
    before = [other for number in statements for other in _before(reading, number)]
    if not own and any(_stands(date, other, (*context, *before)) for other in (*context, *before)):
        findings.stands += 1
    elif own and findings.bound:
        findings.against.append(f"{words} does not stand with this in what is cited")
    else:
        findings.missing.append(f"{words} does not stand in what is cited")


def _dates_above(reading: Reading, number: int) -> list[Date]:
    statement = reading.statements[number]
    found = list(dates(statement.above))
    if statement.table >= 0:
        found += [date for column in reading.tables[statement.table].columns for date in column.dates]
    return found


def _stands(date: Date, other: Date, around: Sequence[Date]) -> bool:
    """Tell whether a date is said: by one other, and what that leaves out by what is around it."""
    if not date.agrees(other):
        return False
    if date.bare:
        return other.year == date.year
    if other.bare:
        return False
    if (date.month, date.day, date.quarter) != (other.month, other.day, other.quarter):
        return date.day is None and date.quarter is None and date.month == other.month and date.year == other.year
    return date.year is None or other.year == date.year or any(near.year == date.year for near in around)


def _before(reading: Reading, number: int) -> list[Date]:
    """Return the dates of the statements before one, in the same evidence."""
    statement = reading.statements[number]
    return [
        date
        for other in reading.statements[max(0, number - 3) : number]
        if other.evidence == statement.evidence
        for date in other.dates
    ]


def _name(name: Name, reading: Reading, said: Support, findings: Findings) -> None:
    wanted = frozenset(terms(name.text))
    near = set(findings.bound) | set(said.statements[:1])
    held: frozenset[str] = frozenset()
    for number in near:
        statement = reading.statements[number]
        held |= statement.words | frozenset(terms(statement.above)) | reading.words[statement.evidence]
    if not wanted or wanted <= held:
        findings.stands += bool(wanted)
        return
    rest = wanted - held
    anywhere = frozenset().union(*(one.words for one in reading.statements))
    if rest <= anywhere and all(
        not _has_name(reading.statements[number].text) for number in near
    ):
        findings.stands += 1
        return
    where = "is not said of this" if rest <= anywhere else "does not stand"
    findings.missing.append(f"{name.text} {where} in what is cited")


def _has_name(text: str) -> bool:
    return bool(names(text))


def _way(claim: Parts, reading: Reading, said: Support, findings: Findings) -> None:
    """Judge which way the claim points: comparisons by cells, denials and opposites by the best sentence."""
    most = superlative(claim, reading)
    outcome = compare(claim, reading) if compares(claim) else most
    if most.holds is False:
        outcome = most
    if outcome.holds is not None:
        if outcome.holds:
            findings.holds(outcome.statements)
        else:
            findings.against.append(outcome.reason)
        return
    sentences = [n for n in (*said.statements, *findings.bound) if reading.statements[n].table < 0]
    if not sentences:
        if compares(claim) and not findings.bound:
            findings.missing.append("what is cited does not tell which is more")
        return
    best = max(dict.fromkeys(sentences), key=lambda n: len(reading.statements[n].words & set(claim.words)))
    statement = reading.statements[best]
    mine, theirs = stance(claim.text), stance(statement.text)
    if swapped(claim, statement):
        findings.against.append("it is compared the other way round")
    elif any(sign * theirs.ways.get(axis, 0) < 0 for axis, sign in mine.ways.items()):
        findings.against.append("the cited evidence says the opposite")
    elif (mine.denials - theirs.denials) % 2:
        findings.against.append(
            "this is denied in what is cited" if theirs.denials > mine.denials else "what is cited does not deny this"
        )


def _quoted(text: str, cited: Sequence[Evidence]) -> bool:
    """Tell whether a claim is word for word some of the sentences or rows of one evidence, in a row."""
    return any(_whole(text, one) for one in cited)


def _whole(text: str, evidence: Evidence) -> bool:
    wanted = plain(text)
    if not wanted or wanted not in plain(evidence.text):
        return False
    pieces = [plain(unit.text) for unit in units([evidence])]
    for first in range(len(pieces)):
        if wanted.startswith(pieces[first]):
            joined = pieces[first]
            after = first + 1
            while len(joined) < len(wanted) and after < len(pieces):
                joined, after = f"{joined} {pieces[after]}", after + 1
            if joined == wanted:
                return True
    return False


def _quotation(text: str, cited: Sequence[Evidence]) -> Claim:
    held = [one for one in cited if _whole(text, one)]
    citations = tuple(
        _citation(one, text if one in held else "", _span(text, one), "supported" if one in held else "not found")
        for one in cited
    )
    return Claim(text=text, citations=citations, verdict="supported")


def _span(text: str, evidence: Evidence) -> tuple[int, int]:
    found = [(u.start, u.end) for u in units([evidence]) if plain(u.text) in plain(text)]
    return (found[0][0], found[-1][1]) if found else (0, 0)


def _claim(
    text: str,
    cited: Sequence[Evidence],
    verdict: Verdict,
    reason: str,
    chosen: Sequence[int],
    reading: Reading | None = None,
) -> Claim:
    citations = []
    for number, one in enumerate(cited):
        own = [] if reading is None else [reading.statements[n] for n in chosen if reading.statements[n].evidence == number]
        span = (own[0].start, own[0].end) if own else (0, 0)
        citations.append(_citation(one, one.text[span[0] : span[1]], span, verdict if own else "not found"))
    return Claim(text=text, citations=tuple(citations), verdict=verdict, reason=reason)


def _citation(evidence: Evidence, quote: str, span: tuple[int, int], verdict: Verdict) -> Citation:
    return Citation(
        evidence=evidence.id,
        number=0,
        quote=quote,
        uri=evidence.uri,
        title=evidence.title,
        locators=locate(evidence.anchors, *span),
        verdict=verdict,
    )
