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

_ENGLISH_TEENS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_ENGLISH_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_GERMAN_TEENS = """
null ein zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn
siebzehn achtzehn neunzehn
"""
_GERMAN_TENS = "zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig"
_FRENCH_TEENS = """
zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize
"""
_FRENCH_TENS = "vingt trente quarante cinquante soixante"
_AMBIGUOUS = ("ein", "un")
"""Articles as well."""


def _numbered(teens: str, tens: str) -> dict[str, int]:
    words = {word: number for number, word in enumerate(teens.split())}
    return words | {word: 10 * number for number, word in enumerate(tens.split(), 2)}


_ENGLISH = _numbered(_ENGLISH_TEENS, _ENGLISH_TENS)
_GERMAN = _numbered(_GERMAN_TEENS, _GERMAN_TENS)
_COMPOUND = {
    f"{unit}und{ten}": _GERMAN[unit] + _GERMAN[ten]
    for ten in _GERMAN_TENS.split()
    for unit in _GERMAN_TEENS.split()[1:10]
}
_OTHER = {"dozen": 12, "dutzend": 12, "twice": 2}
_WRITTEN = _numbered(_FRENCH_TEENS, _FRENCH_TENS) | _GERMAN | _COMPOUND | _ENGLISH | _OTHER
for _word in _AMBIGUOUS:
    del _WRITTEN[_word]
_UNITS = {word: number for word, number in _ENGLISH.items() if 1 <= number <= 9}


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
    """Tell whether a figure alone in parentheses is negative, as in a ledger: ``(61)``, ``$(5,625)``."""
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
    tens: Numeral | None = None  # what a unit may follow: twenty-seven
    for match in _WORD.finditer(text):
        word = match.group().lower()
        if tens is not None and word in _UNITS and text[tens.end : match.start()] in ("-", " "):
            yield Numeral(tens.start, match.end(), (tens.readings[0] + _UNITS[word],), 1.0)
            tens = None
            continue
        if tens is not None:
            yield tens
            tens = None
        if word in _WRITTEN:
            found = Numeral(match.start(), match.end(), (float(_WRITTEN[word]),), 1.0)
            if _WRITTEN[word] % 10 == 0 and _WRITTEN[word] >= 20:
                tens = found
            else:
                yield found
    if tens is not None:
        yield tens
