"""Reports as PDF: an outline of the headings, tables that go on from page to page, citations that lead on.

Text is set in the fonts of this machine; what they do not hold is told at the end.
"""

from collections.abc import Iterable, Iterator
from functools import singledispatch
from html import escape
from io import BytesIO
from itertools import count
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus import Paragraph as Text

from cairn.adapters.exports import fonts
from cairn.results.reports import Block, Cells, Entry, Grid, Heading, Paragraph, Printed, Run

MARGIN = 64.0
"""Points on each side."""
WIDTH = A4[0] - 2 * MARGIN
NARROW = 36.0
"""Points of a table's column, at least."""
INK, QUIET, LINE, TINT, LINK = (
    HexColor(code) for code in ("#1c2024", "#565c63", "#c9c5bc", "#e8f2ef", "#0b6556")
)
UNSET = "{} cannot be set with the fonts on this machine, shown as {}; the DOCX and Markdown hold all."


class Pdf:
    """See ``cairn.protocols.Export``."""

    media_type = "application/pdf"
    suffix = ".pdf"

    def render(self, printed: Printed) -> bytes:
        styles = _styles(fonts.face())
        flow: list[Flowable] = [Text(_marked(printed.title), styles["title"])]
        flow.append(Text(_marked(printed.about), styles["quiet"]))
        for block in printed.blocks:
            flow += _set(block, styles)
        if any(fonts.MISSING in one.text for one in flow if isinstance(one, Text)):
            flow.append(Text(_marked(UNSET.format("Some characters", fonts.MISSING)), styles["quiet"]))
        written = BytesIO()
        _Pages(written, printed).build(flow)
        return written.getvalue()


def load(rest: str) -> Pdf:
    """Return the format; it has no options."""
    return Pdf()


class _Pages(BaseDocTemplate):
    """Pages with numbers, and an outline of the headings."""

    def __init__(self, written: BytesIO, printed: Printed) -> None:
        super().__init__(
            written,
            pagesize=A4,
            title=printed.title,
            subject=printed.about,
            author="Cairn",
            creator="Cairn",
            lang="en",
        )
        self._headings = count(1)
        frame = Frame(MARGIN, MARGIN, WIDTH, A4[1] - 2 * MARGIN, 0, 0, 0, 0)
        self.addPageTemplates(PageTemplate(frames=[frame], onPage=_number))

    def afterFlowable(self, flowable: Flowable) -> None:
        """Note a heading in the outline."""
        if isinstance(flowable, Text) and flowable.style.name in ("title", "heading"):
            canvas: Any = self.canv
            key = f"heading{next(self._headings)}"
            canvas.bookmarkPage(key)
            canvas.addOutlineEntry(flowable.getPlainText(), key, int(flowable.style.name == "heading"))


def _number(canvas: Canvas, pages: BaseDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont(fonts.face(), 8)
    canvas.setFillColor(QUIET)
    canvas.drawCentredString(A4[0] / 2, MARGIN / 2, str(canvas.getPageNumber()))
    canvas.restoreState()


@singledispatch
def _set(block: Block, styles: dict[str, ParagraphStyle]) -> Iterator[Flowable]:
    """Yield what stands for a block."""
    raise NotImplementedError(type(block))


@_set.register
def _(block: Heading, styles: dict[str, ParagraphStyle]) -> Iterator[Flowable]:
    yield Text(_marked(block.text), styles["heading"])


@_set.register
def _(block: Paragraph, styles: dict[str, ParagraphStyle]) -> Iterator[Flowable]:
    if block.kind == "bullet":
        yield Text(_runs(block.runs), styles["bullet"], bulletText="•")
    else:
        yield Text(_runs(block.runs), styles[block.kind])


@_set.register
def _(block: Entry, styles: dict[str, ParagraphStyle]) -> Iterator[Flowable]:
    anchor = f'<a name="source{block.number}"/>'
    yield Text(anchor + _runs(block.runs), styles["entry"], bulletText=f"[{block.number}]")


@_set.register
def _(block: Grid, styles: dict[str, ParagraphStyle]) -> Iterator[Flowable]:
    yield Text(_runs(block.caption), styles["caption"])
    rows = (*block.header, *block.rows)
    bold = {*range(len(block.header)), *(number + len(block.header) for number in block.marked)}
    cells = [
        [Text(_marked(cell), styles["strong" if number in bold else "cell"]) for cell in row]
        for number, row in enumerate(rows)
    ]
    table = Table(cells, colWidths=_widths(rows), repeatRows=len(block.header), splitInRow=1, hAlign="LEFT")
    rule: list[Any] = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("BACKGROUND", (0, 0), (-1, len(block.header) - 1), TINT),
    ]
    table.setStyle(TableStyle(rule if block.header else rule[:2]))
    yield table
    yield Spacer(0, 10)


def _widths(rows: Iterable[Cells]) -> list[float]:
    """Share the page's width among columns by what they hold, none too narrow."""
    longest = [min(max(map(len, column)), 60) + 2 for column in zip(*rows, strict=True)]
    least = min(NARROW, WIDTH / len(longest))
    left = WIDTH - least * len(longest)
    return [least + left * length / sum(longest) for length in longest]


def _runs(runs: Iterable[Run]) -> str:
    return "".join(map(_run, runs))


def _run(run: Run) -> str:
    if run.number:
        return f' <a href="#source{run.number}" color="{LINK.hexval()}">{_marked(run.text)}</a>'
    if run.link:
        return f'<a href="{escape(run.link)}" color="{LINK.hexval()}">{_marked(run.text)}</a>'
    return _marked(run.text)


def _marked(text: str) -> str:
    """Return a text as reportlab's markup."""
    pieces = ((escape(piece).replace("\n", "<br/>"), font) for piece, font in fonts.set_in(text))
    return "".join(f'<font name="{font}">{piece}</font>' if font else piece for piece, font in pieces)


def _styles(face: str) -> dict[str, ParagraphStyle]:
    plain = ParagraphStyle(
        "plain", fontName=face, bulletFontName=face, fontSize=10, leading=15, textColor=INK, spaceAfter=6
    )
    bold = f"{face}-Bold"
    quiet = ParagraphStyle("quiet", plain, textColor=QUIET, fontSize=9, leading=13)
    more = (
        plain,
        quiet,
        ParagraphStyle("title", plain, fontName=bold, fontSize=19, leading=25, spaceAfter=8),
        ParagraphStyle(
            "heading", plain, fontName=bold, fontSize=13, leading=18, spaceBefore=14, keepWithNext=1
        ),
        ParagraphStyle("bullet", plain, leftIndent=14, bulletIndent=2),
        ParagraphStyle("entry", plain, leftIndent=28),
        ParagraphStyle("caption", quiet, spaceBefore=6, keepWithNext=1),
        ParagraphStyle("cell", plain, fontSize=8, leading=11, spaceAfter=0),
        ParagraphStyle("strong", plain, fontName=bold, fontSize=8, leading=11, spaceAfter=0),
    )
    return {style.name: style for style in more}
