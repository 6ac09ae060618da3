"""The fields of the word index and how each language's text becomes terms.

Knows nothing of queries, folders or access.
"""

from functools import cache, lru_cache
from itertools import pairwise

from tantivy import (
    Document,
    Filter,
    Index,
    Schema,
    SchemaBuilder,
    TextAnalyzer,
    TextAnalyzerBuilder,
    Tokenizer,
)

from cairn.adapters.indexes.analysis import (
    GRAMS,
    LANGUAGES,
    OTHER,
    STOPPED,
    analyse,
    analyser,
    name_terms,
    primary,
)
from cairn.adapters.indexes.scopes import kinds, moment
from cairn.records import Entry

LAYOUT = 4
"""Raised whenever fields or analysis change: an index of another layout is not opened."""
TEXTS = ("body", "heads")
"""What a passage says, and what stands above it: its document's name, title and headings."""
CALLED, OPENING = "called", "opening"
"""By which words a document may be called: those of its name, and the first of its text."""
PAIRS = "pairs"
"""Words next to each other: what a phrase is without positions."""
NAMED = 4
"""Passages a document must have for its name to be worth a look: a shorter one is found by its text."""
SETS = (*LANGUAGES, OTHER, GRAMS)
LONGEST_WORD = 100


def _build() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("passage", fast=True)
    builder.add_unsigned_field("document", indexed=True)
    builder.add_unsigned_field("access_class", indexed=True, fast=True)
    builder.add_unsigned_field("source", indexed=True)
    builder.add_integer_field("modified", indexed=True, fast=True)
    builder.add_unsigned_field("marker", indexed=True)
    builder.add_unsigned_field("position", fast=True)
    builder.add_unsigned_field("stamp", fast=True)
    for name in ("media_type", "language", "tag", "analyser"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("named", indexed=True, fast=True)
    for name in (CALLED, OPENING):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(PAIRS, tokenizer_name=GRAMS, index_option="freq")
    for text in TEXTS:
        for each in SETS:
            builder.add_text_field(f"{text}_{each}", tokenizer_name=each, index_option="freq")
    return builder.build()


SCHEMA = _build()


def register(index: Index) -> None:
    """Make the analysers known to an index that is to be written."""
    for each in SETS:
        index.register_tokenizer(each, text_analyser(each))


@cache
def text_analyser(name: str, stop: bool = False) -> TextAnalyzer:
    """Return the analyser ``name``; with ``stop``, one that leaves stop words out."""
    if name == GRAMS:
        return TextAnalyzerBuilder(Tokenizer.whitespace()).build()
    builder = TextAnalyzerBuilder(Tokenizer.simple())
    builder = builder.filter(Filter.remove_long(LONGEST_WORD)).filter(Filter.lowercase())
    if stop and name in STOPPED:
        builder = builder.filter(Filter.stopword(LANGUAGES[name]))
    if name in LANGUAGES:
        builder = builder.filter(Filter.stemmer(LANGUAGES[name]))
    return builder.filter(Filter.ascii_fold()).build()


def document(entry: Entry) -> Document:
    """Return the entry as the word index stores it."""
    own = analyser(entry.language)
    heads = f"{entry.name}\n{entry.context}"
    texts = {"body": analyse(entry.text), "heads": _repeated(heads)}
    fields = _scoped(entry) | {"passage": entry.passage}
    fields |= {f"{text}_{own}": found.words for text, found in texts.items()}
    fields |= {f"{text}_{GRAMS}": found.grams for text, found in texts.items() if found.grams}
    fields[PAIRS] = " ".join(adjacent(f"{texts['heads'].words}\n{texts['body'].words}", own))
    fields["analyser"] = [own, GRAMS] if any(found.grams for found in texts.values()) else [own]
    return Document.from_dict(fields, SCHEMA)


def named(entry: Entry) -> Document:
    """Return what stands for an entry's whole document: by which words it may be called."""
    terms = {CALLED: sorted(name_terms(entry.name)), OPENING: sorted(name_terms(entry.opening))}
    fields = _scoped(entry) | {"named": entry.document} | terms
    return Document.from_dict(fields, SCHEMA)


def adjacent(words: str, analyser: str) -> list[str]:
    """Return each two terms that follow each other once stop words are out: ``cash_flow``."""
    return ["_".join(pair) for pair in pairwise(text_analyser(analyser, stop=True).analyze(words))]


def _scoped(entry: Entry) -> dict[str, object]:
    """Return the fields by which a search is narrowed."""
    return {
        "document": entry.document,
        "access_class": entry.access_class,
        "source": entry.source,
        "modified": moment(entry.modified),
        "media_type": list(kinds(entry.media_type)),
        "language": primary(entry.language),
        "tag": [analyse_tag(tag) for tag in entry.tags],
    }


def marker(position: int, stamp: int) -> Document:
    """Return the one document that is no passage: up to where the journal has been applied."""
    return Document.from_dict({"marker": 1, "position": position, "stamp": stamp}, SCHEMA)


def analyse_tag(tag: str) -> str:
    """Return a tag as it is stored and asked for: well-formed, otherwise untouched."""
    return tag.encode("utf-8", "replace").decode("utf-8")


_repeated = lru_cache(maxsize=256)(analyse)
