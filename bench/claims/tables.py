"""Claims from the cells of tables: values, changes, comparisons, shares and sums, in several sentences."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from bench.claims.evidence import Given
from bench.claims.made import SCALE_WORDS, Made, another, figures, money, said

_VALUE = re.compile(
    r"[$€£]?\s*(?P<minus>[(−-])?[$€£]?\s*(?P<digits>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)\)?\s?(?P<percent>%)?\)?"
)
_YEAR = re.compile(r"(?<!\d)(20[0-2]\d)(?!\d)")
_SCALE = re.compile(r"\b(thousand|million|billion)s?\b", re.IGNORECASE)
_EXCEPT = re.compile(r"except|share data", re.IGNORECASE)
_TOTAL = re.compile(r"\btotal\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Line:
    """A row: its label, and values by column."""

    label: str
    values: tuple[float | None, ...]
    percent: bool


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table that is clear to a reader: each column named, each row's label its own."""

    columns: tuple[str, ...]
    years: tuple[int | None, ...]
    lines: tuple[Line, ...]
    scale: float
    unit: str


def claims(given: Given, random: Random) -> Iterator[Made]:
    """Yield true and broken claims of an evidence's tables."""
    sheet = _sheet(given)
    if sheet is None:
        return
    lines = list(sheet.lines)
    random.shuffle(lines)
    makers = [_value, _value, _change, _moved, _compared, _rivals, _share, _together]
    random.shuffle(makers)
    for line, make in zip(lines, makers[:4], strict=False):
        yield from make(given, sheet, line, random)


def _value(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    places = [i for i, value in enumerate(line.values) if value]
    place = random.choice(places)
    value = line.values[place]
    assert value is not None
    unit, scale = _counted(sheet, line)
    state = random.randrange(10**9)

    def tell(label: str, column: int, amount: float, *, unit: str = unit, scale: float = scale) -> str:
        own = Random(state)
        return _sentence(label, sheet, column, said(abs(amount), unit, scale, own), own)

    yield Made(tell(line.label, place, value), given, "cell")
    yield Made(
        tell(line.label, place, another(abs(value), figures(given.evidence.text), random)),
        given,
        "cell",
        "number",
    )
    others = [i for i in places if abs(line.values[i] or 0) != abs(value) and _apart(line.values[i], value)]
    if others:
        yield Made(tell(line.label, place, line.values[others[0]] or 0), given, "cell", "number elsewhere")
        if sheet.years[place] and sheet.years[others[0]]:
            yield Made(tell(line.label, others[0], value), given, "cell", "year")
    near = [
        one
        for one in sheet.lines
        if one.percent == line.percent and one.label != line.label and _apart(one.values[place], value)
    ]
    near = [one for one in near if not set(one.label.lower().split()) <= set(line.label.lower().split())]
    if near:
        rival = random.choice(near)
        yield Made(tell(line.label, place, rival.values[place] or 0), given, "cell", "number elsewhere")
        yield Made(tell(rival.label, place, value), given, "cell", "name")
    if unit == "%":
        wrong = re.sub(r"%| per ?cent", " percentage points", tell(line.label, place, value))
        yield Made(wrong, given, "cell", "unit")
    elif scale > 1:
        yield Made(tell(line.label, place, value, scale=1e9 if scale == 1e6 else 1e6), given, "cell", "unit")
    if unit in ("USD", "EUR"):
        yield Made(
            tell(line.label, place, value, unit="EUR" if unit == "USD" else "GBP"), given, "cell", "unit"
        )


def _sentence(label: str, sheet: Sheet, column: int, amount: str, random: Random) -> str:
    year = sheet.years[column]
    subject = label[0].lower() + label[1:] if not label[:2].isupper() and random.random() < 0.5 else label
    if year and re.fullmatch(r"(?:fiscal |fy ?)?20\d\d", sheet.columns[column], re.IGNORECASE):
        return random.choice(
            (
                f"In {year}, {subject} came to {amount}.",
                f"{label} amounted to {amount} in {year}.",
                f"For {year}, the figure for {subject} is {amount}.",
                f"At {amount}, {subject} is what was reported for {year}.",
                f"{label}: {amount} in {year}.",
                f"In fiscal {year} the amount of {subject} was {amount}.",
            )
        )
    of = sheet.columns[column]
    return random.choice(
        (
            f"For {subject}, {of} is {amount}.",
            f"{label} has {amount} under {of}.",
            f"The {of} of {subject} was {amount}.",
            f"{of} for {subject} came to {amount}.",
        )
    )


def _change(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    """A change by an amount or a percentage, which stands nowhere."""
    course = _course(sheet, line)
    if course is None or line.percent:
        return
    early, late, old, new = course
    unit, scale = _counted(sheet, line)
    years = f"{sheet.years[early]} and {sheet.years[late]}"
    span = f"{sheet.years[early]} to {sheet.years[late]}"
    rate = round(100 * (new - old) / old, 1)
    amount = round(abs(new - old), 3)
    up = new > old
    as_rate = random.random() < 0.5 and 0.5 < abs(rate) < 400

    def tell(rise: bool, amount: float, rate: float) -> str:
        own = Random(int(old * 7))
        by = (
            f"{abs(rate)}%"
            if as_rate
            else money(amount, unit, scale, own)
            if unit not in ("", "%")
            else said(amount, unit, scale, Random(5))
        )
        verb = own.choice(("increased", "rose", "grew") if rise else ("decreased", "fell", "declined"))
        return own.choice(
            (
                f"{line.label} {verb} by {by} between {years}.",
                f"Between {years}, {line.label} {verb} by {by}.",
                f"{line.label} {verb} {by} from {sheet.years[early]} to {sheet.years[late]}.",
                f"{'An increase' if rise else 'A decrease'} of {by} was seen in {line.label} from {span}.",
            )
        )

    form = "growth" if as_rate else "difference"
    yield Made(tell(up, amount, rate), given, form)
    yield Made(tell(not up, amount, rate), given, form, "negation")
    yield Made(
        tell(up, another(amount, figures(given.evidence.text), random), round(rate * 1.4 + 1.3, 1)),
        given,
        form,
        "number",
    )


def _moved(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    course = _course(sheet, line)
    if course is None:
        return
    early, late, old, new = course
    unit, scale = _counted(sheet, line)
    style = random.randrange(4)

    def tell(rise: bool, first: float, second: float, years: tuple[int | None, int | None]) -> str:
        verb = (
            ("rose", "increased", "went up", "climbed")[style]
            if rise
            else ("fell", "decreased", "went down", "dropped")[style]
        )
        a, b = (_exact(v, unit, scale) for v in (first, second))
        return (
            f"{line.label} {verb} from {a} in {years[0]} to {b} in {years[1]}.",
            f"In {years[1]}, {line.label} {verb} to {b}, from {a} in {years[0]}.",
            f"{line.label} {verb} to {b} in {years[1]} compared with {a} in {years[0]}.",
            f"{line.label} was {b} in {years[1]}, {'up' if rise else 'down'} from {a} in {years[0]}.",
        )[style]

    years = (sheet.years[early], sheet.years[late])
    up = new > old
    yield Made(tell(up, old, new, years), given, "from-to")
    yield Made(tell(up, new, old, years), given, "from-to", "comparison")
    yield Made(tell(not up, old, new, years), given, "from-to", "negation")
    yield Made(tell(up, old, new, (years[1], years[0])), given, "from-to", "year")
    changed = another(new, figures(given.evidence.text), random)
    yield Made(tell(changed > old, old, changed, years), given, "from-to", "number")


def _compared(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    course = _course(sheet, line)
    if course is None:
        return
    early, late, old, new = course
    style = random.randrange(3)

    def tell(rise: bool, a: int | None, b: int | None) -> str:
        word = ("higher", "greater", "larger")[style] if rise else ("lower", "less", "smaller")[style]
        return (
            f"{line.label} was {word} in {a} than in {b}.",
            f"In {a}, {line.label} was {word} than in {b}.",
            f"Compared with {b}, {line.label} was {word} in {a}.",
        )[style]

    yield Made(tell(new > old, sheet.years[late], sheet.years[early]), given, "comparison")
    yield Made(tell(new > old, sheet.years[early], sheet.years[late]), given, "comparison", "comparison")
    yield Made(tell(new < old, sheet.years[late], sheet.years[early]), given, "comparison", "negation")


def _rivals(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    place = random.randrange(len(sheet.columns))
    value = line.values[place]
    others = [
        one
        for one in sheet.lines
        if one is not line
        and one.percent == line.percent
        and _apart(one.values[place], value or 0)
        and (one.values[place] or 0) > 0
        and not set(one.label.lower().split()) & set(line.label.lower().split())
    ]
    if not value or value <= 0 or not others:
        return
    other = random.choice(others)
    more, less = (line, other) if value > (other.values[place] or 0) else (other, line)
    when = f" in {sheet.years[place]}" if sheet.years[place] else ""
    of = "" if sheet.years[place] else f" in {sheet.columns[place]}"
    style = random.randrange(3)

    def tell(first: Line, second: Line) -> str:
        return (
            f"{first.label} exceeded {second.label}{when}{of}.",
            f"{first.label} was higher than {second.label}{when}{of}.",
            f"{second.label} was lower than {first.label}{when}{of}.",
        )[style]

    yield Made(tell(more, less), given, "comparison of rows")
    yield Made(tell(less, more), given, "comparison of rows", "comparison")


def _share(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    totals = [one for one in sheet.lines if _TOTAL.search(one.label)]
    place = random.randrange(len(sheet.columns))
    value = line.values[place]
    if len(totals) != 1 or line.percent or line is totals[0] or not value or value <= 0:
        return
    whole = totals[0].values[place] or 0
    if not 0 < value < whole:
        return
    rate = round(100 * value / whole, 1)
    when = f" in {sheet.years[place]}" if sheet.years[place] else f" ({sheet.columns[place]})"
    style = random.randrange(3)

    def tell(rate: float) -> str:
        return (
            f"{line.label} made up {rate}% of {totals[0].label}{when}.",
            f"{line.label} accounted for {rate} percent of {totals[0].label}{when}.",
            f"The share of {line.label} in {totals[0].label} was {rate}%{when}.",
        )[style]

    yield Made(tell(rate), given, "share")
    yield Made(tell(round(rate * 1.3 + 1.7, 1)), given, "share", "number")


def _together(given: Given, sheet: Sheet, line: Line, random: Random) -> Iterator[Made]:
    place = random.randrange(len(sheet.columns))
    value = line.values[place]
    others = [
        one
        for one in sheet.lines
        if one is not line
        and not one.percent
        and (one.values[place] or 0) > 0
        and not _TOTAL.search(one.label)
    ]
    if not value or value <= 0 or not others or line.percent or _TOTAL.search(line.label):
        return
    other = random.choice(others)
    unit, scale = _counted(sheet, line)
    whole = round(value + (other.values[place] or 0), 3)
    when = f" in {sheet.years[place]}" if sheet.years[place] else f" ({sheet.columns[place]})"

    def tell(amount: float) -> str:
        return f"Together, {line.label} and {other.label} came to {_exact(amount, unit, scale)}{when}."

    yield Made(tell(whole), given, "sum")
    yield Made(tell(another(whole, figures(given.evidence.text), random)), given, "sum", "number")


def _exact(value: float, unit: str, scale: float) -> str:
    if unit == "%":
        return f"{value:.10g}%"
    if not unit:
        return f"{value:,.10g}" + (f" {SCALE_WORDS[scale]}" if scale > 1 else "")
    return money(value, unit, scale, Random(3))


def _apart(one: float | None, other: float) -> bool:
    """Tell whether two values differ by more than any rounding hides."""
    return one is not None and one != 0 and abs(abs(one) - abs(other)) > 0.08 * max(abs(one), abs(other))


def _course(sheet: Sheet, line: Line) -> tuple[int, int, float, float] | None:
    """Return the columns of a row's two latest years and what stands there; None where that is no change."""
    dated = [i for i, year in enumerate(sheet.years) if year and line.values[i]]
    plain = [i for i in dated if re.fullmatch(r"(?:fiscal |fy ?)?20\d\d", sheet.columns[i], re.IGNORECASE)]
    years = {sheet.years[i] for i in plain}
    if len(plain) < 2 or len(years) != len(plain):
        return None
    early, late = sorted(plain, key=lambda i: sheet.years[i] or 0)[-2:]
    old, new = line.values[early] or 0, line.values[late] or 0
    return (early, late, old, new) if old > 0 and new > 0 and _apart(old, new) else None


def _counted(sheet: Sheet, line: Line) -> tuple[str, float]:
    return ("%", 1.0) if line.percent else (sheet.unit, sheet.scale)


def _sheet(given: Given) -> Sheet | None:
    """Read an evidence's first table, if it is clear; None otherwise."""
    kinds = [(a.kind, given.evidence.text[a.start : a.end]) for a in given.evidence.anchors]
    header = [text for kind, block in kinds if kind == "header" for text in block.split("\n") if text.strip()]
    rows = [text for kind, block in kinds if kind == "table" for text in block.split("\n") if text.strip()]
    beside = " ".join(text for kind, text in kinds if kind not in ("header", "table"))
    while rows and not rows[0].split(" | ")[0].strip() and not re.search(r"[1-9]", rows[0]):
        header.append(rows.pop(0))
    if not header or len(rows) < 3 or len(header) > 3:
        return None
    columns = _columns([line.split(" | ") for line in header])
    if len(columns) < 2 or len(set(columns)) != len(columns):
        return None
    if not all(re.search(r"[A-Za-z]{3}|^(?:FY ?)?20\d\d$", column) for column in columns):
        return None
    years = [[int(y) for y in _YEAR.findall(column)] for column in columns]
    if any(len(set(one)) > 1 for one in years) or (any(years) and not all(years)):
        return None
    said_above = " ".join(header)
    words = _SCALE.findall(said_above) or re.findall(
        r"\bin (thousand|million|billion)s?\b", given.evidence.text, re.IGNORECASE
    )
    scales = {word.lower() for word in words}
    if (
        len(scales) > 1
        or _EXCEPT.search(said_above + beside)
        or re.search(r"[€$£%]|EUR|USD", " ".join(columns))
    ):
        return None
    lines = [line for line in map(_line, (row.split(" | ") for row in rows)) if line is not None]
    lines = [line for line in lines if len(line.values) == len(columns)]
    labels = [line.label.casefold() for line in lines]
    mixed = any(line.percent for line in lines)  # beside percentages a small number may be one too
    clear = tuple(
        line
        for line in lines
        if labels.count(line.label.casefold()) == 1
        and (not mixed or line.percent or max(abs(value or 0) for value in line.values) > 100)
    )
    scales |= (
        {"thousand"}
        if re.search(r"['’]000", said_above)
        else {"million"}
        if re.search(r"[A-Z$€£]m\b", said_above)
        else set()
    )
    if len(scales) > 1:
        return None
    scale = next((factor for factor, word in SCALE_WORDS.items() if word in scales), 1.0)
    whole = " ".join(rows) + said_above
    unit = "USD" if "$" in whole else "EUR" if "€" in whole or "EUR" in whole else ""
    if len(clear) < 2:
        return None
    return Sheet(
        columns=tuple(columns),
        years=tuple(one[0] if one else None for one in years),
        lines=clear,
        scale=scale,
        unit=unit,
    )


def _columns(header: Sequence[Sequence[str]]) -> list[str]:
    """Return the columns' names: the last header row's, which must name each."""
    last = [cell.strip() for cell in header[-1][1:]]
    if not all(last) and len(header) > 1:
        last = [cell.strip() for cell in header[-2][1:]]
    return [re.sub(r",? \(?EUR(?: thousand| million)?\)?$", "", cell) for cell in last]


def _line(cells: Sequence[str]) -> Line | None:
    label = cells[0].strip().rstrip(":")
    if (
        not re.search(r"[A-Za-z]{3}", label)
        or re.search(r"\d|per share|\bper\b|shares|number of|\(in ", label, re.IGNORECASE)
        or len(label) > 60
    ):
        return None
    values: list[float | None] = []
    percent = False
    for cell in cells[1:]:
        match = _VALUE.fullmatch(cell.strip())
        if match is None:
            if cell.strip() not in ("", "-", "—", "–"):
                return None
            values.append(None)
            continue
        value = float(match["digits"].replace(",", ""))
        values.append(-value if match["minus"] else value)
        percent |= bool(match["percent"])
    if not any(values) or (percent and not all("%" in cell for cell in cells[1:] if cell.strip())):
        return None
    return Line(label=label, values=tuple(values), percent=percent)
