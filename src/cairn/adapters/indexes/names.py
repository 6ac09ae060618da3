"""Which documents are called by which words, and how what they are called lies in text.

Looks at what the words view holds now; knows nothing of questions or of how it is written.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import compress

from tantivy import DocAddress, Query, Searcher

from cairn.adapters.indexes.analysis import name_words
from cairn.adapters.indexes.engine import undamaged
from cairn.adapters.indexes.queries import (
    beginnings,
    best_of,
    count,
    everyone_named,
    holding_all,
    is_stop_word,
    narrowed,
    numbers,
    restricted,
    telling,
    visible,
)
from cairn.adapters.indexes.schema import CALLED, OPENING
from cairn.adapters.indexes.scopes import hopeless
from cairn.adapters.indexes.words import View, Words, values
from cairn.records import Called, Holding, Scope

MOST = 2_000
"""Documents that one word names, at most; of no more it is faster to look at each."""
SAMPLES = (100, 500, 2_000)
"""Passages that are looked at of those that hold a word, the best; so many more where those do not tell."""
MISSED = 5
"""Passages in sight that are not of some documents, beyond those that need not be: the word is of others."""

DOCUMENTS = "documents"
"""What is asked where all that are known by name are counted."""

Hits = list[tuple[float, DocAddress]]
"""What the engine found, with its scores, best first."""


class LocalNames:
    """See ``cairn.protocols.Names``."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def documents(self, scope: Scope) -> int:
        """Return how many documents within ``scope`` are known by name."""
        view = self._words.view()
        if view is None or hopeless(scope, 1):
            return 0
        with undamaged(self._words.path):
            return view.memory.within(scope).recall(
                DOCUMENTS, lambda: count(view.searcher, visible(everyone_named(), scope))
            )

    def split(self, question: str) -> list[str]:
        """Return a question's words as names are split; a stop word is empty."""
        view = self._words.view()
        sets = () if view is None else view.sets
        return ["" if is_stop_word(word, sets) else word for word in name_words(question)]

    def called(
        self, runs: Sequence[Sequence[str]], scope: Scope, *, opening: bool = False
    ) -> list[Mapping[int, Called]]:
        """Return for each run of words the documents whose name holds it.

        A single word may be a name's beginning as well, if it is nobody's name.
        """
        view = self._words.view()
        if view is None or hopeless(scope, 1):
            return [{} for _ in runs]
        field = OPENING if opening else CALLED
        known = view.memory.within(scope)

        def found(words: Sequence[str]) -> Mapping[int, Called]:
            return known.recall(
                (field, *words),
                lambda: _called(view.searcher, field, words, scope),
                # Most words in a row are nobody's name, which takes no time to find.
                lambda called: 1 + len(called) if called or len(words) == 1 else 0,
            )

        with undamaged(self._words.path):
            return [found(words) for words in runs]

    def holding(
        self, words: Sequence[str], documents: Collection[int], scope: Scope, share: float
    ) -> Holding | None:
        """Return how many passages hold all ``words`` in their text.

        None where clearly less than ``share`` of them are of ``documents``: counting all that may be seen of
        a common word takes longer than all else.
        """
        view = self._words.view()
        if view is None or hopeless(scope, 1):
            return Holding(0, 0)
        with undamaged(self._words.path):
            return view.memory.within(scope).recall(
                (tuple(words), frozenset(documents), share),
                lambda: self._holding(view, words, documents, scope, share),
                lambda _: 1 + len(documents) // 3,  # their numbers are kept already
            )

    def _holding(
        self, view: View, words: Sequence[str], documents: Collection[int], scope: Scope, share: float
    ) -> Holding | None:
        asked = telling(words, view.sets)
        if not asked:
            return Holding(0, 0)
        query = holding_all(asked)
        for sample in SAMPLES:
            # The best favour documents that these words are the subject of.
            hits, every = self._best(view.searcher, query, scope, sample)
            held = _about(view.searcher, hits, documents)
            if every:
                return held
            expected = held.everywhere * share
            if expected - held.there >= max(MISSED, expected / 2):
                return None
        seen = visible(query, scope)
        there = restricted(seen, [numbers("document", documents)])
        return Holding(count(view.searcher, seen), count(view.searcher, there))

    def _best(self, searcher: Searcher, query: Query, scope: Scope, most: int) -> tuple[Hits, bool]:
        """Return those in sight of at most ``most`` best, and whether no more are."""
        if scope.classes is not None and self._words.prefilters_best(searcher, scope.classes, most):
            hits = searcher.search(visible(query, scope), most, count=False).hits
            return hits, len(hits) < most
        hits = searcher.search(narrowed(query, scope), most, count=False).hits
        return _in_sight(searcher, hits, scope), len(hits) < most


def _about(searcher: Searcher, hits: Hits, documents: Collection[int]) -> Holding:
    of = values(searcher, "document", [address for _, address in hits])
    return Holding(len(of), sum(map(documents.__contains__, of)))


def _called(searcher: Searcher, field: str, words: Sequence[str], scope: Scope) -> dict[int, Called]:
    exact = _named(searcher, field, {"".join(words): 1.0}, scope)
    return exact if exact else _named(searcher, field, beginnings(field, words, searcher), scope)


def _named(searcher: Searcher, field: str, terms: Mapping[str, float], scope: Scope) -> dict[int, Called]:
    """Return the documents in sight that are called by any of ``terms``, each by the best of its."""
    held = {term: found for term in terms if (found := int(searcher.doc_freq(field, term)))}
    if not held:
        return {}
    query = best_of(field, {term: terms[term] for term in held})
    if sum(held.values()) <= MOST:
        # Of few it is faster to look at each one's class than to have the engine know what may be seen.
        hits = _in_sight(searcher, searcher.search(narrowed(query, scope), MOST, count=False).hits, scope)
    else:
        hits = searcher.search(visible(query, scope), MOST, count=False).hits
    addresses = [address for _, address in hits]
    documents, passages = (values(searcher, each, addresses) for each in ("named", "passages"))
    return {d: Called(part, n) for d, (part, _), n in zip(documents, hits, passages, strict=True)}


def _in_sight(searcher: Searcher, hits: Hits, scope: Scope) -> Hits:
    """Return those of ``hits`` whose class may be seen."""
    if scope.classes is None:
        return hits
    held = values(searcher, "access_class", [address for _, address in hits])
    return list(compress(hits, map(scope.classes.__contains__, held)))
