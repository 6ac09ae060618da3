"""PDF by PDFium alone: plain text by page with a box a line, and what a file says of itself.

Knows nothing of tables, headings or columns: what reads a PDF when the layout parser cannot.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from pypdfium2 import PdfDocument, PdfiumError, PdfPage, PdfTextPage  # type: ignore[import-untyped]

from cairn.adapters.parsers import language, tidy
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Box, Document, Element, Locator

_PASSWORD = 4
DAMAGED = "damaged pages"
SCANNED = "pages without a text layer, which need OCR"
_LINE = re.compile("([^\r\n\ufffe\x02]*)(\r\n|\n|\r|\ufffe|\x02|$)")
_HYPHENS = ("\ufffe", "\x02")
_DIGITS = re.compile(r"\d+")
_NUMBERED = re.compile(
    r"(page|seite|p\.)\s?#(\s?(of|von|sur|de|/)\s?#)?|#\s?(of|von|sur|de|/)\s?#", re.IGNORECASE
)
_BAND = 0.1
_MOST = 0.6
_STATED = (
    ("author", "Author"),
    ("description", "Subject"),
    ("created", "CreationDate"),
    ("modified", "ModDate"),
    ("tags", "Keywords"),
    ("producer", "Producer"),
)


class Facts(NamedTuple):
    """What a PDF says of itself."""

    pages: int
    title: str
    metadata: dict[str, str]


def facts(path: Path) -> Facts:
    """Read a PDF's own title and metadata; raises ParseFailed if it cannot be opened."""
    document = open_pdf(path)
    try:
        return _facts(document)
    finally:
        document.close()


def open_pdf(path: Path) -> PdfDocument:
    """Open a PDF; raises ParseFailed if it is locked, damaged, empty or none."""
    with path.open("rb") as file:
        beginning = file.read(1024)
    if not beginning:
        raise ParseFailed("empty file")
    if b"%PDF" not in beginning:
        raise ParseFailed("not a PDF: it does not begin with %PDF")
    try:
        document = PdfDocument(path)
    except PdfiumError as error:
        raise ParseFailed(_reason(error)) from error
    if not len(document):
        document.close()
        raise ParseFailed("damaged PDF: no page can be found in it")
    return document


def _reason(error: PdfiumError) -> str:
    if getattr(error, "err_code", None) == _PASSWORD:
        return "it is protected by a password"
    return f"damaged PDF: {str(error).rstrip('.')}"


def _facts(document: PdfDocument) -> Facts:
    said = document.get_metadata_dict()
    stated = tidy.metadata((key, said.get(name)) for key, name in _STATED)
    for key in ("created", "modified"):
        date = tidy.iso_date(stated.pop(key, ""))
        if date is not None:
            stated[key] = date
    if "tags" in stated:
        stated["tags"] = tidy.tags(stated["tags"])
    return Facts(len(document), said.get("Title", ""), stated)


class _Line(NamedTuple):
    """A printed line: tidy text, its box where PDFium gives one, and if its last word goes on."""

    text: str
    box: Box | None
    is_cut: bool


class _View(NamedTuple):
    """How user space becomes a page as it is shown, top left origin."""

    left: float
    bottom: float
    right: float
    top: float
    turn: int

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        """Return a rectangle of user space, as (left, bottom, right, top), where it is shown."""
        if self.turn == 90:
            return Box(y0 - self.bottom, x0 - self.left, y1 - self.bottom, x1 - self.left)
        if self.turn == 180:
            return Box(self.right - x1, y0 - self.bottom, self.right - x0, y1 - self.bottom)
        if self.turn == 270:
            return Box(self.top - y1, self.right - x1, self.top - y0, self.right - x0)
        return Box(x0 - self.left, self.top - y1, x1 - self.left, self.top - y0)

    @property
    def height(self) -> float:
        """The shown page's height in points."""
        return self.top - self.bottom if self.turn % 180 == 0 else self.right - self.left


def view_of(page: PdfPage) -> _View:
    """Return how a page is shown."""
    left, bottom, right, top = page.get_bbox()
    return _View(left, bottom, right, top, page.get_rotation())


def _lines(page: PdfPage, view: _View) -> list[_Line]:
    text_page = page.get_textpage()
    try:
        text = text_page.get_text_range()
        is_aligned = len(text) == text_page.count_chars()
        return [
            _Line(words, _union(text_page, view, found) if is_aligned else None, found[2] in _HYPHENS)
            for found in _LINE.finditer(text)
            if (words := tidy.flat(found[1]))
        ]
    finally:
        text_page.close()


def _union(text_page: PdfTextPage, view: _View, found: re.Match[str]) -> Box | None:
    """Return the box around a line."""
    count = text_page.count_rects(found.start(1), len(found[1]))
    boxes = tidy.around(view.box(*text_page.get_rect(at)) for at in range(count))
    return boxes[0] if boxes else None


def _paragraphs(lines: Sequence[_Line]) -> Iterator[list[_Line]]:
    """Split a page's lines where the gap is wide, the size changes or a column begins."""
    block: list[_Line] = []
    for line in lines:
        if block and _is_apart(block[-1].box, line.box):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _is_apart(above: Box | None, below: Box | None) -> bool:
    if above is None or below is None:
        return False
    tall, low = above.y1 - above.y0, below.y1 - below.y0
    gap = below.y0 - above.y1
    return (
        gap > 0.8 * min(tall, low) or gap < -2 * max(tall, low) or max(tall, low) > 1.6 * min(tall, low) + 1
    )


def _element(block: Sequence[_Line], page: int) -> Element:
    parts = [
        tidy.Located(line.text + _joint(line, after), _locator(line, page))
        for line, after in zip(block, [*block[1:], None], strict=True)
    ]
    return tidy.element("paragraph", parts)


def _locator(line: _Line, page: int) -> Locator:
    return Locator(page=page, boxes=(line.box,) if line.box is not None else ())


def _joint(line: _Line, after: _Line | None) -> str:
    """Return what stands between a line and the next: nothing where a hyphen cut a word."""
    if line.is_cut:
        return "" if after is not None and after.text[:1].islower() else "-"
    return tidy.glue(line.text, after.text) if after is not None else ""


class Line(NamedTuple):
    """A printed line: its text and, as fractions of the page's height, where it begins and ends."""

    text: str
    top: float
    bottom: float


def running(pages: Sequence[Sequence[Line]]) -> list[set[int]]:
    """Tell which lines of each page are running heads or feet, by their place in its list.

    Such a line stands, same but for its digits, at the same height near the edge of more
    than 60 % of the pages; of 2 on both, of 3 on all but the first, which often has another.
    A single page may have a lone "Page 1 of 1". A page of nothing else keeps it. Lines
    without text only count as something else.
    """
    keys = [[_running_key(line) for line in page] for page in pages]
    counted = keys[1:] if len(keys) == 3 else keys
    counts = Counter(key for page in counted for key in set(page))
    often = {key for key, count in counts.items() if key[0] and count > _MOST * len(counted)}
    if len(keys) == 1:
        often = {key for key in often if _NUMBERED.fullmatch(key[0])}
    found = [{at for at, key in enumerate(page) if key in often} for page in keys]
    return [marked if len(marked) < len(page) else set() for marked, page in zip(found, pages, strict=True)]


def _running_key(line: Line) -> tuple[str, int]:
    is_edge = line.bottom < _BAND or line.top > 1 - _BAND
    return _DIGITS.sub("#", line.text) if is_edge else "", round(line.top * 50)


def _place(line: _Line, height: float) -> Line:
    if line.box is None or height <= 0:
        return Line("", 0.5, 0.5)
    return Line(line.text, line.box.y0 / height, line.box.y1 / height)


def _elements(document: PdfDocument) -> tuple[list[Element], list[int]]:
    """Return the elements and the numbers of pages that cannot be read."""
    pages: list[list[_Line]] = []
    places: list[list[Line]] = []
    broken = []
    for number in range(1, len(document) + 1):
        try:
            lines, height = _page(document, number)
        except PdfiumError:
            broken.append(number)
            lines, height = [], 0.0
        pages.append(lines)
        places.append([_place(line, height) for line in lines])
    elements = []
    for number, (lines, marked) in enumerate(zip(pages, running(places), strict=True), 1):
        kept = [line for at, line in enumerate(lines) if at not in marked]
        elements += [_element(block, number) for block in _paragraphs(kept)]
    return elements, broken


def _page(document: PdfDocument, number: int) -> tuple[list[_Line], float]:
    page = document[number - 1]
    try:
        view = view_of(page)
        return _lines(page, view), view.height
    finally:
        page.close()


class Pdfium:
    """Reads PDF files as plain text."""

    name = "pdfium/2"
    media_types = frozenset({"application/pdf"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if locked, damaged or without text."""
        document = open_pdf(path)
        try:
            stated = _facts(document)
            elements, broken = _elements(document)
        finally:
            document.close()
        if broken and len(broken) == stated.pages:
            raise ParseFailed("damaged PDF: no page of it can be read")
        return finish(elements, stated, {DAMAGED: broken}, name)


def finish(
    elements: Sequence[Element], stated: Facts, unread: Mapping[str, Sequence[int]], name: str
) -> Document:
    """Make the Document of a PDF's elements; raises ParseFailed if there is no word in them.

    ``unread`` are the numbers of pages that could not be read, by the reason.
    """
    if not any(char.isalnum() for item in elements for char in item.text):
        raise Textless("needs OCR: no page has a text layer")
    front = [item for item in elements if item.anchors[0].locator.page == 1]
    return Document(
        title=tidy.titled([stated.title], front, name),
        elements=tuple(elements),
        metadata=stated.metadata,
        language=language.detect(tidy.sample(elements)),
        pages=stated.pages,
        unread=tuple(f"{what}: {', '.join(map(str, pages))}" for what, pages in unread.items() if pages),
    )


def load(rest: str) -> Parser:
    """Build the parser of PDF as plain text; it takes no argument."""
    return Pdfium()
