"""What crosses the seams: what the journal knows of each thing, and what an index takes and gives.

Knows nothing of who makes or uses it. numpy stands in annotations alone, so that importing this
costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from cairn.access import Readers
from cairn.types import Claim, Filters, Part, Passage, State

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class SourceRecord(NamedTuple):
    """A source the library has been shown."""

    id: int
    spec: str
    """``files:/where/it/is``"""
    options: Mapping[str, Any]
    """What its adapter was given beside: patterns to include, say."""
    error: str | None
    """Why its last reading failed as a whole."""


class Known(NamedTuple):
    """What the library holds of one item, for a source to compare with."""

    fingerprint: str
    readers: Readers


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentRecord:
    """What the journal knows of one item."""

    id: int
    source: int
    uri: str
    state: State
    reason: str | None
    """Why it failed or was skipped; of an indexed one, what of it could not be read."""
    access_class: int
    title: str
    media_type: str
    size: int
    modified: datetime
    fingerprint: str
    content: str | None
    """sha256 of the bytes last parsed."""
    recipe: str | None
    """Parser and packer that made the passages; another recipe means reading it again."""
    version: int
    """0 until parsed; then counts what it has been."""
    language: str | None
    pages: int | None
    metadata: Mapping[str, str]
    parent: int | None
    """The document it is a part of: the mail of an attachment."""
    part: str | None
    """By which its parent finds it."""
    twin: str | None
    """The same for documents with the same words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which documents a list is to hold; what is left out narrows nothing."""

    states: Collection[State]
    classes: Collection[int] | None = None
    """Access classes; None is every one."""
    source: int | None = None
    before: int | None = None
    """Only ids below this."""
    holding: str = ""
    """Only with these characters in their uri or title."""


class Standing(NamedTuple):
    """What decides whether a passage may leave, and what ranks it beside its text."""

    document: int
    access_class: int
    modified: datetime
    hash: str
    """Of the text that is embedded."""


class PassageRecord(NamedTuple):
    """A stored passage with what is needed to show, check and index it."""

    id: int
    document: int
    ordinal: int
    """Its place in the document, from 0."""
    passage: Passage


class Citable(NamedTuple):
    """A passage that stands, with what decides whether it may leave and what is shown beside it."""

    record: PassageRecord
    source: str
    """As it was added."""
    uri: str
    title: str
    access_class: int


class Parsed(NamedTuple):
    """What a worker made of a document's bytes."""

    document: int
    content: str
    recipe: str
    media_type: str
    title: str
    metadata: Mapping[str, str]
    language: str | None
    pages: int | None
    passages: Sequence[Passage]
    reason: str | None = None
    """What of it could not be read."""
    twin: str | None = None
    """The same for documents with the same words."""
    parts: Sequence[Part] = ()
    """The files within it; each becomes a document of its own, with its readers."""


LIMITS = "limits "
"""How a recipe begins that names the limits a document failed by."""


class Unread(NamedTuple):
    """That a document's bytes could not be read, or need not be."""

    document: int
    state: State
    """FAILED or SKIPPED."""
    reason: str
    media_type: str
    recipe: str | None
    """What failed on it; None when it was chance, so that the next ingest tries again."""


class JournalChange(NamedTuple):
    """One entry of the append-only sequence."""

    seq: int
    kind: str
    """``content``, ``readers``, ``vectors`` or ``removed``."""
    document: int
    stamp: int
    """When it was noted: with its number, it is told from one of the same number in another history."""


class SpanRecord(NamedTuple):
    """One finished step of work (an OpenTelemetry span), times in nanoseconds since the epoch."""

    trace: str
    span: str
    parent: str | None
    name: str
    start: int
    end: int
    attributes: Mapping[str, Any]


class SpanSize(NamedTuple):
    """Steps of one name that write much into traces."""

    name: str
    spans: int
    characters: int
    """Of their attributes, together, beyond what is asked about."""
    largest: int
    """Characters of the largest's."""
    traces: tuple[str, ...]
    """Newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """A document's passages as an index finds them by what the document is."""

    passages: Sequence[int]
    """Their numbers; of an entry, all there are."""
    document: int
    source: int
    access_class: int
    media_type: str
    modified: datetime
    language: str | None
    tags: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry(Place):
    """A document's passages as an index takes them, with their words."""

    name: str
    """The document's title and file name: the words it may be called by."""
    opening: str
    """The first words of the document's text, which tell what it is when its name does not."""
    texts: Sequence[tuple[str, str]]
    """Of each passage its context line with the headings within it, and what it says."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What a search may see and is narrowed to; applied before ranking."""

    classes: frozenset[int] | None
    """Access classes the asker may read; None is every one (the owner)."""
    filters: Filters
    documents: frozenset[int] | None = None
    """Narrow to these documents."""


class Hits(NamedTuple):
    """Passages with their scores, best first; both of shape (n,)."""

    passages: NDArray[np.int64]
    scores: NDArray[np.float32]


class Tokens(NamedTuple):
    """A text's tokens, each read in the context of the text."""

    vectors: NDArray[np.float32]
    """Unit vectors, shape (n, dimensions)."""
    starts: Sequence[int]
    """The character each begins at, ascending."""


class Encoded(NamedTuple):
    """Texts as an embedder reads them: each as a whole, and token by token."""

    vectors: NDArray[np.float32]
    """Unit vectors, shape (texts, dimensions)."""
    tokens: Sequence[Tokens]
    """Of each text, with vectors of ``token_dimensions``: small enough to be kept."""


class Called(NamedTuple):
    """A document whose name holds some words."""

    part: float
    """How much of a name's word they are, 0 to 1."""
    passages: int
    """How many it has."""


class Holding(NamedTuple):
    """How many passages hold some words."""

    everywhere: int
    there: int
    """Of certain documents."""


class Positions(NamedTuple):
    """The journal's sequence numbers up to which each view has applied it; 0 is nothing."""

    words: int
    vectors: int
    words_stamp: int = 0
    vectors_stamp: int = 0
    """Of the change at that number."""


class Checksum(NamedTuple):
    """What a view holds, in whatever order it holds it."""

    rows: int
    sum: int
    """Of a hash of each row, modulo 2^64."""


class Checksums(NamedTuple):
    """Of both views: two indexes of one journal are equal if these are."""

    words: Checksum
    """Over passage and access class, and over document and access class of what is known by name."""
    vectors: Checksum
    """Over passage, access class and vector."""


class JobRecord(NamedTuple):
    """A piece of work as the journal remembers it."""

    state: str
    """running, done, or stopped if its process ended before it did."""
    detail: str
    started: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """A question as retrieval takes it."""

    text: str
    scope: Scope
    readable: Callable[[int], bool]
    """The second decision, by the access class the journal holds now."""
    k: int


class Said(NamedTuple):
    """One statement of an answer, and all the evidence it rests on."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One question of a conversation and what it was answered, for the next to follow on."""

    trace: str
    person: str
    """Who asked."""
    behalf: str
    """With whose rights."""
    asked: str
    """In their own words."""
    question: str
    """As it was answered."""
    rests: tuple[str, ...] = ()
    """The evidence of earlier answers by which the one was made of the other."""
    claims: tuple[Said, ...] = ()
    documents: frozenset[int] = frozenset()
    """Whose words are in it."""
    follows: str = ""
    """The trace of the turn before."""
    thread: str
    """The trace of the conversation's first question."""
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptAnswer:
    """A written answer that was checked, kept to be given again."""

    key: str
    """Digest of all that it depends on."""
    scope: str
    """Digest of all of that but the question and its evidence."""
    question: str
    vector: NDArray[np.float32]
    """Of the question, unit length, shape (dimensions,)."""
    claims: tuple[Claim, ...]
    withdrawn: tuple[Claim, ...]
    confidence: float
    writer: str
    trace: str
    """Of the request that it was written for."""
    person: str
    """Who asked then."""
    head: int
    """The journal's newest change when its evidence was found."""
    documents: frozenset[int]
    tokens: int
    """What it took to write it."""
    at: datetime
