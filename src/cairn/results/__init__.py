"""What operations return, where that is not already a word of its own; every surface shows these.

``plain`` is their form as JSON: the documented fields, without what is empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, Literal

from cairn.types import Anchor, Evidence, Locator, State

INTERNAL = frozenset({"anchors", "ordinal", "source"})
"""Fields of evidence and passages that only Cairn itself has a use for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Evidence for a query, best first."""

    evidence: tuple[Evidence, ...]
    explained: bool = False
    """The scores by stage, which are always there, were asked for."""
    seconds: float
    trace: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingested:
    """What one reading of a source did."""

    source: str
    indexed: int
    """Read and searchable now: new, changed or read again."""
    renamed: int
    regranted: int
    """Same content, other readers."""
    deleted: int
    failed: int
    skipped: int
    unchanged: int
    passages: int
    """Written in this run."""
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Retried:
    """What was read again, and what came of it by source."""

    documents: int
    ingested: tuple[Ingested, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """Documents that share a state and a reason; an indexed one's is what of it could not be read."""

    state: State
    reason: str
    count: int
    examples: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SourceStatus:
    """A source's documents by state; the states add up to all it has ever shown."""

    id: int
    source: str
    states: Mapping[str, int]
    problems: tuple[Problem, ...]
    error: str | None
    """Why its last reading failed as a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """Where everything stands."""

    sources: tuple[SourceStatus, ...]
    words_current: bool
    """Everything indexed is findable by words."""
    vectors_current: bool
    """And by meaning."""
    without_vectors: int
    """Documents that wait for vectors."""
    rebuilt: str
    """When and why the index was last built from nothing; empty if never."""
    writing: str = ""
    """Why no language model can write, though one is set; empty when all is well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """Whether a library is whole: its journal in itself, its index in its files and against the journal."""

    position: int
    """The journal's newest change; everything was compared up to it."""
    words: int
    """Rows of the word index: passages, and documents known by name."""
    vectors: int
    checksum: str
    """Over ids, access classes and vectors of what a fresh build from the journal holds."""
    found: tuple[str, ...]
    """What differed or was damaged, in words."""
    rebuilt: str
    """Why the index was built from nothing meanwhile; empty if it was not."""
    missed: tuple[str, ...]
    """What of this is still so; empty when all is well."""
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class BackedUp:
    """A backup, verified and complete."""

    folder: str
    position: int
    """The journal's newest change in it."""
    files: int
    bytes: int
    left_out: tuple[str, ...]
    """Parts of the index that changed too fast to be copied; they are built again on restoring."""
    note: str
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Restored:
    """A library that was restored, ready for use."""

    home: str
    made: datetime
    """When the backup was."""
    position: int
    documents: int
    """Searchable in it."""
    rebuilt: str
    """Why the index was built from nothing; empty if the backup's was used."""
    replaced: bool
    """Whether another library stood there, which is gone."""
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelLine:
    """An embedder's vectors that are kept."""

    model: str
    vectors: int
    serving: bool
    """Searches use these."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """Whose vectors a library keeps."""

    models: tuple[ModelLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageText:
    """A passage as Cairn read it."""

    id: str
    kind: str
    context: str
    text: str
    locators: tuple[Locator, ...]
    anchors: tuple[Anchor, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Version:
    """What a document has been: other bytes, or the same ones read in another way."""

    number: int
    read: datetime
    """When it was read."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Related:
    """A document that hangs together with another."""

    how: Literal["part", "whole", "twin", "thread"]
    """A file within it, what it is within, the same words elsewhere, or a message of the same thread."""
    id: int
    uri: str
    title: str
    state: State


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentText:
    """What Cairn read out of a document."""

    id: int
    uri: str
    source: str
    title: str
    state: State
    reason: str | None
    media_type: str
    size: int
    modified: datetime
    version: int
    language: str | None
    pages: int | None
    metadata: Mapping[str, str]
    related: tuple[Related, ...]
    passages: tuple[PassageText, ...]
    next: str | None
    """The passage after these, where there are more."""
    versions: tuple[Version, ...] = ()
    """Newest first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentLine:
    """A document in a list."""

    id: int
    uri: str
    title: str
    source: int
    state: State
    reason: str | None
    media_type: str
    size: int
    modified: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Documents:
    """Documents, those that were shown last first."""

    documents: tuple[DocumentLine, ...]
    before: int | None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forgotten:
    """What is gone from journal, index and caches."""

    documents: tuple[str, ...]
    source: str | None
    """The source, where it went as a whole."""
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Members:
    """The directory: each principal with the groups it is directly in."""

    people: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """Whom the rules of a document name."""

    allow: tuple[str, ...]
    deny: tuple[str, ...]
    require: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation(Rules):
    """Why somebody may or may not read a document."""

    person: str
    uri: str
    allowed: bool
    reason: str
    names: tuple[str, ...]
    """Everything the rules may call this person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DocumentReaders(Rules):
    """Who may read a document."""

    uri: str
    people: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassLine(Rules):
    """An access class: a set of rules, and how many documents have it."""

    documents: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Classes:
    """Access classes, that with the most documents first."""

    classes: tuple[ClassLine, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Visible:
    """What somebody may read, of that which whoever asks may read."""

    person: str
    count: int
    total: int
    documents: tuple[DocumentLine, ...]
    """Those that were shown last first."""
    before: int | None
    """Where the next page begins; None on the last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Measures over a set of questions, and what became of each."""

    folder: str
    measures: Mapping[str, float]
    cases: tuple[Mapping[str, Any], ...]
    missed: tuple[str, ...] = ()
    """What fell short, in words; empty when all is well."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One span of a trace."""

    name: str
    depth: int
    milliseconds: float
    attributes: Mapping[str, Any]
    begins: float = 0.0
    """Milliseconds after the first step began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PassageLine:
    """A passage that is named, and the document it stands in now."""

    document: int
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """What happened in one request, step by step."""

    id: str
    steps: tuple[Step, ...]
    passages: Mapping[str, PassageLine]
    """Of the passages that steps name, those that whoever looks may read now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingLine:
    """A setting with the value in force."""

    name: str
    value: str | int | float | bool
    default: str | int | float | bool
    help: str


def plain(value: Any) -> Any:
    """Return ``value`` as what JSON can hold; empty Locator fields and internal ones are left out."""
    if type(value) in _AS_IT_IS:
        return value
    if is_dataclass(value) and not isinstance(value, type):
        shown = [(name, getattr(value, name)) for name in _shown(type(value))]
        if isinstance(value, Locator):
            shown = [(name, field) for name, field in shown if field not in (None, (), "")]
        return {name: plain(field) for name, field in shown}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    return value


_AS_IT_IS = frozenset({str, int, float, bool, type(None)})


@cache
def _shown(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of a dataclass's fields that are shown."""
    hidden = INTERNAL if issubclass(kind, Evidence | PassageText) else frozenset()
    return tuple(field.name for field in fields(kind) if field.name not in hidden)
