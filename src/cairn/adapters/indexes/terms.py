"""Words to terms, as each language's analyser makes them, each word analysed once.

A text has few distinct words, so what an analyser says of each is remembered: the index then takes terms
as they are, which costs a fraction of having every text analysed. Knows nothing of fields or queries.
"""

from collections.abc import Iterable
from functools import cache
from itertools import pairwise

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from cairn.adapters.indexes.analysis import LANGUAGES, STOPPED

LONGEST_WORD = 100
MOST_REMEMBERED = 200_000
"""Words of one analyser; when there are more, remembering begins anew."""
_SPACED = {ord(c): c.lower() if c.isalnum() else " " for c in map(chr, range(128))}


class Terms(dict[str, str]):
    """The term of each word, found when it is first asked for; empty for a word that is left out."""

    def __init__(self, analyser: TextAnalyzer) -> None:
        self._analyser = analyser

    def __missing__(self, word: str) -> str:
        term = next(iter(self._analyser.analyze(word)), "")
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        self[word] = term
        return term


@cache
def remembered(name: str, *, stop: bool = False) -> Terms:
    """Return the terms of the analyser ``name``; with ``stop``, of one that leaves stop words out."""
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    builder = builder.filter(Filter.remove_long(LONGEST_WORD)).filter(Filter.lowercase())
    if stop and name in STOPPED:
        builder = builder.filter(Filter.stopword(LANGUAGES[name]))
    if name in LANGUAGES:
        builder = builder.filter(Filter.stemmer(LANGUAGES[name]))
    return Terms(builder.filter(Filter.ascii_fold()).build())


def split(text: str) -> list[str]:
    """Return the words of a text: what stands between signs that are no letter or digit."""
    if text.isascii():
        return text.translate(_SPACED).split()
    words: list[str] = _simple().analyze(text)
    return words


def terms(words: Iterable[str], name: str, *, stop: bool = False) -> list[str]:
    """Return the terms of words, in order, without those that are left out."""
    known = remembered(name, stop=stop)
    return [term for word in words if (term := known[word])]


def adjacent(terms: Iterable[str]) -> list[str]:
    """Return each two terms that follow each other: ``cash_flow``."""
    return [f"{first}_{second}" for first, second in pairwise(terms)]


@cache
def _simple() -> TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.simple()).build()
