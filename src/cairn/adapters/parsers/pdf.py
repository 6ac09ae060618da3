"""PDF by liteparse: headings, paragraphs, lists and tables in reading order, with boxes.

Knows nothing of scans (they need OCR first) and reads pages only in this process: who calls it
isolates it. Dashes and quotes come as liteparse writes them, in ASCII.
"""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from liteparse import LiteParse, ParseError
from liteparse.types import AnnotationRect, LayoutBlock, LayoutCell, ParsedPage, ParseResult, TextItem

from cairn.adapters.parsers import pdfium, tidy
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Box, Document, Element, ElementKind, Locator

_MOST_PAGES = 1_000_000
_MARKED = re.compile(r"\\([!-/:-@\[-`{-~])|<((?:https?://|mailto:|www\.)[^<>\s]*)>|\*+|~~|`")
_FIGURES = re.compile(r"\d[\d,.]*[)%]*\s+[$(]*\s?\d")
_BULLET = re.compile(r"[^\w(]*")
_KINDS: dict[str, ElementKind] = {"heading": "heading", "list_item": "list_item", "code": "code"}
_LONGEST_HEADING = 160
_TITLE_BLOCKS = 3
_TITLE_WORDS = 12
_LOW = 40.0
"""Points: a running head or foot is not taller."""


def _box(rect: AnnotationRect) -> Box:
    return Box(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)


def _plain(text: str) -> str:
    """Take off the Markdown that liteparse puts on a block's text."""
    return _MARKED.sub(lambda found: found[1] or found[2] or "", text)


class _Page:
    """A page's text items, to be found by where they stand."""

    def __init__(self, page: ParsedPage) -> None:
        self.number = page.page_num
        self.height = page.height
        self._items = sorted(page.text_items, key=_middle)
        self._middles = [_middle(item) for item in self._items]

    def rows(self, box: Box) -> list[list[TextItem]]:
        """Return the items whose middle lies in ``box``, a list a printed line, from the top."""
        low = bisect_left(self._middles, box.y0 - 1)
        high = bisect_right(self._middles, box.y1 + 1)
        near = self._items[low:high]
        return list(_by_line(item for item in near if box.x0 - 1 <= item.x + item.width / 2 <= box.x1 + 1))

    def lines(self, box: Box) -> list[tidy.Printed]:
        """Return the printed lines whose middle lies in ``box``, from the top."""
        return [
            tidy.Printed(tidy.flat(" ".join(item.text for item in row)), _extent(row))
            for row in self.rows(box)
        ]


def _middle(item: TextItem) -> float:
    return item.y + item.height / 2


def _by_line(items: Iterable[TextItem]) -> Iterator[list[TextItem]]:
    """Group items that come from top to bottom by printed line, each from left to right."""
    row: list[TextItem] = []
    for item in items:
        if row and _middle(item) - _middle(row[0]) > 0.5 * max(row[0].height, 4.0):
            yield sorted(row, key=_left)
            row = []
        row.append(item)
    if row:
        yield sorted(row, key=_left)


def _left(item: TextItem) -> float:
    return item.x


def _extent(items: Iterable[TextItem]) -> Box:
    return tidy.around(Box(item.x, item.y, item.x + item.width, item.y + item.height) for item in items)[0]


def _kind(block: LayoutBlock, text: str) -> ElementKind:
    """Return a block's kind; a heading that reads like a sentence is none."""
    kind = _KINDS.get(block.kind, "paragraph")
    is_sentence = len(text) > _LONGEST_HEADING or (len(text) > 60 and text.endswith((".", ";", ",")))
    return "paragraph" if kind == "heading" and is_sentence else kind


def _texts(block: LayoutBlock, page: _Page) -> Element | None:
    """Make an element of a block of running text."""
    text = tidy.flat(_plain(block.text)) if block.text is not None else ""
    marker = block.marker if block.ordered and block.marker is not None else ""
    text = f"{tidy.flat(marker)} {text}".strip()
    if not text:
        return None
    whole = (_box(block.bbox),) if block.bbox is not None else ()
    lines = page.lines(whole[0]) if whole else []
    if block.kind == "list_item" and lines and not marker:
        lines[0] = lines[0]._replace(text=_BULLET.sub("", lines[0].text, count=1))
    kind = _kind(block, text)
    level = block.level if kind == "heading" and block.level is not None else 0
    return tidy.element(kind, tidy.cut(text, lines, page.number, whole), level=level)


def _verbatim(block: LayoutBlock, page: _Page) -> Element | None:
    """Make an element of a block that keeps its lines."""
    texts = [tidy.clean(line).replace("\n", " ").rstrip() for line in block.lines or ()]
    text = "\n".join(texts).strip("\n")
    if not text.strip():
        return None
    locator = Locator(page=page.number, boxes=(_box(block.bbox),) if block.bbox is not None else ())
    return tidy.whole("code", text, locator)


def _table(block: LayoutBlock, page: _Page) -> Element | None:
    """Make an element of a table, mended."""
    head = [_cells(block.header)] if block.header else []
    rows = [*head, *_apart([_cells(row) for row in block.rows or ()], block, page)]
    texts, header = tidy.mend([[cell.text for cell in row] for row in rows], len(head))
    whole = (_box(block.bbox),) if block.bbox is not None else ()
    places = [tidy.around(cell.box for cell in row if cell.box is not None and cell.text) for row in rows]
    return tidy.table(
        [
            tidy.Row(cells, Locator(page=page.number, boxes=there if there else whole))
            for cells, there in zip(texts, places, strict=True)
        ],
        header,
    )


class _Cell(NamedTuple):
    """A table cell: tidy text and box."""

    text: str
    box: Box | None


def _cells(row: Iterable[LayoutCell]) -> list[_Cell]:
    return [_Cell(tidy.flat(cell.text), _box(cell.bbox) if cell.bbox is not None else None) for cell in row]


def _apart(rows: list[list[_Cell]], block: LayoutBlock, page: _Page) -> Iterator[list[_Cell]]:
    """Take rows apart that liteparse ran together: those with several figures in several cells.

    The box of such a cell is only that of its first line, so each is read down to the next row.
    """
    end = block.bbox.y + block.bbox.height + 1 if block.bbox is not None else 0.0
    tops = [
        min((cell.box.y0 for cell in row if cell.box is not None and cell.text), default=end) for row in rows
    ]
    for row, below in zip(rows, [*tops[1:], end], strict=True):
        is_run_together = sum(_FIGURES.search(cell.text) is not None for cell in row[1:]) > 1
        yield from _split(row, below, page) if is_run_together else [row]


def _split(row: list[_Cell], below: float, page: _Page) -> list[list[_Cell]]:
    """Read a row again, a row a printed line; as it was, if that is not the same words."""
    boxes = {at: cell.box for at, cell in enumerate(row) if cell.box is not None and cell.text}
    if not boxes:
        return [row]
    around = tidy.around(boxes.values())[0]
    made = []
    for items in page.rows(Box(around.x0 - _LOW, around.y0, around.x1 + _LOW, max(around.y1, below - 2))):
        cells = [_Cell("", None)] * len(row)
        for item in items:
            middle = item.x + item.width / 2
            at = min(boxes, key=lambda key: max(boxes[key].x0 - middle, middle - boxes[key].x1, 0.0))
            known = [box for box in (cells[at].box, _extent([item])) if box is not None]
            cells[at] = _Cell(tidy.flat(f"{cells[at].text} {item.text}"), tidy.around(known)[0])
        made.append(cells)
    return made if _words(made) == _words([row]) else [row]


def _words(rows: Iterable[Iterable[_Cell]]) -> Counter[str]:
    return Counter(word for row in rows for cell in row for word in cell.text.split())


def _element(block: LayoutBlock, page: _Page) -> Element | None:
    if block.kind == "table":
        return _table(block, page)
    return _verbatim(block, page) if block.lines else _texts(block, page)


def _place(block: LayoutBlock, height: float) -> pdfium.Line:
    """Tell where a block stands that may be a running head or foot."""
    box = block.bbox
    if block.text is None or box is None or box.height > _LOW or height <= 0:
        return pdfium.Line("", 0.5, 0.5)
    return pdfium.Line(block.text, box.y / height, (box.y + box.height) / height)


def _shown(page: ParsedPage) -> list[LayoutBlock]:
    """Return a page's blocks; of a page where liteparse saw none, its text as it stands."""
    blocks = [block for block in page.blocks or () if block.kind not in ("rule", "figure")]
    if blocks or not page.text_items:
        return blocks
    sides = _extent(page.text_items)
    box = AnnotationRect(sides.x0, sides.y0, sides.x1 - sides.x0, sides.y1 - sides.y0)
    text = " ".join(line.text for line in _Page(page).lines(sides))
    return [LayoutBlock(kind="paragraph", text=re.sub(r"([\\*~`<])", r"\\\1", text), bbox=box)]


def _elements(pages: Sequence[ParsedPage]) -> list[Element]:
    blocks = [_shown(page) for page in pages]
    places = [
        [_place(block, page.height) for block in shown] for shown, page in zip(blocks, pages, strict=True)
    ]
    elements: list[Element] = []
    for page, shown, marked in zip(pages, blocks, pdfium.running(places), strict=True):
        there = _Page(page)
        made = (_element(block, there) for at, block in enumerate(shown) if at not in marked)
        elements += _titled([item for item in made if item is not None])
    return elements


def _titled(elements: list[Element]) -> list[Element]:
    """Make a heading of the short line that opens a page: liteparse sees a paragraph in
    "Consolidated Balance Sheets"."""
    for at, element in enumerate(elements[:_TITLE_BLOCKS]):
        if element.kind == "heading":
            break
        if element.kind == "paragraph" and _is_title(element.text):
            return [*elements[:at], replace(element, kind="heading", level=2), *elements[at + 1 :]]
    return elements


def _is_title(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    short = len(text.split()) <= _TITLE_WORDS and not text.endswith((".", ",", ";", ":"))
    return short and letters >= 0.6 * len(text)


def _check(pages: Sequence[ParsedPage], elements: Sequence[Element]) -> None:
    """Raise ParseFailed if the blocks hold less than half of the letters on the pages."""
    there = sum(len(item.text) - item.text.count(" ") for page in pages for item in page.text_items)
    read = sum(len(item.text) - item.text.count(" ") for item in elements)
    if 2 * read < there:
        raise ParseFailed(f"layout lost: {read} of {there} characters were read")


class Pdf:
    """Reads PDF files with their layout."""

    name = "pdf/1"
    media_types = frozenset({"application/pdf"})

    def __init__(self) -> None:
        """Set liteparse to find blocks only: no OCR, no pictures, no Markdown."""
        self._parser = LiteParse(
            ocr_enabled=False,
            output_format="json",
            image_mode="off",
            extract_links=False,
            extract_blocks=True,
            emit_word_boxes=False,
            keep_headers_footers=True,
            continue_on_page_error=True,
            max_pages=_MOST_PAGES,
            quiet=True,
        )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if locked, damaged, textless or mostly lost."""
        stated = pdfium.facts(path)
        result = self._read(path, stated)
        elements = _elements(result.pages)
        broken = [error.page_num for error in result.page_errors]
        document = pdfium.finish(elements, stated, broken, name)
        _check(result.pages, elements)
        return document

    def _read(self, path: Path, stated: pdfium.Facts) -> ParseResult:
        try:
            result: ParseResult = self._parser.parse(path.read_bytes())
        except ParseError as error:
            raise ParseFailed(f"damaged PDF: {error}") from error
        if len(result.pages) + len(result.page_errors) < stated.pages or not result.pages:
            raise ParseFailed(f"damaged PDF: {len(result.pages)} of {stated.pages} pages could be read")
        return result


def load(rest: str) -> Parser:
    """Build the parser of PDF; it takes no argument."""
    return Pdf()
