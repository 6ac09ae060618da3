"""Builds Tantivy queries from a person's words and a scope; no query language, every sign is a sign.

Knows the fields, not what is in them, and nothing of folders or threads.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from tantivy import FieldType, Occur, Query, Searcher

from cairn.adapters.indexes.analysis import GRAMS, analyse, pairs, primary
from cairn.adapters.indexes.schema import SCHEMA, analyse_tag, text_analyser
from cairn.adapters.indexes.scopes import moment
from cairn.records import Scope
from cairn.types import Filters

BOOSTS = {"body": 1.0, "context": 0.5, "name": 0.5}
LONGEST_QUERY = 20_000
"""Characters of a query that are read."""
MOST_TERMS = 64
"""Terms a language contributes; of a longer query, its rarest."""


def text_query(terms: Mapping[str, Sequence[str]], boosts: Mapping[str, float] = BOOSTS) -> Query:
    """Return the sum over fields and terms of boost times BM25.

    A passage fills one language's fields, so the sum over languages is its own language's score.
    Flat, because only a flat sum of terms lets Tantivy skip what cannot reach the top.
    """
    clauses = [
        (Occur.Should, Query.boost_query(_term(f"{text}_{each}", term), boost))
        for each, found in terms.items()
        for term in found
        for text, boost in boosts.items()
    ]
    return Query.boolean_query(clauses)


def query_terms(query: str, sets: Collection[str], searcher: Searcher) -> dict[str, Sequence[str]]:
    """Return for each analyser whose passages are present the distinct terms it reads in ``query``."""
    query = query[:LONGEST_QUERY]
    words = analyse(query).words
    found = {each: pairs(query) if each == GRAMS else _words(words, each) for each in sorted(sets)}
    return {
        each: _rarest(list(dict.fromkeys(terms)), each, searcher) for each, terms in found.items() if terms
    }


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
    return Query.term_set_query(SCHEMA, field, [value for value in values if value >= 0])


def _restrictions(filters: Filters) -> Iterator[Query]:
    if filters.sources:
        yield numbers("source", filters.sources)
    if filters.types:
        yield Query.term_set_query(SCHEMA, "media_type", [each.lower() for each in filters.types])
    if filters.languages:
        yield Query.term_set_query(SCHEMA, "language", [primary(each) for each in filters.languages])
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


def _words(words: str, analyser: str) -> list[str]:
    found = text_analyser(analyser, stop=True).analyze(words)
    return found if found else text_analyser(analyser).analyze(words)


def _rarest(terms: list[str], analyser: str, searcher: Searcher) -> list[str]:
    if len(terms) <= MOST_TERMS:
        return terms
    frequencies = {term: searcher.doc_freq(f"body_{analyser}", term) for term in terms}
    present = [term for term in terms if frequencies[term]]
    return sorted(present, key=frequencies.__getitem__)[:MOST_TERMS]


def _term(field: str, term: str) -> Query:
    return Query.term_query(SCHEMA, field, term, "freq")
