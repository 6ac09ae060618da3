"""Texts without pages, as word processors hold them: blocks under headings, styles' names, merged cells.

Counting: every paragraph, heading, list item and caption that shows words counts one, and so does
every row of a table that does. Footnotes and the words that describe a picture stand where the block
stands that they belong to. Knows no file format and no outside library.
"""

import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Literal, NamedTuple

from cairn.adapters.parsers import tidy
from cairn.types import Element, ElementKind, Locator

LINE_END = "\x1e"
"""What stands for a line break in collected words; no XML can hold it."""
_LONGEST = 300
"""Characters of a heading; what is longer is a paragraph, whatever it is called."""
_REPEATED = 80
"""Characters of a cell merged over several rows that are repeated in each."""
_MOST_CELLS = 2_000_000
_DEEPEST = 10

_GENERATED = re.compile(
    r" ?(description (automatically )?generated|automatisch generierte beschreibung"
    r"|description générée automatiquement|descripción generada automáticamente"
    r"|(ai-generated content|ki-generierte inhalte|le contenu généré par l.ia)\b[^.]*)[^.]*\.?",
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(
    r"(a )?(picture|image|graphic|figure|photo|shape|object|logo|icon|diagram|chart|drawing|text ?box"
    r"|rectangle|line|group|bild|grafik|objekt|form|textfeld|rechteck|linie|gruppe|diagramm|forme|imagen)?[\s_#-]*\d*"
    r"|\S+\.(png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp|eps)|https?:\S+|[\W\d_]*",
    re.IGNORECASE,
)
_HEADING = re.compile(
    r"(?:heading|überschrift|titre|t[íi]tulo|titolo|kop|rubrik|overskrift|otsikko|nagłówek|nadpis|naslov"
    r"|címsor|titlu|başlık|заголовок|επικεφαλίδα|标题|標題|見出し|제목)\s*([1-9])"
)
_TITLE = re.compile(r"(document )?title|titel|dokumenttitel|titre|t[íi]tulo|titolo")
_CAPTION = re.compile(
    r"caption|beschriftung|légende|leyenda|didascalia|bijschrift|(image|table|figure) caption"
)
_CODE = re.compile(
    r"html preformatted|source code|code( block)?|macro ?text|preformatted text|programlisting"
)
_CONTENTS = re.compile(r"(toc|index) ?(\d|heading)|table of (figures|authorities)|(inhalts)?verzeichnis ?\d")

Kind = Literal["", "title", "caption", "code", "contents"]
_KINDS: tuple[tuple[re.Pattern[str], Kind], ...] = (
    (_TITLE, "title"),
    (_CAPTION, "caption"),
    (_CODE, "code"),
    (_CONTENTS, "contents"),
)


class Style(NamedTuple):
    """What a paragraph or a run is by its style."""

    kind: Kind = ""
    level: int = 0
    """Of a heading, 1 the outermost."""
    is_listed: bool = False
    is_hidden: bool = False


def plain_name(name: str) -> str:
    """Return a style's name as it is compared: ``Heading1,h1`` and ``heading 1`` are the same."""
    return " ".join(name.partition(",")[0].casefold().split())


def kind_named(name: str) -> Kind:
    """Tell what a style makes of a paragraph by its plain name, in the languages word processors write."""
    return next((kind for pattern, kind in _KINDS if pattern.fullmatch(name)), "")


def level_named(name: str) -> int | None:
    """Return the level of the heading that a style's plain name says; None of any other."""
    found = _HEADING.fullmatch(name)
    return int(found[1]) if found is not None else None


def lines(words: str) -> str:
    """Return running text: each line tidy, line breaks kept where they were meant."""
    return "\n".join(filter(None, map(tidy.flat, words.split(LINE_END))))


def code(words: str) -> str:
    """Return code: line breaks and the room before a line kept."""
    text = tidy.clean(words.replace("\n", " ").replace(LINE_END, "\n"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def figure(description: str) -> str:
    """Return what a picture's alternative text makes for a caption; empty if it says nothing."""
    text = _GENERATED.sub("", tidy.flat(description[:2000])).strip()
    return "" if _SAYS_NOTHING.fullmatch(text) else f"Figure: {text}"


class Span(Enum):
    """A cell of a table that another one covers."""

    LEFT = "from the left"
    ABOVE = "from above"


Cell = str | Span


class Flow:
    """The elements of one text; each is told the headings above it and the number of its block."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self._blocks = 0
        self._path: list[tuple[int, str]] = []
        self._above: tuple[str, ...] = ()

    def add(self, kind: ElementKind, text: str, level: int = 0) -> bool:
        """Add a block; False, and nothing is counted, if it has no words."""
        if not text.strip():
            return False
        if kind == "heading" and len(text) <= _LONGEST:
            self._head(" ".join(text.split()), min(level, _DEEPEST))
        else:
            self.elements.append(tidy.whole("paragraph" if kind == "heading" else kind, text, self._next()))
        return True

    def _head(self, text: str, level: int) -> None:
        self._path = [(above, words) for above, words in self._path if above < level]
        self._above = tuple(words for _, words in self._path)
        self.elements.append(tidy.whole("heading", text, self._next(), level=level))
        self._path.append((level, text))
        self._above = (*self._above, text)

    def table(self, rows: Sequence[Sequence[Cell]], header: int, caption: str = "") -> bool:
        """Add a table, its caption before it, each row that has words a block; False if none has."""
        made = [tidy.Row(row, self._next() if any(row) else Locator()) for row in laid_out(rows, header)]
        table = tidy.table(made, header)
        if table is None:
            return False
        if caption:
            self.elements.append(tidy.whole("caption", caption, table.anchors[0].locator))
        self.elements.append(table)
        return True

    def beside(self, kind: ElementKind, text: str) -> None:
        """Add what belongs to the last block and stands where that stands."""
        if text and not self._blocks:
            self.add(kind, text)
        elif text:
            self.elements.append(tidy.whole(kind, text, self._here()))

    def _next(self) -> Locator:
        self._blocks += 1
        return self._here()

    def _here(self) -> Locator:
        return Locator(heading=self._above, paragraphs=(self._blocks, self._blocks))


def laid_out(rows: Sequence[Sequence[Cell]], header: int) -> Iterator[list[str]]:
    """Yield rows with covered cells filled: a header repeats its words to the right, a row label downwards.

    A row without words of its own is empty.
    """
    beneath: list[str] = []
    room = _MOST_CELLS
    for at, row in enumerate(rows):
        if room <= 0:
            row = [cell for cell in row if cell and isinstance(cell, str)]
        room -= len(row)
        beneath += [""] * (len(row) - len(beneath))
        filled = _filled(row, beneath, is_header=at < header)
        yield filled if any(cell for cell in row if isinstance(cell, str)) else []


def _filled(row: Sequence[Cell], beneath: list[str], *, is_header: bool) -> list[str]:
    """Return a row's words; ``beneath`` holds, and is given, what each column's merged cells repeat."""
    filled: list[str] = []
    for at, cell in enumerate(row):
        if cell is Span.LEFT:
            filled.append(filled[-1] if is_header and filled else "")
            beneath[at] = ""
        elif cell is Span.ABOVE:
            filled.append("" if is_header else beneath[at])
        else:
            text = cell if isinstance(cell, str) else ""
            filled.append(text)
            beneath[at] = text if len(text) <= _REPEATED else ""
    return filled
