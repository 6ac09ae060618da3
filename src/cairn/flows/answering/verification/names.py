"""Names in a text: people, places, firms, titles, and codes such as ``PRO/25/T-03``.

What is written with a capital where prose would not be. Knows no lists of names.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from cairn.flows.answering.verification.measures import CURRENCIES, MEASURES, SCALES
from cairn.flows.answering.words import FUNCTION_WORDS


class Name(NamedTuple):
    """Words ``start:end`` of a text."""

    start: int
    end: int
    text: str


_TOKEN = re.compile(r"(?<![\w/.-])[^\W_][\w/-]*(?:\.\w+)*")
_NUMBERED = re.compile(r"\b(?P<letters>[A-Z]{2,5})\s(?=\d)[\d.-]+\b")
_SIZED = re.compile(r"[A-Za-z]{0,3}\d[\d.,]*([A-Za-z]{1,3})")
_CAPITAL = re.compile(r"[^\W\d_][\w'’&.-]*\w|[^\W\d_]")
_STARTS = re.compile(r"(?:^|[.!?:]\s+|[\n|•]\s*)[\"“‘(]*$")
_LINKS = """
of de du des von van der den di da la le &
"""
_BETWEEN = frozenset(_LINKS.split())
_GERMAN = re.compile(r"\b(?:der|die|das|und|ist|nicht|werden|wird|sind|ein|eine|mit|für|bei|auf)\b")
_COMMON = """
january february march april may june july august september october november december monday tuesday
wednesday thursday friday saturday sunday fiscal year quarter q1 q2 q3 q4 fy fys i eur usd gbp chf note
since although however because according while until unless together compared overall total less whether
nothing everyone today years ended months quarters period average net
"""
_UNNAMED = frozenset(_COMMON.split())
"""Words with a capital that name nobody."""


def codes(text: str) -> list[Name]:
    """Return the words that mix capitals and digits, as references and product codes do."""
    mixed = [match for match in _TOKEN.finditer(text) if _mixed(match.group()) and not _sized(match.group())]
    numbered = [match for match in _NUMBERED.finditer(text) if match["letters"].lower() not in CURRENCIES]
    return [Name(match.start(), match.end(), match.group()) for match in (*mixed, *numbered)]


def names(text: str, taken: Sequence[tuple[int, int]] = ()) -> list[Name]:
    """Return names in order, each as long as it is written; what overlaps ``taken`` (dates) is none."""
    nouns = len(_GERMAN.findall(text)) >= 2  # German writes every noun with a capital
    found: list[Name] = []
    run: list[re.Match[str]] = []
    for match in _CAPITAL.finditer(text):
        word = match.group()
        joins = bool(run) and text[run[-1].end() : match.start()] in (" ", "-", " & ", ". ", "’")
        if _named(word) and not _covered(match.start(), taken):
            if not joins:
                found += _name(text, run, nouns)
                run = []
            run.append(match)
        elif not (joins and word in _BETWEEN):
            found += _name(text, run, nouns)
            run = []
        else:
            run.append(match)
    return found + _name(text, run, nouns)


def _name(text: str, run: list[re.Match[str]], nouns: bool) -> list[Name]:
    while run and run[-1].group() in _BETWEEN:
        run = run[:-1]
    if not run:
        return []
    start, end = run[0].start(), run[-1].end()
    opens = _STARTS.search(text[max(0, start - 6) : start]) is not None
    if len(run) == 1 and (nouns or (opens and not run[0].group().isupper()) or len(run[0].group()) == 1):
        return []
    return [Name(start, end, text[start:end])]


def _named(word: str) -> bool:
    return word[0].isupper() and word.lower() not in FUNCTION_WORDS and word.lower() not in _UNNAMED


def _covered(at: int, taken: Sequence[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in taken)


def _mixed(word: str) -> bool:
    return any(c.isdigit() for c in word) and any(c.isupper() for c in word)


def _sized(word: str) -> bool:
    """Tell whether a word is a number with its unit: ``5M``, ``EUR5``."""
    match = _SIZED.fullmatch(word)
    if match is None:
        return re.fullmatch(r"[A-Z]{3}\d[\d.,]*", word) is not None and word[:3].lower() in CURRENCIES
    unit = match[1].lower()
    return unit in SCALES or unit in MEASURES or unit in CURRENCIES
