"""Builds Tantivy queries from a person's words and a scope; no query language, every sign is a sign.

Knows the fields, not what is in them, and nothing of folders or threads.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from math import log
from typing import NamedTuple

from tantivy import FieldType, Occur, Query, Searcher

from cairn.adapters.indexes.analysis import GRAMS, STOPPED, analyse, pairs, primary
from cairn.adapters.indexes.memory import Known
from cairn.adapters.indexes.schema import NEAR, SCHEMA, TEXTS, analyse_tag
from cairn.adapters.indexes.scopes import moment, remember
from cairn.adapters.indexes.terms import terms
from cairn.records import Scope
from cairn.types import Filters

PAIR = 2.0
"""What two words near each other in the text are worth beside each word by itself, however rare they are."""
BETWEEN = 2
"""Words that may stand between them, stop words and further spellings of numbers included."""
K1 = 1.2
"""Tantivy's BM25: a term's weight stays below its idf times 1 + K1."""
LONGEST_QUERY = 20_000
"""Characters of a query that are read."""
RARE = 1_000
"""A term in more passages than this is no secret; of a rarer one only those in sight are counted."""
LOOKED_AT = 8
"""Hits that are looked at in the time in which the engine sorts out what has one access class."""
ONE_BY_ONE = 128
"""Up to so many values the engine finds one by one sooner than as a set, which it looks for as a whole."""
SHORTEST_BEGINNING = 3
"""Letters of a word that may be the beginning of a name."""
_ASKING = """
    how what when where which who whom whose why did do does much many can could may might must shall should
    will would we you your our us my me am been being has had have he she i its his her them
    were tell show give please
    wie was wann wo wer wen wem wessen warum welche welcher welches welchem welchen viel viele darf kann muss
    hat haben wir ihr
    quel quelle quels quelles quand comment combien pourquoi qui quoi doit peut
"""
ASKING = frozenset(_ASKING.split())
"""Words that ask, on top of each language's stop words: in a question they say nothing of its subject."""
MOST_TERMS = 64
"""Terms a language contributes; of a longer query, its rarest."""
_granted: dict[frozenset[int], Query] = {}


class Asked(NamedTuple):
    """A question in one analyser's terms."""

    terms: Mapping[str, int]
    """How often each occurs."""
    pairs: Mapping[tuple[str, str], int]
    """Terms that follow each other."""


class Pair(NamedTuple):
    """Two terms near each other."""

    query: Query
    """Scored by BM25 with PAIR for a rarity."""
    at_most: int
    """Passages that it can find."""


class Weighed(NamedTuple):
    """A question as the engine takes it."""

    words: Query
    """The sum over fields and terms of BM25."""
    pairs: tuple[Pair, ...]
    ideal: float
    """What a passage would score at most, not counting pairs; above 0.

    A score divided by it is the share of what is asked, by rarity, that the passage holds: the same in
    every query, which neither ranks nor raw BM25 are.
    """


class _Rarity(NamedTuple):
    """How rare a term is in what the asker may read, and everywhere."""

    seen: float
    everywhere: float
    frequency: int
    """Passages that hold it, everywhere."""


def weighed(asked: Mapping[str, Asked], searcher: Searcher, scope: Scope, known: Known) -> Weighed:
    """Return the query for what somebody asks, each term by how rare it is in what they may read.

    A passage fills one language's fields, so the sum over languages is its own language's score.
    Words are flat, because only a flat sum of terms lets Tantivy skip what cannot reach the top.
    """
    words: list[tuple[Occur, Query]] = []
    pairs: list[Pair] = []
    ideals = [0.0]
    for each, one in asked.items():
        ideal = 0.0
        for text in TEXTS:
            field = f"{text}_{each}"
            rarities = _rarities(field, one.terms, searcher, scope, known)
            for term, rarity in rarities.items():
                # The engine weighs by what is everywhere: that would tell of what is out of sight.
                boost = one.terms[term] * rarity.seen / rarity.everywhere
                words.append((Occur.Should, Query.boost_query(_term(field, term), boost)))
                ideal += one.terms[term] * rarity.seen
            if text == NEAR:
                pairs += _pairs(field, one.pairs, rarities)
        ideals.append(ideal * (1 + K1))
    return Weighed(Query.boolean_query(words), tuple(pairs), max(ideals) or 1.0)


def _rarities(
    field: str, terms: Iterable[str], searcher: Searcher, scope: Scope, known: Known
) -> dict[str, _Rarity]:
    """Return how rare each term is that occurs in what may be read."""
    found = {}
    for term in terms:
        everywhere = int(searcher.doc_freq(field, term))
        if seen := _frequency(searcher, field, term, everywhere, scope, known):
            found[term] = _Rarity(_idf(seen, searcher), _idf(everywhere, searcher), everywhere)
    return found


def _pairs(
    field: str, pairs: Mapping[tuple[str, str], int], rarities: Mapping[str, _Rarity]
) -> Iterator[Pair]:
    for pair, n in pairs.items():
        if rarities.keys() >= set(pair):
            # For a phrase's rarity the engine takes the sum of its terms', whether they often meet or never.
            boost = PAIR * n / sum(rarities[term].everywhere for term in pair)
            phrase = Query.boost_query(Query.phrase_query(SCHEMA, field, list(pair), BETWEEN), boost)
            yield Pair(phrase, min(rarities[term].frequency for term in pair))


def sum_of(pairs: Sequence[Query]) -> Query:
    """Return what scores any passage by the sum of ``pairs``."""
    return Query.boolean_query([(Occur.Should, pair) for pair in pairs])


def among(passages: Collection[int], pairs: Sequence[Query]) -> Query:
    """Return what scores each of ``passages`` by the sum of ``pairs``."""
    within = Query.const_score_query(numbers("passage", passages), 0.0)
    # For each pair by itself: where it may hold or not, the engine looks beyond a passage for one that does.
    return Query.boolean_query(
        [(Occur.Should, Query.boolean_query([(Occur.Must, within), (Occur.Must, pair)])) for pair in pairs]
    )


def _idf(frequency: int, searcher: Searcher) -> float:
    total = max(searcher.num_docs, frequency)  # what was removed may still be counted in a frequency
    return log(1 + (total - frequency + 0.5) / (frequency + 0.5))


def _frequency(searcher: Searcher, field: str, term: str, everywhere: int, scope: Scope, known: Known) -> int:
    """Return how many passages hold a term; of a rare one, how many that the asker may read."""
    if scope.classes is None or not 0 < everywhere <= RARE:
        return everywhere
    query, classes = _term(field, term), scope.classes
    return known.recall((field, term), lambda: _readable(searcher, query, everywhere, scope, classes))


def _readable(
    searcher: Searcher, query: Query, everywhere: int, scope: Scope, classes: frozenset[int]
) -> int:
    if prefilters(classes, everywhere):
        return count(searcher, visible(query, scope))
    held = [address for _, address in searcher.search(narrowed(query, scope), RARE, count=False).hits]
    return sum(map(classes.__contains__, searcher.fast_field_values("access_class", held)))


def prefilters(classes: Collection[int], hits: int) -> bool:
    """Tell whether the engine filters by ``classes`` sooner than one looks at so many hits afterwards."""
    return len(classes) * LOOKED_AT < hits


def visible(query: Query, scope: Scope) -> Query:
    """Return ``query`` restricted to the scope and to what may be read within it."""
    query = narrowed(query, scope)
    return query if scope.classes is None else restricted(query, [granted(scope.classes)])


def granted(classes: frozenset[int]) -> Query:
    """Return what matches all that has one of these access classes."""
    known = _granted.get(classes)
    return remember(_granted, classes, numbers("access_class", classes)) if known is None else known


def count(searcher: Searcher, query: Query) -> int:
    """Return how many documents of the engine match."""
    return int(searcher.search(Query.const_score_query(query, 0.0), 1).count)  # type: ignore[attr-defined]


def ask(query: str, without: Collection[str], sets: Collection[str], searcher: Searcher) -> dict[str, Asked]:
    """Return the question as each analyser reads it whose passages are present.

    ``without`` are words to leave out, as they stand in the question.
    """
    query = query[:LONGEST_QUERY]
    words, dropped = analyse(query).text.split(), analyse(" ".join(without)).text.split()
    asked = {each: _asked(each, query, words, dropped, searcher) for each in sorted(sets)}
    return {each: one for each, one in asked.items() if one.terms}


def _asked(each: str, query: str, words: Sequence[str], dropped: Sequence[str], searcher: Searcher) -> Asked:
    if each == GRAMS:
        return Asked(Counter(_rarest(pairs(query), each, searcher)), {})
    out = set(terms(dropped, each).split())
    everything = _words(words, each)
    kept = [term for term in everything if term not in out]
    if not kept:
        kept = everything  # a question of nothing but a name asks for the name
    next_to = [pair for pair in pairwise(everything) if not out.intersection(pair)]
    return Asked(Counter(_rarest(kept, each, searcher)), Counter(next_to[:MOST_TERMS]))


def narrowed(query: Query, scope: Scope) -> Query:
    """Return ``query`` restricted to the scope's filters and documents, ranked as before."""
    restrictions = list(_restrictions(scope.filters))
    if scope.documents is not None:
        restrictions.append(numbers("document", scope.documents))
    return restricted(query, restrictions) if restrictions else query


def restricted(query: Query, restrictions: Sequence[Query]) -> Query:
    """Return ``query`` where all ``restrictions`` hold; they add nothing to the score."""
    musts = [(Occur.Must, Query.const_score_query(each, 0.0)) for each in restrictions]
    return Query.boolean_query([(Occur.Must, query), *musts])


def numbers(field: str, values: Collection[int]) -> Query:
    """Return what matches any of ``values`` in an unsigned field."""
    return any_of(field, [value for value in values if value >= 0])


def any_of(field: str, values: Sequence[int] | Sequence[str]) -> Query:
    """Return what matches any of ``values``, as they are indexed."""
    if len(values) > ONE_BY_ONE:
        return Query.term_set_query(SCHEMA, field, values)
    each = [(Occur.Should, Query.term_query(SCHEMA, field, value, "basic")) for value in values]
    return Query.boolean_query(each)


def everyone_named() -> Query:
    """Return what matches every document that is known by name."""
    return Query.range_query(SCHEMA, "named", FieldType.Unsigned, 0, None)


def best_of(field: str, terms: Mapping[str, float]) -> Query:
    """Return what matches any of ``terms`` in CALLED or OPENING, each scored as said, the best counting."""
    scored = [
        Query.const_score_query(Query.term_query(SCHEMA, field, term, "basic"), score)
        for term, score in terms.items()
    ]
    return Query.disjunction_max_query(scored)


def beginnings(field: str, words: Sequence[str], searcher: Searcher) -> dict[str, float]:
    """Return the terms that a single word begins, with the part of them that it is."""
    term = "".join(words)
    if len(words) > 1 or len(term) < SHORTEST_BEGINNING or not term.isalpha():
        return {}
    longer = searcher.terms_with_prefix(field, term, limit=MOST_TERMS)
    return {each: len(term) / len(each) for each, _ in longer if each.isalpha()}


def telling(words: Sequence[str], sets: Collection[str]) -> dict[str, list[str]]:
    """Return by analyser the terms of ``words`` that are no stop words, where there are any."""
    prepared = analyse(" ".join(words)).text.split()
    found = {each: terms(prepared, each, stop=True).split() for each in sorted(set(sets) - {GRAMS})}
    return {each: own for each, own in found.items() if own}


def holding_all(asked: Mapping[str, Sequence[str]]) -> Query:
    """Return what matches passages whose text holds all the terms of one analyser."""
    readings = [
        Query.boolean_query([(Occur.Must, _term(f"body_{each}", term)) for term in own])
        for each, own in asked.items()
    ]
    return Query.boolean_query([(Occur.Should, one) for one in readings])


def _restrictions(filters: Filters) -> Iterator[Query]:
    if filters.sources:
        yield numbers("source", filters.sources)
    if filters.types:
        yield any_of("media_type", [each.lower() for each in filters.types])
    if filters.languages:
        yield any_of("language", [primary(each) for each in filters.languages])
    for tag in filters.tags:
        yield _term("tag", analyse_tag(tag))
    if filters.after is not None or filters.before is not None:
        yield _between(filters)


def _between(filters: Filters) -> Query:
    return Query.range_query(
        SCHEMA,
        "modified",
        FieldType.Integer,
        None if filters.after is None else moment(filters.after),
        None if filters.before is None else moment(filters.before) - 1,
    )


def _words(words: Sequence[str], analyser: str) -> list[str]:
    telling = [word for word in words if word.casefold().strip("?!.,;:'\"") not in ASKING]
    found = terms(telling, analyser, stop=True).split()
    return found if found else terms(words, analyser).split()


def _rarest(words: list[str], analyser: str, searcher: Searcher) -> list[str]:
    distinct = dict.fromkeys(words)
    if len(distinct) <= MOST_TERMS:
        return words
    frequencies = {term: searcher.doc_freq(f"body_{analyser}", term) for term in distinct}
    present = sorted((term for term in distinct if frequencies[term]), key=frequencies.__getitem__)
    kept = set(present[:MOST_TERMS])
    return [term for term in words if term in kept]


def is_stop_word(word: str, sets: Collection[str]) -> bool:
    """Tell whether one of the analysers leaves the word out."""
    return any(not terms([word], each, stop=True) for each in STOPPED.intersection(sets))


def _term(field: str, term: str) -> Query:
    return Query.term_query(SCHEMA, field, term, "freq")
