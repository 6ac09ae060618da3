"""Does each number of a claim stand in the evidence, said of the same thing, or follow from cells?"""

import re
from collections import Counter
from collections.abc import Mapping

from cairn.flows.answering.verification.arithmetic import TOGETHER, calls_for, derive, reckoned
from cairn.flows.answering.verification.binding import Found, Place, find
from cairn.flows.answering.verification.findings import Findings
from cairn.flows.answering.verification.likeness import SOURCE, share, source, telling
from cairn.flows.answering.verification.parts import Parts, Told

ALIKE = 0.85
"""Of places that fit about as well, the one is meant whose sentence says most of the claim."""
SAME = 0.5
"""From this share of its words on a claim is likely to be from a sentence."""
PARTNER = 0.4
"""A number in another sentence counts if that says at least this part of what the likest sentence says."""
NAMED = 0.6
"""Beside a sentence that says nearly all of a claim, a cell counts whose row is named by so much."""
SHOWN = 80
"""Characters of a label in a reason."""

_BEFORE = re.compile(r"[^\W\d]{3,}[\s-]$")
_AFTER = re.compile(r"\s?[-–]?\s?[^\W\d]{3,}|[-–]\d+")


def check_numbers(claim: Parts, ranks: Mapping[int, int], findings: Findings) -> None:
    """Check all numbers; ``ranks`` says of each statement which one it is by the claim's words."""
    for told in claim.told:
        _check(told, claim, ranks, findings)
    _check_repeated(claim, findings)


def _check(told: Told, claim: Parts, ranks: Mapping[int, int], findings: Findings) -> None:
    found = find(told, findings.reading)
    place = _meant(_admitted(told, claim, found, findings), ranks, findings)
    if place is not None:
        findings.holds([place.statement])
        return
    derived = derive(told, claim, findings.reading)
    if derived is not None and derived.right_way:
        findings.holds([findings.reading.firsts[table] + row for table, row in derived.cells])
    elif derived is not None:
        findings.against.append(f"{told.quantity.text} is the change the other way round: {derived.how}")
    elif not (_is_label(told, claim, findings) or _is_span(told, claim)):
        _note(told, found, findings)


def _admitted(told: Told, claim: Parts, found: Found, findings: Findings) -> list[Place]:
    """Return the places that count: in no sentence unlike the claim, and no row that it does not name."""
    statements = findings.reading.statements
    places = list(found.places)
    if calls_for(told, claim):
        places = [place for place in places if reckoned(place.label, place.quantity)]
    likest = source(claim, findings.reading, SAME)
    most = 0.0 if likest is None else share(claim, statements[likest])
    least = PARTNER * most
    if told.dates and any(rival.fit >= 1 for rival in found.rivals if statements[rival.statement].table >= 0):
        least = SOURCE  # the very row and year says otherwise
    named = NAMED if most >= SOURCE and telling(claim) else 0.0
    return [
        place
        for place in places
        for one in [statements[place.statement]]
        if (place.fit >= named if one.table >= 0 else share(claim, one) >= least)
    ]


def _meant(places: list[Place], ranks: Mapping[int, int], findings: Findings) -> Place | None:
    """Return the place that is meant: of those that fit best the one whose statement is likest."""
    statements = findings.reading.statements
    most = max((place.fit for place in places if statements[place.statement].table < 0), default=0.0)
    fit = [p for p in places if statements[p.statement].table >= 0 or p.fit >= ALIKE * most]
    return min(fit, key=lambda place: ranks.get(place.statement, len(ranks)), default=None)


def _note(told: Told, found: Found, findings: Findings) -> None:
    """Note why a number does not stand."""
    said = told.quantity.text
    if found.astray and found.rivals:
        findings.against.append(f"{said} is said of something else: {_shown(found.astray[0])}")
    elif len({place.quantity.value for place in found.rivals}) == 1:
        findings.against.append(f"{said} is {found.rivals[0].quantity.text} in what is cited")
    else:
        where = f"; it is said of {_shown(found.astray[0])}" if found.astray else ""
        findings.missing.append(f"{said} does not stand in what is cited{where}")


def _shown(place: Place) -> str:
    return place.label if len(place.label) <= SHOWN else place.label[: SHOWN - 1] + "…"


def _check_repeated(claim: Parts, findings: Findings) -> None:
    """Note a number that a claim says twice and its sentence once, beside another that it leaves out."""
    if len(claim.told) < 2 or len(findings.bound) != 1:
        return
    (number,) = findings.bound
    said = Counter(told.quantity.value for told in claim.told)
    held = Counter(mention.quantity.value for mention in findings.reading.statements[number].mentions)
    for told in claim.told:
        value = told.quantity.value
        if 0 < held[value] < said[value] and any(not said[other] for other in held):
            findings.missing.append(f"{told.quantity.text} stands in what is cited only once")
            return


def _is_span(told: Told, claim: Parts) -> bool:
    """Tell whether a number says over how many years something is reckoned."""
    return told.quantity.unit == "month" and TOGETHER.search(claim.text) is not None


def _is_label(told: Told, claim: Parts, findings: Findings) -> bool:
    """Tell whether a number is part of what a row or column is called: ``1-5 years``."""
    tables = findings.reading.tables
    heads = [
        *(column.text for table in tables for column in table.columns),
        *(row.label for table in tables for row in table.rows),
    ]
    at, text = told.quantity, claim.text
    before, after = _BEFORE.search(text, 0, at.start), _AFTER.match(text, at.end)
    said = [text[before.start() : at.end]] if before is not None else []
    said += [at.text] if any(c.isalpha() for c in at.text) else []
    said += [text[at.start : after.end()]] if after is not None else []
    return any(one.lower() in head.lower() for one in said for head in heads)
