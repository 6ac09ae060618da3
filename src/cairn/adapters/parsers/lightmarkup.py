"""What the readers of code and of light markup share: lines grouped, notes and headings put in their places.

Knows no markup: how a format writes words, links and notes within a line, its reader says in a
function from written lines to an ``Inline``.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.text import SourceLine, parts, span
from cairn.errors import Textless
from cairn.types import Document, Element, ElementKind

_LONGEST = 2000
"""Characters of one line that one anchor may stand for."""


def names(spaced: str) -> frozenset[str]:
    """Return the words of a line as a set."""
    return frozenset(spaced.split())


def verbatim(source: str, block: Sequence[SourceLine]) -> Element | None:
    """Make a code element of lines as they stand, blank lines at its ends left out; None of blank lines."""
    kept = list(trimmed(block))
    if not kept:
        return None
    pieces, joints = [], []
    for line in kept:
        cut = [
            _as_written(source, line, at) for at in range(line.start, max(line.end, line.start + 1), _LONGEST)
        ]
        cut[-1] = cut[-1]._replace(text=cut[-1].text.rstrip())
        pieces += cut
        joints += [""] * (len(cut) - 1) + ["\n"]
    joints[-1] = ""
    made = [part for part in parts(pieces, joints) if part.text]
    if not made:
        return None
    made[-1] = made[-1]._replace(text=made[-1].text.rstrip())
    return tidy.element("code", [part for part in made if part.text])


def _as_written(source: str, line: SourceLine, at: int) -> SourceLine:
    end = min(at + _LONGEST, line.end)
    return SourceLine(line.number, at, end, tidy.clean(source[at:end]).replace("\n", " "))


def trimmed(block: Sequence[SourceLine]) -> Sequence[SourceLine]:
    """Return the lines without those at the ends that are blank."""
    first, end = 0, len(block)
    while first < end and not block[first].text:
        first += 1
    while end > first and not block[end - 1].text:
        end -= 1
    return block[first:end]


def blocks(block: Iterable[SourceLine]) -> Iterator[list[SourceLine]]:
    """Yield runs of lines that are not blank."""
    for is_text, run in itertools.groupby(block, key=lambda line: bool(line.text)):
        if is_text:
            yield list(run)


def running(kind: ElementKind, block: Sequence[SourceLine], *, level: int = 0) -> Element | None:
    """Make one element of wrapped lines whose texts are tidy already; None where they hold no text."""
    kept = [line for line in block if line.text]
    if not kept:
        return None
    joints = [tidy.glue(one.text, two.text) for one, two in itertools.pairwise(kept)]
    return tidy.element(kind, parts(kept, [*joints, ""]), level=level)


def placed(item: Element, heading: tuple[str, ...]) -> Element:
    """Tell an element's locators the headings above it."""
    made = [
        tidy.Located(item.text[a.start : a.end], replace(a.locator, heading=heading)) for a in item.anchors
    ]
    return tidy.element(item.kind, made, level=item.level, header=item.header)


def under_headings(elements: Iterable[Element]) -> Iterator[Element]:
    """Tell every element's locators the headings above it."""
    path: list[Element] = []
    for item in elements:
        if item.kind == "heading":
            path = [above for above in path if above.level < item.level]
        yield placed(item, tuple(above.text for above in path)) if path else item
        if item.kind == "heading":
            path.append(item)


class Inline(NamedTuple):
    """Written lines as they are read: the words that show, the notes in them, the labels they refer to."""

    text: str
    """With a line end where the written lines had one."""
    notes: Sequence[str] = ()
    labels: Sequence[str] = ()


class Cells(NamedTuple):
    """A table's row as written, and its lines."""

    texts: Sequence[str]
    first: SourceLine
    last: SourceLine


class Builder:
    """Takes a document block by block, as written, and puts its elements together."""

    def __init__(self, source: str, inline: Callable[[str], Inline]) -> None:
        self._source = source
        self._inline = inline
        self._elements: list[Element] = []
        self._calls: list[tuple[int, str]] = []
        self._notes: dict[str, list[Element]] = {}

    @property
    def size(self) -> int:
        """How many elements there are so far."""
        return len(self._elements)

    def text(self, kind: ElementKind, block: Sequence[SourceLine], *, level: int = 0, lead: str = "") -> None:
        """Add lines whose texts are as written; ``lead`` stands before them."""
        if not block:
            return
        read = self._inline("\n".join(line.text for line in block))
        made = wrapped(kind, block, read.text, level, lead)
        if made is not None:
            self._elements.append(made)
        self._note(read, block[0], block[-1])

    def add(self, item: Element, labels: Sequence[str] = ()) -> None:
        """Add an element that is made already, and the labels of the notes it refers to."""
        self._elements.append(item)
        self._calls += [(len(self._elements) - 1, label) for label in labels]

    def keep(self, label: str, note: Element) -> None:
        """Keep a footnote that is made already for the paragraph that refers to it."""
        self._notes.setdefault(label, []).append(note)

    def code(self, block: Sequence[SourceLine]) -> None:
        """Add lines as they stand in the source."""
        if (made := verbatim(self._source, block)) is not None:
            self._elements.append(made)

    def table(self, rows: Sequence[Cells], header: int) -> None:
        """Add a table."""
        read = [[self._inline(text.replace("\n", " ")) for text in row.texts] for row in rows]
        made = [
            tidy.Row([tidy.flat(cell.text) for cell in cells], span(row.first, row.last))
            for cells, row in zip(read, rows, strict=True)
        ]
        found = tidy.table(made, header)
        if found is not None:
            self._elements.append(found)
        for cells, row in zip(read, rows, strict=True):
            for cell in cells:
                self._note(cell, row.first, row.last)

    def define(self, label: str, block: Sequence[SourceLine]) -> None:
        """Keep a footnote for the paragraph that refers to it."""
        read = self._inline("\n".join(line.text for line in block))
        made = wrapped("footnote", block, read.text, 0, "")
        if made is not None:
            self.keep(label, made)

    def finish(self) -> tuple[Element, ...]:
        """Return all elements with their notes and headings; notes nobody refers to come last."""
        calls: dict[int, list[str]] = {}
        for at, label in self._calls:
            calls.setdefault(at, []).append(label)
        ordered: list[Element] = []
        for at, item in enumerate(self._elements):
            ordered.append(item)
            for label in calls.get(at, ()):
                ordered += self._notes.pop(label, [])
        ordered += [note for notes in self._notes.values() for note in notes]
        return tuple(under_headings(ordered))

    def _note(self, read: Inline, first: SourceLine, last: SourceLine) -> None:
        self._calls += [(len(self._elements) - 1, label) for label in read.labels]
        for note in read.notes:
            if text := tidy.flat(note):
                self._elements.append(tidy.whole("footnote", text, span(first, last)))


def wrapped(
    kind: ElementKind, block: Sequence[SourceLine], read: str, level: int, lead: str
) -> Element | None:
    """Make an element of what was read of some lines, an anchor for each few if it has as many lines."""
    texts = [tidy.flat(text) for text in read.split("\n")]
    if not any(texts):
        return None
    if kind == "heading" or len(texts) != len(block):
        text = lead + " ".join(filter(None, texts))
        return tidy.whole(kind, text, span(block[0], block[-1]), level=level)
    made = [line._replace(text=text) for line, text in zip(block, texts, strict=True) if text]
    made[0] = made[0]._replace(text=lead + made[0].text)
    return running(kind, made, level=level)


def document(
    elements: tuple[Element, ...], said: Mapping[str, str], name: str, unread: Sequence[str] = ()
) -> Document:
    """Make a document of its elements and of what it says of itself; raises ParseFailed if it has no text.

    ``said`` may hold ``title`` and ``language`` beside metadata.
    """
    if not elements and "title" not in said:
        raise Textless("no text in it")
    stated = [(key, value) for key, value in said.items() if key not in ("title", "language")]
    declared = said.get("language", "")[:2].lower()
    found = language.detect(tidy.sample(elements))
    return Document(
        title=tidy.titled([said.get("title")], elements, name),
        elements=elements,
        metadata=tidy.metadata(stated),
        language=found if found is not None else declared if declared.isalpha() else None,
        unread=tuple(unread),
    )
