"""Does what is cited say what a claim says? Judged part by part: numbers, dates, names, which way, words.

A claim is supported when every part stands in the cited evidence and is said there of the same thing. It is
contradicted when the evidence says another value, or the opposite, of the very same.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cairn.flows.answering.units import units
from cairn.flows.answering.verification.arithmetic import RECKONED, calls_for, derive
from cairn.flows.answering.verification.binding import Found, Place, find
from cairn.flows.answering.verification.comparisons import compare, compares, superlative, swapped
from cairn.flows.answering.verification.dates import Date, dates
from cairn.flows.answering.verification.names import Name, names
from cairn.flows.answering.verification.parts import Parts, Told, parts
from cairn.flows.answering.verification.polarity import stance
from cairn.flows.answering.verification.quotation import plain
from cairn.flows.answering.verification.statements import Reading, Statement, read
from cairn.flows.answering.verification.support import Support, rank, support
from cairn.flows.answering.words import terms
from cairn.protocols import Embedder
from cairn.protocols.chat import Entailment
from cairn.types import Citation, Claim, Evidence, Verdict, locate

LONGEST = 2000
"""Characters of a claim; a longer one is no sentence."""
ENOUGH = 0.72
"""The share of a claim's words that must be said."""
BOUND = 3.0
"""What a statement gains in rank that holds a number of the claim."""
ALIKE = 0.85
"""Of places that fit about as well, the one is meant whose sentence says most of the claim."""
SAME = 0.5
"""A sentence is held against a claim of whose words it says so many."""
SAME_STILL = 0.65
"""The same for a claim that cells bear out."""
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
    compared: bool = False
    """Cells say that it is more or less, as claimed."""

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
        near = {number: place for place, number in enumerate(rank(claim, reading, {}))}
        for told in claim.told:
            _number(told, claim, reading, near, findings)
        _repeated(claim, reading, findings)
        _by_cells(claim, reading, findings)
        ranked = rank(claim, reading, findings.bound)
        cells = findings.compared or any(reading.statements[number].table >= 0 for number in findings.bound)
        said = support(claim, reading, ranked, self._embedder, moves=not cells)
        for date in claim.dates:
            _date(date, claim, reading, said, findings)
        for name in claim.names:
            _name(name, claim, reading, said, findings)
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
        premise = "\n".join(
            dict.fromkeys([*(one.above for one in held if one.above), *(one.text for one in held)])
        )
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


def _number(told: Told, claim: Parts, reading: Reading, near: Mapping[int, int], findings: Findings) -> None:
    found = find(told, reading)
    reckoned = calls_for(told, claim)
    places = [place for place in found.places if not reckoned or _told_as_such(place, reading)]
    if places:
        prose = [place for place in places if reading.statements[place.statement].table < 0]
        most = max((place.fit for place in prose), default=0.0)
        best = min(
            (place for place in places if place not in prose or place.fit >= ALIKE * most),
            key=lambda place: near.get(place.statement, len(near)),
        )
        findings.holds([best.statement])
        return
    derived = derive(told, claim, reading)
    if derived is not None and derived.right_way:
        firsts = {one.table: number for number, one in reversed(list(enumerate(reading.statements)))}
        findings.holds([firsts[table] + row for table, row in derived.cells])
        return
    if _labels(told, claim, reading):
        return
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


def _repeated(claim: Parts, reading: Reading, findings: Findings) -> None:
    """Note a number that a claim says twice and the sentence it is of once, beside another it leaves out."""
    if len(claim.told) < 2 or len(findings.bound) != 1:
        return
    (number,) = findings.bound
    said = Counter(told.quantity.value for told in claim.told)
    held = Counter(mention.quantity.value for mention in reading.statements[number].mentions)
    for value, times in said.items():
        if 0 < held[value] < times and any(not said[other] for other in held):
            again = next(told.quantity.text for told in claim.told if told.quantity.value == value)
            findings.missing.append(f"{again} stands in what is cited only once")


_BEFORE = re.compile(r"[^\W\d]{3,}[\s-]$")
_AFTER = re.compile(r"\s?[-–]?\s?[^\W\d]{3,}|[-–]\d+")


def _told_as_such(place: Place, reading: Reading) -> bool:
    """Tell whether what would have to be reckoned is said there: in a sentence, or as a row or column of changes."""
    return reading.statements[place.statement].table < 0 or RECKONED.search(place.label) is not None


def _labels(told: Told, claim: Parts, reading: Reading) -> bool:
    """Tell whether a number is part of what a row or column is called: ``1-5 years``."""
    heads = [
        *(column.text for table in reading.tables for column in table.columns),
        *(row.label for table in reading.tables for row in table.rows),
    ]
    at, text = told.quantity, claim.text
    before, after = _BEFORE.search(text, 0, at.start), _AFTER.match(text, at.end)
    said = [text[before.start() : at.end]] if before is not None else []
    said += [text[at.start : after.end()]] if after is not None else []
    return any(one.lower() in head.lower() for one in said for head in heads)


def _certain(found: Found) -> bool:
    return len({place.quantity.value for place in found.rivals}) == 1


def _short(label: str) -> str:
    return label if len(label) <= 80 else label[:79] + "…"


def _date(date: Date, claim: Parts, reading: Reading, said: Support, findings: Findings) -> None:
    words = claim.text[date.start : date.end]
    statements = [*findings.bound, *said.statements[:1]]
    held = [
        other
        for number in statements
        for other in (*reading.statements[number].dates, *_dates_above(reading, number))
    ]
    if any(_stands(date, other, held) for other in held):
        findings.stands += 1
        return
    own = [
        other
        for number in statements
        for other in reading.statements[number].dates
        if other.agrees_kind(date)
    ]
    context = [other for said_of in reading.dates for other in said_of]
    before = [other for number in statements for other in _before(reading, number)]
    context += [other for number in said.statements[1:] for other in reading.statements[number].dates]
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
        return (
            date.day is None
            and date.quarter is None
            and date.month == other.month
            and date.year == other.year
        )
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


def _name(name: Name, claim: Parts, reading: Reading, said: Support, findings: Findings) -> None:
    wanted = terms(name.text)
    near = [*findings.bound, *said.statements[:1]]
    if not wanted or any(_names(reading.statements[number], name, wanted) for number in near):
        findings.stands += bool(wanted)
        return
    above = any(
        _holds(
            f"{reading.statements[number].above}\n{reading.contexts[reading.statements[number].evidence]}",
            wanted,
        )
        for number in near
    )
    others = any(_others(claim, reading.statements[number]) for number in near)
    elsewhere = any(_holds(one.text, wanted) for one in reading.statements)
    if (above or elsewhere) and not others:
        findings.stands += 1
    else:
        where = "is not said of this" if above or elsewhere else "does not stand"
        findings.missing.append(f"{name.text} {where} in what is cited")


def _names(statement: Statement, name: Name, wanted: Sequence[str]) -> bool:
    """Tell whether a statement says a name: in a sentence with its capitals, words between them at most a few."""
    if statement.table >= 0:
        return _holds(statement.text, wanted)
    return _SPACED(name.text).search(statement.text) is not None


def _SPACED(name: str) -> re.Pattern[str]:
    words = [re.escape(word.rstrip("s")) for word in re.findall(r"\w+", name)]
    return re.compile(r"\b" + r"\w{0,2}\W+(?:\S+\s){0,2}\W{0,2}".join(words))


def _holds(text: str, wanted: Sequence[str]) -> bool:
    """Tell whether words stand in a text in a row."""
    held = terms(text)
    return any(held[at : at + len(wanted)] == list(wanted) for at in range(len(held) - len(wanted) + 1))


def _others(claim: Parts, statement: Statement) -> bool:
    """Tell whether a sentence names somebody whom the claim does not."""
    if statement.table >= 0:
        return False
    return any(not _holds(claim.text, terms(one.text)) for one in names(statement.text))


def _by_cells(claim: Parts, reading: Reading, findings: Findings) -> None:
    """Judge by cells what a claim says is more, or the most."""
    most = superlative(claim, reading)
    outcome = compare(claim, reading) if compares(claim) and most.holds is None else most
    if outcome.holds:
        findings.holds(outcome.statements)
        findings.compared = True
    elif outcome.holds is not None:
        findings.against.append(outcome.reason)


def _way(claim: Parts, reading: Reading, said: Support, findings: Findings) -> None:
    """Judge which way a claim points by the sentence that says most of it."""
    statements = [n for n in (*said.statements, *findings.bound) if reading.statements[n].table < 0]
    best = max(statements, key=lambda n: len(reading.statements[n].words & set(claim.words)), default=None)
    by_cells = findings.compared or any(reading.statements[number].table >= 0 for number in findings.bound)
    if best is None or _share(claim, reading.statements[best]) < (SAME_STILL if by_cells else SAME):
        if compares(claim) and not findings.compared and not findings.against and not claim.told:
            findings.missing.append("what is cited does not tell which is more")
        return
    statement = reading.statements[best]
    if swapped(claim, statement):
        findings.against.append("it is compared the other way round")
    elif stance(_bare(claim.text, claim)).opposes(stance(_told_of(claim, statement))):
        findings.against.append("the cited evidence says the opposite")


def _told_of(claim: Parts, statement: Statement) -> str:
    """Return the clauses of a sentence that the claim speaks of, without numbers and dates."""
    mine = set(claim.words)
    bare = _bare(statement.text, parts(statement.text))
    clauses = _CLAUSE.split(bare)
    kept = [one for one in clauses if len(set(terms(one)) & mine) >= len(set(terms(one))) / 2]
    return " ".join(kept) if kept else bare


_CLAUSE = re.compile(r"[,;:]\s")


def _share(claim: Parts, statement: Statement) -> float:
    return len(statement.words & set(claim.words)) / max(len(set(claim.words)), 1)


def _bare(text: str, of: Parts) -> str:
    """Return a text without its numbers and dates, whose words are judged apart."""
    for start, end in sorted(
        ((one.start, one.end) for one in (*of.dates, *(t.quantity for t in of.told))), reverse=True
    ):
        text = f"{text[:start]} {text[end:]}"
    return text


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
        _citation(
            one, text if one in held else "", _span(text, one), "supported" if one in held else "not found"
        )
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
        own = (
            []
            if reading is None
            else [reading.statements[n] for n in chosen if reading.statements[n].evidence == number]
        )
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
