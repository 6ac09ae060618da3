"""Jupyter notebooks (nbformat 3 and 4): text as Markdown, code as code, what it printed after it.

Knows no kernel and runs nothing. A picture is only named as unread; of a table shown as HTML the rows
are read, as of any other the plain text.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.markdown import Markdown
from cairn.adapters.parsers.markup_tables import grid
from cairn.adapters.parsers.text import decode, untagged
from cairn.adapters.parsers.xml import fragment
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, ElementKind, Locator

_ESCAPE = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*(?:\x07|\Z)|[@-Z\\^_])")
_PICTURE = re.compile(r"(?:image|video|audio)/|application/(?:vnd\.|javascript)")
_STAND_IN = re.compile(r"<[\w .,=:()\[\]'/-]*>|\S+Widget\(.*\)", re.DOTALL)
_OLD_NAMES = {
    "text": "text/plain",
    "html": "text/html",
    "latex": "text/latex",
    "markdown": "text/markdown",
    **dict.fromkeys(("png", "jpeg", "svg"), "image/png"),
}
_MOST_UNREAD = 20


class _Reader:
    """Collects a notebook's elements, cell after cell."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.unread: list[str] = []
        self._markdown = Markdown()
        self._path: list[Element] = []
        self._cell = ""

    def cell(self, number: int, cell: dict[str, Any]) -> None:
        """Read one cell; what in it is not as it should be is left out."""
        self._cell = f"cell {number}"
        kind = cell.get("cell_type")
        source = _joined(cell.get("source", cell.get("input")))
        if kind == "heading":
            level = str(cell.get("level"))
            self._add("heading", tidy.flat(source), int(level) if re.fullmatch("[1-6]", level) else 1)
        elif kind == "code":
            self._add("code", _verbatim(source))
            for output in _list(cell.get("outputs")):
                self._output(output)
        elif kind == "markdown":
            self._marked(source)
        else:
            self._add("paragraph", _verbatim(source))

    def _marked(self, source: str) -> None:
        try:
            made = self._markdown.elements(source)
        except ParseFailed as error:
            self.unread.append(f"{self._cell}: {error}")
            return
        for element in made:
            self._place(element)

    def _add(self, kind: ElementKind, text: str, level: int = 0) -> None:
        if text:
            self._place(tidy.whole(kind, text, Locator(), level=level))

    def _place(self, element: Element) -> None:
        """Add an element under the headings of the whole notebook, a cell its only place."""
        if element.kind == "heading":
            self._path = [above for above in self._path if above.level < element.level]
        at = Locator(path=self._cell, heading=tuple(above.text for above in self._path))
        parts = [tidy.Located(element.text[anchor.start : anchor.end], at) for anchor in element.anchors]
        self.elements.append(tidy.element(element.kind, parts, level=element.level, header=element.header))
        if element.kind == "heading":
            self._path.append(element)

    # --- outputs ------------------------------------------------------------------------------

    def _output(self, output: dict[str, Any]) -> None:
        kind = output.get("output_type")
        if kind == "stream":
            self._printed(_joined(output.get("text")))
        elif kind in ("error", "pyerr"):
            self._add("paragraph", tidy.flat(f"{output.get('ename', 'error')}: {output.get('evalue', '')}"))
        else:
            self._shown(_data(output))

    def _shown(self, data: dict[str, Any]) -> None:
        """Take the form of an output that reads best."""
        page, plain = _joined(data.get("text/html")), _joined(data.get("text/plain"))
        table = _table(page) if "<table" in page else None
        has_picture = any(_PICTURE.match(key) for key in data)
        if table is not None:
            self._place(table)
        elif _joined(data.get("text/markdown")):
            self._marked(_joined(data["text/markdown"]))
        elif plain.strip() and not _STAND_IN.fullmatch(plain.strip()):
            self._printed(plain)
        elif page or _joined(data.get("text/latex")):
            self._printed(untagged(page) if page else _joined(data["text/latex"]))
        elif has_picture:
            self.unread.append(f"{self._cell}: an output that is a picture")
        else:
            self._printed(plain)

    def _printed(self, text: str) -> None:
        """Add what was printed, as a terminal would show it; several lines stay lines."""
        lines = [line.rsplit("\r", 1)[-1] for line in _ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")]
        shown = _verbatim("\n".join(lines))
        self._add("code" if "\n" in shown else "paragraph", shown)


def _joined(source: Any) -> str:
    """Return a text that stands there whole or as a list of lines."""
    if isinstance(source, list):
        return "".join(line for line in source if isinstance(line, str))
    return source if isinstance(source, str) else ""


def _list(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _data(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output's forms by media type; of nbformat 3 they are the output's own members."""
    data = output.get("data")
    if isinstance(data, dict):
        return data
    return {_OLD_NAMES[key]: value for key, value in output.items() if key in _OLD_NAMES}


def _verbatim(source: str) -> str:
    text = tidy.clean(source)
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _words(cell: Any) -> str:
    return tidy.flat(" ".join(cell.itertext()))


def _table(page: str) -> Element | None:
    """Return the one table of an HTML output."""
    root = fragment(page)
    tables = list(root.iter("table")) if root is not None else []
    return grid(tables[0], _words, Locator()) if len(tables) == 1 else None


def _cells(book: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _list(book.get("cells"))
    for sheet in _list(book.get("worksheets")):
        yield from _list(sheet.get("cells"))


class Notebook:
    """Reads Jupyter notebooks."""

    name = "notebook/1"
    media_types = frozenset({"application/x-ipynb+json"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is no notebook or has no words."""
        book = _load(decode(tidy.read(path)))
        reader = _Reader()
        for number, cell in enumerate(_cells(book), 1):
            reader.cell(number, cell)
        if not reader.elements:
            raise Textless("no text in it")
        about = _dict(book.get("metadata"))
        authors = (_joined(one.get("name")) for one in _list(about.get("authors")))
        more = len(reader.unread) - _MOST_UNREAD
        return Document(
            title=tidy.titled([_joined(about.get("title"))], reader.elements, name),
            elements=tuple(reader.elements),
            metadata=tidy.metadata([("author", ", ".join(filter(None, authors)))]),
            language=language.detect(tidy.sample(reader.elements)),
            unread=(*reader.unread[:_MOST_UNREAD], *([f"{more:,} more outputs"] if more > 0 else [])),
        )


def _load(source: str) -> dict[str, Any]:
    try:
        book = json.loads(source, parse_int=str, parse_float=str, strict=False)
    except json.JSONDecodeError as error:
        raise ParseFailed(f"it is damaged: {error.msg} in line {error.lineno}") from error
    except RecursionError as error:
        raise ParseFailed("it is nested too deeply") from error
    if not isinstance(book, dict) or not any(
        isinstance(book.get(key), list) for key in ("cells", "worksheets")
    ):
        raise ParseFailed("it is no notebook: it has no cells")
    return book


def load(rest: str) -> Parser:
    """Build the parser of notebooks; it takes no argument."""
    return Notebook()
