"""A claim of the set, true or broken in one respect, and how numbers are put into words for it.

Written apart from the verifier: nothing here is shared with what is measured.
"""

import re
from random import Random
from typing import NamedTuple

from bench.claims.evidence import Given


class Made(NamedTuple):
    """A claim and what it cites."""

    text: str
    given: Given
    form: str
    """How it was made of the evidence."""
    broken: str = ""
    """In what respect; empty for a true one."""


SCALE_WORDS = {1e3: "thousand", 1e6: "million", 1e9: "billion"}
SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
LARGE = 1e3


def said(value: float, unit: str, scale: float, random: Random) -> str:
    """Return a number of a table in words: exact, in another scale, or rounded."""
    if unit == "%":
        return random.choice((f"{_plain(value)}%", f"{_plain(value)} percent", f"{_plain(value)} per cent"))
    if unit == "":
        return number(value, random) if scale == 1 else f"{_grouped(value)} {SCALE_WORDS[scale]}"
    forms = [money(value, unit, scale, random)]
    whole = abs(value * scale)
    for larger in (1e9, 1e6):
        if whole >= 1.5 * larger and scale < larger:
            forms.append(money(round(value * scale / larger, 1), unit, larger, random))
            forms.append("about " + money(round(value * scale / larger, 1), unit, larger, random))
            break
    return random.choice(forms)


def number(value: float, random: Random) -> str:
    """Return a plain number, exact or said to be about right."""
    if value >= 1_000 and value == int(value) and random.random() < 0.25:
        rounded = round(value, -2)
        if rounded != value and abs(rounded - value) <= 0.03 * value:
            return f"about {_grouped(rounded)}"
    return _grouped(value)


def money(value: float, unit: str, scale: float, random: Random) -> str:
    """Return an amount with its currency before or behind it."""
    figure = _grouped(value)
    word = f" {SCALE_WORDS[scale]}" if scale > 1 else ""
    sign = SIGNS.get(unit, f"{unit} ")
    return random.choice((f"{sign}{figure}{word}", f"{unit} {figure}{word}"))


def another(value: float, taken: set[str], random: Random) -> float:
    """Return a number of the same make that the evidence does not hold, off by more than any rounding."""
    decimals = len(_plain(value).partition(".")[2])
    for _ in range(60):
        changed = round(value * random.choice((0.55, 0.7, 0.82, 0.9, 1.12, 1.2, 1.35, 1.7)), decimals)
        if changed == value:
            changed = value + random.choice((1, 2, 3))
        if _plain(abs(changed)) not in taken and changed != value:
            return changed
    return value * 3 + 7


def figures(text: str) -> set[str]:
    """Return the numbers in a text without separators."""
    return {_plain(float(one.replace(",", ""))) for one in re.findall(r"\d+(?:,\d{3})*(?:\.\d+)?", text)}


def _grouped(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.10g}" if abs(value) < 1e10 else f"{value:,}"


def _plain(value: float) -> str:
    return f"{value:.10g}"
