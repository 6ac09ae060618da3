"""A claim as its parts that can be checked: numbers, dates, names, which way it points, and its words.

Knows nothing of any evidence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cairn.flows.answering.verification.dates import Date, dates
from cairn.flows.answering.verification.measures import CURRENCIES, MEASURES, SCALES
from cairn.flows.answering.verification.names import Name, codes, names
from cairn.flows.answering.verification.quantities import Quantity, quantities
from cairn.flows.answering.verification.segments import in_order, segments
from cairn.flows.answering.verification.statements import role, timed
from cairn.flows.answering.words import STEM, placed

APART = 0.3
"""What a word counts for a number that another number stands nearer to."""
_LIGHT = """
amount amounts amounted came come comes coming figure figures value values valued reported report reports
recorded stood stands total totalled number fiscal year years period company share shares accounted made makes
make represented
represents together combined seen saw was went going reached compared comparison difference change changed
document documents text source says said say stated states state notes noted note according mentions mentioned
evidence equal equals earlier previous prior preceding before ago percent percentage respectively being
approximately period periods about roughly around nearly
"""
LIGHT = frozenset(word[:STEM] for word in _LIGHT.split())
"""Words with which figures are told, that say nothing by themselves."""
_SCALES = frozenset(word[:STEM] for word in (*SCALES, *CURRENCIES, *MEASURES))
_EARLIER = re.compile(
    r"\b(?:(?:a|one|the) year (?:earlier|before|ago)|(?:previous|prior|preceding) year|year before|last"
    r" year|im Vorjahr)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A number of a claim with what it is said of."""

    quantity: Quantity
    words: Mapping[str, float]
    """What each word of the claim counts for it: 1, or APART."""
    dates: tuple[Date, ...]
    """Of its own stretch, else of the whole claim."""
    near: str
    """Its own stretch."""
    listed: tuple[str, ...] = ()
    """Where numbers follow a list of what they are of, the claim's words in order."""
    place: tuple[int, int] = (0, 1)
    """Which number of the claim it is, and of how many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Parts:
    """What a claim says."""

    text: str
    words: tuple[str, ...]
    told: tuple[Told, ...]
    dates: tuple[Date, ...]
    names: tuple[Name, ...]


def parts(text: str) -> Parts:
    """Take a claim apart."""
    said = tuple(dates(text))
    coded = [code for code in codes(text) if not any(date.start <= code.start < date.end for date in said)]
    times = [(date.start, date.end) for date in said]
    taken = [*times, *((code.start, code.end) for code in coded)]
    # "One" is hardly ever a number.
    numbers = [one for one in quantities(text, taken) if one.text.lower() != "one"]
    words = placed(text)
    marks = [(number.start, number.end) for number in numbers]
    stretches = segments(text, marks)
    order = in_order(text, marks, [date.start for date in said])
    listing = len(marks) > 1 and not _telling(words, said, *stretches[-1])
    return Parts(
        text=text,
        words=tuple(word for word, at in words if not any(a <= at < b for a, b in (*times, *marks))),
        told=tuple(
            Told(
                quantity=number,
                words=_weights(words, start, end)
                | {f"={date.year}": APART for date in said if date.year}
                | dict.fromkeys(
                    timed(_own(text, said, start, end) if not order else [said[order[place]]]), 1.0
                )
                | dict.fromkeys(role(text, number.start), 1.0),
                dates=(said[order[place]],) if order else _dates(text, said, start, end),
                near=text[start:end],
                listed=tuple(word for word, _ in words) if listing else (),
                place=(place, len(marks)),
            )
            for place, (number, (start, end)) in enumerate(zip(numbers, stretches, strict=True))
        ),
        dates=said,
        names=(*coded, *names(text, taken)),
    )


def _telling(words: list[tuple[str, int]], said: tuple[Date, ...], start: int, end: int) -> bool:
    """Tell whether a stretch says by itself what its number is of."""
    dated = [at for date in said for at in range(date.start, date.end)]
    return any(
        start <= at < end and at not in dated and not word[0].isdigit() and word not in LIGHT | _SCALES
        for word, at in words
    )


def _weights(words: list[tuple[str, int]], start: int, end: int) -> dict[str, float]:
    weights: dict[str, float] = {}
    for word, at in words:
        weights[word] = max(weights.get(word, 0.0), 1.0 if start <= at < end else APART)
    return weights


def _dates(text: str, said: tuple[Date, ...], start: int, end: int) -> tuple[Date, ...]:
    """Return the dates that a stretch is about: its own, those of the whole where it has none."""
    own = _own(text, said, start, end)
    return own if own else said


def _own(text: str, said: tuple[Date, ...], start: int, end: int) -> tuple[Date, ...]:
    """Return the dates of a stretch; of one that speaks of the year before, that."""
    if _EARLIER.search(text, start, end):
        others = [date for date in said if date.year and not start <= date.start < end] or list(said)
        return tuple(Date(date.start, date.end, date.year - 1) for date in others if date.year)
    return tuple(date for date in said if start <= date.start < end)
