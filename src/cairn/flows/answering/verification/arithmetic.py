"""Numbers that stand nowhere and follow from cells: differences, changes, shares, sums, averages, ratios.

What is computed must be what the claim's words call for, from cells that it names; otherwise some pair of
numbers would give nearly anything.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from statistics import fmean
from typing import NamedTuple

from cairn.flows.answering.verification.binding import meant_rows, same_time
from cairn.flows.answering.verification.dates import Date
from cairn.flows.answering.verification.grid import named_rows
from cairn.flows.answering.verification.parts import Parts, Told
from cairn.flows.answering.verification.polarity import direction
from cairn.flows.answering.verification.quantities import Quantity
from cairn.flows.answering.verification.statements import Reading
from cairn.flows.answering.verification.tables import Cell, Column, Row, Table

NAMED = 0.6
"""What part of a row's label must be said for its cells to be reckoned with."""
FACTORS = 10
"""Cells that are reckoned with, at most."""
MANY = 4
"""Cells that are added up, at most."""

_CHANGE = re.compile(
    r"\b(?:chang|increas|decreas|differ|rise|rose|risen|fell|fall|grew|grow|declin|drop|more|less|fewer"
    r"|higher|lower|gap"
    r"|exceed|gain|reduc|shr[aiu]nk|climb|up\b|down\b|variance|wid|narrow|improv|jump|shed|lost|added)",
    re.IGNORECASE,
)
_LEVEL = re.compile(
    r"\b(?:from|(?<!amounts )(?<!amounted )(?<!came )(?<!comes )(?<!equal )to|with|against|versus|than|at)"
    r"\s(?:(?:about|around|nearly|over|under|some)\s)?$",
    re.IGNORECASE,
)
"""Before a number: it is what something came from or to, and no change."""
_DIFFERENCE = re.compile(r"\b(?:difference|average[sd]?|mean)\b", re.IGNORECASE)
_RECKONED = re.compile(
    r"chang|increas|decreas|differ|varia|growth|average|mean\b|\bvs|versus|\bover\b|yr|reduc"
    r"|declin|lower|higher"
    r"|\b(?:grew|rose|fell|drop)",
    re.IGNORECASE,
)
_RATE = re.compile(r"%|\bpercent|\bppt\b", re.IGNORECASE)
_SHARE = re.compile(
    r"\b(?:share|proportion|portion|percent\w*|account\w*|made up|makes? up|represent\w*|constitut\w*"
    r"|ratio|fraction"
    r"|compris\w*|contribut\w*)\b|%",
    re.IGNORECASE,
)
_SUM = re.compile(
    r"\b(?:total|totall?ed|sum|together|combined|altogether|in all|both|aggregate\w*|overall)\b", re.I
)
_MEAN = re.compile(r"\b(?:average[sd]?|mean)\b", re.IGNORECASE)
_RATIO = re.compile(r"\b(?:ratio|times|multiple)\b", re.IGNORECASE)


def calls_for(told: Told, claim: Parts) -> bool:
    """Tell whether a claim says that its number is reckoned: a change between years, an average."""
    if told.quantity.unit in ("s", "month", "clock"):
        return False
    years = {date.year for date in told.dates if date.year}
    changes = len(years) > 1 and _CHANGE.search(claim.text) is not None
    return len(claim.told) == 1 and (changes or _DIFFERENCE.search(claim.text) is not None)


def reckoned(label: str, quantity: Quantity) -> bool:
    """Tell whether what stands beside a number says that it is reckoned."""
    rate = quantity.unit in ("%", "pp") and _RATE.search(label) is not None
    return rate or _RECKONED.search(label) is not None


TOGETHER = re.compile(f"{_SUM.pattern}|{_MEAN.pattern}", re.IGNORECASE)
"""Says that several numbers are reckoned together."""


class Factor(NamedTuple):
    """A cell that may be reckoned with."""

    asked: bool
    """Of a time that the claim names; not of the year before, from which something changed."""

    row: Row
    column: Column | None
    cell: Cell
    order: int
    """Where in the claim its row's words begin."""

    @property
    def value(self) -> float:
        return self.cell.quantity.value

    @property
    def year(self) -> int:
        said = (*(self.column.dates if self.column is not None else ()), *self.row.dates)
        return next((date.year for date in said if date.year), 0)


class Derived(NamedTuple):
    """How a number follows from cells."""

    cells: tuple[tuple[int, int], ...]
    """By (table, row)."""
    right_way: bool
    """The claim says the change in the direction that it has."""
    how: str
    """As a person would write it: ``44.1 - 56.7``."""


def derive(told: Told, claim: Parts, reading: Reading) -> Derived | None:
    """Return how a claim's number follows from the cells it names, if it does; the right way round first."""
    wrong = None
    for number, table in enumerate(reading.tables):
        for derived in _derivations(told, claim, table, number):
            if derived.right_way:
                return derived
            wrong = derived
    return wrong


def _derivations(told: Told, claim: Parts, table: Table, number: int) -> Iterator[Derived]:
    factors = _factors(told, claim, table)
    over_time = len({date.year for date in claim.dates if date.year}) > 1
    level = _LEVEL.search(claim.text, 0, told.quantity.start) is not None
    for left, right in permutations(factors, 2):
        if (left.row is right.row) == (left.cell.column == right.cell.column):
            continue
        if over_time and not (left.asked and right.asked and left.year != right.year):
            continue
        for name, value, unit in _of_two(left, right, claim.text):
            if not (level and name == "change") and _is(told, value, unit):
                right_way = name != "change" or _points(told, claim, left, right, value)
                yield Derived(_cells(number, (left, right)), right_way, _written(left, right))
    for group in _added(factors, claim) if _SUM.search(claim.text) and not calls_for(told, claim) else ():
        if _is(told, sum(factor.value for factor in group), group[0].cell.quantity.unit):
            yield Derived(_cells(number, group), True, _written(*group))
    for group in _averaged(factors, claim, over_time) if _MEAN.search(claim.text) else ():
        if _is(told, fmean(factor.value for factor in group), group[0].cell.quantity.unit):
            yield Derived(_cells(number, group), True, _written(*group))


def _added(factors: Sequence[Factor], claim: Parts) -> Iterator[Sequence[Factor]]:
    """Yield what may be added up: cells of times that a claim names, or between them."""
    return _lines([factor for factor in factors if factor.asked or _between(factor, claim)])


def _averaged(factors: Sequence[Factor], claim: Parts, over_time: bool) -> Iterator[Sequence[Factor]]:
    """Yield what an average may be of: years, if the claim names some; of one year, its beginning and end."""
    for group in _added(factors, claim):
        if not over_time or len({factor.year for factor in group}) > 1:
            yield group
    named = {date.year for date in claim.dates if date.year}
    ends = sorted(year for end in named for year in (end, end - 1))
    for group in _lines(factors) if len(named) == 1 else ():
        if group[0].row is group[-1].row and sorted(factor.year for factor in group) == ends:
            yield group


def _between(factor: Factor, claim: Parts) -> bool:
    """Tell whether a cell is of a year between those that a claim names."""
    years = [date.year for date in claim.dates if date.year]
    return len(years) > 1 and min(years) <= factor.year <= max(years)


def _factors(told: Told, claim: Parts, table: Table) -> list[Factor]:
    words = dict.fromkeys(told.words, 1.0)
    asked = claim.dates
    found = [
        Factor(same_time(asked, row, column), row, column, cell, _order(row, claim))
        for row in _rows(words, table)
        for cell in row.cells
        for column in [table.columns[cell.column] if cell.column < len(table.columns) else None]
        if _asked(asked, row, column)
    ]
    if asked and any(factor.year for factor in found):
        found = [factor for factor in found if factor.year]
    return sorted(found, key=lambda one: -_named(one.row, words))[:FACTORS]


def _rows(words: Mapping[str, float], table: Table) -> list[Row]:
    """Return the rows of whose labels enough is said, and the one that is meant even if its label is long."""
    best = {number for number, fit in meant_rows(words, table).items() if fit > 1}
    named = [*named_rows(words, table, NAMED), *(table.rows[number] for number in sorted(best))]
    return list({row.start: row for row in named}.values())


def _named(row: Row, words: Mapping[str, float]) -> float:
    """Return how well a row is named: by the share of its label, then by how many words."""
    said = sum(word in words for word in row.terms)
    return said / max(len(row.terms), 1) + said / 100


def _asked(asked: Sequence[Date], row: Row, column: Column | None) -> bool:
    years = {date.year for date in asked if date.year}
    said = {d.year for d in (column.dates if column is not None else ()) if d.year} or {
        d.year for d in row.dates if d.year
    }
    if not years or not said:
        return True
    span = range(min(years), max(years) + 1) if len(years) > 1 else years
    return any(year in span or year + 1 in years for year in said)


def _order(row: Row, claim: Parts) -> int:
    places = [claim.words.index(word) for word in row.terms if word in claim.words]
    return min(places, default=0)


def _of_two(left: Factor, right: Factor, text: str) -> Iterator[tuple[str, float, str]]:
    """Yield what two cells may give, where the words call for it: name, value, unit."""
    unit = left.cell.quantity.unit
    if unit != right.cell.quantity.unit:
        return
    if _CHANGE.search(text):
        yield "change", left.value - right.value, unit
        if unit == "%":
            yield "change", left.value - right.value, "pp"
        if right.value:
            yield "change", 100 * (left.value - right.value) / abs(right.value), "%"
    if not (left.asked and right.asked):
        return
    if _SHARE.search(text) and right.value and left.year == right.year:
        yield "share", 100 * left.value / right.value, "%"
    if _RATIO.search(text) and right.value:
        yield "ratio", left.value / right.value, ""
        yield "ratio", left.value / right.value, "x"


def _is(told: Told, value: float, unit: str) -> bool:
    quantity = told.quantity
    same = quantity.unit == unit or (not quantity.unit and unit not in ("%", "pp")) or not unit
    return same and (quantity.unit in ("%", "pp")) == (unit in ("%", "pp")) and quantity.states(value)


def _points(told: Told, claim: Parts, left: Factor, right: Factor, value: float) -> bool:
    """Tell whether a change is said the right way round: ``left`` is what it came to, or what is more."""
    if told.quantity.value < 0:
        owed = right.value < 0  # of what was owed, or lost, less is said to be a decrease, or more
        return (value < 0 or owed) and left.year >= right.year
    way = direction(told.near) or direction(claim.text)
    if left.row is right.row and left.year != right.year:
        return left.year > right.year and (way == 0 or (value >= 0) == (way > 0))
    if left.row is not right.row and left.order != right.order:
        return way == 0 or (left.order < right.order and (value >= 0) == (way > 0))
    return True


def _lines(factors: Sequence[Factor]) -> Iterator[Sequence[Factor]]:
    """Yield the cells of each row, and of each column, where there are several: all, and any few of them."""
    for key in ("row", "column"):
        groups: dict[int, list[Factor]] = {}
        for factor in factors:
            groups.setdefault(factor.row.start if key == "row" else factor.cell.column, []).append(factor)
        for group in groups.values():
            for many in range(min(len(group), MANY), 1, -1):
                yield from (one for one in combinations(group, many) if _of_one_unit(one))


def _of_one_unit(factors: Sequence[Factor]) -> bool:
    return len({factor.cell.quantity.unit for factor in factors}) == 1


def _cells(number: int, factors: Sequence[Factor]) -> tuple[tuple[int, int], ...]:
    return tuple((number, factor.cell.row) for factor in factors)


def _written(*factors: Factor) -> str:
    return " and ".join(factor.cell.quantity.text for factor in factors)
