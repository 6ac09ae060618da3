"""What a question asks for and how much of it stands in a text, judged by words and numbers alone.

Knows nothing of vectors. Words are compared by their beginnings, so that inflected forms meet
in any language that inflects at the end.
"""

import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

_WORD = re.compile(r"\d[\d.,]*\d|\w+", re.UNICODE)
_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_YEAR = re.compile(r"(?<![\d.,])(?:19|20)\d\d(?!\d|[.,]\d)")
STEM = 5
"""Letters of a longer word that count."""
KNOWN = 8_192
"""Words of which is remembered what they are compared by."""

# Words that ask or bind and say nothing of the subject, of the languages questions come in.
_FUNCTION_WORDS = """
a about after all also am an and any are as at be been before but by can could did do does for from had
has have her his how i if in into is it its many me more most much must my not of on one or our shall
she should so some such than that the their them then there these they this those through to under up us
was we were what when where which while who whom whose why will with would you your between during each
per tell give show please der die das den dem des ein eine einer eines einem einen und oder ist sind war
waren wird werden wurde wurden wer wann wo wie warum welche welcher welches von vom zu zum zur im auf
aus bei mit nach für über unter nicht auch als es sie er wir ich haben hat hatte viele viel sich le la
les un une du de et ou est sont était étaient que qui quoi quel quelle quels quelles quand où comment
pourquoi combien dans sur par pour avec sans au aux en ne pas plus ce cette ces il elle ils elles nous
vous je se son sa ses leur leurs ont el los las una unos unas del y o era eran qué quién cuál cuándo
dónde cómo cuánto cuántos por para con sin no al lo su sus gli uno di e è sono cosa chi quale quando
dove come perché quanto quanti da nel nella della
"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


_QUANTITY = re.compile(
    r"\b(?:how (?:many|much|long|old|far|fast|often|hot|high|big|large|heavily)"
    r"|what (?:share|rate|price|number|percentage|amount|sum|figure|proportion)"
    r"|budget|costs?|prices?|spend|spent"
    r"|wie ?viele?|wie (?:hoch|lange|oft|alt|weit)|anteil|preis|kosten|kostet"
    r"|combien|quel (?:prix|taux|montant|nombre)|cu[aá]nt[oa]s?|quant[oiae])\b|何[人件個か]|いく[らつ]",
    re.IGNORECASE,
)


_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
# The numbers that prose writes out. Only such as are no other word in another of these languages.
_NUMERAL = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|half|twice"
    r"|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|elf|zwölf|halb"
    r"|deux|trois|quatre|cinq|sept|huit|neuf|dix|onze|douze)\b|[二三四五六七八九十百千万]",
    re.IGNORECASE,
)


def asks_quantity(question: str) -> bool:
    """Tell whether a number is asked for."""
    return _QUANTITY.search(question) is not None


def tells_number(text: str, question: str) -> bool:
    """Tell whether a text holds a number that is no year and that the question does not give."""
    told = set(_FIGURE.findall(text)) - set(_FIGURE.findall(question)) - years(text)
    return bool(told or _NUMERAL.search(text))


def years(text: str) -> set[str]:
    """Return the years a text speaks of."""
    return set(_YEAR.findall(text))


def terms(text: str) -> list[str]:
    """Return the words that carry meaning, cut to STEM letters; CJK text as pairs of characters."""
    return list(chain.from_iterable(map(_terms, _WORD.findall(text))))


def placed(text: str) -> list[tuple[str, int]]:
    """Return the terms of a text, each with where its word begins."""
    found = _WORD.finditer(text)
    return [(term, match.start() + i) for match in found for i, term in enumerate(_terms(match[0]))]


@lru_cache(maxsize=KNOWN)
def _terms(word: str) -> tuple[str, ...]:
    """Return what a word is compared by: nothing, one term, or one for each pair of wide characters."""
    plain = word.casefold()
    if plain[0].isdigit():
        return (plain.replace(",", ""),)
    if not plain.isascii() and _WIDE.search(plain):
        return tuple(plain[i : i + 2] for i in range(max(len(plain) - 1, 1)))
    return () if plain in FUNCTION_WORDS else (plain[:STEM],)


def length(text: str) -> int:
    """Return how many words carry meaning; what is written without spaces is one."""
    return sum(bool(terms(word)) for word in _WORD.findall(text))


def rarity(wanted: Iterable[str], texts: Sequence[Container[str]]) -> dict[str, float]:
    """Return of each wanted term its inverse document frequency among ``texts``, smoothed, above 0."""
    size = len(texts)
    counts = {term: sum(term in text for text in texts) for term in wanted}
    return {term: math.log(1 + (size - n + 0.5) / (n + 0.5)) for term, n in counts.items()}


def weights(question: str, starts: Sequence[int], idf: Mapping[str, float]) -> list[float]:
    """Return what each token counts: its word's rarity, shared among the word's tokens; in all 1.

    Words that say nothing count 0, unless no other is there.
    """
    counts = [0.0] * len(starts)
    for word in _WORD.finditer(question):
        inside = [i for i, start in enumerate(starts) if word.start() <= start < word.end()]
        for i in inside:
            counts[i] = sum(idf[term] for term in terms(word.group())) / len(inside)
    total = sum(counts)
    return [count / total for count in counts] if total else [1 / max(len(starts), 1)] * len(starts)


def coverage(idf: Mapping[str, float], text: Container[str]) -> float:
    """Return the share, by rarity, of the terms of ``idf`` that stand in the text; 0 to 1."""
    return sum(weight for term, weight in idf.items() if term in text) / sum(idf.values()) if idf else 0.0
