"""The tables of an evidence: what each cell is said of, by row, column header and scale of the table.

Knows tables as passages hold them: one line a row, cells joined by ``" | "``, header rows marked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from cairn.flows.answering.verification.dates import Date, dates
from cairn.flows.answering.verification.measures import CURRENCIES, SCALES
from cairn.flows.answering.verification.names import codes
from cairn.flows.answering.verification.quantities import Quantity, quantities
from cairn.flows.answering.words import terms

BETWEEN = " | "
TOTAL = "Total"
"""What a row without a name is that adds up those above it."""

_SCALE = re.compile(
    r"(?:\b(?:in|of)\s+)?(?P<before>[$€£¥]|\b[A-Z]{3}\b|\b[Dd]ollars|\b[Ee]uros?)?(?:\s?in)?\s*"
    r"(?P<scale>\b(?i:thousands?|millions?|billions?)\b|\bTEUR|\bMio\b|\bMrd\b|\bTsd\b|\b[Mm]illiers"
    r"|[’'‘]000|\bk€|€k\b|(?<=[$€£A-Z])(?:bn|mn|m|k)\b|(?<=[$€£])M\b|(?<=[$€£])000\b)",
)
_IN_PROSE = re.compile(
    r"\b(?:in|expressed in|amounts in|dollars in)\s+(?:[$€£]|US\$|[A-Z]{3})?\s?(?:thousands|millions"
    r"|billions)\b"
    r"|\((?:[$€£]|[A-Z]{3}|[Dd]ollars)?\s?(?:in\s)?(?:thousands?|millions?|billions?)\b"
    r"|\b(?:in|of)\s(?:US|AU?|NZ)?\s?[$€£]\s?[’'‘]?000",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"\bper\b|%|\bpercent|\bratio\b|\brate\b|\bnumber of\b|\bheadcount\b|\bemployees\b", re.IGNORECASE
)
_PERCENT = re.compile(r"%|\bpercent(?:age)?s?\b|\bper cent\b|\bprozent\b", re.IGNORECASE)
_SPREADS = re.compile(
    r"\d{4}|year|fiscal|ended|period|month|quarter|\(|december|june|march|september", re.IGNORECASE
)
_CURRENCY = re.compile(r"[$€£¥]|\b(?:EUR|USD|GBP|CHF|JPY|RMB|TEUR|[Ee]uros?|[Dd]ollars?)\b")


@dataclass(frozen=True, slots=True)
class Scale:
    """What a table's numbers are counted in."""

    factor: float = 1.0
    unit: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """What stands above a column."""

    text: str
    terms: frozenset[str]
    dates: tuple[Date, ...]
    scale: Scale | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """A number in a table with what it is said of."""

    quantity: Quantity
    column: int
    row: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A row that is no header, with the line's place in the evidence."""

    start: int
    end: int
    text: str
    label: str
    """Its cells that are no numbers, joined."""
    terms: frozenset[str]
    group: str
    """The last row above without numbers, which names what follows."""
    dates: tuple[Date, ...]
    """What its label says of time, else its group."""
    cells: tuple[Cell, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table within an evidence."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    heading: str


def table(header: Sequence[str], lines: Sequence[tuple[int, int, str]], heading: str, scale: Scale) -> Table:
    """Read a table from its header rows, its other rows as (start, end, text), and what stands above it.

    ``scale`` is what the evidence says beside the table; headers and labels may say otherwise.
    """
    header, lines = _parted(header, lines)
    columns = _columns([line.split(BETWEEN) for line in header])
    told = [one for one in (scale_said(" ".join(header)), scale_said(heading), scale) if one is not None]
    cells = Scale(
        1.0, _unit(" ".join(text for _, _, text in lines))
    )  # one sign, in the first row, stands for all
    above = Scale(
        next((one.factor for one in told if one.factor != 1), 1.0),
        next((one.unit for one in (*told, cells) if one.unit), ""),
    )
    rows: list[Row] = []
    group = ""
    totalled = any(text.casefold().startswith(TOTAL.casefold()) for _, _, text in lines)
    shares = _shares([text.split(BETWEEN) for _, _, text in lines])
    columns = tuple(
        replace(column, scale=Scale(1.0, "%")) if place in shares and column.scale is None else column
        for place, column in enumerate(columns)
    )
    for number, (start, end, text) in enumerate(lines):
        row = _row(number, start, end, text, group, columns, above)
        if not row.label and not totalled and _adds_up(row, rows):
            row = replace(row, label=TOTAL, terms=frozenset(terms(TOTAL)))
        if not row.cells and row.label and not _holds_values(text):
            group = row.label
        rows.append(row)
    return Table(columns=columns, rows=tuple(rows), heading=heading)


def _adds_up(row: Row, above: Sequence[Row]) -> bool:
    """Tell whether each number of a row is the sum of some in a row above it, two at least."""
    return bool(row.cells) and all(_is_sum(cell, above) for cell in row.cells)


def _is_sum(cell: Cell, above: Sequence[Row]) -> bool:
    held = [other.quantity for row in reversed(above) for other in row.cells if other.column == cell.column]
    sums = accumulate(quantity.value for quantity in held)
    whole, last = cell.quantity.value, cell.quantity.place
    return any(abs(one - whole) <= last * count / 2 for count, one in enumerate(sums, 1) if count > 1)


def _shares(rows: Sequence[Sequence[str]]) -> set[int]:
    """Return the columns whose first and last numbers are percentages: those between are, too."""
    width = max(map(len, rows), default=0)
    valued = [
        [row[place] for row in rows if place < len(row) and _is_number(row[place])] for place in range(width)
    ]
    return {place for place, cells in enumerate(valued) if cells and "%" in cells[0] and "%" in cells[-1]}


def _parted(
    header: Sequence[str], lines: Sequence[tuple[int, int, str]]
) -> tuple[Sequence[str], Sequence[tuple[int, int, str]]]:
    """Move the rows below a header that only say units to it."""
    count = 0
    while (
        header
        and count < len(lines)
        and not lines[count][2].split(BETWEEN)[0].strip()
        and scale_said(lines[count][2])
    ):
        count += 1
    return [*header, *(text for _, _, text in lines[:count])], lines[count:]


def scale_said(text: str) -> Scale | None:
    """Return the scale and unit that a header says, if any: ``(in millions)``, ``Budget, EUR thousand``."""
    match = _SCALE.search(text)
    if match is None:
        unit = _unit(text)
        return Scale(1.0, unit) if unit else None
    word = match["scale"].lower().strip("'’‘")
    factor = 1e3 if word in ("000", "€k") else SCALES[word if word in SCALES else word.rstrip("s")]
    return Scale(factor, _unit(text))


def scale_in_prose(text: str) -> Scale:
    """Return the scale that a sentence says of tables near it: ``as follows (in thousands)``."""
    match = _IN_PROSE.search(text)
    said = scale_said(match.group()) if match is not None else None
    return said if said is not None else Scale()


def _unit(text: str) -> str:
    match = _CURRENCY.search(text)
    return CURRENCIES[match.group().lower()] if match is not None else ""


def _columns(header: Sequence[Sequence[str]]) -> tuple[Column, ...]:
    width = max(map(len, header), default=0)
    texts = [
        " ".join(dict.fromkeys(filter(None, parts)))
        for parts in zip(*(_filled(row, width) for row in header), strict=True)
    ]
    return tuple(
        Column(text=text, terms=frozenset(terms(text)), dates=tuple(dates(text)), scale=_own_scale(text))
        for text in texts
    )


def _own_scale(text: str) -> Scale | None:
    return Scale(1.0, "%") if _PERCENT.search(text) and not _SCALE.search(text) else scale_said(text)


def _filled(row: Sequence[str], width: int) -> list[str]:
    """Spread labels that stand over several columns: to the right, and what leads to the left too."""
    cells = [cell.strip() for cell in row] + [""] * (width - len(row))
    told = [cell for cell in cells[1:] if cell]
    if len(told) == 1 and not cells[1] and not cells[-1]:  # in the middle of the columns that it is of
        return [cells[0], *told * (len(cells) - 1)]
    if len(told) == len(cells) - 1 or not told:
        return cells
    width, rest = divmod(len(cells) - 1, len(told))
    blocks = [list(filter(None, cells[at : at + width])) for at in range(1, len(cells), width)]
    spreads = len(told) > 1 or _SPREADS.search(told[0]) is not None
    if (
        spreads and not rest and all(len(block) == 1 for block in blocks)
    ):  # a label stands anywhere above its columns
        return [cells[0], *(block[0] for block in blocks for _ in range(width))]
    current = ""
    filled = [cells[0]]
    for cell in cells[1:]:
        current = cell if cell else current
        filled.append(current)
    return filled


def _row(
    number: int, start: int, end: int, text: str, group: str, columns: Sequence[Column], above: Scale
) -> Row:
    parts = [part.strip() for part in text.split(BETWEEN)]
    found: list[Cell] = []
    labels: list[str] = []
    for place, part in enumerate(parts):
        inside = [] if place == 0 and len(parts) > 1 else _numbers(part)
        if place == 0 or not inside or not _is_number(part):
            labels.append(part)
        for quantity in inside:
            found.append(Cell(quantity=quantity, column=place, row=number))
    label = " ".join(part for part in labels if any(c.isalnum() for c in part))
    scaled = tuple(
        Cell(
            quantity=_counted(cell.quantity, cell.column, label, columns, above),
            column=cell.column,
            row=number,
        )
        for cell in found
    )
    said = tuple(dates(label))
    return Row(
        start=start,
        end=end,
        text=text,
        label=label,
        terms=frozenset(terms(label)),
        group=group,
        dates=said if said else tuple(dates(group)),
        cells=scaled,
    )


def _numbers(part: str) -> list[Quantity]:
    if not any(c.isdigit() for c in part):
        return []
    taken = [(date.start, date.end) for date in dates(part)]
    return quantities(part, [*taken, *((code.start, code.end) for code in codes(part))])


def _is_number(part: str) -> bool:
    letters = sum(c.isalpha() for c in part)
    return any(c.isdigit() for c in part) and letters <= 4


def _holds_values(text: str) -> bool:
    """Tell whether a row has more than a label."""
    return sum(1 for part in text.split(BETWEEN) if part.strip()) > 1


def _counted(
    quantity: Quantity, column: int, label: str, columns: Sequence[Column], above: Scale
) -> Quantity:
    own = columns[column].scale if column < len(columns) else None
    named = scale_said(label)
    if quantity.unit == "%" or quantity.scale != 1:
        return quantity
    if _PERCENT.search(label) or (own is not None and own.unit == "%"):
        return quantity.scaled(1.0, "%") if not quantity.unit else quantity.scaled(above.factor, "")
    scale = named if named is not None and named.factor != 1 else own if own is not None else above
    unit = scale.unit if scale.unit else above.unit
    if _PLAIN.search(label) and (named is None or named.factor == 1):
        return quantity.scaled(1.0, "")
    factor = scale.factor if scale.factor != 1 else above.factor
    return quantity.scaled(factor, unit)
