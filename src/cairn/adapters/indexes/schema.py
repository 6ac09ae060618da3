"""The fields of the word index and how each language's text becomes terms.

Knows nothing of queries, folders or access.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from tantivy import Document, Schema, SchemaBuilder

from cairn.adapters.indexes.analysis import (
    GRAMS,
    LANGUAGES,
    OTHER,
    Analysed,
    analyse,
    analyser,
    name_terms,
    primary,
)
from cairn.adapters.indexes.scopes import kinds, moment
from cairn.adapters.indexes.terms import terms_of
from cairn.records import Entry

LAYOUT = 8
"""Raised whenever fields or analysis change: an index of another layout is not opened."""
TEXTS = ("body", "heads")
"""What a passage says, and what stands above it: its document's name, title and headings."""
NEAR = "body"
"""Of these, the one in which it counts that words stand near each other."""
CALLED, OPENING = "called", "opening"
"""By which words a document may be called: those of its name, and the first of its text."""
NAMED = 4
"""Passages a document must have for its name to be worth a look: a shorter one is found by its text."""
SETS = (*LANGUAGES, OTHER, GRAMS)
SPACED = "whitespace"
"""The tokenizer of texts that are terms already, with spaces between them."""


def _build() -> Schema:
    builder = SchemaBuilder()
    builder.add_unsigned_field("passage", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True, fast=True)
    builder.add_unsigned_field("access_class", indexed=True, fast=True)
    builder.add_unsigned_field("source", indexed=True)
    builder.add_integer_field("modified", fast=True)
    builder.add_unsigned_field("marker", indexed=True)
    builder.add_unsigned_field("position", fast=True)
    builder.add_unsigned_field("stamp", fast=True)
    for name in ("media_type", "language", "tag", "analyser"):
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("named", indexed=True, fast=True)
    builder.add_unsigned_field("passages", fast=True)
    for name in (CALLED, OPENING):
        builder.add_text_field(name, tokenizer_name=SPACED, index_option="basic")
    for text in TEXTS:
        for each in SETS:
            option = "position" if text == NEAR and each != GRAMS else "freq"
            builder.add_text_field(f"{text}_{each}", tokenizer_name=SPACED, index_option=option)
    return builder.build()


SCHEMA = _build()


def documents(entries: Sequence[Entry]) -> Iterator[Document]:
    """Yield documents' passages as the word index stores them, and after those of a long one its name."""
    read = _read(entries)
    for entry in entries:
        own = analyser(entry.language)
        scoped, of = _scoped(entry), read[own]
        for passage, (context, text) in zip(entry.passages, entry.texts, strict=True):
            (body, grams), (heads, head_grams) = of[text], of[_above(entry, context)]
            fields = scoped | {
                "passage": passage,
                "analyser": own,
                f"body_{own}": body,
                f"heads_{own}": heads,
            }
            if grams or head_grams:
                fields |= {"analyser": [own, GRAMS], f"body_{GRAMS}": grams, f"heads_{GRAMS}": head_grams}
            yield Document.from_dict(fields, SCHEMA)
        if len(entry.passages) >= NAMED:
            yield Document.from_dict(scoped | _named(entry), SCHEMA)


def _named(entry: Entry) -> dict[str, object]:
    """Return what stands for a whole document: what it may be called."""
    return {
        "named": entry.document,
        "passages": len(entry.passages),
        CALLED: " ".join(name_terms(entry.name)),
        OPENING: " ".join(name_terms(entry.opening)),
    }


def _read(entries: Iterable[Entry]) -> dict[str, dict[str, tuple[str, str]]]:
    """Return by analyser the terms and the grams of every text, and of what stands above it."""
    texts: defaultdict[str, dict[str, Analysed]] = defaultdict(dict)
    for entry in entries:
        of = texts[analyser(entry.language)]
        for context, text in entry.texts:
            for each in (_above(entry, context), text):
                if each not in of:
                    of[each] = analyse(each)
    return {
        own: {
            text: (found, analysed.grams)
            for (text, analysed), found in zip(
                of.items(), terms_of([each.text for each in of.values()], own), strict=True
            )
        }
        for own, of in texts.items()
    }


def _above(entry: Entry, context: str) -> str:
    return f"{entry.name}\n{context}"


def _scoped(entry: Entry) -> dict[str, object]:
    """Return the fields by which a search is narrowed, the same for all passages of a document."""
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
