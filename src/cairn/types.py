"""The words of Cairn as data: what flows from a source to an answer.

Everything here is frozen and knows nothing of files, databases or models.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, NamedTuple

from cairn.access import Readers

ElementKind = Literal["heading", "paragraph", "list_item", "table", "code", "caption", "footnote", "quote"]
AnchorKind = ElementKind | Literal["header"]
Verdict = Literal["supported", "partly", "not found", "contradicted"]


WITHIN = "!/"
"""Between the uri of a document and the name of a file within it."""


class State(StrEnum):
    """The one state each item that a source has shown is in."""

    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"
    SKIPPED = "skipped"
    DELETED = "deleted"


class Box(NamedTuple):
    """A rectangle on a page in points (1/72 inch), origin at the top left."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Locator:
    """Where in the original something stands; what does not apply is left empty."""

    page: int | None = None
    """The page, counted from 1."""
    boxes: tuple[Box, ...] = ()
    """Rectangles on that page."""
    lines: tuple[int, int] | None = None
    """First and last line of a text file, counted from 1."""
    chars: tuple[int, int] | None = None
    """Half-open character range in the decoded text of the original."""
    heading: tuple[str, ...] = ()
    """The headings above it, outermost first; of code, the symbols: ``class Pump``, ``def start``."""
    paragraphs: tuple[int, int] | None = None
    """First and last paragraph of a text without pages or lines, counted from 1."""
    slide: int | None = None
    """The slide, counted from 1."""
    shape: str = ""
    """The shape on that slide, by its name; ``notes`` are the speaker's."""
    sheet: str = ""
    """The sheet, by its name."""
    cells: str = ""
    """A range of that sheet: ``B4`` or ``B4:F9``."""
    path: str = ""
    """The place in structured data: ``$.staff[3].name``."""

    def said(self) -> str:
        """Return the place as a person would say it; empty when there is nothing to say."""
        if self.page is not None:
            return f"page {self.page}"
        if self.slide is not None:
            return f"slide {self.slide}" + (f", {self.shape}" if self.shape else "")
        if self.cells:
            return f"{self.sheet}!{self.cells}" if self.sheet else self.cells
        if self.path:
            return self.path
        if self.lines is not None:
            return _numbered("line", self.lines)
        heading = self.heading[-1:]
        if self.paragraphs is not None:
            return ", ".join((*heading, _numbered("paragraph", self.paragraphs)))
        return self.sheet if self.sheet else "".join(heading)


def _numbered(what: str, span: tuple[int, int]) -> str:
    first, last = span
    return f"{what} {first}" if first == last else f"{what}s {first}–{last}"


class Anchor(NamedTuple):
    """Characters ``start:end`` of a text stand at ``locator`` in the original."""

    start: int
    end: int
    locator: Locator
    kind: AnchorKind = "paragraph"
    """In a passage, what kind of element they are part of; ``header`` is a table's header row."""


def write_anchors(anchors: Iterable[Anchor]) -> list[list[Any]]:
    """Write anchors as plain lists, for JSON: start, end, kind, and of the locator what is not empty."""
    return [[start, end, kind, _written(at)] for start, end, at, kind in anchors]


def read_anchors(written: Iterable[list[Any]]) -> tuple[Anchor, ...]:
    """Read back what ``write_anchors`` wrote."""
    return tuple(Anchor(start, end, _read(at), kind) for start, end, kind, at in written)


def _written(locator: Locator) -> dict[str, Any]:
    return {name: value for name in _PLACES if (value := getattr(locator, name)) not in (None, (), "")}


def _read(written: Mapping[str, Any]) -> Locator:
    return Locator(**{name: _PLACES[name](value) for name, value in written.items()})


_PLACES: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("page", "slide"), int),
    **dict.fromkeys(("shape", "sheet", "cells", "path"), str),
    **dict.fromkeys(("lines", "chars", "paragraphs", "heading"), tuple),
    "boxes": lambda boxes: tuple(Box(*box) for box in boxes),
}
"""How each part of a Locator is read back from JSON."""


def locate(anchors: Iterable[Anchor], start: int, end: int) -> tuple[Locator, ...]:
    """Return where characters ``start:end`` stand: one Locator a page, shape, sheet or path."""
    places: dict[Any, Locator] = {}
    for anchor in anchors:
        if anchor.start < end and anchor.end > start:
            at = anchor.locator
            exact = (at.page, at.slide, at.shape, at.sheet, at.path)
            key = exact if any(exact) else at.heading
            places[key] = _joined(places[key], at) if key in places else at
    return tuple(places.values())


def _joined(one: Locator, other: Locator) -> Locator:
    return replace(
        one,
        boxes=tuple(dict.fromkeys(one.boxes + other.boxes)),
        lines=_span(one.lines, other.lines),
        chars=_span(one.chars, other.chars),
        paragraphs=_span(one.paragraphs, other.paragraphs),
        cells=cell_range([*cell_corners(one.cells), *cell_corners(other.cells)]),
    )


_CELL = re.compile(r"([A-Z]+)([0-9]+)")


def cell_corners(cells: str) -> list[tuple[int, int]]:
    """Return the (row, column) pairs that ``B4`` or ``B4:F9`` names, counted from 1."""
    corners = []
    for letters, row in _CELL.findall(cells):
        column = 0
        for letter in letters:
            column = column * 26 + ord(letter) - 64
        corners.append((int(row), column))
    return corners


def cell_range(corners: Sequence[tuple[int, int]]) -> str:
    """Name the smallest range that holds the (row, column) pairs; empty for none."""
    if not corners:
        return ""
    rows, columns = zip(*corners, strict=True)
    first, last = (f"{_letters(end(columns))}{end(rows)}" for end in (min, max))
    return first if first == last else f"{first}:{last}"


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _span(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return other if one is None else one
    return (min(one[0], other[0]), max(one[1], other[1]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Element:
    """A heading, paragraph, list item or table of a parsed document, in reading order."""

    kind: ElementKind
    text: str
    """Its text; of a table, one line a row, cells joined by ``" | "``."""
    anchors: tuple[Anchor, ...]
    """Cover the text without gaps: one for the whole, or finer (a line, a table row each)."""
    level: int = 0
    """Of a heading: 1 is the outermost."""
    header: int = 0
    """Of a table: how many of its first lines are its header."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One parsed blob."""

    title: str
    """Never empty: its own title, else its first heading, else its file's name."""
    elements: tuple[Element, ...]
    metadata: Mapping[str, str] = field(default_factory=dict)
    """Author, dates and whatever else the file says of itself."""
    language: str | None = None
    """ISO 639-1 code where it could be told."""
    pages: int | None = None
    """Pages, slides or sheets."""
    unread: tuple[str, ...] = ()
    """What of it could not be read and why, a line each: ``page 3 needs OCR``."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A file within a file, which becomes a document of its own: an entry, a message, an attachment."""

    name: str
    """Its path within the outer file, as shown; never used as a path on this machine."""
    key: str
    """By which its container finds it again."""
    size: int | None = None
    """Bytes, where the outer file tells."""
    modified: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Passage:
    """The span of a document that is indexed and cited."""

    text: str
    context: str
    """Document title > headings; indexed with the text, never cited."""
    anchors: tuple[Anchor, ...]
    tokens: int
    """Tokens of context and text by the embedder's tokenizer."""
    kind: Literal["text", "table"] = "text"
    """What most of it is."""

    def embedded_text(self) -> str:
        """Return what its vector stands for."""
        return f"{self.context}\n{self.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """Bytes as a source found them, not yet read."""

    uri: str
    """Names it within its source, for good: a relative path, an object's key, a message's id."""
    size: int
    """Bytes."""
    modified: datetime
    fingerprint: str
    """Changes whenever the bytes may have changed; cheap to take."""
    readers: Readers
    state: State = State.PENDING
    """FAILED or SKIPPED when the source itself cannot offer the bytes."""
    reason: str | None = None
    """Why it cannot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Upserted:
    """A change: this blob is new, or its bytes may have changed."""

    blob: Blob

    @property
    def uri(self) -> str:
        return self.blob.uri


@dataclass(frozen=True, kw_only=True, slots=True)
class Deleted:
    """A change: the source no longer holds this item."""

    uri: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Regranted:
    """A change: the same bytes, other readers."""

    uri: str
    readers: Readers


Change = Upserted | Deleted | Regranted


@dataclass(frozen=True, kw_only=True, slots=True)
class Filters:
    """What a search is narrowed to; an empty field narrows nothing."""

    sources: tuple[int, ...] = ()
    types: tuple[str, ...] = ()
    """Media types, or their first half (``text``)."""
    after: datetime | None = None
    before: datetime | None = None
    tags: tuple[str, ...] = ()
    """All of which a document must carry."""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One citable thing that the asker may read."""

    id: str
    """``p17``: the kind's letter and its number in the journal."""
    kind: Literal["passage"]
    uri: str
    title: str
    text: str
    locators: tuple[Locator, ...]
    scores: Mapping[str, float]
    """Score by stage; the one it was ranked by is ``rank``."""
    context: str = ""
    document: int = 0
    ordinal: int = 0
    """Its place among its document's passages."""
    source: str = ""
    anchors: tuple[Anchor, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Citation:
    """A link from a claim into the answer's own evidence, checked."""

    evidence: str
    """The id of the evidence."""
    number: int
    """As printed, from 1, one number a document and place."""
    quote: str
    """The cited words, as they stand in the evidence."""
    uri: str
    title: str
    locators: tuple[Locator, ...]
    verdict: Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """One statement of an answer with what it rests on."""

    text: str
    citations: tuple[Citation, ...]
    verdict: Verdict
    reason: str = ""
    """What the check found wrong: ``1,204 does not stand in what is cited``; empty when supported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was found, or that nothing was."""

    text: str
    abstained: bool
    claims: tuple[Claim, ...]
    evidence: tuple[Evidence, ...]
    """What the claims cite; of an abstention, the closest passages."""
    confidence: float
    """How probable it is that the evidence answers the question, 0 to 1, as calibrated."""
    seconds: float
    trace: str
    """The id under which its trace is kept."""
    question: str = ""
    """What was answered, when that is not literally what was asked: a follow-up made to stand alone."""
    writer: str = ""
    """The language model that wrote it; empty for extracts."""
    notice: str = ""
    """How it came about, where one should know: extracts because the model failed, kept from before."""
    withdrawn: tuple[Claim, ...] = ()
    """What was written and did not pass the check, where the setting is to show that."""
