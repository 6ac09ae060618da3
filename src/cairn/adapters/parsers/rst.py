"""reStructuredText by docutils: headings, lists, tables, code, captions and notes, each with its lines.

Reads no file but its own, runs no directive that would. What is too large for docutils, or nested
deeper than it goes, is read as plain text.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.parsers.rst import Parser as Docutils
from docutils.utils import new_document

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.lightmarkup import Builder, Inline, document, wrapped
from cairn.adapters.parsers.rst_words import known
from cairn.adapters.parsers.text import PlainText, SourceLine, decode, lines, span
from cairn.protocols import Parser
from cairn.types import Document, ElementKind

_LARGEST = 3_000_000
_LONGEST_LINE = 20_000
_AHEAD = 300
"""Lines ahead in which the place of a block is looked for."""
_SKIPPED = (
    nodes.comment,
    nodes.target,
    nodes.pending,
    nodes.substitution_definition,
    nodes.transition,
    nodes.meta,
    nodes.decoration,
)
_VERBATIM = (nodes.literal_block, nodes.doctest_block, nodes.math_block, nodes.raw)
_OPENING = re.compile(r"(?<![^\s'\"(\[{<:/-])[*`|](?=\S)")
_MOST_WORK = 300_000_000
_FIELDS = {
    **dict.fromkeys(("author", "authors"), "author"),
    **dict.fromkeys(("date", "published"), "created"),
    **dict.fromkeys(("abstract", "description", "summary"), "description"),
    **dict.fromkeys(("keywords", "tags"), "tags"),
    **{"organization": "publisher", "title": "title", "language": "language", "lang": "language"},
}


class _Words(NamedTuple):
    """The words of a node and the notes it refers to."""

    text: str
    labels: list[str]


class _Walk:
    """Goes through a document's tree once, without recursion."""

    def __init__(self, source: str, tree: nodes.document) -> None:
        self._lines = list(lines(source))
        self._tree = tree
        self._builder = Builder(source, Inline)
        self._at = 0
        self._lead = ""
        self._lead_at: int | None = None
        self._is_item = False
        self._unnamed = 0
        self._called = 0
        self._room = 1_000_000
        self.said: dict[str, str] = {}

    def read(self, name: str) -> Document:
        stack: list[tuple[nodes.Node, int]] = [(child, 0) for child in reversed(self._tree.children)]
        while stack:
            node, depth = stack.pop()
            inner = self._take(node, depth)
            level = depth + isinstance(node, nodes.section)
            stack += [(child, level) for child in reversed(inner)]
        return document(self._builder.finish(), self.said, name)

    def _take(self, node: nodes.Node, depth: int) -> Sequence[nodes.Node]:
        """Take a block; return the blocks in it that are to be taken next."""
        if isinstance(node, _SKIPPED) or not isinstance(node, nodes.Element):
            return ()
        if isinstance(node, nodes.system_message):
            return _refused(node)
        if isinstance(node, nodes.table):
            self._table(node)
        elif isinstance(node, nodes.footnote | nodes.citation):
            self._footnote(node)
        elif isinstance(node, nodes.image):
            self._image(node)
        elif isinstance(node, _VERBATIM):
            self._code(node)
        elif isinstance(node, nodes.title) and isinstance(node.parent, nodes.section | nodes.document):
            self._text("heading", node, level=max(1, depth))
        elif isinstance(node, nodes.caption):
            self._text("caption", node)
        elif isinstance(node, nodes.TextElement | nodes.line_block):
            self._paragraph(node)
        else:
            return self._inner(node)
        return ()

    def _inner(self, node: nodes.Element) -> Sequence[nodes.Node]:
        """Return the blocks in one that holds blocks; note what stands before the first of them."""
        if isinstance(node, nodes.list_item):
            self._lead, self._is_item = _marker(node), True
        elif isinstance(node, nodes.definition_list_item | nodes.field | nodes.option_list_item):
            terms = [child for child in node.children if not isinstance(child, _BODIES)]
            named = tidy.flat(" ".join(self._words(child).text for child in terms))
            self._lead, self._is_item = f"{named}: ", True
            self._lead_at = self._found(terms[0].astext().split("\n")[0], terms[0]) if terms else None
            if isinstance(node, nodes.field):
                self._field(named, node)
            bodies = [child for child in node.children if isinstance(child, _BODIES)]
            if not any(isinstance(body, nodes.Element) and body.children for body in bodies):
                self._say("list_item", named, node)
            return bodies
        elif isinstance(node, nodes.Admonition) and not isinstance(node, nodes.admonition):
            self._lead = f"{node.tagname.capitalize()}: "
        return node.children

    def _field(self, named: str, node: nodes.Element) -> None:
        key = _FIELDS.get(named.lower())
        is_first = self._builder.size < 12 and isinstance(node.parent.parent, nodes.document | nodes.section)
        if key is not None and is_first:
            value = tidy.flat(self._words(node.children[-1]).text)
            date = tidy.iso_date(value[:10]) if key == "created" else None
            self.said.setdefault(key, date if date is not None else value)

    def _paragraph(self, node: nodes.Element) -> None:
        kind: ElementKind = "list_item" if self._is_item else "paragraph"
        self._text(kind, node)

    def _text(self, kind: ElementKind, node: nodes.Element, *, level: int = 0) -> None:
        """Add the words of a node as an element."""
        words = self._words(node)
        lead = self._lead if kind != "heading" else ""
        block = self._block(node, words.text)
        if self._lead_at is not None and self._lead_at < block[0].number - 1:
            block = self._lines[self._lead_at : block[-1].number]
        made = wrapped(kind, block, words.text, level, lead)
        if made is not None:
            self._builder.add(made, words.labels)
        self._lead, self._lead_at, self._is_item = "", None, False

    def _say(self, kind: ElementKind, text: str, node: nodes.Element, *, before: str = "") -> None:
        if text:
            place = self._lines[self._found(text, node)]
            self._builder.add(tidy.whole(kind, before + text, span(place, place)))
        self._lead, self._lead_at, self._is_item = "", None, False

    def _code(self, node: nodes.Element) -> None:
        text = node.astext()
        if text.strip():
            block = self._block(node, text)
            self._builder.code(block)
        self._lead, self._lead_at, self._is_item = "", None, False

    def _image(self, node: nodes.Element) -> None:
        alternative = tidy.flat(str(node.get("alt", "")))
        if re.search(r"\w", alternative):
            self._say("caption", alternative, node, before="Figure: ")

    def _footnote(self, node: nodes.Element) -> None:
        body = [child for child in node.children if not isinstance(child, nodes.label)]
        label = next((child.astext() for child in node.children if isinstance(child, nodes.label)), "")
        if not label and not node.get("names"):
            self._unnamed += 1
            label = f"#{self._unnamed}"
        named = label if label else str(node.get("names")[0])
        for at, child in enumerate(body):
            words = self._words(child)
            lead = f"[{label}] " if isinstance(node, nodes.citation) and not at else ""
            made = wrapped("footnote", self._block(child, words.text), words.text, 0, lead)
            if made is not None:
                self._builder.keep(named.lower(), made)

    def _table(self, node: nodes.Element) -> None:
        caption = next((child for child in node.children if isinstance(child, nodes.title)), None)
        if caption is not None:
            self._text("caption", caption)
        rows: list[tidy.Row] = []
        labels: list[str] = []
        header = 0
        below: dict[int, int] = {}
        for row in node.findall(nodes.row):
            cells, first, last = self._row(row, below, labels)
            rows.append(tidy.Row(cells, span(self._lines[first], self._lines[last])))
            header += isinstance(row.parent, nodes.thead)
        made = tidy.table(rows, header)
        if made is not None:
            self._builder.add(made, labels)
        self._lead, self._lead_at, self._is_item = "", None, False

    def _row(
        self, row: nodes.Element, below: dict[int, int], labels: list[str]
    ) -> tuple[list[str], int, int]:
        """Return a row's cells and its first and last line; cells that span leave empty ones."""
        cells: list[str] = []
        places: list[int] = []
        start = self._at
        for entry in row.children:
            while below.get(len(cells), 0):
                below[len(cells)] -= 1
                cells.append("")
            assert isinstance(entry, nodes.Element)
            words = [self._words(child) for child in entry.children]
            labels += [label for found in words for label in found.labels]
            self._at = start
            for child, found in zip(entry.children, words, strict=True):
                places += [line.number - 1 for line in self._block(child, found.text)]
            width = 1 + int(entry.get("morecols", 0))
            for at in range(len(cells), len(cells) + width):
                below[at] = int(entry.get("morerows", 0))
            cells += [tidy.flat(" ".join(found.text for found in words))] + [""] * (width - 1)
        first, last = (min(places), max(places)) if places else (start, start)
        self._at = last
        return cells, first, last

    def _block(self, node: nodes.Node, text: str) -> list[SourceLine]:
        """Return the lines in which a node's text stands."""
        raw = getattr(node, "rawsource", "")
        raw = raw if raw else text
        first = self._found(raw.lstrip("\n").split("\n")[0], node)
        last = min(first + raw.strip("\n").count("\n"), len(self._lines) - 1)
        self._at = last
        return self._lines[first : last + 1]

    def _found(self, beginning: str, node: nodes.Node) -> int:
        """Return the line, from 0, that holds the beginning of a text: as docutils says, or a little on."""
        sought = tidy.flat(beginning)[:60]
        said = node.line
        if said is not None and 0 < said <= len(self._lines) and sought in self._lines[said - 1].text:
            return said - 1
        for at in range(self._at, min(self._at + _AHEAD, len(self._lines))):
            if sought in self._lines[at].text:
                return at
        return self._at if said is None else max(0, min(said, len(self._lines)) - 1)

    def _words(self, node: nodes.Node) -> _Words:
        """Return what a reader sees of a node, with the labels of its notes."""
        texts: list[str] = []
        labels: list[str] = []
        stack: list[nodes.Node] = [node]
        while stack:
            at = stack.pop()
            if isinstance(at, nodes.footnote_reference):
                labels.append(self._label(at))
            elif isinstance(at, nodes.substitution_reference):
                texts.append(self._substituted(at))
            elif isinstance(at, nodes.image):
                texts.append(str(at.get("alt", "")))
            elif isinstance(at, nodes.Text):
                texts.append(at.astext().replace("\x00", ""))
            elif isinstance(at, nodes.Element) and not isinstance(at, _SKIPPED):
                if isinstance(at, nodes.citation_reference):
                    labels.append(str(at.get("refname", "")).lower())
                    texts += ["[", at.astext(), "]"]
                    continue
                if isinstance(at, nodes.Body | nodes.line | nodes.Part) and texts:
                    texts.append("\n" if isinstance(at, nodes.line) else " ")
                stack += reversed(at.children)
        return _Words("".join(texts), labels)

    def _label(self, node: nodes.Element) -> str:
        """Name a footnote that is referred to; those without a name are counted."""
        if node.get("refname"):
            return str(node["refname"]).lower()
        self._called += 1
        return f"#{self._called}"

    def _substituted(self, node: nodes.Element) -> str:
        named = self._tree.substitution_defs.get(str(node.get("refname")))
        text = named.astext() if named is not None else node.astext()
        self._room -= len(text)
        return text if self._room > 0 else node.astext()


_BODIES = (nodes.definition, nodes.field_body, nodes.description)


def _refused(node: nodes.Element) -> Sequence[nodes.Node]:
    """Return what docutils could not read, as it stands; not what it says of it."""
    kept = [child for child in node.children if isinstance(child, nodes.literal_block)]
    return [child for child in kept if not child.astext().startswith((".. include::", ".. image::"))]


def _marker(node: nodes.Element) -> str:
    """Return the number of an item of a numbered list."""
    listed = node.parent
    if not isinstance(listed, nodes.enumerated_list):
        return ""
    number = int(listed.get("start", 1)) + listed.index(node)
    kind = listed.get("enumtype", "arabic")
    letters = "abcdefghijklmnopqrstuvwxyz"
    shown = letters[number - 1] if kind.endswith("alpha") and 0 < number <= 26 else str(number)
    shown = shown.upper() if kind.startswith("upper") else shown
    return f"{listed.get('prefix', '')}{shown}{listed.get('suffix', '.')} "


def _parsed(source: str) -> nodes.document:
    settings = get_default_settings(Docutils)
    settings.report_level = settings.halt_level = 5
    settings.file_insertion_enabled = settings.raw_enabled = False
    settings.syntax_highlight = "none"
    settings.line_length_limit = _LONGEST_LINE + 1
    settings._disable_config = True
    settings.warning_stream = ""
    tree = new_document("", settings)
    with known(source):
        Docutils().parse(source, tree)
    return tree


def _is_too_much(source: str) -> bool:
    """Tell a text that docutils would take too long for: every open mark may look through its whole block."""
    if len(source) > _LARGEST or max(map(len, source.split("\n"))) > _LONGEST_LINE:
        return True
    return sum(len(block) * len(_OPENING.findall(block)) for block in source.split("\n\n")) > _MOST_WORK


class ReStructuredText:
    """Reads reStructuredText files."""

    name = "rst/1"
    media_types = frozenset({"text/x-rst"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        source = decode(tidy.read(path))
        plain = source.replace("\r\n", "\n").replace("\r", "\n")
        if _is_too_much(plain):
            return PlainText().parse(path, name)
        try:
            return _Walk(source, _parsed(plain)).read(name)
        except RecursionError:
            return PlainText().parse(path, name)


def load(rest: str) -> Parser:
    """Build the parser of reStructuredText; it takes no argument."""
    return ReStructuredText()
