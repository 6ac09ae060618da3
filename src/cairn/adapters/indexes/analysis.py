"""What is done to text before words are told apart: numbers, identifiers, scripts without spaces.

The same for what is indexed and what is asked. Knows nothing of any index; languages only by name.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

LANGUAGES = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
"""Languages that can be stemmed, by ISO 639-1 code."""
STOPPED = LANGUAGES.keys() - {"ar", "el", "ro", "ta", "tr"}
"""Those of them whose stop words are known."""
OTHER = "und"
"""Every other language and none: words as they stand, without accents."""
GRAMS = "grams"
"""Scripts that put no spaces between words: single characters and pairs."""

NAME_RUN = 3
"""Words in a row that may make one name: ``American Express`` is found in ``AMERICANEXPRESS``."""

LONGEST_TOKEN = 64
MOST_PARTS = 8

_ALIASES = {"nb": "no", "nn": "no"}
_UNSPACED = re.compile(
    "["
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Burmese, Khmer
    "\u1100-\u11ff\u3130-\u318f\ua960-\ua97f\uac00-\ud7ff"  # Korean
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff"  # Japanese
    "\u2e80-\u2fdf\u3100-\u312f\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "]+"
)
_BEYOND = re.compile("[^\0-\u0dff\u1f00-\u2dff]")
"""All of these and some more, told in a fifth of the time: accents and quotation marks are none of them."""
_NUMBERED = re.compile(r"\b[^\W\d_]*+(?:[-_/.][^\W\d_]++)*+[-_/.]?\d[\w.,/\-]*")
_PLAIN = re.compile(
    r"[-+$(\[\"']*+(\d{1,30}|\d{1,3}(?:,\d{3}){1,9})(?:\.(\d{1,30}))?[%*)\]\"';:,.]*+", re.ASCII
)
_ENGLISH = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?!\d|,\d)")
_EUROPEAN = re.compile(r"(?<![\d,.])\d{1,3}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})(?![\d,.])")
_DECIMAL = re.compile(r"(\d+)\.(\d+)")
_RUN = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_FISCAL = re.compile(r"^(?:fy|cy)(\d\d)$")
_PART = re.compile(r"\d+|[^\W\d_]+")
_INVISIBLE = ("\u00ad", "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff")


class Analysed(NamedTuple):
    """One text, ready for a tokenizer that splits at everything that is no letter or digit."""

    text: str
    """Words with spaces between them, each with its punctuation."""
    grams: str
    """Characters and pairs of the unspaced scripts, separated by spaces."""


def normalise(text: str) -> str:
    """Return well-formed ``text`` with each number and identifier spelt whole and in parts.

    ``1,234.5`` becomes ``1234p5 1234 5``, ``PRC-2024-017`` becomes ``PRC2024017 PRC 2024 017``.
    """
    text = _clean(text)
    return text if text.isalpha() else _NUMBERED.sub(_forms, text)


def plain_number(word: str) -> str:
    """Return how a word is spelt that is nothing but a number, as ``normalise`` would; any other is empty.

    Most words that are met once are numbers: this takes a fraction of the time.
    """
    found = _PLAIN.fullmatch(word)
    if found is None:
        return ""
    whole, part = found[1].replace(",", ""), found[2]
    return " ".join(dict.fromkeys((f"{whole}p{part}", whole, part))) if part else whole


def analyse(text: str) -> Analysed:
    """Part ``text`` into what has spaces between its words, and grams."""
    if text.isascii() or not _BEYOND.search(text):
        return Analysed(text, "")
    text = _clean(text)
    runs = _UNSPACED.findall(text)
    return Analysed(_UNSPACED.sub(" ", text), " ".join(map(_grams, runs)))


def pairs(text: str) -> list[str]:
    """Return the grams to ask for: pairs, and single characters where one stands alone."""
    return [
        gram
        for run in _UNSPACED.findall(_clean(text))
        for gram in (map("".join, pairwise(run)) if len(run) > 1 else run)
    ]


def name_words(text: str) -> list[str]:
    """Return the words by which a document may be called, in order: ``FY18`` is ``2018``.

    A year within a word stands by itself, so that ``BESTBUY_2024Q2_10Q`` is ``bestbuy 2024 q2 10q``.
    """
    runs = _RUN.findall(_clean(text).casefold())
    return [part for run in runs for part in ([run] if run.isalpha() else _dated(run))]


def name_terms(text: str) -> set[str]:
    """Return every word of a name, and every NAME_RUN or fewer words in a row joined."""
    words = name_words(text)
    runs = (zip(*(words[start:] for start in range(size)), strict=False) for size in range(2, NAME_RUN + 1))
    return {*words, *map("".join, chain.from_iterable(runs))}


@lru_cache(maxsize=256)
def primary(language: str | None) -> str:
    """Return the ISO 639-1 code at the front of a language tag, ``und`` for none."""
    if not language:
        return OTHER
    code = language.lower().replace("_", "-").split("-")[0]
    return _ALIASES.get(code, code)


def analyser(language: str | None) -> str:
    """Return which analyser reads a text in this language."""
    code = primary(language)
    return code if code in LANGUAGES else OTHER


def _dated(run: str) -> list[str]:
    return [_FISCAL.sub(r"20\1", part) for part in _YEAR.split(run) if part]


def _clean(text: str) -> str:
    if text.isascii():
        return text.replace("\0", " ")
    text = text.replace("\0", " ").encode("utf-8", "replace").decode("utf-8")
    for character in _INVISIBLE:
        text = text.replace(character, "")
    return unicodedata.normalize("NFKC", text)


def _grams(run: str) -> str:
    return " ".join([*run, *map("".join, pairwise(run))])


def _forms(match: re.Match[str]) -> str:
    token = match[0]
    if token.isdigit():
        return token
    if "," in token or "." in token:
        token = _EUROPEAN.sub(_european, _ENGLISH.sub(_english, token.rstrip(".,/-")))
    return " ".join([spelling for each in token.split(",") for spelling in dict.fromkeys(_spellings(each))])


def _spellings(token: str) -> list[str]:
    if decimal := _DECIMAL.fullmatch(token):
        return [f"{decimal[1]}p{decimal[2]}", decimal[1], decimal[2]]
    runs = _RUN.findall(token)
    parts = _PART.findall(token)
    whole = "".join(runs)
    spellings = [whole, *runs] if len(whole) <= LONGEST_TOKEN else runs
    return spellings + parts if len(parts) <= MOST_PARTS else spellings


def _english(match: re.Match[str]) -> str:
    return match[0].replace(",", "")


def _european(match: re.Match[str]) -> str:
    return match[0].replace(".", "").replace(",", ".")
