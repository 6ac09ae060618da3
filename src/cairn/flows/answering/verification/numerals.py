"""Figures and written-out numerals to values: ``1,204``, ``1.204,5``, ``1 204``, ``twenty-seven``, ``(61)``.

Knows no units. Every pattern reads a text once, from left to right.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple


class Numeral(NamedTuple):
    """A number as it is written, without what stands around it."""

    start: int
    end: int
    readings: tuple[float, ...]
    """What it may mean, the likeliest first: ``8.000`` is 8 here and 8,000 there."""
    place: float
    """The value of its last place: 0.1 for ``4.2``; 1 for ``1,200``."""
    zeros: float = 1.0
    """10 for each zero it ends with: how much coarser it would be if these only fill up."""


LONGEST = 30
"""Characters of a number in figures."""

_FIGURE = re.compile(
    r"(?<![\w.,])[-−–+]?(?:\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,'’٬]\d+)*)"
)
_WORD = re.compile(r"[^\W\d_]+")

_SMALL = ["zero", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ENGLISH = {
    **dict(zip(_SMALL, (0, *range(2, 20)), strict=True)),
    **{word: ten for ten, word in zip(range(20, 100, 10), _TENS, strict=True)},
}
_UNITS = {
    **dict(zip(["ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun"], range(1, 10), strict=True)),
}
_GERMAN = {
    **dict(
        zip(
            ["zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwölf", "dreizehn", "vierzehn", "fünfzehn", "sechzehn", "siebzehn", "achtzehn", "neunzehn"],
            range(2, 20),
            strict=True,
        )
    ),
    **dict(
        zip(
            ["zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig"],
            range(20, 100, 10),
            strict=True,
        )
    ),
}
_COMPOUND = {
    f"{unit}und{word}": ten + value
    for word, ten in _GERMAN.items()
    if ten % 10 == 0 and ten >= 20
    for unit, value in _UNITS.items()
}
_FRENCH = dict(
    zip(
        ["deux", "trois", "quatre", "cinq", "sept", "huit", "neuf", "dix", "onze", "douze", "treize", "quatorze", "quinze", "seize", "vingt", "trente", "quarante", "cinquante", "soixante"],
        (2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 20, 30, 40, 50, 60),
        strict=True,
    )
)
_WRITTEN = {**_FRENCH, **_GERMAN, **_COMPOUND, **_ENGLISH, "dozen": 12, "dutzend": 12, "twice": 2, "one": 1}
_DIGITS_AFTER_TENS = {word: value for word, value in _ENGLISH.items() if 2 <= value <= 9} | {"one": 1}


def numerals(text: str) -> list[Numeral]:
    """Return the numbers in a text in order, those in figures and those in words."""
    found = [*_figures(text), *_words(text)]
    return sorted(found)


def _figures(text: str) -> Iterator[Numeral]:
    for match in _FIGURE.finditer(text):
        written = match.group()
        signed = written[0] in "-−–+"
        start = match.start() + (signed and not _sign(text, match.start()))
        digits = written[1:] if signed else written
        negative = signed and written[0] != "+" and start == match.start()
        if len(digits) > LONGEST:
            continue  # no number that anybody counts with
        readings, decimals = _read(digits)
        if negative:
            readings = tuple(-value for value in readings)
        whole = re.sub(r"\D", "", digits) if not decimals else ""
        zeros = 10.0 ** (len(whole) - len(whole.rstrip("0"))) if whole.strip("0") else 1.0
        if _accounting(text, match.start(), match.end()) and not negative:
            readings = tuple(-value for value in readings)
        yield Numeral(start, match.end(), readings, 10.0**-decimals, zeros)


def _sign(text: str, at: int) -> bool:
    """Tell whether a dash is a sign: nothing, a blank or an opening stands before it."""
    return at == 0 or text[at - 1] in " \t\n|(=$€£:"


def _accounting(text: str, start: int, end: int) -> bool:
    """Tell whether a figure alone in parentheses is negative, as in a ledger: ``(61)``, ``$(5,625)``, ``(4.2)%``."""
    before = text[max(0, start - 3) : start].rstrip(" $€£")
    after = text[end : end + 2].lstrip(" %")
    outer = text[: start - len(text[max(0, start - 3) : start]) + len(before)]
    alone = outer[:-1].rstrip(" $€£")
    return before.endswith("(") and after.startswith(")") and (not alone or alone[-1] in "|\n")


def _read(digits: str) -> tuple[tuple[float, ...], int]:
    """Return what digits with separators may mean, and the decimals of the likeliest reading."""
    marks = re.findall(r"\D", digits)
    plain = re.sub(r"\D", "", digits)
    if not marks:
        return (float(plain),), 0
    last = marks[-1]
    tail = len(digits) - digits.rindex(last) - 1
    grouped = all(len(part) == 3 for part in re.split(r"\D", digits)[1:])
    if last not in ".,":
        return (float(plain),), 0
    value = float(plain[: len(plain) - tail] + "." + plain[len(plain) - tail :]) if tail else float(plain)
    if len(set(marks)) > 1:  # 1.204,50 or 1,204.50: the last mark is the decimal one
        return (value,), tail
    if len(marks) > 1 or (grouped and last == "," and not digits.startswith("0")):
        return ((float(plain),), 0) if grouped else ((value,), tail)
    if grouped and last == "." and not digits.startswith("0"):
        return (value, float(plain)), tail
    return (value,), tail


def _words(text: str) -> Iterator[Numeral]:
    previous: Numeral | None = None
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if previous is not None and previous.readings[0] in range(20, 100, 10) and word in _DIGITS_AFTER_TENS:
            if text[previous.end : match.start()] in ("-", " "):
                previous = Numeral(
                    previous.start, match.end(), (previous.readings[0] + _DIGITS_AFTER_TENS[word],), 1.0
                )
                continue
        if previous is not None:
            yield previous
            previous = None
        if word in _WRITTEN:
            previous = Numeral(match.start(), match.end(), (float(_WRITTEN[word]),), 1.0)
    if previous is not None:
        yield previous
