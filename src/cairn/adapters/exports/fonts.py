"""Fonts that a PDF is set in: what this machine has, and for Chinese, Japanese and Korean what readers have.

Knows which characters it cannot set, so that a PDF can say so instead of showing something else.
"""

import unicodedata
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from typing import Any

from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.ttfonts import TTFError, TTFont

FACES = (
    ("DejaVuSans", ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")),
    ("NotoSans", ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf")),
    ("LiberationSans", ("LiberationSans-Regular.ttf", "LiberationSans-Bold.ttf")),
    ("Arial", ("arial.ttf", "arialbd.ttf")),
    ("Vera", ("Vera.ttf", "VeraBd.ttf")),
)
"""Looked for in this order; the last comes with reportlab and has Western Europe's letters only."""
EASTERN = {"HIRAGANA": "HeiseiKakuGo-W5", "KATAKANA": "HeiseiKakuGo-W5", "HANGUL": "HYGothic-Medium"}
"""By the first word of a character's name; all other of these scripts are set as Chinese."""
CHINESE = "STSong-Light"
WIDE = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH", "BOPOMOFO")
MISSING = "□"
TURNED = {"R", "AL"}
"""Classes of letters that are written from right to left, which takes more than a font."""


@cache
def face() -> str:
    """Return the family that text is set in, registered."""
    for family, (regular, bold) in FACES:
        try:
            for name, file in ((family, regular), (f"{family}-Bold", bold)):
                pdfmetrics.registerFont(TTFont(name, file))
        except TTFError:
            continue
        for slanted in (0, 1):
            addMapping(family, 0, slanted, family)
            addMapping(family, 1, slanted, f"{family}-Bold")
        return family
    raise AssertionError("reportlab comes with Vera")


def set_in(text: str) -> Iterator[tuple[str, str]]:
    """Yield stretches of a text with the font each is set in; empty is the face.

    What no font holds is MISSING.
    """
    eastern = _eastern(text)
    for font, letters in groupby(text, key=lambda letter: _font(letter, eastern)):
        held = "".join(letters)
        yield (MISSING * len(held), "") if font is None else (held, font)


def _font(letter: str, eastern: str) -> str | None:
    """Return the font that holds a letter; None for none."""
    if letter == "\n":
        return ""
    if unicodedata.bidirectional(letter) in TURNED or _stacked(letter):
        return None
    if ord(letter) in _held(face()):
        return ""
    name = unicodedata.name(letter, "")
    return _registered(EASTERN.get(name.split(" ")[0], eastern)) if name.startswith(WIDE) else None


@cache
def _held(family: str) -> frozenset[int]:
    """Return the characters that a font has."""
    font: Any = pdfmetrics.getFont(family)
    return frozenset(font.face.charToGlyph)


def _eastern(text: str) -> str:
    """Return what ideographs of a text are set in: with Japanese or Korean letters it is in that language."""
    kinds = {unicodedata.name(letter, "").split(" ")[0] for letter in text}
    return next((font for kind, font in EASTERN.items() if kind in kinds), CHINESE)


def _stacked(letter: str) -> bool:
    """Tell whether a letter is of a script whose letters join or stack: South and South-East Asia's."""
    return "\u0900" <= letter <= "\u0eff" or "\u1000" <= letter <= "\u109f" or "\u1780" <= letter <= "\u17ff"


@cache
def _registered(name: str) -> str:
    pdfmetrics.registerFont(UnicodeCIDFont(name))
    return name
