"""Number formats of spreadsheets: a stored number becomes the text that the sheet shows.

Codes are read as Excel writes them into files, which is in its English form: the point is decimal, the
comma groups. What Excel takes from the reader's machine (its short date, say) has a plain ISO form here.
Knows nothing of column widths, so nothing is ever ``####``, and whole numbers keep all of their digits.
"""

import math
import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.date_formats import general, is_moment, literal, moment

_DAY = "yyyy-mm-dd"
_CODES = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    5: "$#,##0;-$#,##0",
    6: "$#,##0;-$#,##0",
    7: "$#,##0.00;-$#,##0.00",
    8: "$#,##0.00;-$#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    15: "d-mmm-yy",
    16: "d-mmm",
    17: "mmm-yy",
    18: "h:mm AM/PM",
    19: "h:mm:ss AM/PM",
    20: "h:mm",
    21: "h:mm:ss",
    22: f"{_DAY} h:mm",
    37: "#,##0;(#,##0)",
    38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)",
    40: "#,##0.00;(#,##0.00)",
    41: '#,##0;(#,##0);"-"',
    42: '$#,##0;($#,##0);$"-"',
    43: '#,##0.00;(#,##0.00);"-"',
    44: '$#,##0.00;($#,##0.00);$"-"',
    45: "mm:ss",
    46: "[h]:mm:ss",
    47: "mm:ss.0",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys((14, *range(27, 32), 36, *range(50, 55), 57, 58), _DAY),
    **dict.fromkeys((32, 34, 55), "h:mm"),
    **dict.fromkeys((33, 35, 56), "h:mm:ss"),
}
_LONGEST = 500
"""Characters of a code; Excel itself allows 255."""
_TOKEN = re.compile(
    r'"[^"]*"?|[\\_*].|\[[^\]]*\]?|General|Standard|AM/PM|A/P|E[+-]|y+|m+|d+|h+|s+|.',
    re.IGNORECASE | re.DOTALL,
)
_SPACED = re.compile(r"[\s_?]")
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*([+-]?\d+(?:\.\d+)?)\]")


class Format(NamedTuple):
    """How cells of one style show."""

    number: Callable[[float], str]
    """Show a finite number."""
    text: Callable[[str], str]
    """Show a text."""


GENERAL = Format(general, str)


def shown(made: Format, value: float) -> str:
    """Show any number, also one that is not finite."""
    return made.number(value) if math.isfinite(value) else str(value)


def built_in(number: int, *, is_1904: bool = False) -> Format:
    """Return the format of this number that every workbook has; of an unknown one the general."""
    return compiled(_CODES[number], is_1904=is_1904) if number in _CODES else GENERAL


@lru_cache(maxsize=512)
def compiled(code: str, *, is_1904: bool = False) -> Format:
    """Read a format code; ``is_1904`` says that day 0 is 1 January 1904. Never raises."""
    if not code or len(code) > _LONGEST:
        return GENERAL
    sections: list[list[str]] = [[]]
    for token in _TOKEN.findall(tidy.clean(code)):
        if token == ";":
            sections.append([])
        else:
            sections[-1].append(token)
    texts = [tokens for tokens in sections if "@" in tokens]
    numbers = sections[:3] if sections[:3] != texts else [["General"]]
    made = [_section(tokens, is_1904) for tokens in numbers]
    show, words = _choice(made), _words(texts[-1]) if texts else str
    return Format(_even(show) if _SPACED.search(code) else show, words)


def _even(show: Callable[[float], str]) -> Callable[[float], str]:
    """Return it without the spaces that only line up figures."""
    return lambda value: " ".join(show(value).split())


class _Section(NamedTuple):
    """A part of a code, between semicolons."""

    show: Callable[[float], str]
    """Show a number that is not negative; a negative one too if ``is_date``."""
    test: Callable[[float], bool] | None
    is_negative: bool
    """Only negative numbers pass the test."""
    is_date: bool


def _section(tokens: Sequence[str], is_1904: bool) -> _Section:
    condition = next(filter(None, map(_CONDITION.fullmatch, tokens)), None)
    test, is_negative = None, False
    if condition is not None:
        sign, bound = condition[1], float(condition[2])
        test = _tester(sign, bound)
        is_negative = sign[0] == "<" and sign != "<>" and bound <= 0
    plain = [token for token in tokens if not _CONDITION.fullmatch(token)]
    if is_moment(plain):
        return _Section(lru_cache(maxsize=8192)(moment(plain, is_1904)), test, is_negative, True)
    return _Section(_number(plain), test, is_negative, False)


def _tester(sign: str, bound: float) -> Callable[[float], bool]:
    tests: dict[str, Callable[[float], bool]] = {
        "<": lambda value: value < bound,
        "<=": lambda value: value <= bound,
        ">": lambda value: value > bound,
        ">=": lambda value: value >= bound,
        "=": lambda value: value == bound,
        "<>": lambda value: value != bound,
    }
    return tests[sign]


def _choice(sections: Sequence[_Section]) -> Callable[[float], str]:
    """Return what shows a number by the section that is meant for it."""
    first = sections[0]
    if len(sections) == 1 and first.test is None:
        return first.show if first.is_date else _signed(first.show)
    return lambda value: _chosen(sections, value)


def _signed(show: Callable[[float], str]) -> Callable[[float], str]:
    return lambda value: show(value) if value >= 0 else "-" + show(-value)


def _chosen(sections: Sequence[_Section], value: float) -> str:
    """Show by the first section whose test the number passes; those without one go by the sign."""
    last = len(sections) - 1
    by_sign = all(section.test is None for section in sections)
    for at, section in enumerate(sections):
        usual = value < 0 if at == 1 and last > 1 else value > 0 or (value == 0 and last < 2)
        if section.test(value) if section.test is not None else at == last or usual:
            bare = section.is_negative or (by_sign and at == 1) or section.is_date
            return (
                section.show(value if section.is_date else abs(value))
                if bare or value >= 0
                else ("-" + section.show(-value))
            )
    return general(value)


def _words(tokens: Sequence[str]) -> Callable[[str], str]:
    """Return what shows a text: itself where the code says ``@``."""
    made = [None if token == "@" else literal(token) for token in tokens]
    if not any(made):
        return str
    return lambda text: "".join(text if part is None else part for part in made)


# --- numbers --------------------------------------------------------------------------------


def _number(tokens: Sequence[str]) -> Callable[[float], str]:
    """Return what shows a number that is not negative."""
    slash = tokens.index("/") if "/" in tokens else len(tokens)
    digits = [at for at, token in enumerate(tokens) if token in "0#?" or (at > slash and token.isdigit())]
    is_general = any(token in ("General", "Standard", "GENERAL", "general", "@") for token in tokens)
    if not digits:
        parts = [literal(token) for token in tokens]
        return lambda value: (
            "".join(
                general(value) if token in ("General", "Standard", "GENERAL", "general", "@") else part
                for token, part in zip(tokens, parts, strict=True)
            )
            if is_general
            else "".join(parts)
        )
    before = "".join(map(literal, tokens[: digits[0]])).replace(",", "")
    start = digits[0] - 1 if digits[0] and tokens[digits[0] - 1] == "." else digits[0]
    core = list(tokens[start : digits[-1] + 1])
    after = list(tokens[digits[-1] + 1 :])
    prefix = before[:-1] if start < digits[0] else before
    thousands = 0
    while after and after[0] == ",":
        thousands += 1
        after.pop(0)
    suffix = "".join(map(literal, after))
    power = 2 * sum(token == "%" for token in tokens) - 3 * thousands
    if any(token[0] in "eE" for token in core):
        show = _scientific(core)
    elif "/" in core:
        show = _fraction(core)
    else:
        show = _fixed(core, power)
    return (lambda value: prefix + show(value) + suffix) if prefix or suffix else show


def _fixed(core: Sequence[str], power: int) -> Callable[[float], str]:
    """Return what shows digits by their placeholders, ten to the ``power`` times as large."""
    point = core.index(".") if "." in core else len(core)
    whole = [token for token in core[:point] if token != ","]
    places = [token for token in core[point + 1 :] if token in ("0", "#", "?")]
    decimals = len(places)
    least = max((at + 1 for at, token in enumerate(places) if token == "0"), default=0)
    figures = [token for token in whole if token in ("0", "#", "?")]
    zeros = len(figures) - figures.index("0") if "0" in figures else 0
    is_grouped = "," in core[:point]
    width = zeros + (max(zeros - 1, 0) // 3 if is_grouped else 0) + (decimals + 1 if decimals else 0)
    spec = f"0{max(width, 1)}{',' if is_grouped else ''}.{decimals}f"
    if zeros and decimals == least and len(figures) == len(whole):
        return _rounded(power, decimals, spec)
    rounded = _rounded(power, decimals, spec)

    def show(value: float) -> str:
        text = rounded(value)
        if decimals > least:
            kept = len(text) - decimals + least
            text = (text[:kept] + text[kept:].rstrip("0")).rstrip(".")
        if not zeros and text[:1] == "0" and text[1:2] in ("", "."):
            text = text[1:]
        return _masked(whole, text) if len(figures) < len(whole) else text

    return show


def _rounded(power: int, decimals: int, spec: str) -> Callable[[float], str]:
    """Return what formats a number, halves rounded up as they stand in its 15 decimal digits."""
    scale, last = 10.0**power, 10.0 ** (power + decimals)

    def show(value: float) -> str:
        moved = value * last
        if moved < 1e15 and -1e-4 < moved % 1 - 0.5 < 1e-4:
            exact = Decimal(f"{value:.15g}").scaleb(power)
            return format(exact.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP), spec)
        return format(value * scale, spec)

    return show


def _masked(whole: Sequence[str], text: str) -> str:
    """Put the digits before the point into placeholders that have other signs between them."""
    digits, point, rest = text.partition(".")
    left = digits.replace(",", "")
    made: list[str] = []
    for at in range(len(whole) - 1, -1, -1):
        if whole[at] not in ("0", "#", "?"):
            made.append(literal(whole[at]))
        elif left:
            is_first = not any(token in ("0", "#", "?") for token in whole[:at])
            made.append(left if is_first else left[-1])
            left = "" if is_first else left[:-1]
        elif whole[at] == "0":
            made.append("0")
    return "".join(reversed(made)) + point + rest


def _scientific(core: Sequence[str]) -> Callable[[float], str]:
    """Return what shows a number as a power of ten."""
    at = next(at for at, token in enumerate(core) if token[0] in "eE")
    mantissa = core[:at]
    point = mantissa.index(".") if "." in mantissa else at
    step = max(1, sum(token in "0#?" for token in mantissa[:point]))
    decimals = sum(token in "0#?" for token in mantissa[point:])
    width = sum(token == "0" for token in core[at + 1 :])

    def show(value: float) -> str:
        power = int(f"{value:.{decimals}E}".split("E")[1]) // step * step
        scaled = Decimal(f"{value:.15g}").scaleb(-power)
        sign = "-" if power < 0 else "+" if "+" in core[at] else ""
        return f"{scaled:.{decimals}f}E{sign}{abs(power):0{max(width, 1)}d}"

    return show


def _fraction(core: Sequence[str]) -> Callable[[float], str]:
    """Return what shows a number as a fraction, with a whole part if the code has a place for it."""
    slash = core.index("/")
    below = "".join(token for token in core[slash + 1 :] if token.isdigit())
    most = 10 ** min(6, sum(token in "0#?" for token in core[slash + 1 :])) - 1
    has_whole = " " in core[:slash] or "\\ " in core[:slash]

    def show(value: float) -> str:
        fixed = int(below) if below.strip("0") else 0
        if value >= 1e12:
            return general(value)
        near = Fraction(round(value * fixed), fixed) if fixed else Fraction(value).limit_denominator(most)
        whole, rest = divmod(near, 1) if has_whole else (0, near)
        if has_whole and not rest:
            return str(whole)
        scale = fixed // rest.denominator if fixed else 1
        part = f"{rest.numerator * scale}/{rest.denominator * scale}"
        return f"{whole} {part}" if whole else part

    return show
