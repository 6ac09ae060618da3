"""Where in the evidence a claim's number stands, and whether it is said there of the same thing.

A number that stands in another row, another year's column or another clause is not the number of the claim.
Every number of the evidence is described by words: a cell by its row and column, a number in a sentence by
its stretch of the sentence. A claim's number must stand where the description fits best.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from cairn.flows.answering.verification.dates import Date
from cairn.flows.answering.verification.parts import Told
from cairn.flows.answering.verification.quantities import Quantity
from cairn.flows.answering.verification.statements import Mention, Reading, Statement
from cairn.flows.answering.verification.tables import Column, Row, Table
from cairn.flows.answering.words import terms

NEAR = 0.75
"""What part of the best row's or column's fit one must have, to be the one that is meant."""
BETTER = 1.1
"""A number in a sentence is not the one when another fits better by so much."""
GROUP = 0.6
"""What the words of the row that names a group count beside those of the row itself."""
REST = 0.3
"""What the words of a sentence count for a number that another number stands nearer to."""
ELSEWHERE = 0.5
"""What is left of the fit of a number of another year, or that something came from and did not go to."""
CONTEXT = 0.3
"""What the words above a sentence count."""
CURRENCIES = frozenset(
    ["USD", "EUR", "GBP", "CHF", "JPY", "RMB", "INR", "SEK", "NOK", "DKK", "AUD", "CAD", "HKD", "SGD"]
)

SCALE_TERMS = frozenset(["thous", "milli", "billi", "dolla", "euro", "euros", "eur", "usd"])
_RATES = frozenset(["margi", "rate", "rates", "perce", "ratio", "share"])
_UNIT_WORDS = {
    "s": frozenset(
        [
            "secon",
            "minut",
            "hour",
            "hours",
            "day",
            "days",
            "week",
            "weeks",
            "stund",
            "tage",
            "tagen",
            "woche",
            "heure",
            "jours",
            "semai",
        ]
    ),
    "month": frozenset(
        ["month", "monat", "mois", "year", "years", "jahr", "jahre", "jahren", "ans", "année"]
    ),
    "°C": frozenset(["degre", "tempe", "°c", "grad"]),
}


class Place(NamedTuple):
    """A number of the evidence that a claim's number agrees with."""

    statement: int
    quantity: Quantity
    fit: float
    """How well it is described by the claim; only comparable within one table or one evidence."""
    label: str
    """What it is said of, to be told to a person."""


class Found(NamedTuple):
    """What came of looking for a number."""

    places: tuple[Place, ...]
    """Where it stands and is said of the same thing."""
    rivals: tuple[Place, ...]
    """Other numbers that are said of what the claim says."""
    astray: tuple[Place, ...]
    """Where it stands, said of something else."""


def find(told: Told, reading: Reading) -> Found:
    """Look for a claim's number in all that is cited."""
    places: list[Place] = []
    rivals: list[Place] = []
    astray: list[Place] = []
    known = currencies(reading)
    for number in range(len(reading.tables)):
        _in_table(told, reading, number, known, places, rivals, astray)
    _in_prose(told, reading, known, places, rivals, astray)
    return Found(tuple(places), tuple(rivals), tuple(astray))


def meant_rows(words: Mapping[str, float], table: Table) -> dict[int, float]:
    """Return the rows that words mean, with how well each fits; none when they fit no row."""
    fits = {number: _row_fit(words, row, table) for number, row in enumerate(table.rows) if row.cells}
    best = max(fits.values(), default=0.0)
    return {number: fit for number, fit in fits.items() if best > 0 and fit >= NEAR * best}


def meant_columns(words: Mapping[str, float], table: Table) -> dict[int, float]:
    """Return the columns that words mean; all of them when the words name none."""
    told = {word for column in table.columns[1:] for word in column.terms if word not in SCALE_TERMS}
    shared = {word for word in told if all(word in column.terms for column in table.columns[1:])}
    fits = {
        number: _fit(
            words,
            {
                word: 1.0
                for word in column.terms & told
                if word not in shared and not (word.isdigit() and len(word) == 4)
            },
        )
        for number, column in enumerate(table.columns)
    }
    best = max((fit for number, fit in fits.items() if number), default=0.0)
    return {number: fit for number, fit in fits.items() if fit >= NEAR * best}


def same_time(asked: Sequence[Date], row: Row, column: Column | None) -> bool:
    """Tell whether a cell is of a time that is asked for; where it says none it may be."""
    above = column.dates if column is not None else ()
    said = (*above, *row.dates)
    if not asked or not said:
        return True
    held = above if any(date.year for date in above) else said
    return any(date.agrees(other) for date in asked for other in held)


def agrees(told: Quantity, held: Quantity, near: Iterable[str], currencies: frozenset[str]) -> bool:
    """Tell whether two quantities may be the same: value, and unit as far as it is known."""
    return told.states(_nearest(told, held), held.bound) and same_unit(told, held, near, currencies)


def same_unit(told: Quantity, held: Quantity, near: Iterable[str], currencies: frozenset[str]) -> bool:
    """Tell whether two quantities may be of one unit; ``near`` are words that may name what is held."""
    if told.unit == held.unit:
        return True
    if not told.unit:
        return held.unit in CURRENCIES or (held.unit == "%" and bool(_RATES & set(near)))
    if held.unit:
        return False
    if told.unit in CURRENCIES:
        return not currencies or told.unit in currencies
    return bool(_UNIT_WORDS.get(told.unit, frozenset()) & set(near))


def _nearest(told: Quantity, held: Quantity) -> float:
    return min(held.readings, key=lambda value: min(abs(value - mine) for mine in told.readings))


def currencies(reading: Reading) -> frozenset[str]:
    """Return the currencies that the evidence speaks of."""
    cells = (cell.quantity.unit for table in reading.tables for row in table.rows for cell in row.cells)
    said = (mention.quantity.unit for one in reading.statements for mention in one.mentions)
    return frozenset(unit for unit in (*cells, *said) if unit in CURRENCIES)


def _in_table(
    told: Told,
    reading: Reading,
    number: int,
    known: frozenset[str],
    places: list[Place],
    rivals: list[Place],
    astray: list[Place],
) -> None:
    table = reading.tables[number]
    listed = _listed(told, table)
    rows = meant_rows(told.words, table) if listed is None else {listed: 1.0}
    columns = meant_columns(told.words, table)
    first = reading.firsts[number]
    for place, row in enumerate(table.rows):
        for cell in row.cells:
            column = table.columns[cell.column] if cell.column < len(table.columns) else None
            near = row.terms | (column.terms if column is not None else frozenset())
            meant = (
                place in rows
                and (cell.column in columns or column is None)
                and same_time(told.dates, row, column)
            )
            held = Place(first + place, cell.quantity, _named(told, row), _said_of(row, column))
            if agrees(told.quantity, cell.quantity, near, known):
                (places if meant else astray).append(held)
            elif meant and same_unit(told.quantity, cell.quantity, near, known):
                rivals.append(held)


def _listed(told: Told, table: Table) -> int | None:
    """Return the row of a number in ``A and B were 5 and 3``: rows and numbers go together in order."""
    place, count = told.place
    named = sorted(
        (min(told.listed.index(word) for word in row.terms), number)
        for number, row in enumerate(table.rows)
        if row.cells and row.terms and row.terms <= set(told.listed)
    )
    return named[place][1] if len(named) == count > 1 else None


def _row_fit(words: Mapping[str, float], row: Row, table: Table) -> float:
    own = {word: 1.0 for word in row.terms}
    group = {word: GROUP for word in terms(row.group) if word not in own}
    return _fit(words, own) + (_fit(words, group) if group else 0.0)


def _fit(words: Mapping[str, float], held: Mapping[str, float]) -> float:
    """Return how well words describe: what they share, more where nothing is left over."""
    shared = sum(weight * words[word] for word, weight in held.items() if word in words)
    whole = sum(held.values())
    return shared * (shared / whole) ** 0.5 if whole else 0.0


def _named(told: Told, row: Row) -> float:
    """Return how much of a row's label is said, and of what is said how much is in the label."""
    mine = {word for word in told.words if word[0] not in "=<"} - {told.quantity.text}
    return len(mine & row.terms) / max(len(row.terms), 1) * (len(mine & row.terms) > 1 or len(row.terms) == 1)


def _said_of(row: Row, column: Column | None) -> str:
    return ", ".join(filter(None, (row.label, column.text if column is not None else "")))


def _in_prose(
    told: Told,
    reading: Reading,
    known: frozenset[str],
    places: list[Place],
    rivals: list[Place],
    astray: list[Place],
) -> None:
    held: list[tuple[bool, Place]] = []
    for number, statement in enumerate(reading.statements):
        for mention in statement.mentions:
            if not same_unit(told.quantity, mention.quantity, statement.words, known) or _bare(told, mention):
                continue
            exact = same_unit(told.quantity, mention.quantity, mention.words, known)
            right = told.quantity.states(_nearest(told.quantity, mention.quantity), mention.quantity.bound)
            fit = _likeness(told, statement, mention.words, reading) * _whole(told, statement)
            if _of_another_year(told, statement, mention) or _of_another_role(told, mention):
                fit *= ELSEWHERE
            if right or exact:
                held.append((right, Place(number, mention.quantity, fit, statement.text)))
    best = max((place.fit for right, place in held if right), default=0.0)
    most = max(
        (place.fit for right, place in held if not right and place.quantity.text.lower() != "one"),
        default=0.0,
    )
    for right, place in held:
        if right and most <= place.fit * BETTER:
            places.append(place)
        elif right:
            astray.append(place)
        elif place.fit > max(best * BETTER, 0.0) and place.quantity.text.lower() != "one":
            rivals.append(place)


def _bare(told: Told, mention: Mention) -> bool:
    """Tell whether money is asked for, and a plain number is held that is not even large."""
    return told.quantity.unit in CURRENCIES and not mention.quantity.unit and mention.quantity.scale == 1


def _of_another_year(told: Told, statement: Statement, mention: Mention) -> bool:
    """Tell whether a number is of one year, and the year of the claim is that of another in the sentence."""
    mine = {word for word, weight in told.words.items() if word[0] == "=" and weight == 1.0}
    theirs = {word for word in mention.words if word[0] == "="}
    return bool(mine and theirs) and not mine & theirs and bool(mine & statement.words)


def _of_another_role(told: Told, mention: Mention) -> bool:
    mine = {word for word in told.words if word[0] == "<"}
    theirs = {word for word in mention.words if word[0] == "<"}
    return bool(mine and theirs) and not mine & theirs


def _whole(told: Told, statement: Statement) -> float:
    """Return more for a sentence that says little besides the claim."""
    mine = {word for word in told.words if word[0] not in "=<"}
    return 0.6 + 0.4 * len(mine & statement.words) / max(len(mine | statement.words), 1)


def _likeness(told: Told, statement: Statement, own: frozenset[str], reading: Reading) -> float:
    """Return how much of what a claim says of a number the evidence says of one, 0 to 1."""
    context = reading.words[statement.evidence]
    above = frozenset(terms(statement.above)) | context
    total = gained = 0.0
    for word, weight in _described(told).items():
        total += weight
        held = 1.0 if word in own else REST if word in statement.words else CONTEXT if word in above else 0.0
        gained += min(weight, held)
    return gained / total if total else 0.0


def _described(told: Told) -> dict[str, float]:
    """Return the words that describe a claim's number: the number itself is none."""
    return {word: weight for word, weight in told.words.items() if not word[0].isdigit()}
