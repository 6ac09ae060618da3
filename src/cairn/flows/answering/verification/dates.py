"""Dates and periods in a text: ``19 June 2025``, ``2025-06-19``, ``19.06.2025``, ``Q3 2025``, ``2018/19``.

A period that two years share, as fiscal years do, is the year it ends in. Knows nothing of calendars beyond
that; what could be read in two ways is read in both.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MONTHS = (
    "january jan januar jänner janvier",
    "february feb februar février fevrier",
    "march mar märz mars",
    "april apr avril",
    "may mai",
    "june jun juni juin",
    "july jul juli juillet",
    "august aug août aout",
    "september sept sep septembre",
    "october oct oktober okt octobre",
    "november nov novembre",
    "december dec dezember dez décembre decembre",
)
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names.split()}
_NAME = "|".join(sorted((name.capitalize() for name in MONTHS), key=len, reverse=True))
_FRENCH = "|".join(
    [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ]
)
_MONTH = rf"(?P<month>{_NAME}|{_NAME.upper()}|{_FRENCH})\b\.?"
_YEAR = r"(?:1[89]|20)\d\d"
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])"
_CLEAR = r"(?<![\w.,/])"
_END = r"(?![\w]|[.,/]\d)"

_PATTERNS = [
    re.compile(pattern)
    for pattern in (
        rf"{_CLEAR}(?P<year>{_YEAR})-(?P<number>0[1-9]|1[0-2])-{_DAY}{_END}",
        rf"{_CLEAR}{_DAY}[./](?P<number>0?[1-9]|1[0-2])[./](?P<year>{_YEAR}){_END}",
        rf"{_CLEAR}(?P<number>0?[1-9]|1[0-2])/{_DAY}/(?P<year>{_YEAR}){_END}",
        rf"(?P<year>{_YEAR})年(?:(?P<number>\d\d?)月)?(?:{_DAY}日)?",
        rf"(?<!\d)(?P<number>\d\d?)月{_DAY}日",
        rf"{_CLEAR}{_DAY}(?:\.|st|nd|rd|th|er)?\s(?:of\s)?{_MONTH}(?:,?\s(?P<year>{_YEAR}){_END})?",
        rf"\b{_MONTH}\s{_DAY}(?:st|nd|rd|th)?\b(?!\s?%|\.\d)(?:(?:,\s?|\s)(?P<year>{_YEAR}){_END})?",
        rf"\b{_MONTH},?\s(?P<year>{_YEAR}){_END}",
        rf"\b(?:Q(?P<quarter>[1-4])|(?P<quarter2>[1-4])Q)[\s-]?(?:FY)?(?P<short>\d\d|{_YEAR})?{_END}",
        rf"\bFY?\s?'?(?P<short>\d\d|{_YEAR})\b",
        rf"{_CLEAR}(?P<from>{_YEAR})[/–-](?P<short>\d\d|{_YEAR}){_END}",
        rf"{_CLEAR}(?P<year>{_YEAR})(?![\w%]|[.,]\d)",
    )
]


@dataclass(frozen=True, slots=True)
class Date:
    """A day, month, quarter or year, as far as it is said."""

    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    quarter: int | None = None

    @property
    def bare(self) -> bool:
        """Only a year is said."""
        return self.month is None and self.day is None and self.quarter is None

    def agrees(self, other: "Date") -> bool:
        """Tell whether what both say is the same, and both say something of the same kind."""
        pairs = [
            (mine, theirs)
            for mine, theirs in (
                (self.year, other.year),
                (self.month, other.month),
                (self.day, other.day),
                (self.quarter, other.quarter),
            )
            if mine is not None and theirs is not None
        ]
        return bool(pairs) and all(mine == theirs for mine, theirs in pairs)


def dates(text: str) -> list[Date]:
    """Return the dates in a text in order; of two that overlap the more specific."""
    taken = bytearray(len(text))
    found: list[Date] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if not any(taken[match.start() : match.end()]):
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                found += _dates(match)
    return sorted(found, key=lambda date: date.start)


def _dates(match: re.Match[str]) -> Iterator[Date]:
    said = match.groupdict()
    year = int(said["year"]) if said.get("year") else _short(said)
    if said.get("from") and said.get("short") and year is not None:
        first = int(said["from"])
        if year != first + 1:  # 2015-2019 is a range, and both its ends are said
            yield Date(match.start(), match.end(), first)
    month = MONTHS.get((said.get("month") or "").lower())
    number = said.get("number")
    quarter = said.get("quarter") or said.get("quarter2")
    yield Date(
        match.start(),
        match.end(),
        year,
        int(number) if number else month,
        int(said["day"]) if said.get("day") else None,
        int(quarter) if quarter else None,
    )


def _short(said: dict[str, str | None]) -> int | None:
    """Return the year that two digits stand for, in the century of the year before it."""
    short = said.get("short")
    if not short:
        return None
    if len(short) == 4:
        return int(short)
    first = said.get("from")
    return int(first[:2] + short) if first else 2000 + int(short)
