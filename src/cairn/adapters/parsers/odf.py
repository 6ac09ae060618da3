"""OpenDocument files of any kind: package, styles, words, tables and what a file says of itself.

Shared by what reads texts and presentations. Tracked deletions, hidden text and generated tables of
contents are left out; an equation is shown in the words it was typed in. Knows no layout.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.flowing import (
    LINE_END,
    Cell,
    Span,
    Style,
    figure,
    kind_named,
    level_named,
    lines,
    plain_name,
)
from cairn.adapters.parsers.zipped import Node, Zipped, unzip, xml
from cairn.errors import ParseFailed

_URN = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TEXT, TABLE, DRAW, OFFICE, SHOW = (
    _URN % name for name in ("text", "table", "drawing", "office", "presentation")
)
_STYLE, _SVG, _META = (_URN % name for name in ("style", "svg-compatible", "meta"))
_DC, _HREF = "{http://purl.org/dc/elements/1.1/}", "{http://www.w3.org/1999/xlink}href"
_MATH = "{http://www.w3.org/1998/Math/MathML}"
_LOCK = _URN % "manifest" + "encryption-data"
_MOST = 100_000_000
"""Bytes of XML in one member: in memory it takes a dozen times that."""
_MOST_REPEATS = 100
_MOST_COLUMNS = 1000
_MOST_BASES = 30
_LONGEST_FORMULA = 2000

PARAGRAPHS = frozenset({TEXT + "p", TEXT + "h"})
BLOCKS = PARAGRAPHS | {TABLE + "table"}
_ROW = frozenset({TABLE + "table-row"})
_ROW_GROUPS = frozenset(TABLE + name for name in ("table-header-rows", "table-rows", "table-row-group"))
_CELLS = frozenset({TABLE + "table-cell", TABLE + "covered-table-cell"})
_LIST, _LIST_HEADER = TEXT + "list", TEXT + "list-header"
_DRAWN = """rect line polyline polygon regular-polygon path circle ellipse connector measure caption
    custom-shape text-box"""
SHAPES = frozenset(DRAW + name for name in _DRAWN.split())
_INDEXES = "table-of-content illustration-index table-index object-index user-index alphabetical-index"
_UNSEEN = frozenset(
    {OFFICE + name for name in ("annotation", "annotation-end", "forms", "event-listeners")}
    | {TEXT + name for name in _INDEXES.split()}
    | {TEXT + name for name in ("tracked-changes", "note-citation", "ruby-text", "script")}
    | {
        TEXT + name
        for name in ("sequence-decls", "variable-decls", "user-field-decls", "dde-connection-decls")
    }
    | {_SVG + "title", _SVG + "desc", TABLE + "title", TABLE + "desc", SHOW + "notes"}
)


@dataclass(kw_only=True, slots=True)
class Held:
    """What a paragraph or a table holds."""

    words: list[str] = field(default_factory=list)
    notes: list[Node] = field(default_factory=list)
    boxes: list[Node] = field(default_factory=list)
    """Text boxes, shapes and tables, the blocks of which are still to be read."""
    figures: list[str] = field(default_factory=list)
    """Captions made of alternative texts."""


class Block(NamedTuple):
    """A paragraph, heading or table."""

    node: Node
    is_listed: bool


class Styles:
    """The styles of one file by family and name."""

    def __init__(self, *roots: Node | None) -> None:
        self._nodes: dict[tuple[str, str], Node] = {}
        self._read: dict[tuple[str, str], Style] = {}
        for root in roots:
            for node in root.iterfind(f"*/{_STYLE}style") if root is not None else ():
                key = node.get(_STYLE + "family", ""), node.get(_STYLE + "name", "")
                self._nodes.setdefault(key, node)

    def of(self, family: str, name: str | None) -> Style:
        """Return what a style makes of a ``paragraph`` or a stretch of ``text``."""
        if name is None:
            return Style()
        key = family, name
        if key not in self._read:
            self._read[key] = self._resolved(family, name)
        return self._read[key]

    def _resolved(self, family: str, name: str) -> Style:
        steps = list(self._bases(family, name))
        names = [plain_name(re.sub("_(?:20|5f)_", " ", name)) for name, _ in steps]
        said = [node.get(_STYLE + "default-outline-level") for _, node in steps if node is not None]
        stated = next((int(text) for text in said if text and re.fullmatch(r"\d{1,2}", text)), None)
        named = next((found for name in names if (found := level_named(name))), 0)
        return Style(
            kind=next((kind for name in names if (kind := kind_named(name))), ""),
            level=named if stated is None else stated,
            is_hidden=any(_hides(node) for _, node in steps),
        )

    def _bases(self, family: str, name: str) -> Iterator[tuple[str, Node | None]]:
        for _ in range(_MOST_BASES):
            node = self._nodes.get((family, name))
            yield name, node
            above = node.get(_STYLE + "parent-style-name") if node is not None else None
            if above is None:
                return
            name = above


def _hides(style: Node | None) -> bool:
    properties = style.find(_STYLE + "text-properties") if style is not None else None
    return properties is not None and is_hidden(properties)


def is_hidden(node: Node) -> bool:
    """Tell what its author, or a condition, has hidden."""
    return bool(node.get(TEXT + "display") == "none" or node.get(TEXT + "is-hidden") == "true")


class Package:
    """An OpenDocument file that is open."""

    def __init__(self, members: Zipped) -> None:
        self._members = members
        self._shown: set[str] = set()
        self.unread: list[str] = []
        self.objects = 0
        """Embedded objects that are no equations."""
        manifest = self.find("META-INF/manifest.xml")
        if manifest is not None and next(manifest.iter(_LOCK), None) is not None:
            raise ParseFailed("it is protected by a password")
        if "content.xml" not in members.names:
            raise ParseFailed("it is no OpenDocument file: the part with its text is missing")
        self.content = self._root("content.xml")
        self.styles = Styles(self.content, self.find("styles.xml"))

    def body(self, kind: str) -> Node:
        """Return the body, which must be of this kind (``text``, ``presentation``); raises ParseFailed."""
        found = self.content.find(f"{OFFICE}body/{OFFICE}{kind}")
        if found is None:
            raise ParseFailed(f"it is no OpenDocument {kind}: it has no body of that kind")
        return found

    def find(self, name: str) -> Node | None:
        """Return a member's root; None, which is noted where it is a fault, if there is none to be read."""
        if name not in self._members.names:
            return None
        try:
            return self._root(name)
        except ParseFailed as error:
            self.unread.append(str(error))
            return None

    def _root(self, name: str) -> Node:
        root = xml(self._members.read(name, _MOST), name)
        faults = root.getroottree().parser.error_log
        if len(faults):
            self.unread.append(f"{name} is damaged at line {faults[0].line}: what follows may be missing")
        return root

    def formula(self, node: Node) -> str:
        """Return the words of an equation, once; an object that is none is counted."""
        inner = next(node.iter(_MATH + "math"), None)
        name = node.get(_HREF, "").removeprefix("./").rstrip("/") + "/content.xml"
        if inner is None and name not in self._shown:
            self._shown.add(name)
            inner = self.find(name)
        if inner is None or inner.tag != _MATH + "math":
            self.objects += inner is not None
            return ""
        typed = next(inner.iter(_MATH + "annotation"), None)
        words = typed.text if typed is not None and typed.text else " ".join(inner.itertext())
        return tidy.flat(words[:_LONGEST_FORMULA])

    def said(self) -> tuple[str | None, dict[str, str], str | None]:
        """Return the title, metadata and language that the file states."""
        root = self.find("meta.xml")
        told: dict[str, list[str]] = {}
        for node in root.iterfind(f"{OFFICE}meta/*") if root is not None else ():
            if node.text and isinstance(node.tag, str):
                told.setdefault(node.tag, []).append(node.text)
        one = {tag: texts[0] for tag, texts in told.items()}
        pairs = [
            ("author", one.get(_META + "initial-creator", one.get(_DC + "creator"))),
            ("created", _date(one.get(_META + "creation-date"))),
            ("modified", _date(one.get(_DC + "date"))),
            ("tags", tidy.tags(", ".join(told.get(_META + "keyword", [])))),
            ("description", one.get(_DC + "description", one.get(_DC + "subject"))),
            ("publisher", one.get(_DC + "publisher")),
        ]
        code = one.get(_DC + "language", "")[:2].lower()
        language = code if re.fullmatch("[a-z]{2}", code) else None
        return one.get(_DC + "title"), tidy.metadata(pairs), language


def _date(text: str | None) -> str | None:
    return tidy.iso_date(re.sub(r"\.\d+", "", text)) if text is not None else None


@contextmanager
def package(path: Path) -> Iterator[Package]:
    """Hold the file at ``path`` open; raises ParseFailed if it is damaged or locked."""
    with unzip(path) as members:
        yield Package(members)


class Words:
    """Reads paragraphs and tables of one file."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._held = Held()
        self.comments = 0

    def read(self, node: Node) -> Held:
        """Return what a paragraph, or a note, holds."""
        held = self._held = Held()
        stack: list[Node | str] = _pieces(node)
        while stack:
            at = stack.pop()
            if isinstance(at, str):
                held.words.append(at)
            else:
                stack.extend(self._enter(at))
        return held

    def _enter(self, node: Node) -> list[Node | str]:
        """Return what of a node within a paragraph is read next, last first."""
        held, tag = self._held, node.tag
        self.comments += tag == OFFICE + "annotation"
        if tag in _UNSEEN or is_hidden(node):
            return []
        if tag == TEXT + "s":
            count = node.get(TEXT + "c", "1")
            return [" " * min(int(count) if re.fullmatch(r"\d{1,4}", count) else 1, _MOST_REPEATS)]
        if tag in _BREAKS:
            return [*_pieces(node), _BREAKS[tag]]
        if tag == TEXT + "note":
            held.notes += node.iterfind(TEXT + "note-body")
        elif tag in SHAPES or tag == TABLE + "table":
            held.boxes.append(node)
        elif tag == DRAW + "object":
            return [self._package.formula(node)]
        elif tag == DRAW + "object-ole":
            self._package.objects += 1
        elif tag == TEXT + "number":
            return [" ", *_pieces(node)]
        elif not (tag == TEXT + "span" and self._is_unseen(node)):
            self._describe(node)
            return _pieces(node)
        return []

    def _is_unseen(self, span: Node) -> bool:
        return self._package.styles.of("text", span.get(TEXT + "style-name")).is_hidden

    def _describe(self, node: Node) -> None:
        if node.tag in (DRAW + "frame", DRAW + "g"):
            self._held.figures += filter(None, [figure(described(node))])

    def note(self, node: Node) -> str:
        """Return the text of a note's body."""
        return tidy.flat(lines("".join(self.read(node).words)))

    def blocks(self, node: Node) -> Iterator[Block]:
        """Yield the blocks below a node in order; a shape's are among them, a table's are not."""
        stack = [Block(child, False) for child in reversed(node)]
        while stack:
            at, is_listed = block = stack.pop()
            if at.tag in BLOCKS:
                yield block
            elif at.tag not in _UNSEEN and not is_hidden(at):
                is_item = at.tag == _LIST or (is_listed and at.tag != _LIST_HEADER)
                stack.extend(Block(child, is_item) for child in reversed(at))

    def table(self, node: Node, held: Held) -> tuple[list[list[Cell]], int]:
        """Return a table's rows and how many are header; notes, boxes and the like go to ``held``."""
        rows: list[list[Cell]] = []
        header = 0
        for row in _within(node, _ROW, _ROW_GROUPS):
            cells = self._row(row, held)
            is_empty = not any(isinstance(cell, str) and cell for cell in cells)
            rows += [cells] * (1 if is_empty else _count(row, "number-rows-repeated"))
            header = len(rows) if row.getparent().tag == TABLE + "table-header-rows" else header
        return rows, header if 0 < header < len(rows) else int(len(rows) > 1)

    def _row(self, row: Node, held: Held) -> list[Cell]:
        made: list[Cell] = []
        covered = 0
        for cell in _within(row, _CELLS, frozenset()):
            repeats = min(_count(cell, "number-columns-repeated"), max(_MOST_COLUMNS - len(made), 0))
            if cell.tag == TABLE + "table-cell":
                made += [self._cell(cell, held)] * repeats
                covered = _count(cell, "number-columns-spanned") - 1
            else:
                made += [Span.LEFT if at < covered else Span.ABOVE for at in range(repeats)]
                covered = max(covered - repeats, 0)
        return made

    def _cell(self, cell: Node, held: Held) -> str:
        texts = []
        for block, _ in self.blocks(cell):
            if block.tag in PARAGRAPHS:
                inner = self.read(block)
                texts.append(lines("".join(inner.words)))
                held.notes += inner.notes
                held.boxes += inner.boxes
                held.figures += inner.figures
            else:
                held.boxes.append(block)
        return tidy.flat(" ".join(texts))


_BREAKS = {TEXT + "tab": " ", TEXT + "line-break": LINE_END, TEXT + "p": LINE_END, TEXT + "h": LINE_END}


def _pieces(node: Node) -> list[Node | str]:
    """Return a node's texts and children, last first."""
    pieces: list[Node | str] = []
    for child in reversed(node):
        if child.tail:
            pieces.append(child.tail)
        pieces.append(child)
    if node.text and isinstance(node.tag, str):
        pieces.append(node.text)
    return pieces


def _within(node: Node, wanted: frozenset[str], groups: frozenset[str]) -> Iterator[Node]:
    """Yield what is wanted below a node, through groups but no deeper."""
    stack = list(reversed(node))
    while stack:
        at = stack.pop()
        if at.tag in wanted:
            yield at
        elif at.tag in groups:
            stack.extend(reversed(at))


def _count(node: Node, name: str) -> int:
    """Return how often something is repeated or how far it spans, within reason."""
    text = node.get(TABLE + name, "")
    return min(int(text), _MOST_REPEATS) if re.fullmatch(r"0*[1-9]\d{0,8}", text) else 1


def described(node: Node) -> str:
    """Return what a frame's or table's author says of it."""
    told = (node.findtext(space + name) for space in (_SVG, TABLE) for name in ("title", "desc"))
    return ". ".join(dict.fromkeys(tidy.flat(text).rstrip(".") for text in told if text))


def only_cell(table: Node) -> Node | None:
    """Return the cell of a table that has just one: a frame around its blocks."""
    cells: list[Node] = []
    for row in _within(table, _ROW, _ROW_GROUPS):
        cells += _within(row, _CELLS, frozenset())
        if len(cells) > 1:
            return None
    is_repeated = any(_count(cell, "number-columns-repeated") > 1 for cell in cells)
    return cells[0] if cells and not is_repeated else None


def unread(package: Package, words: Words) -> tuple[str, ...]:
    """Return what of a file was not read, a line each."""
    counted = (("comment", words.comments), ("embedded object", package.objects))
    return (*package.unread, *(f"{what}: {count}" for what, count in counted if count))
