"""OpenDocument presentations (ODP, as LibreOffice writes them), read from their XML.

A place is told by slide and shape: a shape by its name, or by its role (``outline``) where it has
none; the speaker's notes are the shape ``notes``. A slide's title is a heading and stands first.
Hidden slides are read like others. Not read: master slides, with what repeats on every slide, and
comments, charts and other embedded objects.
"""

from collections.abc import Iterator
from pathlib import Path

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.flowing import figure, laid_out, lines
from cairn.adapters.parsers.odf import (
    DRAW,
    PARAGRAPHS,
    SHAPES,
    SHOW,
    Block,
    Held,
    Package,
    Words,
    described,
    package,
    unread,
)
from cairn.adapters.parsers.zipped import Node
from cairn.errors import Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, ElementKind, Locator

_FRAME, _GROUP = DRAW + "frame", DRAW + "g"
_REPEATED = frozenset({"header", "footer", "date-time", "page-number", "page"})
"""Roles of what stands on every slide."""
_LONGEST = 300
"""Characters of a title; what is longer is a paragraph."""


class _Slides:
    """Turns slides into elements."""

    def __init__(self, package: Package) -> None:
        self.words = Words(package)
        self.elements: list[Element] = []
        self._at = Locator()

    def read(self, number: int, slide: Node) -> None:
        """Read one slide: its title, its other shapes, the speaker's notes."""
        shapes = list(_shapes(slide))
        title = next((shape for shape in shapes if _role(shape) == "title"), None)
        self._at = Locator(slide=number)
        if title is not None:
            self._title(title)
        heading = self._at.heading
        for shape in shapes:
            if shape is not title:
                self._at = Locator(slide=number, shape=_name(shape), heading=heading)
                self._shape(shape)
        for notes in slide.iterfind(SHOW + "notes"):
            self._at = Locator(slide=number, shape="notes", heading=heading)
            for shape in _shapes(notes):
                self._blocks(shape)

    def _title(self, shape: Node) -> None:
        at = Locator(slide=self._at.slide, shape=_name(shape))
        blocks = [block.node for block in self.words.blocks(shape) if block.node.tag in PARAGRAPHS]
        text = " ".join(filter(None, (tidy.flat("".join(self.words.read(node).words)) for node in blocks)))
        if len(text) > _LONGEST:
            self.elements.append(tidy.whole("paragraph", text, at))
        elif text:
            self.elements.append(tidy.whole("heading", text, at, level=1))
            self._at = Locator(slide=at.slide, heading=(text,))

    def _shape(self, shape: Node) -> None:
        """Add what a shape shows, or else what its author says that it shows."""
        before = len(self.elements)
        self._blocks(shape)
        for node in shape.iterfind(DRAW + "object"):
            self._add("paragraph", "".join(self.words.read(node.getparent()).words))
        if len(self.elements) == before:
            self._add("caption", figure(described(shape)))

    def _blocks(self, shape: Node) -> None:
        stack = [self.words.blocks(shape)]
        while stack:
            block = next(stack[-1], None)
            if block is None:
                stack.pop()
            else:
                stack.append(self._block(block))

    def _block(self, block: Block) -> Iterator[Block]:
        """Add a paragraph or a table; returns the blocks of what hangs on it."""
        held = Held()
        if block.node.tag in PARAGRAPHS:
            held = self.words.read(block.node)
            self._add("list_item" if block.is_listed else "paragraph", lines("".join(held.words)))
        else:
            rows, header = self.words.table(block.node, held)
            table = tidy.table([tidy.Row(row, self._at) for row in laid_out(rows, header)], header)
            self.elements += [table] if table is not None else []
        for note in held.notes:
            self._add("footnote", self.words.note(note))
        for caption in held.figures:
            self._add("caption", caption)
        return (inner for box in held.boxes for inner in self._boxed(box))

    def _boxed(self, box: Node) -> Iterator[Block]:
        return self.words.blocks(box) if box.tag in SHAPES else iter([Block(box, False)])

    def _add(self, kind: ElementKind, text: str) -> None:
        if text:
            self.elements.append(tidy.whole(kind, text, self._at))


def _shapes(page: Node) -> Iterator[Node]:
    """Yield the shapes of a page, those of groups one by one, without what repeats on every page."""
    stack = list(reversed(page))
    while stack:
        at = stack.pop()
        if at.tag == _GROUP:
            stack.extend(reversed(at))
        elif (at.tag == _FRAME or at.tag in SHAPES) and _is_own(at):
            yield at


def _is_own(shape: Node) -> bool:
    """Tell what a slide shows from empty places and from what stands on every slide."""
    return shape.get(SHOW + "placeholder") != "true" and _role(shape) not in _REPEATED


def _role(shape: Node) -> str:
    return str(shape.get(SHOW + "class", ""))


def _name(shape: Node) -> str:
    name = tidy.flat(shape.get(DRAW + "name", ""))
    return name if name else _role(shape)


class Presentation:
    """Reads ODP files."""

    name = "odp/1"
    media_types = frozenset(
        {
            "application/vnd.oasis.opendocument.presentation",
            "application/vnd.oasis.opendocument.presentation-template",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, locked or has no words."""
        with package(path) as opened:
            slides = _Slides(opened)
            pages = opened.body("presentation").findall(DRAW + "page")
            for number, page in enumerate(pages, 1):
                slides.read(number, page)
            elements = tuple(slides.elements)
            if not elements:
                raise Textless("no text in it")
            title, metadata, stated = opened.said()
            found = language.detect(tidy.sample(elements))
            return Document(
                title=tidy.titled([title], elements, name),
                elements=elements,
                metadata=metadata,
                language=found if found is not None else stated,
                pages=len(pages),
                unread=unread(opened, slides.words),
            )


def load(rest: str) -> Parser:
    """Build the parser of OpenDocument presentations; it takes no argument."""
    return Presentation()
