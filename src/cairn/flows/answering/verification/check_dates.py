"""Does each date of a claim stand where the rest of the claim does?

A date that stands elsewhere in the evidence is not the claim's date, unless the sentence itself has none and
takes it from its heading, its title or the sentences before.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from cairn.flows.answering.verification.dates import Date, dates
from cairn.flows.answering.verification.findings import Findings
from cairn.flows.answering.verification.likeness import alike
from cairn.flows.answering.verification.parts import Parts
from cairn.flows.answering.verification.statements import Reading, Statement
from cairn.flows.answering.verification.support import Support

BACK = 3
"""Sentences before one from which it may take its date."""

_TO = re.compile(r"\s(?:to|until|up to|through|bis|à)\s")


def check_dates(claim: Parts, said: Support, findings: Findings) -> None:
    """Check all dates."""
    if not claim.dates:
        return
    near = _near(claim, said, findings)
    for date in claim.dates:
        _check(date, claim.text[date.start : date.end], near, said, findings)
    held = {span for number in near for span in _spans(findings.reading.statements[number])}
    mine = _spans(claim)
    if any((end, start) in held for start, end in mine if (start, end) not in held):
        findings.against.append("it is from and to the other way round in what is cited")


def _spans(said: Parts | Statement) -> list[tuple[int | None, int | None]]:
    """Return the years of what goes from one date to another, in the order of the text."""
    return [
        (start.year, end.year)
        for start, end in pairwise(said.dates)
        if _TO.fullmatch(said.text, start.end, end.start)
    ]


def _check(date: Date, words: str, near: Sequence[int], said: Support, findings: Findings) -> None:
    reading = findings.reading
    own = [other for number in near for other in reading.statements[number].dates]
    held = [*own, *(other for number in near for other in _above(reading, number))]
    if _stands(date, held):
        findings.stands += 1
        return
    if any(other.bare == date.bare for other in own):
        noted = findings.against if findings.bound else findings.missing
        noted.append(f"{words} does not stand with this in what is cited")
    elif _stands(date, [*held, *_around(reading, near, said)]):
        findings.stands += 1
    else:
        findings.missing.append(f"{words} does not stand in what is cited")


def _near(claim: Parts, said: Support, findings: Findings) -> list[int]:
    """Return the statements in which a claim's dates must stand."""
    found = [] if findings.by_cells else alike(claim, findings.reading, findings.bound)
    return found if found else [*findings.bound, *said.statements[:1]]


def _above(reading: Reading, number: int) -> list[Date]:
    """Return the dates above a row's columns, and of what has no date itself those of its headings."""
    one = reading.statements[number]
    columns = (
        [date for column in reading.tables[one.table].columns for date in column.dates]
        if one.table >= 0
        else []
    )
    return columns if one.dates else [*columns, *dates(one.above)]


def _around(reading: Reading, near: Sequence[int], said: Support) -> list[Date]:
    """Return the dates of titles and names, of what else supports the claim, and of the sentences before."""
    statements = reading.statements
    before = [
        date
        for number in near
        for other in statements[max(0, number - BACK) : number]
        if other.evidence == statements[number].evidence
        for date in other.dates
    ]
    support = [date for number in said.statements[1:] for date in statements[number].dates]
    return [*(date for context in reading.dates for date in context), *support, *before]


def _stands(date: Date, held: Sequence[Date]) -> bool:
    """Tell whether a date is said: by one of these, its year perhaps by another."""
    return any(_says(other, date, held) for other in held)


def _says(other: Date, date: Date, around: Sequence[Date]) -> bool:
    if not date.agrees(other):
        return False
    if date.bare or other.bare:
        return date.bare and other.year == date.year
    if (date.month, date.day, date.quarter) != (other.month, other.day, other.quarter):
        return (
            date.day is None and date.quarter is None and (date.month, date.year) == (other.month, other.year)
        )
    return date.year is None or any(one.year == date.year for one in (other, *around))
