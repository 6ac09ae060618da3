"""What a claim says of which is more: of cells it names, or of the two sides of a sentence's ``than``.

Knows nothing of the numbers a claim gives; ``binding.py`` and ``arithmetic.py`` do.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cairn.flows.answering.verification.dates import Date
from cairn.flows.answering.verification.grid import Meant, meant
from cairn.flows.answering.verification.parts import Parts
from cairn.flows.answering.verification.polarity import direction
from cairn.flows.answering.verification.statements import Reading, Statement
from cairn.flows.answering.verification.tables import Table
from cairn.flows.answering.words import terms

OTHER = 0.3
"""What the words of the other side of a comparison count."""

_THAN = re.compile(
    r"\b(?:than|compared (?:with|to)|relative to|versus|vs\.?|as against|als|gegenüber)\b|\b(?:exceed"
    r"|surpass|outstrip)\w*",
    re.IGNORECASE,
)
_NEUTRAL = re.compile(r"\b(?:changes?|difference)\b", re.IGNORECASE)
"""Says that two differ, and not which is more."""
_MOST = re.compile(r"\b(?:largest|highest|biggest|greatest|most|maximum)\b", re.IGNORECASE)
_LEAST = re.compile(r"\b(?:smallest|lowest|least|fewest|minimum)\b", re.IGNORECASE)
_TOTAL = re.compile(r"\b(?:total|sum|net|all|gesamt)\b|^$", re.IGNORECASE)


class Outcome(NamedTuple):
    """What came of a comparison."""

    holds: bool | None
    """None where the evidence does not tell."""
    statements: tuple[int, ...] = ()
    reason: str = ""


def compares(claim: Parts) -> bool:
    """Tell whether a claim says which of two is more, or that something rose or fell."""
    if _NEUTRAL.search(claim.text) or any(told.quantity.value < 0 for told in claim.told):
        return False
    return direction(claim.text) != 0 and (_THAN.search(claim.text) is not None or len(claim.dates) > 1)


def compare(claim: Parts, reading: Reading) -> Outcome:
    """Judge what a claim says of which is more by the cells it names."""
    way = direction(claim.text)
    for number, table in enumerate(reading.tables):
        pairs = _pairs(claim, table)
        if way and pairs and len({left.value > right.value for left, right in pairs}) == 1:
            left, right = pairs[0]
            first = reading.firsts[number]
            held = (first + left.cell.row, first + right.cell.row)
            if (left.value > right.value) == (way > 0) and left.value != right.value:
                return Outcome(True, held)
            values = f"{left.cell.quantity.text} against {right.cell.quantity.text}"
            return Outcome(False, held, f"it is the other way round: {values}")
    return Outcome(None)


def superlative(claim: Parts, reading: Reading) -> Outcome:
    """Judge whether what is said to be the largest or smallest of a column is."""
    most = _MOST.search(claim.text) is not None
    if not most and _LEAST.search(claim.text) is None:
        return Outcome(None)
    for number, table in enumerate(reading.tables):
        cells = meant(dict.fromkeys(claim.words, 1.0), claim.dates, table)
        if not cells or len({one.cell.column for one in cells if one.fit == cells[0].fit}) != 1:
            continue
        best = cells[0]
        rest = [
            cell.quantity.value
            for row in table.rows
            for cell in row.cells
            if cell.column == best.cell.column
            and row.group == best.row.group
            and not _TOTAL.search(row.label)
        ]
        first = reading.firsts[number]
        if rest:
            holds = best.value >= max(rest) if most else best.value <= min(rest)
            reason = (
                "" if holds else f"another is {'more' if most else 'less'} than {best.cell.quantity.text}"
            )
            return Outcome(holds, (first + best.cell.row,), reason)
    return Outcome(None)


def crossed(claim: Parts, statement: Statement) -> bool:
    """Tell whether a sentence compares the same two, and names them the other way round."""
    mine, theirs = _THAN.search(claim.text), _THAN.search(statement.text)
    if mine is None or theirs is None:
        return False
    left, right = _compared(claim.text, mine)
    before, after = _compared(statement.text, theirs)
    both = left & right
    straight = len((left - both) & before) + len((right - both) & after)
    turned = len((left - both) & after) + len((right - both) & before)
    return turned > straight


def _compared(text: str, match: re.Match[str]) -> tuple[set[str], set[str]]:
    """Return the words of what is compared, and of that with which it is: up to the next comma."""
    (_, _), (start, end) = _sides(text, match)
    comma = text.find(",", start, end)
    end = comma if comma >= 0 else end
    return set(terms(text[:start] + " " + text[end:])), set(terms(text[start:end]))


def _sides(text: str, match: re.Match[str]) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return where what is compared stands, and where that with which it is."""
    if text[: match.start()].strip():
        return (0, match.start()), (match.end(), len(text))
    comma = text.find(",", match.end())  # Compared with 2018, sales were higher
    return (comma, len(text)), (match.end(), comma)


def _pairs(claim: Parts, table: Table) -> list[tuple[Meant, Meant]]:
    """Return the cells that a claim may compare, the one that is said to be more or less first."""
    match = _THAN.search(claim.text)
    if match is None:
        pair = _over_time(claim, table)
        return [] if pair is None else [pair]
    left, right = (_side(claim, table, *side) for side in _sides(claim.text, match))
    alone = len(left) == len(right) == 1
    return [
        (one, other)
        for one in left
        for other in right
        if one.cell is not other.cell
        and (alone or (one.row is not other.row and one.cell.column == other.cell.column))
    ]


def _side(claim: Parts, table: Table, start: int, end: int) -> list[Meant]:
    inside = set(terms(claim.text[start:end]))
    words = {word: 1.0 if word in inside else OTHER for word in claim.words}
    own = [date for date in claim.dates if start <= date.start < end]
    return _bests(words, own if own else list(claim.dates), table)


def _over_time(claim: Parts, table: Table) -> tuple[Meant, Meant] | None:
    dated = sorted((date for date in claim.dates if date.year), key=lambda date: date.year or 0)
    if len(dated) < 2 or dated[0].year == dated[-1].year:
        return None
    words = dict.fromkeys(claim.words, 1.0)
    later, earlier = _best(words, [dated[-1]], table), _best(words, [dated[0]], table)
    if later is None or earlier is None or later.cell is earlier.cell or later.row is not earlier.row:
        return None
    return later, earlier


def _best(words: Mapping[str, float], asked: Sequence[Date], table: Table) -> Meant | None:
    """Return the one cell that is meant; None where it could be several."""
    best = _bests(words, asked, table)
    return best[0] if len(best) == 1 else None


def _bests(words: Mapping[str, float], asked: Sequence[Date], table: Table) -> list[Meant]:
    """Return the cells of the row that fits best."""
    cells = meant(words, asked, table)
    if not cells or (asked and not any(one.column is not None and one.column.dates for one in cells)):
        cells = [one for one in cells if one.row.dates] if asked else cells
    return [one for one in cells if one.fit >= cells[0].fit - 1e-9]
