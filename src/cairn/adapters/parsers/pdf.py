"""PDF by liteparse: headings, paragraphs, lists and tables in reading order, with boxes.

Knows nothing of scans (they need OCR first) and reads pages only in this process: who calls it
isolates it. Dashes and quotes come as liteparse writes them, in ASCII.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

from liteparse import LiteParse, ParseError
from liteparse.types import (
    AnnotationRect,
    LayoutBlock,
    LayoutCell,
    ParsedPage,
    ParseResult,
    TextItem,
    VectorGraphics,
)

from cairn.adapters.parsers import columns, pdf_inside, pdfium, printed, ruled, tidy
from cairn.adapters.parsers.printed import Cell, Item, Page, Text
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Box, Document, Element, ElementKind, Locator, Part

_MOST_PAGES = 1_000_000
_MARKED = re.compile(r"\\([!-/:-@\[-`{-~])|<((?:https?://|mailto:|www\.)[^<>\s]*)>|\*+|~~|`")
_BULLET = re.compile(r"[^\w(]*")
_MAY_END = re.compile(r"""[.!?\u2026]["'\u201d\u2019)\]]?\s""")
_KINDS: dict[str, ElementKind] = {"heading": "heading", "list_item": "list_item", "code": "code"}
_LONGEST_HEADING = 160
_Piece = LayoutBlock | Element
"""What stands on a page: as liteparse saw it, or read again here."""
_THIN = 2.5
"""Points: a filled rectangle as narrow is a line."""
_LOW = 40.0
"""Points: a running head or foot is not taller."""


def _box(rect: AnnotationRect) -> Box:
    return Box(rect.x, rect.y, rect.x + rect.width, rect.y + rect.height)


def _plain(text: str) -> str:
    """Take off the Markdown that liteparse puts on a block's text."""
    return _MARKED.sub(lambda found: found[1] or found[2] or "", text)


@cache
def _is_bold(font: str) -> bool:
    return re.search("bold|black|heavy|demi", font, re.IGNORECASE) is not None


def _item(item: TextItem) -> Item:
    box = Box(item.x, item.y, item.x + item.width, item.y + item.height)
    size = item.font_size if item.font_size is not None and item.font_size > 2 else item.height
    return Item(item.text, box, size, _is_bold(item.font_name or ""), _ends(item))


def _ends(item: TextItem) -> tuple[printed.End, ...]:
    """Return where within an item sentences may end, by the boxes of its words."""
    if _MAY_END.search(item.text) is None or item.rotation:
        return ()
    ends, at = [], 0
    for word, after in pairwise(item.words):
        at = item.text.find(word.text, at) + len(word.text)
        if printed.is_end(word.text, after.text):
            ends.append(printed.End(at, word.x + word.width, after.x))
    return tuple(ends)


def _kind(block: LayoutBlock, text: str) -> ElementKind:
    """Return a block's kind; a heading that reads like a sentence is none."""
    kind = _KINDS.get(block.kind, "paragraph")
    is_sentence = len(text) > _LONGEST_HEADING or (len(text) > 60 and text.endswith((".", ";", ",")))
    return "paragraph" if kind == "heading" and is_sentence else kind


def _texts(block: LayoutBlock, page: Page) -> Element | None:
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


def _verbatim(block: LayoutBlock, page: Page) -> Element | None:
    """Make an element of a block that keeps its lines."""
    texts = [tidy.clean(line).replace("\n", " ").rstrip() for line in block.lines or ()]
    text = "\n".join(texts).strip("\n")
    if not text.strip():
        return None
    locator = Locator(page=page.number, boxes=(_box(block.bbox),) if block.bbox is not None else ())
    return tidy.whole("code", text, locator)


def _table(block: LayoutBlock, page: Page) -> Element | None:
    """Make an element of a table, mended."""
    head = [_cells(block.header)] if block.header else []
    end = block.bbox.y + block.bbox.height + 1 if block.bbox is not None else 0.0
    rows = [*head, *printed.apart([_cells(row) for row in block.rows or ()], end, page)]
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


def _cells(row: Iterable[LayoutCell]) -> list[Cell]:
    return [Cell(tidy.flat(cell.text), _box(cell.bbox) if cell.bbox is not None else None) for cell in row]


def _element(piece: _Piece, page: Page) -> Element | None:
    if isinstance(piece, Element):
        return piece
    if piece.kind == "table":
        return _table(piece, page)
    return _verbatim(piece, page) if piece.lines else _texts(piece, page)


def _where(piece: _Piece) -> Box | None:
    if isinstance(piece, Element):
        return tidy.around(box for anchor in piece.anchors for box in anchor.locator.boxes)[0]
    return _box(piece.bbox) if piece.bbox is not None else None


def _place(piece: _Piece, height: float) -> pdfium.Line:
    """Tell where a piece stands that may be a running head or foot."""
    box = _where(piece)
    if piece.text is None or piece.kind == "table" or box is None or box.y1 - box.y0 > _LOW or height <= 0:
        return pdfium.Line("", 0.5, 0.5)
    return pdfium.Line(piece.text, box.y0 / height, box.y1 / height)


def _grids(drawn: VectorGraphics, page: Page) -> list[ruled.Grid]:
    strokes = [Box(line.x1, line.y1, line.x2, line.y2) for line in drawn.lines if line.stroke]
    for shape in drawn.shapes:
        x, y, wide, tall = shape.bbox
        if (wide <= _THIN or tall <= _THIN) and shape.fill and not shape.has_curve:
            middle = Box(x, y + tall / 2, x + wide, y + tall / 2)
            strokes.append(middle if wide > tall else Box(x + wide / 2, y, x + wide / 2, y + tall))
    return ruled.grids(strokes, page)


def _pieces(
    shown: Sequence[_Piece], drawn: VectorGraphics | None, page: Page, levels: Mapping[float, int]
) -> list[_Piece]:
    """Return what stands on a page, read again where liteparse took apart or ran together."""
    if not shown:
        return [*columns.read(page.items, page, levels)]
    grids = _grids(drawn, page) if drawn is not None else []
    if grids:
        tables = (_where(piece) for piece in shown if piece.kind == "table")
        grids = ruled.whole(grids, [box for box in tables if box is not None], page)
    pieces = _around(grids, shown, page, levels) if grids else list(shown)
    read: list[_Piece] = []
    for piece in _labelled(pieces, page):
        read += _prose(piece, page, levels)
    return read


def _around(
    grids: Sequence[ruled.Grid], shown: Sequence[_Piece], page: Page, levels: Mapping[float, int]
) -> list[_Piece]:
    """Put the grids in the place of all blocks that they overlap, and read again what else those held."""
    boxes = [_where(piece) for piece in shown]
    is_gone = [box is not None and any(ruled.overlap(box, grid.box) for grid in grids) for box in boxes]
    kept = [piece for piece, gone in zip(shown, is_gone, strict=True) if not gone]
    freed = [box for box, gone in zip(boxes, is_gone, strict=True) if gone and box is not None]
    held = [Text(_said(piece), box) for piece in kept if (box := _where(piece)) is not None]
    loose = page.loose(freed, (grid.box for grid in grids), held)
    tables = (grid.element(page.number) for grid in grids)
    made = [table for table in tables if table is not None] + columns.read(loose, page, levels)
    pieces = [*kept, *made]
    order = printed.order([_where(piece) for piece in kept], [_where(piece) for piece in made])
    return [pieces[at] for at in order]


def _said(piece: _Piece) -> str:
    """Return what a piece says, the sign of a list item with it."""
    if isinstance(piece, Element):
        return piece.text
    return tidy.flat(f"{piece.marker or ''} {_plain(piece.text or '')}")


def _labelled(pieces: Sequence[_Piece], page: Page) -> list[_Piece]:
    """Join labels to the figures that stand beside them."""
    boxes = [
        _where(piece) if isinstance(piece, LayoutBlock) and not piece.lines else None for piece in pieces
    ]
    joined: list[_Piece | None] = list(pieces)
    for group in columns.beside(boxes, page):
        parts = [box for at in group if (box := boxes[at]) is not None]
        made = columns.labelled(parts, page)
        if made is not None:
            for at in group:
                joined[at] = None
            joined[min(group)] = made
    return [piece for piece in joined if piece is not None]


def _prose(piece: _Piece, page: Page, levels: Mapping[float, int]) -> list[_Piece]:
    """Read a table again that is paragraphs cut into cells."""
    box = _where(piece)
    if isinstance(piece, Element) or piece.kind != "table" or box is None:
        return [piece]
    items = page.within(box)
    return [*columns.read(items, page, levels)] if columns.is_prose(list(printed.by_line(items))) else [piece]


def _levels(blocks: Iterable[LayoutBlock], page: Page, levels: dict[float, int]) -> None:
    """Note, by size, the levels that liteparse gives to a page's headings."""
    for block in blocks:
        if block.kind == "heading" and block.bbox is not None and block.level is not None:
            for item in page.within(_box(block.bbox))[:1]:
                levels.setdefault(round(item.size, 1), block.level)


def _elements(pages: Sequence[ParsedPage]) -> list[Element]:
    there = [Page(page.page_num, page.height, map(_item, page.text_items)) for page in pages]
    blocks = [[b for b in page.blocks or () if b.kind not in ("rule", "figure")] for page in pages]
    levels: dict[float, int] = {}
    for seen, page in zip(blocks, there, strict=True):
        _levels(seen, page, levels)
    drawn = [page.vector_graphics for page in pages]
    pieces = [_pieces(*each, levels) for each in zip(blocks, drawn, there, strict=True)]
    places = [
        [_place(piece, page.height) for piece in shown] for shown, page in zip(pieces, there, strict=True)
    ]
    elements: list[Element] = []
    for page, shown, marked in zip(there, pieces, pdfium.running(places), strict=True):
        made = (_element(piece, page) for at, piece in enumerate(shown) if at not in marked)
        elements += columns.titled([item for item in made if item is not None])
    return elements


def _check(pages: Sequence[ParsedPage], elements: Sequence[Element]) -> None:
    """Raise ParseFailed if the blocks hold less than half of the letters on the pages."""
    there = sum(len(item.text) - item.text.count(" ") for page in pages for item in page.text_items)
    read = sum(len(item.text) - item.text.count(" ") for item in elements)
    if 2 * read < there:
        raise ParseFailed(f"layout lost: {read} of {there} characters were read")


def _with_fields(elements: Sequence[Element], fields: Sequence[Element]) -> list[Element]:
    """Put a form's values after the other text of their page."""
    both = [*elements, *fields]
    return sorted(both, key=lambda item: item.anchors[0].locator.page or 0) if fields else both


class Pdf:
    """Reads PDF files with their layout, their forms and what is attached to them."""

    name = "pdf/4"
    media_types = frozenset({"application/pdf"})

    def __init__(self) -> None:
        """Set liteparse to find blocks only: no OCR, no pictures, no Markdown."""
        self._parser = LiteParse(
            ocr_enabled=False,
            output_format="json",
            image_mode="off",
            extract_links=False,
            extract_blocks=True,
            extract_vector_graphics=True,
            emit_word_boxes=True,
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
        _check(result.pages, elements)
        elements = _with_fields(elements, pdf_inside.fields(path))
        broken = [error.page_num for error in result.page_errors]
        silent = {page.page_num for page in result.pages if not page.text_items}
        unread = {pdfium.DAMAGED: broken, pdfium.SCANNED: pdf_inside.pictures(path, silent)}
        return pdfium.finish(elements, stated, unread, name)

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield the files attached to the one at ``path``."""
        return pdf_inside.attached(path)

    @contextmanager
    def open(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Hold an attached file's bytes."""
        yield pdf_inside.attachment(path, key)

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
