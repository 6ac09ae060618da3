"""Dates, times and spans of time as a spreadsheet's number format shows them.

Month and weekday names come in five languages; a day before 1900 or after 9999 shows as the plain number.
"""

import re
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

_ELAPSED = re.compile(r"\[([hms])\1*\]", re.IGNORECASE)
_CURRENCY = re.compile(r"\[\$([^\]-]*)(?:-([^\]]*))?\]")
_DATE_LETTERS = frozenset("ymdhsYMDHS")
_LANGUAGES = {0x07: "de", 0x0C: "fr", 0x0A: "es", 0x10: "it"}
_NAMES = {
    "en": "January February March April May June July August September October November December "
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember "
    "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre "
    "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre "
    "lunes martes miércoles jueves viernes sábado domingo",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre "
    "lunedì martedì mercoledì giovedì venerdì sabato domenica",
}
_LAST_DAY = 2_958_465
"""31 December 9999."""


def general(value: float) -> str:
    """Show a finite number as a cell without a format does, whole numbers in full."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    size = abs(value)
    if size >= 1e11 or (size < 1e-4 and round(value, 9) != value):
        mantissa, power = f"{value:.5E}".split("E")
        return f"{mantissa.rstrip('0').rstrip('.')}E{power}"
    fixed = f"{value:.{max(0, 10 - len(str(int(size))))}f}"
    return fixed.rstrip("0").rstrip(".") if "." in fixed else fixed


def literal(token: str) -> str:
    """Return what a token shows that is no placeholder."""
    if token[0] == '"':
        return token.strip('"')
    if token[0] == "\\":
        return token[1:]
    if token[0] in "_*":
        return " " if token[0] == "_" else ""
    if token[0] == "[" and len(token) > 1:
        found = _CURRENCY.fullmatch(token)
        return found[1] if found is not None else ""
    return token


def is_moment(tokens: Sequence[str]) -> bool:
    """Tell the tokens of a code that shows dates or times."""
    return any(
        token[0] in _DATE_LETTERS or _ELAPSED.fullmatch(token) for token in tokens if token != "Standard"
    )


class _Field(NamedTuple):
    """A piece of a date's code: a letter and how often it stands, or a literal (letter ``"``)."""

    letter: str
    size: int
    text: str = ""


def moment(tokens: Sequence[str], is_1904: bool) -> Callable[[float], str]:
    """Return what shows a number of days as a date, a time or a span of time."""
    fields = _fields(tokens)
    names = _names(tokens)
    has_half = any(field.letter == "a" for field in fields)
    decimals = min(3, max((field.size for field in fields if field.letter == "."), default=0))
    is_span = any(field.letter in "HMS" for field in fields)

    def show(value: float) -> str:
        if not (is_span or 0 <= value <= _LAST_DAY + 0.99999 - (1462 if is_1904 else 0)) or abs(value) > 1e9:
            return general(value)
        sign = "-" if value < 0 else ""
        units = round(abs(value) * 86400 * 10**decimals)
        seconds, part = divmod(units, 10**decimals)
        shown = [_field(field, _Time(seconds, part, decimals, is_1904), has_half, names) for field in fields]
        return sign + "".join(shown)

    return show


class _Time(NamedTuple):
    seconds: int
    part: int
    decimals: int
    is_1904: bool

    def day(self) -> tuple[int, int, int, int]:
        """Return year, month, day and weekday (Monday is 0); Excel believes in 29 February 1900."""
        days = self.seconds // 86400
        if self.is_1904:
            days += 1462
        if days in (0, 60):
            return (1900, 1, 0, 5) if days == 0 else (1900, 2, 29, 2)
        at = date(1899, 12, 30 if days > 60 else 31) + timedelta(days=min(days, _LAST_DAY))
        return at.year, at.month, at.day, at.weekday()


def _fields(tokens: Sequence[str]) -> list[_Field]:
    made: list[_Field] = []
    for token in tokens:
        letter, upper = token[0].lower(), token.upper()
        if elapsed := _ELAPSED.fullmatch(token):
            made.append(_Field(elapsed[1].upper(), len(token) - 2))
        elif upper in ("AM/PM", "A/P"):
            made.append(_Field("a", len(token)))
        elif letter in "ymdhs":
            made.append(_Field(letter, len(token)))
        elif token == "0" and made and (made[-1].letter == "." or made[-1] == _Field('"', 0, ".")):
            made[-1] = _Field(".", made[-1].size + 1)
        else:
            made.append(_Field('"', 0, literal(token)))
    return _with_minutes(made)


def _with_minutes(fields: list[_Field]) -> list[_Field]:
    """Tell minutes (letter ``n``) from months: they follow hours or precede seconds."""
    timed = [at for at, field in enumerate(fields) if field.letter in "ymdhsHMS"]
    for place, at in enumerate(timed):
        before = fields[timed[place - 1]].letter if place else ""
        after = fields[timed[place + 1]].letter if place + 1 < len(timed) else ""
        if fields[at].letter == "m" and fields[at].size < 3 and (before in ("h", "H") or after in ("s", "S")):
            fields[at] = fields[at]._replace(letter="n")
    return fields


def _names(tokens: Sequence[str]) -> list[str]:
    """Return the names of months and weekdays in the language that the code asks for."""
    told = next((found[2] for found in map(_CURRENCY.fullmatch, tokens) if found and found[2]), "en")
    try:
        language = _LANGUAGES.get(int(told, 16) & 0x3FF, "en")
    except ValueError:
        language = told[:2].lower()
    return _NAMES.get(language, _NAMES["en"]).split()


def _field(field: _Field, time: _Time, has_half: bool, names: Sequence[str]) -> str:
    letter, size, text = field
    if letter == '"':
        return text
    if letter in "ymd":
        return _day_field(letter, size, time.day(), names)
    hours, minutes, seconds = time.seconds // 3600, time.seconds // 60, time.seconds
    if letter == "a":
        half = "AM" if hours % 24 < 12 else "PM"
        return half if size > 3 else half[0]
    if letter == ".":
        return "." + f"{time.part:0{time.decimals}d}".ljust(size, "0")
    hour = (hours % 12 or 12) if has_half else hours % 24
    number = {"H": hours, "M": minutes, "S": seconds, "h": hour, "n": minutes % 60, "s": seconds % 60}[letter]
    return f"{number:0{size if letter.isupper() else min(size, 2)}d}"


def _day_field(letter: str, size: int, day: tuple[int, int, int, int], names: Sequence[str]) -> str:
    year, month, number, weekday = day
    if letter == "y":
        return f"{year:04d}" if size > 2 else f"{year % 100:02d}"
    name = names[month - 1] if letter == "m" else names[12 + weekday]
    if size >= 5 and letter == "m":
        return name[0]
    if size > 2:
        return name if size > 3 else name[:3]
    return f"{month if letter == 'm' else number:0{size}d}"
