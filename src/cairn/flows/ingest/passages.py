"""Elements to passages: what is searched, shown and cited is decided here.

A passage has about ``tokens`` tokens, stays on one page and under one top heading unless what is
there is tiny, keeps a table whole or splits it between rows with its header repeated, and knows
for every stretch of its text where that stands in the original.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from cairn.protocols import Splitter
from cairn.types import Anchor, Document, Element, ElementKind, Locator, Passage

VERSION = "passages/3"
"""Raise it when the same document would give other passages: all are packed again then."""
TINY = 48
"""Tokens below which a passage is not worth keeping apart."""
TOP = 2
"""Headings down to this level begin a passage."""
CONTEXT = 240
"""Characters of a context line, at most."""
CHARACTERS_A_TOKEN = 4
LONGEST_TOKEN = 32
"""Characters that no text has more of a token, on the whole."""
LEAST = 16
"""Tokens of a table's rows in one passage, at least, however long its header is."""

Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """Text that is not broken further, with what decides where a passage may end."""

    text: str
    anchors: tuple[Anchor, ...]
    tokens: int
    path: tuple[str, ...]
    """The headings above it."""
    level: int = 0
    """Of a heading."""
    kind: ElementKind = "paragraph"
    leads: bool = False
    """Belongs to what follows: a heading, or a table's caption."""

    @property
    def page(self) -> tuple[int | str | None, ...]:
        """The page, slide or sheet it stands on."""
        at = self.anchors[0].locator if self.anchors else Locator()
        return (at.page, at.slide, at.sheet)


class Packer:
    """Packs documents into passages of about ``tokens`` tokens as ``count`` counts them."""

    def __init__(self, count: Count, split: Splitter, *, tokens: int) -> None:
        self._count = count
        self._split = split
        self._tokens = tokens
        self.name = str(tokens)

    def pack(self, document: Document, within: str = "") -> list[Passage]:
        """Return the passages in reading order; ``within`` is what the outer file is called, if any."""
        groups = _groups(self._pieces(document), self._tokens)
        contexts = [_context(document.title, group, within) for group in groups]
        extra = self._count(contexts)
        return [
            _passage(group, context, tokens)
            for group, context, tokens in zip(groups, contexts, extra, strict=True)
        ]

    def _pieces(self, document: Document) -> Iterator[Piece]:
        elements = [element for element in document.elements if element.text.strip()]
        path: tuple[tuple[int, str], ...] = ()
        caption: Piece | None = None
        counts = self._rough([element.text for element in elements])
        for (element, after), tokens in zip(pairwise([*elements, None]), counts, strict=True):
            assert element is not None
            if element.kind == "heading":
                path = tuple(above for above in path if above[0] < element.level)
            whole = Piece(
                text=_unbroken(element),
                anchors=_told(element),
                tokens=tokens,
                path=tuple(text for _, text in path),
                level=element.level if element.kind == "heading" else 0,
                kind=element.kind,
                leads=element.kind == "heading" or _captions(element, after),
            )
            if element.kind == "heading":
                path = (*path, (element.level, " ".join(element.text.split())))
            yield from self._broken(whole, element, caption)
            caption = whole if _captions(element, after) else None

    def _rough(self, texts: Sequence[str]) -> list[int]:
        """Count tokens; what is sure to be broken is counted in its parts, and here only guessed."""
        longest = self._tokens * LONGEST_TOKEN
        counts = self._count([text if len(text) <= longest else "" for text in texts])
        return [
            count if len(text) <= longest else len(text) // CHARACTERS_A_TOKEN
            for text, count in zip(texts, counts, strict=True)
        ]

    def _broken(self, piece: Piece, element: Element, caption: Piece | None) -> Iterator[Piece]:
        if piece.tokens <= _room(piece, self._tokens):
            yield piece
        elif piece.kind == "table":
            yield from self._row_groups(piece, element.header, caption)
        else:
            yield from self._parts(piece, self._split(piece.text, self._tokens * CHARACTERS_A_TOKEN))

    def _parts(self, piece: Piece, ranges: Iterable[tuple[int, int]]) -> Iterator[Piece]:
        kept = [(start, end) for start, end in ranges if piece.text[start:end].strip()]
        counts = self._count([piece.text[start:end] for start, end in kept])
        for (start, end), tokens in zip(kept, counts, strict=True):
            yield replace(
                piece, text=piece.text[start:end], anchors=_cut(piece.anchors, start, end), tokens=tokens
            )

    def _row_groups(self, table: Piece, header: int, caption: Piece | None) -> Iterator[Piece]:
        """Split between rows; every part begins with the table's caption and header."""
        lines = list(self._lines(table))
        head, rows = lines[:header], lines[header:]
        title = [caption] if caption is not None and caption.tokens <= self._tokens // 4 else []
        room = max(_room(table, self._tokens) - sum(line.tokens for line in (*title, *head)), LEAST)
        for number, group in enumerate(_filled(rows, room)):
            # The caption stands before the first part as it is.
            yield _joined([*(title if number else []), *head, *group], table)

    def _lines(self, table: Piece) -> Iterator[Piece]:
        ranges = []
        start = 0
        for line in table.text.split("\n"):
            ranges.append((start, start + len(line)))
            start += len(line) + 1
        for part in self._parts(table, ranges):
            if part.tokens <= self._tokens:
                yield part
            else:
                yield from self._parts(part, self._split(part.text, self._tokens * CHARACTERS_A_TOKEN))


def _captions(element: Element, after: Element | None) -> bool:
    """Tell a caption of the table that follows it."""
    return element.kind == "caption" and after is not None and after.kind == "table"


def _unbroken(element: Element) -> str:
    """Return a paragraph on one line, so that a line of a passage never ends within a sentence."""
    keeps = element.kind in ("table", "code")
    return element.text if keeps else element.text.replace("\n", " ")


def _told(element: Element) -> tuple[Anchor, ...]:
    """Return the element's anchors with its kind, a table's header rows told from the others."""
    head = sum(len(line) + 1 for line in element.text.split("\n")[: element.header])
    if element.kind != "table" or not head:
        return tuple(anchor._replace(kind=element.kind) for anchor in element.anchors)
    header = _cut(element.anchors, 0, head)
    rows = _cut(element.anchors, head, len(element.text))
    return (
        *(anchor._replace(kind="header") for anchor in header),
        *(Anchor(a.start + head, a.end + head, a.locator, "table") for a in rows),
    )


def _filled(pieces: Sequence[Piece], room: int) -> Iterator[list[Piece]]:
    group: list[Piece] = []
    used = 0
    for piece in pieces:
        if group and used + piece.tokens > room:
            yield group
            group, used = [], 0
        group.append(piece)
        used += piece.tokens
    if group:
        yield group


def _groups(pieces: Iterable[Piece], limit: int) -> list[list[Piece]]:
    groups: list[list[Piece]] = []
    group: list[Piece] = []
    for piece in pieces:
        if group and _ends(group, piece, limit):
            group, carried = _without_last_headings(group)
            groups += [group] if group else []
            group = carried
        group.append(piece)
    return [*groups, group] if group else groups


def _room(piece: Piece, limit: int) -> int:
    """Return how long a passage with this piece may be.

    One of a table is shorter: each row speaks for itself, and among many it is hard to find. A footnote
    stays with what refers to it, if there is any room.
    """
    return limit // 2 if piece.kind == "table" else limit + limit // 4 if piece.kind == "footnote" else limit


def _ends(group: Sequence[Piece], following: Piece, limit: int) -> bool:
    """Tell whether a passage ends before ``following``."""
    tokens = sum(piece.tokens for piece in group)
    if (following.kind == "quote") != (group[-1].kind == "quote"):
        return True  # what somebody wrote is kept apart from what they quote
    room = _room(following, limit)
    if tokens + following.tokens > (room if room > limit else min(room, _room(group[-1], limit))):
        return True
    leaves = following.page != group[-1].page or 0 < following.level <= TOP
    return leaves and tokens >= TINY


def _without_last_headings(group: list[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Take headings and captions at the end off: they belong to what follows."""
    end = len(group)
    while end and group[end - 1].leads:
        end -= 1
    return (group[:end], group[end:]) if end else (group, [])


def _joined(pieces: Sequence[Piece], like: Piece) -> Piece:
    text, anchors = _laid_out(pieces)
    return replace(like, text=text, anchors=anchors, tokens=sum(piece.tokens for piece in pieces))


def _laid_out(pieces: Sequence[Piece]) -> tuple[str, tuple[Anchor, ...]]:
    anchors: list[Anchor] = []
    start = 0
    for piece in pieces:
        anchors += [a._replace(start=a.start + start, end=a.end + start) for a in piece.anchors]
        start += len(piece.text) + 1
    return "\n".join(piece.text for piece in pieces), tuple(anchors)


def _cut(anchors: Sequence[Anchor], start: int, end: int) -> tuple[Anchor, ...]:
    first = bisect_right(anchors, start, key=lambda anchor: anchor.end)
    touching = takewhile(
        lambda anchor: anchor.start < end, map(anchors.__getitem__, range(first, len(anchors)))
    )
    return tuple(a._replace(start=max(a.start, start) - start, end=min(a.end, end) - start) for a in touching)


def _context(title: str, group: Sequence[Piece], within: str) -> str:
    """Return ``within > title > heading > heading`` for what the passage is mostly about."""
    told = next((piece for piece in group if not piece.level), group[0])
    names = [
        *([within] if within else []),
        title,
        *(name for name in told.path if name.casefold() != title.casefold()),
    ]
    return " > ".join(name[:CONTEXT] for name in names)[:CONTEXT]


def _passage(group: Sequence[Piece], context: str, extra: int) -> Passage:
    text, anchors = _laid_out(group)
    tokens = sum(piece.tokens for piece in group)
    tabular = sum(piece.tokens for piece in group if piece.kind == "table")
    return Passage(
        text=text,
        context=context,
        anchors=anchors,
        tokens=tokens + extra,
        kind="table" if tabular * 2 > tokens else "text",
    )
