"""Words to terms, as each language's analyser makes them, each word analysed once.

A text has few distinct words, so what becomes of each, punctuation and all, is remembered: the index then
takes terms as they are, which costs a fraction of having every text analysed. Knows nothing of fields or
queries.
"""

from collections.abc import Iterable, Sequence
from functools import cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer

from cairn.adapters.indexes.analysis import LANGUAGES, STOPPED, normalise, plain_number
from cairn.adapters.indexes.lookup import Lookup

LONGEST_WORD = 100
MOST_REMEMBERED = 100_000
"""Words of one analyser; when there are more, remembering begins anew."""


class _Terms(dict[str, str]):
    """Terms of each word, found when it is first asked for; of a number anew, as most are met once."""

    def __init__(self, analyser: TextAnalyzer) -> None:
        self._analyser = analyser

    def __missing__(self, word: str) -> str:
        if number := plain_number(word):
            return number
        found = " ".join(self._analyser.analyze(normalise(word)))
        if len(word) <= LONGEST_WORD:
            if len(self) >= MOST_REMEMBERED:
                self.clear()
            self[word] = found
        return found


def terms(words: Iterable[str], name: str, *, stop: bool = False) -> str:
    """Return the terms of words, in order, with spaces between; with ``stop``, without stop words."""
    return " ".join(map(_terms(name, stop=stop).__getitem__, words))


def terms_of(texts: Sequence[str], name: str) -> list[str]:
    """Return the terms of each of many texts, in order, with spaces between."""
    return _lookup()(texts, name)


@cache
def _lookup() -> Lookup:
    return Lookup(lambda word, name: _terms(name, stop=False)[word])


@cache
def _terms(name: str, *, stop: bool) -> _Terms:
    return _Terms(_analyser(name, stop))


def _analyser(name: str, stop: bool) -> TextAnalyzer:
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    builder = builder.filter(Filter.remove_long(LONGEST_WORD)).filter(Filter.lowercase())
    if stop and name in STOPPED:
        builder = builder.filter(Filter.stopword(LANGUAGES[name]))
    if name in LANGUAGES:
        builder = builder.filter(Filter.stemmer(LANGUAGES[name]))
    return builder.filter(Filter.ascii_fold()).build()
