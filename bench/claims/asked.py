"""Claims in people's words: TAT-QA's questions and their gold answers, put together as statements.

Its annotators named rows and figures as readers do, and worked sums out by hand; the derivation is theirs.
"""

import re
from collections.abc import Iterator
from random import Random
from typing import Any

from bench.claims.evidence import Given
from bench.claims.made import Made, another, figures

_ASKS = re.compile(r"^What (?:is|was|were|are) (?:the )?(?P<what>.+?)\s*\?$", re.IGNORECASE)
_HOW_MUCH = re.compile(r"^How much (?P<be>is|was|were|are) (?:the )?(?P<what>.+?)\s*\?$", re.IGNORECASE)
_VAGUE = re.compile(r"respective|percentage constitution|which|\band\b.*\brespectively", re.IGNORECASE)
_SCALED = re.compile(r"thousand|million|billion|000\b|\dm\b|[$€£A-Z]m\b", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(20[0-2]\d)(?!\d)")


def claims(given: Given, questions: Any, random: Random) -> Iterator[Made]:
    """Yield one true claim, and broken ones, of each question that has one number for an answer."""
    for question in questions:
        asked = _ASKS.match(question["question"].strip()) or _HOW_MUCH.match(question["question"].strip())
        value = _value(question["answer"])
        if asked is None or value is None or _VAGUE.search(question["question"]):
            continue
        if question["answer_type"] == "count" or (
            question["answer_type"] == "span" and question["answer_from"] == "text"
        ):
            continue
        if question["scale"] in ("thousand", "million", "billion") and not _SCALED.search(
            given.evidence.text
        ):
            continue  # its annotators had seen the scale on another page
        if not question["scale"] and _SCALED.search(given.evidence.text):
            continue  # left out, though there is one
        computed = question["answer_type"] == "arithmetic"
        if not computed and not re.search(r"\d", str(question["answer"])):
            continue
        form = "asked: computed" if computed else "asked: cell"
        yield from _of(given, asked["what"], value, question["scale"], form, random)


def _of(given: Given, what: str, value: float, scale: str, form: str, random: Random) -> Iterator[Made]:
    style = random.randrange(3)
    unit = (
        "$"
        if "$" in given.evidence.text and "€" not in given.evidence.text and scale not in ("", "percent")
        else ""
    )

    def tell(value: float, *, what: str = what, scale: str = scale) -> str:
        amount = f"{unit}{abs(value):,.10g}" if value >= 0 else f"-{unit}{abs(value):,.10g}"
        amount += "%" if scale == "percent" else f" {scale}" if scale else ""
        return (
            f"The {what} was {amount}.",
            f"The {what} is {amount}.",
            f"{amount} was the {what}.",
        )[style if value >= 0 else min(style, 1)]

    yield Made(tell(value), given, form)
    changed = another(abs(value), figures(given.evidence.text), random)
    yield Made(tell(changed if value >= 0 else -changed), given, form, "number")
    if scale in ("thousand", "million", "billion"):
        yield Made(tell(value, scale="billion" if scale == "million" else "million"), given, form, "unit")
    elif scale == "percent" and form == "asked: cell":
        yield Made(tell(value).replace("%", " percentage points"), given, form, "unit")
    years = _YEAR.findall(what)
    held = sorted(set(_YEAR.findall(given.evidence.text)) - set(years))
    if len(years) == 1 and held and form == "asked: cell":
        yield Made(tell(value, what=what.replace(years[0], random.choice(held))), given, form, "year")
    other = [one for one in _numbers(given) if abs(one - abs(value)) > 0.1 * max(one, abs(value))]
    if other:
        yield Made(tell(random.choice(other)), given, form, "number elsewhere")


def _numbers(given: Given) -> list[float]:
    """Return the larger numbers of the evidence, years left out."""
    found = [float(one) for one in figures(given.evidence.text)]
    return sorted(one for one in found if one > 20 and not 1990 < one < 2040)


def _value(answer: Any) -> float | None:
    said = answer[0] if isinstance(answer, list) and len(answer) == 1 else answer
    if isinstance(said, (int, float)):
        return float(said)
    if not isinstance(said, str):
        return None
    match = re.fullmatch(
        r"(?P<minus>[-−(]?)\s*[$€£]?\s*(?P<minus2>\(?)(?P<digits>[\d,]+(?:\.\d+)?)\)?\s?%?\)?", said.strip()
    )
    if match is None or not re.search(r"\d", match["digits"]):
        return None
    value = float(match["digits"].replace(",", ""))
    return -value if match["minus"] or match["minus2"] else value
