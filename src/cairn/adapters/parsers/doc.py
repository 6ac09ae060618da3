"""Word documents as Word wrote them until 2003 (DOC): paragraphs, headings, tables, footnotes, text boxes.

The parts of the file are ``doc_parts``' to find. Knows nothing of pictures, running headers, and of where a
page ends; a numbered list's numbers, which the file does not state, are left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from cairn.adapters.parsers import compound, language, tidy
from cairn.adapters.parsers.doc_parts import Parts, Properties, parts
from cairn.adapters.parsers.written import Cell, Writing, units
from cairn.errors import Textless
from cairn.protocols import Parser
from cairn.types import Document

_END = re.compile("[\r\x07\x0c]")
_FIELD = re.compile("[\x13\x14\x15]")
_PLAIN = str.maketrans({"\x0b": "\n", "\x0e": "\n", "\x1e": "-", "\xa0": " ", "\x1f": None, "\ufffd": None})
_SIGNS = re.compile("[\x00-\x06\x08\x0f-\x12\x16-\x1d]")


class _Paragraph(NamedTuple):
    text: str
    """Without its end."""
    end: str
    start: int
    """The place of its first character."""
    properties: Properties


def _paragraphs(found: Parts, start: int, end: int) -> Iterator[_Paragraph]:
    """Yield the paragraphs and cells between two places of the text."""
    text = found.text
    while start < end:
        mark = _END.search(text, start, end)
        stop = mark.start() if mark is not None else end
        at = min(stop, len(text) - 1)
        yield _Paragraph(text[start:stop], text[stop : stop + 1], start, found.properties(at))
        start = stop + 1


class _Fields:
    """Leaves out what makes a field and keeps what it shows; a field may go on over paragraphs."""

    def __init__(self, text: str) -> None:
        self._codes: list[bool] = []
        self._hidden = 0
        self._is_whole = text.count("\x13") == text.count("\x15")

    def shown(self, text: str) -> str:
        """Return what of the text shows; all of it where fields that do not end would hide the rest."""
        if not self._is_whole:
            return _FIELD.sub("", text)
        kept, at = [], 0
        for found in _FIELD.finditer(text):
            if not self._hidden:
                kept.append(text[at : found.start()])
            at = found.end()
            self._turn(found[0])
        if not self._hidden:
            kept.append(text[at:])
        return "".join(kept)

    def _turn(self, sign: str) -> None:
        if sign == "\x13":
            self._codes.append(True)
            self._hidden += 1
        elif self._codes and sign == "\x14" and self._codes[-1]:
            self._codes[-1] = False
            self._hidden -= 1
        elif self._codes and sign == "\x15":
            self._hidden -= self._codes.pop()


def _plain(text: str) -> str:
    return units(_SIGNS.sub("", text.translate(_PLAIN)))


class _Body:
    """Tells the paragraphs of the text to a Writing, notes after what refers to them."""

    def __init__(self, found: Parts) -> None:
        self._found = found
        self._fields = _Fields("")
        self._cells: list[str] = []
        self._cell: list[str] = []
        self._notes = sorted(found.notes, reverse=True)
        self._waiting: list[str] = []
        self.writing = Writing()

    def read(self) -> None:
        """Read the main text, then the text boxes."""
        for start, end in self._found.stories():
            self._fields = _Fields(self._found.text[start:end])
            for paragraph in _paragraphs(self._found, start, end):
                self._take(paragraph)
            self._end_row()
        while self._notes:
            self._waiting.append(self._noted(*self._notes.pop()[1:]))
        self.writing.paragraph("", notes=self._waiting)

    def _take(self, paragraph: _Paragraph) -> None:
        raw = self._fields.shown(paragraph.text)
        text = _plain(raw)
        after = paragraph.start + len(paragraph.text)
        while self._notes and self._notes[-1][0] <= after:
            self._waiting.append(self._noted(*self._notes.pop()[1:]))
        properties = paragraph.properties
        if paragraph.end == "\x07":
            if properties.is_row_end or (not properties.is_known and not text and self._cells):
                self._end_row(properties)
            else:
                self._cells.append(tidy.flat(" ".join([*self._cell, text])))
                self._cell = []
        elif properties.is_cell and paragraph.end == "\r":
            self._cell.append(text)
        else:
            self._end_row()
            notes, self._waiting = self._waiting, []
            self.writing.paragraph(text, level=properties.level, is_item=properties.is_item, notes=notes)

    def _end_row(self, properties: Properties | None = None) -> None:
        texts = [*self._cells, *([tidy.flat(" ".join(self._cell))] if self._cell else [])]
        self._cells, self._cell = [], []
        if not texts:
            return
        edges = properties.edges if properties is not None else ()
        cells = [Cell(text) for text in texts]
        if properties is not None and len(edges) == len(texts):
            cells = [Cell(*cell) for cell in zip(texts, edges, properties.below, strict=True)]
        notes, self._waiting = self._waiting, []
        is_header = properties is not None and properties.is_header
        self.writing.row(cells, is_header=is_header, notes=notes)

    def _noted(self, start: int, end: int) -> str:
        """Return a note's text, its own mark left out."""
        text = self._found.text[start:end]
        return _plain(_END.sub("\n", _Fields(text).shown(text)))


class WordFile:
    """Reads DOC files of Word 97 to 2003, and the plain ones of Word 6 and 95."""

    name = "doc/1"
    media_types = frozenset({"application/msword"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is locked, damaged or has no text."""
        with compound.opened(path) as file:
            found = parts(file)
            facts = file.facts()
        body = _Body(found)
        body.read()
        elements = tuple(body.writing.elements)
        if not elements:
            raise Textless("no text in it")
        title = facts.pop("title", None)
        return Document(
            title=tidy.titled((title,), elements, name),
            elements=elements,
            metadata=facts,
            language=language.detect(tidy.sample(elements)),
            unread=found.unread,
        )


def load(rest: str) -> Parser:
    """Build the parser of older Word documents; it takes no argument."""
    return WordFile()
