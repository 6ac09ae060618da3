"""Numbers with what they count: ``EUR 4.2 million`` is 4,200,000 EUR, ``90 minutes`` 5,400 s.

Knows nothing of tables, whose headers may say the unit and the scale: see ``tables.py``.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cairn.flows.answering.verification.measures import CURRENCIES, LETTERS, MEASURES, SCALES, Measure
from cairn.flows.answering.verification.numerals import Numeral, numerals

CLOSE = 0.05
"""By what part of itself a number may be off that is said to be only about right."""
BEYOND = 0.1
"""By what part of itself the true number may exceed one that it is said to be over."""

_WORD = re.compile(r"\s?(?P<word>m[²³]|[^\W\d_]+\.?|[%$€£¥₹円]|°C?)")
_HYPHENED = re.compile(r"-(?P<word>[a-z]+)")
_TWO = re.compile(r"\s?-?(per\scent|percentage\spoints?|basis\spoints?)\b", re.IGNORECASE)
_BEFORE = re.compile(r"(?P<word>[A-Za-z]{3}|[A-Z]{0,3}[$€£¥₹]|[Ee]uros?)\s{0,3}[(−-]?$")
_ABOUT = re.compile(
    r"\b(?:about|around|roughly|approximately|approx\.?|nearly|almost|some|circa|ca\.?|close to|just"
    r" (?:under|over)"
    r"|rund|etwa|ungefähr|knapp|environ|près de|~|≈)\s?$|[~≈]\s?$",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"\b(?:over|more than|at least|above|exceed(?:s|ed|ing)|upwards of|mehr als|über|plus de)\s?$",
    re.IGNORECASE,
)
_UNDER = re.compile(
    r"\b(?:under|less than|fewer than|at most|up to|below|not quite|weniger als|unter|moins de)\s?$",
    re.IGNORECASE,
)
_FRACTION = re.compile(
    r"\b(?:(?P<half>half)|(?:(?P<n>a|one|two|three)\s(?P<of>thirds?|quarters?|fifths?|tenths?)(?=\sof\b)))",
    re.IGNORECASE,
)
_PARTS = {"third": 3, "quarter": 4, "fifth": 5, "tenth": 10}
_MINUS = re.compile(r"(?<!\S)[-−–]$")
"""Before a currency's sign."""
_CLOCK = re.compile(r"(?<![\d:.,])([01]?\d|2[0-4])(?::|\sh\s|\.(?=[0-5]\d\sUhr))([0-5]\d)(?![\d:])")


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number, its unit and how exactly it is meant."""

    start: int
    end: int
    text: str
    readings: tuple[float, ...]
    """What it may be, in its unit, the likeliest first."""
    place: float
    """The value of its last place, in its unit; more for a number that is only about right."""
    unit: str = ""
    """``%``, ``EUR``, ``s`` ...; empty for a plain number."""
    scale: float = 1.0
    """What a scale word multiplied it by."""
    bound: str = ""
    """``about``, ``over`` or ``under``."""
    faint: bool = False
    """Too common a word to be held to: ``one``."""

    @property
    def value(self) -> float:
        return self.readings[0]

    def scaled(self, scale: float, unit: str) -> "Quantity":
        """Return it as it is in a table whose header says ``scale`` and ``unit``."""
        return replace(
            self,
            readings=tuple(value * scale for value in self.readings),
            place=self.place * scale,
            scale=scale,
            unit=self.unit if self.unit else unit,
        )

    def states(self, other: float, bound: str = "") -> bool:
        """Tell whether this is a true way to say ``other``, which may be more exact.

        Where ``other`` is itself a bound, over or under, it must be the same.
        """
        if bound in ("over", "under"):
            return any(abs(abs(value) - abs(other)) <= 1e-9 * abs(other) for value in self.readings)
        return any(self._near(abs(value), abs(other)) for value in self.readings)

    def _near(self, mine: float, theirs: float) -> bool:
        off = abs(mine - theirs)
        if off <= 1e-9 * max(mine, theirs):
            return True
        if self.bound == "over":
            return mine <= theirs <= mine * (1 + BEYOND)
        if self.bound == "under":
            return mine * (1 - BEYOND) <= theirs <= mine
        if self.bound == "about":
            return off <= min(self.place / 2, CLOSE * mine) + 1e-9 * mine
        half = self.place / 2
        if abs(off - half) <= 1e-6 * half:  # a half may be rounded up, and down where digits were to spare
            return self.place <= mine and self._rounded and (theirs < mine or self.scale > 1)
        return self.place <= mine and self._rounded and off < half

    @property
    def _rounded(self) -> bool:
        """Whether it may be a rounding: a whole plain number counts, and is as exact as it can be."""
        return self.scale > 1 or self.place < 1 or self.unit in ("%", "pp", "x")


def quantities(text: str, taken: Sequence[tuple[int, int]] = ()) -> list[Quantity]:
    """Return the numbers in a text in order, without those within ``taken``: dates and codes."""
    closed = bytearray(len(text))
    for left, right in taken:
        closed[left:right] = b"\1" * (right - left)
    found = [*_clocks(text, closed), *_fractions(text, closed)]
    for numeral in numerals(text):
        if not any(closed[numeral.start : numeral.end]):
            quantity = _quantity(text, numeral)
            if quantity is not None:
                found.append(quantity)
    return _shared(text, sorted(found, key=lambda one: one.start))


def unit_of(word: str) -> Measure | None:
    """Return what a unit's word stands for, a currency too."""
    lower = word.lower().rstrip(".")
    if lower in CURRENCIES:
        return Measure(CURRENCIES[lower])
    return MEASURES.get(lower)


def _quantity(text: str, numeral: Numeral) -> Quantity | None:
    end, scale, measure = _behind(text, numeral.end)
    before = _BEFORE.search(text, max(0, numeral.start - 9), numeral.start)
    start = numeral.start
    if before is not None:
        ahead = unit_of(before["word"])
        if ahead is not None and before["word"].lower() in CURRENCIES:
            measure, start = (ahead if measure is None or measure.unit != "%" else measure), before.start()
    if end == numeral.end and end < len(text) and (text[end].isalpha() or text[end : end + 2] == "-K"):
        return None  # a code: 10K, 3rd
    minus = start < numeral.start and _MINUS.search(text, start - 1, start) is not None
    start -= minus
    bound = _bound(text[max(0, start - 16) : start])
    sign = -1 if minus else 1
    factor = scale * (measure.factor if measure is not None else 1.0)
    loose = numeral.zeros if bound == "about" and scale == 1 else 1.0
    return Quantity(
        start=start,
        end=end,
        text=text[start:end],
        # With a scale word behind it a figure is short: 214.535 million has decimals.
        readings=tuple(sign * value * factor for value in numeral.readings[: 1 if scale > 1 else None]),
        place=numeral.place * factor * loose,
        unit=measure.unit if measure is not None else "",
        scale=scale,
        bound=bound,
    )


def _bound(before: str) -> str:
    if _ABOUT.search(before):
        return "about"
    return "over" if _OVER.search(before) else "under" if _UNDER.search(before) else ""


def _behind(text: str, at: int) -> tuple[int, float, Measure | None]:
    """Read scale and unit behind a number: where they end, the scale, the unit."""
    scale = 1.0
    if text[at : at + 1] == ")":
        close = _WORD.match(text, at + 1)
        if close is not None and close["word"] == "%":
            return close.end(), scale, MEASURES["%"]
    while (match := _WORD.match(text, at)) is not None:
        word = match["word"].rstrip(".").lower()
        tight = match.start("word") == at
        if word in SCALES and (word not in LETTERS or tight or word in ("mn", "bn", "tn")):
            scale *= SCALES[word]
            at = match.end("word") - (match["word"].endswith(".") and word not in ("mio", "mrd", "tsd"))
            continue
        break
    two = _TWO.match(text, at)
    if two is not None:
        return two.end(), scale, unit_of(re.sub(r"\s", "-", two.group(1)))
    if match is None:
        hyphen = _HYPHENED.match(text, at)
        measure = unit_of(hyphen["word"]) if hyphen is not None else None
        return (
            (hyphen.end(), scale, measure)
            if hyphen is not None and measure is not None
            else (at, scale, None)
        )
    measure = unit_of(match["word"])
    return (match.end(), scale, measure) if measure is not None else (at, scale, None)


def _shared(text: str, found: list[Quantity]) -> list[Quantity]:
    """Give ``3`` in ``3 to 5 km`` and ``3-5 %`` the unit of what follows."""
    for i in range(len(found) - 2, -1, -1):
        here, after = found[i], found[i + 1]
        between = text[here.end : after.start].strip()
        if here.unit or here.scale != 1 or not (after.unit or after.scale != 1):
            continue
        if between in ("to", "-", "–", "bis", "à", "and", "or", "und", "oder") and len(between) <= 3:
            factor = after.scale * _factor(after)
            found[i] = replace(
                here,
                readings=tuple(value * factor for value in here.readings),
                place=here.place * factor,
                unit=after.unit,
                scale=after.scale,
            )
    return found


def _factor(quantity: Quantity) -> float:
    words = re.findall(r"[^\W\d_]+|%", quantity.text)
    measure = unit_of(words[-1]) if words else None
    return measure.factor if measure is not None else 1.0


def _fractions(text: str, closed: bytearray) -> Iterator[Quantity]:
    for match in _FRACTION.finditer(text):
        if match["half"] is not None:
            share = 50.0
        else:
            many = {"a": 1, "one": 1, "two": 2, "three": 3}[match["n"].lower()]
            share = 100.0 * many / _PARTS[match["of"].lower().rstrip("s")]
        closed[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        yield Quantity(
            start=match.start(),
            end=match.end(),
            text=match.group(),
            readings=(share,),
            place=2.0,
            unit="%",
            bound="about",
        )


def _clocks(text: str, closed: bytearray) -> Iterator[Quantity]:
    for match in _CLOCK.finditer(text):
        closed[match.start() : match.end()] = b"\1" * (match.end() - match.start())
        minutes = int(match[1]) * 60 + int(match[2])
        late = re.match(r"\s?([ap])\.?m", text[match.end() : match.end() + 5])
        if late is not None and (int(match[1]) == 12) == (late[1] == "a"):
            minutes += 720 if late[1] == "p" else -720
        yield Quantity(
            start=match.start(),
            end=match.end(),
            text=match.group(),
            readings=(float(minutes),),
            place=0.5,
            unit="clock",
        )
