"""OpenDocument texts (ODT, as LibreOffice writes them), read from their XML.

A place is told by the headings above and ``paragraphs``: the body's blocks in document order from 1,
where every paragraph that shows words counts one (those of text boxes right after the one they hang
on), and so does every table row that does; empty paragraphs, headers and footers do not count. A
footnote stands where its paragraph stands. A table of one cell is a frame around its paragraphs; a
table within a table follows it as one of its own. Not read: headers and footers, comments, charts and
other embedded objects, and the automatic numbers of headings and lists.
"""

from collections.abc import Iterator
from pathlib import Path

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.flowing import Flow, code, lines
from cairn.adapters.parsers.odf import (
    PARAGRAPHS,
    SHAPES,
    TEXT,
    Block,
    Held,
    Package,
    Words,
    described,
    is_hidden,
    only_cell,
    package,
    unread,
)
from cairn.adapters.parsers.zipped import Node
from cairn.errors import Textless
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_LEVELS = frozenset(map(str, range(1, 11)))


class _Body:
    """Turns the body of one text into elements."""

    def __init__(self, package: Package) -> None:
        self._styles = package.styles
        self.words = Words(package)
        self.flow = Flow()
        self.titles: list[str] = []

    def read(self, body: Node) -> None:
        """Read all blocks in order; what hangs on a block follows it."""
        stack = [self.words.blocks(body)]
        while stack:
            block = next(stack[-1], None)
            if block is None:
                stack.pop()
            elif block.node.tag in PARAGRAPHS:
                stack.append(self._paragraph(block))
            else:
                stack.append(self._table(block.node))

    def _paragraph(self, block: Block) -> Iterator[Block]:
        """Add a paragraph; returns the blocks of its text boxes."""
        node = block.node
        held = self.words.read(node)
        style = self._styles.of("paragraph", node.get(TEXT + "style-name"))
        is_unseen = style.is_hidden or any(map(is_hidden, node.iterfind(TEXT + "hidden-paragraph")))
        if not is_unseen:
            kind, level = self._kind(block)
            words = "".join(held.words)
            text = code(words) if kind == "code" else lines(words)
            if style.kind == "title":
                self.titles.append(text)
            self._attach(held, is_told=self.flow.add(kind, text, level))
        return self._blocks(held)

    def _kind(self, block: Block) -> tuple[ElementKind, int]:
        """Tell what a paragraph is and, of a heading, its level."""
        style = self._styles.of("paragraph", block.node.get(TEXT + "style-name"))
        if style.kind == "title":
            return "heading", 1
        if style.kind == "caption" or style.kind == "code":
            return style.kind, 0
        if block.node.tag == TEXT + "h":
            stated = block.node.get(TEXT + "outline-level", "")
            return "heading", int(stated) if stated in _LEVELS else 1
        if style.level:
            return "heading", style.level
        return "list_item" if block.is_listed else "paragraph", 0

    def _attach(self, held: Held, *, is_told: bool) -> None:
        """Add the notes and pictures of a block; a picture that stands alone is a block."""
        for note in held.notes:
            self.flow.beside("footnote", self.words.note(note))
        for caption in dict.fromkeys(held.figures):
            if is_told:
                self.flow.beside("caption", caption)
            else:
                is_told = self.flow.add("caption", caption)

    def _table(self, node: Node) -> Iterator[Block]:
        """Add a table; returns the blocks in it that are none of its rows."""
        held = Held()
        cell = only_cell(node)
        if cell is not None:
            return self.words.blocks(cell)
        rows, header = self.words.table(node, held)
        is_told = self.flow.table(rows, header, described(node))
        self._attach(held, is_told=is_told)
        return self._blocks(held)

    def _blocks(self, held: Held) -> Iterator[Block]:
        for box in held.boxes:
            yield from self.words.blocks(box) if box.tag in SHAPES else [Block(box, False)]


class TextDocument:
    """Reads ODT files."""

    name = "odt/1"
    media_types = frozenset(
        {
            "application/vnd.oasis.opendocument.text",
            "application/vnd.oasis.opendocument.text-template",
            "application/vnd.oasis.opendocument.text-master",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, locked or has no words."""
        with package(path) as opened:
            body = _Body(opened)
            body.read(opened.body("text"))
            elements = tuple(body.flow.elements)
            if not elements:
                raise Textless("no text in it")
            title, metadata, stated = opened.said()
            found = language.detect(tidy.sample(elements))
            return Document(
                title=tidy.titled([*body.titles[:1], title], elements, name),
                elements=elements,
                metadata=metadata,
                language=found if found is not None else stated,
                unread=unread(opened, body.words),
            )


def load(rest: str) -> Parser:
    """Build the parser of OpenDocument texts; it takes no argument."""
    return TextDocument()
