"""Source code: each function, method and class with its signature, its comment and its source.

What a language's grammar cannot read, and languages without one (SQL, CSS), become code by blank
lines. Knows nothing of what the code means or imports, and runs none of it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from cairn.adapters.parsers import grammars, language, tidy
from cairn.adapters.parsers.lightmarkup import blocks, placed, running, trimmed, verbatim
from cairn.adapters.parsers.symbols import Symbol, opening, symbols
from cairn.adapters.parsers.text import SourceLine, decode, lines, span
from cairn.errors import Textless
from cairn.protocols import Parser
from cairn.types import Document, Element

_LONE_RETURN = re.compile("\r(?!\n)")
_SIGNS = re.compile(
    r"\s*(?:///?!?|//!|/\*+!?|\*+/|\*(?!\*)|#+!?(?!\w)|--+|;+|[rRuUbBfF]{0,2}(?:\"\"\"|'''|[\"'](?=\w)))?\s?"
)
_ENDS = re.compile(r"(?:\*+/|\"\"\"|'''|(?<=[\w.!?)])[\"'])\s*$")
_TAGS = re.compile(
    r"</?(?:summary|remarks|returns?|value|example|exception|param|typeparam|p|br|ul|ol|li|pre|para|h\d)\b[^<>]*>"
)
_STYLES = re.compile(r"</?(?:b|i|em|strong|code|c|tt)>")
_REFERENCE = re.compile(
    r"<(?:see|seealso|paramref|typeparamref) \w+=\"([^\"]*)\"\s*/>|\{@(?:link(?:plain)?|code) ([^{}]*)\}"
)
_RULE = re.compile(r"[\W_]*")
_LEFTOVER = re.compile(r"(?:[\s()\[\]{};,]|<\?php|\?>|\b(?:end|fi|done|esac)\b){,40}")
_LICENCE = re.compile(
    r"copyright|licen[cs]e|spdx|\(c\) \d{4}|eslint|@ts-|coding[:=]|frozen_string", re.IGNORECASE
)
_DEEPEST = 12
_LONG = 80
"""Lines of code outside any function from which they are cut at blank lines."""
_SAME_EVERYWHERE = re.compile(r"(?:__init__|__main__|index|main|mod|lib|init|setup|conftest|doc)\.\w+")


class Code:
    """Reads source code."""

    name = "code/1"
    media_types = frozenset(
        {
            *(
                "text/x-python",
                "text/javascript",
                "text/x-typescript",
                "text/x-tsx",
                "text/x-java",
                "text/x-go",
            ),
            *("text/x-rust", "text/x-c", "text/x-c++", "text/x-csharp", "text/x-ruby", "text/x-php"),
            *("text/x-shellscript", "application/sql", "text/css", "text/x-code"),
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or has no words."""
        source = decode(tidy.read(path))
        told = grammars.language(name, source)
        rows = list(lines(source))
        elements = tuple(_elements(source, rows, told))
        if not elements:
            raise Textless("no text in it")
        prose = [item.text for item in elements if item.kind == "paragraph"]
        said = next((item.text for item in elements[:2] if item.kind != "code"), "")
        return Document(
            title=_title(name),
            elements=elements,
            metadata=tidy.metadata(
                [("description", said if prose and said == prose[0] and not _LICENCE.search(said) else None)]
            ),
            language=language.detect("\n".join(prose)[:20_000]),
        )


def _title(name: str) -> str:
    """Return a file's name, with its folder where many files are called so."""
    path = PurePosixPath(name.replace("\\", "/"))
    named = f"{path.parent.name}/{path.name}" if _SAME_EVERYWHERE.fullmatch(path.name) else path.name
    return tidied if (tidied := tidy.flat(named).lstrip("/")) else "untitled"


def _elements(source: str, rows: Sequence[SourceLine], told: str | None) -> Iterator[Element]:
    data = _LONE_RETURN.sub("\n", source).encode("utf-8", "replace")
    tree = grammars.tree(told, data) if told is not None else None
    if tree is None:
        yield from _by_blocks(source, rows)
        return
    listing = _Listing(source, rows)
    found = list(symbols(tree.root_node, data))
    said = opening(tree.root_node, data)
    if said is not None and not (found and found[0].first <= said[1] + 1):
        yield from listing.opening(said)
    for symbol in found:
        yield from listing.symbol(symbol)
    yield from listing.close(len(rows))


def _by_blocks(source: str, rows: Sequence[SourceLine]) -> Iterator[Element]:
    for block in blocks(rows):
        if (made := verbatim(source, block)) is not None:
            yield made


class _Listing:
    """Lists a file's lines in order, each symbol under its heading."""

    def __init__(self, source: str, rows: Sequence[SourceLine]) -> None:
        self._source = source
        self._rows = rows
        self._at = 0
        self._above: list[Symbol] = []

    def opening(self, rows: tuple[int, int]) -> Iterator[Element]:
        """Yield what the file says of itself at its top, in these rows."""
        yield from self._loose(rows[0])
        yield from self._prose(rows)
        self._at = rows[1] + 1

    def symbol(self, symbol: Symbol) -> Iterator[Element]:
        """Yield what stands before a symbol, its heading and its comment."""
        above = symbol.comment if symbol.comment is not None and not symbol.is_inside else None
        yield from self.close(above[0] if above is not None else symbol.first)
        if symbol.first < self._at or len(self._above) == _DEEPEST:
            return
        place = span(self._rows[symbol.head[0]], self._rows[symbol.head[1]])
        heading = tidy.whole("heading", symbol.signature, place, level=len(self._above) + 1)
        yield placed(heading, self._path())
        self._above.append(symbol)
        if symbol.comment is not None:
            yield from self._prose(symbol.comment)
        self._at = symbol.first

    def close(self, row: int) -> Iterator[Element]:
        """Yield the lines up to ``row``, and leave the symbols that end before it."""
        while self._above and self._above[-1].last < row:
            yield from self._loose(min(self._above[-1].last + 1, row))
            self._above.pop()
        yield from self._loose(row)

    def _path(self) -> tuple[str, ...]:
        return tuple(symbol.name for symbol in self._above)

    def _loose(self, end: int) -> Iterator[Element]:
        """Yield the lines up to ``end`` as code."""
        block = trimmed(self._rows[self._at : end])
        self._at = max(self._at, end)
        cut = blocks(block) if not self._above and len(block) > _LONG else [block]
        for piece in cut:
            if _is_leftover(piece) or self._is_head(piece):
                continue
            if (made := verbatim(self._source, piece)) is not None:
                yield placed(made, self._path())

    def _is_head(self, block: Sequence[SourceLine]) -> bool:
        """Tell lines that hold no more than the heading above: ``impl Pump {``."""
        written = " ".join(line.text for line in block[:20]).rstrip("{ ")
        return bool(self._above) and written == self._above[-1].signature

    def _prose(self, rows: tuple[int, int]) -> Iterator[Element]:
        """Yield the paragraphs of a comment, its signs taken off."""
        found = (line._replace(text=_uncommented(line.text)) for line in self._rows[rows[0] : rows[1] + 1])
        for block in blocks(found):
            if (made := running("paragraph", block)) is not None:
                yield placed(made, self._path())


def _is_leftover(block: Sequence[SourceLine]) -> bool:
    """Tell closing brackets that stand alone."""
    return len(block) < 10 and all(_LEFTOVER.fullmatch(line.text) for line in block)


def _uncommented(line: str) -> str:
    text = _ENDS.sub("", _SIGNS.sub("", line, count=1))
    if "<" in text or "{@" in text:
        text = _TAGS.sub(" ", _STYLES.sub("", text))
        text = _REFERENCE.sub(lambda found: found[1] if found[1] else found[2], text)
    return "" if _RULE.fullmatch(text) else tidy.flat(text)


def load(rest: str) -> Parser:
    """Build the parser of source code; it takes no argument."""
    return Code()
