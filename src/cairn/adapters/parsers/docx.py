"""Word documents (DOCX and its templates and macro kinds), read from their XML.

A place is told by the headings above and ``paragraphs``: the body's blocks in document order from 1,
where every paragraph that shows words counts one (those of text boxes right after the one they hang
on), and so does every table row that does; empty paragraphs, headers and footers do not count. A
footnote stands where its paragraph stands. Tracked changes count as accepted. A table of one cell is
a frame around its paragraphs; a table within a table follows it as one of its own. Generated tables
of contents are left out, since all they say is said by the headings. Not read: headers and footers,
comments, embedded files, charts, and the automatic numbers of headings and lists.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.docx_runs import PARAGRAPH, TABLE, Inline, Runs, within
from cairn.adapters.parsers.docx_styles import Styles, W, child, is_listed, is_on, level, value
from cairn.adapters.parsers.flowing import LINE_END, Cell, Flow, Span, Style, code, figure, lines
from cairn.adapters.parsers.zipped import Node, Zipped, unzip, xml
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_MOST = 100_000_000
"""Bytes of XML in one part: in memory it takes a dozen times that."""
_MOST_COLUMNS = 63
"""As many as Word allows."""
_STRICT = (
    (b"http://purl.oclc.org/ooxml/wordprocessingml/main", W[1:-1].encode()),
    (
        b"http://purl.oclc.org/ooxml/officeDocument/math",
        b"http://schemas.openxmlformats.org/officeDocument/2006/math",
    ),
    (
        b"http://purl.oclc.org/ooxml/drawingml/wordprocessingDrawing",
        b"http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing",
    ),
)
"""The names of the strict kind and what they are called everywhere else."""
_OTHER = W + "altChunk"
_BLOCKS = frozenset({PARAGRAPH, TABLE, _OTHER})
_ROWS, _CELLS = frozenset({W + "tr"}), frozenset({W + "tc"})


class _Parts:
    """The parts of one package, found by what they are to another."""

    def __init__(self, package: Zipped) -> None:
        self._package = package
        self.unread: list[str] = []

    def related(self, part: str) -> dict[str, str]:
        """Return the parts that a part names, by the last word of their type; ``""`` is the package."""
        folder, name = posixpath.split(part)
        found: dict[str, str] = {}
        root = self.find(posixpath.join(folder, "_rels", f"{name}.rels"))
        for node in root.iterfind("{*}Relationship") if root is not None else ():
            target = posixpath.normpath(posixpath.join("/", folder, node.get("Target", ""))).lstrip("/")
            if node.get("TargetMode") != "External" and target in self._package.names:
                found.setdefault(node.get("Type", "").rpartition("/")[2], target)
        return found

    def main(self, name: str) -> Node:
        """Return the root of the part that holds the text; raises ParseFailed."""
        if name not in self._package.names:
            raise ParseFailed("it is no Word document: the part with its text is missing")
        return self._root(name)

    def find(self, name: str | None) -> Node | None:
        """Return a part's root; None, which is noted where it is a fault, if there is none to be read."""
        if name is None or name not in self._package.names:
            return None
        try:
            return self._root(name)
        except ParseFailed as error:
            self.unread.append(str(error))
            return None

    def _root(self, name: str) -> Node:
        data = self._package.read(name, _MOST)
        for strict, usual in _STRICT if b"purl.oclc.org/ooxml" in data[:10_000] else ():
            data = data.replace(strict, usual)
        root = xml(data, name)
        faults = root.getroottree().parser.error_log
        if len(faults):
            self.unread.append(f"{name} is damaged at line {faults[0].line}: what follows may be missing")
        return root


class _Notes:
    """Footnotes and endnotes; each is given out once."""

    def __init__(self, runs: Runs, **roots: Node | None) -> None:
        self._runs = runs
        self._nodes = {
            (kind, node.get(W + "id", "")): node
            for kind, root in roots.items()
            for node in (root if root is not None else ())
            if node.get(W + "type") in (None, "normal")
        }

    def take(self, inline: Inline) -> Iterator[str]:
        """Yield the texts of the notes that a paragraph refers to."""
        for note in inline.notes:
            node = self._nodes.pop(note, None)
            if node is not None:
                yield tidy.flat(lines("".join(self._runs.read(node).words)))


class _Body:
    """Turns the body of one document into elements."""

    def __init__(self, styles: Styles, runs: Runs, notes: _Notes) -> None:
        self._styles, self._runs, self._notes = styles, runs, notes
        self._held: Inline | None = None
        self.flow = Flow()
        self.titles: list[str] = []
        self.others = 0
        """Pieces of other files within it."""

    def read(self, body: Node) -> None:
        """Read all blocks in order; what hangs on a block follows it."""
        stack = [within(body, _BLOCKS)]
        while stack:
            block = next(stack[-1], None)
            if block is None:
                stack.pop()
            elif block.tag == PARAGRAPH:
                stack.append(self._paragraph(block))
            elif block.tag == TABLE:
                self._release()
                stack.append(self._table(block))
            else:
                self.others += 1
        self._release()

    def _paragraph(self, node: Node) -> Iterator[Node]:
        """Add a paragraph; returns the blocks of its text boxes."""
        properties = child(node, "pPr")
        inline = self._runs.read(node, self._held)
        mark = child(properties, "rPr")
        if child(mark, "del") is not None or child(mark, "moveFrom") is not None:
            self._held = inline
            return iter(())
        self._held = None
        return self._add(inline, properties)

    def _release(self) -> None:
        """Add what was to merge with a paragraph that never came."""
        if self._held is not None:
            inline, self._held = self._held, None
            for _ in self._add(inline, None):
                self.others += 1

    def _add(self, inline: Inline, properties: Node | None) -> Iterator[Node]:
        style = self._styles.of(value(properties, "pStyle"))
        if style.kind != "contents" and not style.is_hidden:
            kind, depth = _kind(style, properties)
            words = "".join(inline.words)
            text = code(words) if kind == "code" else lines(words)
            if style.kind == "title":
                self.titles.append(text)
            self._attach(inline, is_told=self.flow.add(kind, text, depth))
        return (block for box in inline.boxes for block in within(box, _BLOCKS))

    def _attach(self, inline: Inline, *, is_told: bool) -> None:
        """Add the notes and pictures of a block; a picture that stands alone is a block."""
        for note in self._notes.take(inline):
            self.flow.beside("footnote", note)
        for picture in dict.fromkeys(map(figure, inline.pictures)):
            if is_told:
                self.flow.beside("caption", picture)
            else:
                is_told = self.flow.add("caption", picture)

    def _table(self, node: Node) -> Iterator[Node]:
        """Add a table; returns the blocks in it that are none of its rows."""
        rows = [row for row in within(node, _ROWS) if child(row, "trPr/del") is None]
        cells = [list(within(row, _CELLS)) for row in rows]
        if len(rows) == 1 and len(cells[0]) == 1:
            return within(cells[0][0], _BLOCKS)
        held, inner = Inline(), list[Node]()
        made = [self._row(row, those, held, inner) for row, those in zip(rows, cells, strict=True)]
        header = next((at for at, row in enumerate(rows) if not is_on(row, "trPr/tblHeader")), len(rows))
        header = header if 0 < header < len(rows) else int(len(rows) > 1)
        description = [value(node, f"tblPr/tbl{name}") for name in ("Caption", "Description")]
        caption = ". ".join(tidy.flat(text) for text in description if text)
        is_told = self.flow.table(made, header, caption)
        self._attach(held, is_told=is_told)
        boxes = [block for box in held.boxes for block in within(box, _BLOCKS)]
        return iter([*inner, *boxes])

    def _row(self, row: Node, cells: list[Node], held: Inline, inner: list[Node]) -> list[Cell]:
        """Return a row's cells, covered ones marked; notes and such go to ``held``, tables to ``inner``."""
        made: list[Cell] = [""] * _count(child(row, "trPr"), "gridBefore", least=0)
        for cell in cells:
            properties = child(cell, "tcPr")
            merged = child(properties, "vMerge")
            if merged is not None and merged.get(W + "val") != "restart":
                made.append(Span.ABOVE)
            elif value(properties, "hMerge") == "continue":
                made.append(Span.LEFT)
            else:
                made.append(self._cell(cell, held, inner) if child(properties, "cellDel") is None else "")
            made += [Span.LEFT] * (_count(properties, "gridSpan") - 1)
        return made

    def _cell(self, cell: Node, held: Inline, inner: list[Node]) -> str:
        words: list[str] = []
        for block in within(cell, _BLOCKS):
            if block.tag == PARAGRAPH:
                inline = self._runs.read(block)
                words.append("".join(inline.words))
                held.notes += inline.notes
                held.boxes += inline.boxes
                held.pictures += inline.pictures
            else:
                inner.append(block)
        return tidy.flat(lines(LINE_END.join(words)))


def _kind(style: Style, properties: Node | None) -> tuple[ElementKind, int]:
    """Tell what a paragraph is, and of a heading its level, by what it says itself, else by its style."""
    own = level(properties)
    if style.kind == "title":
        return "heading", 1
    if style.kind == "caption" or style.kind == "code":
        return style.kind, 0
    depth = own if own is not None else style.level
    if depth:
        return "heading", depth
    listed = is_listed(properties)
    return "list_item" if (style.is_listed if listed is None else listed) else "paragraph", 0


def _count(properties: Node | None, name: str, least: int = 1) -> int:
    """Return how many columns a property tells, within what Word allows."""
    text = value(properties, name)
    told = int(text) if text is not None and re.fullmatch(r"\d{1,4}", text) else least
    return min(max(told, least), _MOST_COLUMNS)


class _Said(NamedTuple):
    """What a document says of itself."""

    title: str | None
    metadata: dict[str, str]
    language: str | None


def _said(core: Node | None, extended: Node | None) -> _Said:
    """Read the core properties, and the company from the extended ones."""
    told: dict[str, str] = {}
    for root in (core, extended):
        for node in root if root is not None else ():
            name = node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""
            told.setdefault(name, node.text if node.text else "")
    dates = [(key, tidy.iso_date(told.get(key, ""))) for key in ("created", "modified")]
    description = told.get("description") or told.get("subject")
    stated = [("author", told.get("creator")), *dates, ("tags", tidy.tags(told.get("keywords", "")))]
    kept = tidy.metadata([*stated, ("description", description), ("publisher", told.get("Company"))])
    spoken = told.get("language", "")[:2].lower()
    return _Said(told.get("title"), kept, spoken if re.fullmatch("[a-z]{2}", spoken) else None)


class WordDocument:
    """Reads DOCX files."""

    name = "docx/1"
    media_types = frozenset(
        {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
            "application/vnd.ms-word.document.macroEnabled.12",
            "application/vnd.ms-word.template.macroEnabled.12",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is damaged, locked or has no words."""
        with unzip(path) as package:
            return _document(_Parts(package), name)


def _document(parts: _Parts, name: str) -> Document:
    top = parts.related("")
    main = top.get("officeDocument", "word/document.xml")
    near = parts.related(main)
    root = parts.main(main)
    styles = Styles(parts.find(near.get("styles")))
    runs = Runs(styles)
    roots = {kind: parts.find(near.get(f"{kind}s")) for kind in ("footnote", "endnote")}
    body = _Body(styles, runs, _Notes(runs, **roots))
    for node in root.iterfind(W + "body"):
        body.read(node)
    elements = tuple(body.flow.elements)
    if not elements:
        raise Textless("no text in it")
    said = _said(parts.find(top.get("core-properties")), parts.find(top.get("extended-properties")))
    comments = parts.find(near.get("comments"))
    found = language.detect(tidy.sample(elements))
    unread = (
        ("comment", len(comments) if comments is not None else 0),
        ("embedded object", runs.objects),
        ("piece of another file", body.others),
    )
    return Document(
        title=tidy.titled([*body.titles[:1], said.title], elements, name),
        elements=elements,
        metadata=said.metadata,
        language=found if found is not None else said.language,
        unread=(*parts.unread, *(f"{what}: {count}" for what, count in unread if count)),
    )


def load(rest: str) -> Parser:
    """Build the parser of Word documents; it takes no argument."""
    return WordDocument()
