"""PDF by liteparse: headings, paragraphs, lists and tables in reading order, with boxes.

Knows nothing of scans (they need OCR first) and reads pages only in this process: who calls it
isolates it. Dashes and quotes come as liteparse writes them, in ASCII.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from liteparse import LiteParse, ParseError
from liteparse.types import AnnotationRect, LayoutBlock, LayoutCell, ParsedPage, ParseResult, TextItem

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.pdfium import Facts, facts, finish
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Box, Document, Element, ElementKind, Locator

_MOST_PAGES = 1_000_000
_MARKED = re.compile(r"\\([!-/:-@\[-`{-~])|<((?:https?://|mailto:|www\.)[^<>\s]*)>|\*+|~~|`")
_BULLET = re.compile(r"[^\w(]*")
_KINDS: dict[str, ElementKind] = {"heading": "heading", "list_item": "list_item", "code": "code"}
_LONGEST_HEADING = 160
_LOW = 40.0
"""Points: a running head or foot is not taller."""


def _box(rect: AnnotationRect) -> Box:
    return Box(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)


def _around(boxes: Iterable[Box]) -> tuple[Box, ...]:
    """Return the one box around all, or none."""
    sides = tuple(zip(*boxes, strict=True))
    return (Box(min(sides[0]), min(sides[1]), max(sides[2]), max(sides[3])),) if sides else ()


def _plain(text: str) -> str:
    """Take off the Markdown that liteparse puts on a block's text."""
    return _MARKED.sub(lambda found: found[1] or found[2] or "", text)


class _Line(NamedTuple):
    """A printed line: tidy text and box."""

    text: str
    box: Box


class _Page:
    """A page's text items, to be found by where they stand."""

    def __init__(self, page: ParsedPage) -> None:
        self.number = page.page_num
        self.height = page.height
        self._items = sorted(page.text_items, key=_middle)
        self._middles = [_middle(item) for item in self._items]

    def lines(self, box: Box) -> list[_Line]:
        """Return the printed lines whose middle lies in ``box``, from top to bottom."""
        low = bisect_left(self._middles, box.y0 - 1)
        high = bisect_right(self._middles, box.y1 + 1)
        inside = [
            item for item in self._items[low:high] if box.x0 - 1 <= item.x + item.width / 2 <= box.x1 + 1
        ]
        return list(_in_lines(inside))


def _middle(item: TextItem) -> float:
    return item.y + item.height / 2


def _in_lines(items: Sequence[TextItem]) -> Iterator[_Line]:
    """Yield lines of items that come from top to bottom."""
    row: list[TextItem] = []
    for item in items:
        if row and _middle(item) - _middle(row[0]) > 0.5 * max(row[0].height, 4.0):
            yield _line(row)
            row = []
        row.append(item)
    if row:
        yield _line(row)


def _line(row: list[TextItem]) -> _Line:
    row.sort(key=lambda item: item.x)
    boxes = (Box(item.x, item.y, item.x + item.width, item.y + item.height) for item in row)
    return _Line(tidy.flat(" ".join(item.text for item in row)), _around(boxes)[0])


def _anchored(text: str, lines: Sequence[_Line], page: int, whole: tuple[Box, ...]) -> list[tidy.Part]:
    """Cut a block's text where its printed lines begin; a line that is not found joins the one above."""
    starts: list[int] = []
    boxes: list[list[Box]] = []
    at = 0
    for line in lines:
        found = _find(text, line.text, at)
        if found is None and boxes:
            boxes[-1].append(line.box)
        elif found is not None:
            starts.append(found[0])
            boxes.append([line.box])
            at = found[1]
    if not starts:
        return [tidy.Part(text, Locator(page=page, boxes=whole))]
    starts[0] = 0
    ends = [*starts[1:], len(text)]
    return [
        tidy.Part(text[start:end], Locator(page=page, boxes=_around(there)))
        for start, end, there in zip(starts, ends, boxes, strict=True)
    ]


def _find(text: str, line: str, at: int) -> tuple[int, int] | None:
    """Return where a line stands in the text from ``at``, give or take; None if it does not."""
    if text.startswith(line, at):
        return at, at + len(line) + 1
    words = line.rstrip("-")
    limit = at + 2 * len(line) + 80
    start = text.find(words, at, limit) if words else -1
    if start >= 0:
        return start, start + len(words)
    head = words[:12]
    start = text.find(head, at, limit) if len(head) > 3 else -1
    return (start, start + len(head)) if start >= 0 else None


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
    return tidy.element(kind, _anchored(text, lines, page.number, whole), level=level)


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
    head = [block.header] if block.header else []
    rows = [*head, *(block.rows or ())]
    cells, header = tidy.mend([[tidy.flat(cell.text) for cell in row] for row in rows], len(head))
    places = [_row_locator(row, block, page.number) for row in rows]
    return tidy.table([tidy.Row(*row) for row in zip(cells, places, strict=True)], header)


def _row_locator(row: Sequence[LayoutCell], block: LayoutBlock, page: int) -> Locator:
    boxes = _around(_box(cell.bbox) for cell in row if cell.bbox is not None and cell.text.strip())
    if not boxes and block.bbox is not None:
        boxes = (_box(block.bbox),)
    return Locator(page=page, boxes=boxes)


def _element(block: LayoutBlock, page: _Page) -> Element | None:
    if block.kind == "table":
        return _table(block, page)
    return _verbatim(block, page) if block.lines else _texts(block, page)


def _place(block: LayoutBlock, height: float) -> tidy.Line:
    """Tell where a block stands that may be a running head or foot."""
    box = block.bbox
    if block.text is None or box is None or box.height > _LOW or height <= 0:
        return tidy.Line("", 0.5, 0.5)
    return tidy.Line(block.text, box.y / height, (box.y + box.height) / height)


def _shown(page: ParsedPage) -> list[LayoutBlock]:
    """Return a page's blocks; of a page where liteparse saw none, its text as it stands."""
    blocks = [block for block in page.blocks or () if block.kind not in ("rule", "figure")]
    if blocks or not page.text_items:
        return blocks
    sides = _around(Box(i.x, i.y, i.x + i.width, i.y + i.height) for i in page.text_items)[0]
    box = AnnotationRect(sides.x0, sides.y0, sides.x1 - sides.x0, sides.y1 - sides.y0)
    text = " ".join(line.text for line in _Page(page).lines(sides))
    return [LayoutBlock(kind="paragraph", text=re.sub(r"([\\*~`<])", r"\\\1", text), bbox=box)]


def _elements(pages: Sequence[ParsedPage]) -> list[Element]:
    blocks = [_shown(page) for page in pages]
    places = [
        [_place(block, page.height) for block in shown] for shown, page in zip(blocks, pages, strict=True)
    ]
    elements: list[Element] = []
    for page, shown, marked in zip(pages, blocks, tidy.running(places), strict=True):
        there = _Page(page)
        made = (_element(block, there) for at, block in enumerate(shown) if at not in marked)
        elements += [item for item in made if item is not None]
    return elements


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
        stated = facts(path)
        result = self._read(path, stated)
        elements = _elements(result.pages)
        broken = [error.page_num for error in result.page_errors]
        document = finish(elements, stated, broken, name)
        _check(result.pages, elements)
        return document

    def _read(self, path: Path, stated: Facts) -> ParseResult:
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
