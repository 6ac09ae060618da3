"""PDF with running headers, page numbers, contents and tables that go over several pages."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.enums import TA_JUSTIFY, TA_RIGHT
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    HRFlowable,
    KeepTogether,
    ListFlowable,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus.tableofcontents import TableOfContents

from .figures import CHARTS
from .source import LABELS, Block, Source, inline, parse

ADDRESS, WEB = "Lantern House, 4 Quay Street, Brackmere", "www.trha.example"
MARGIN = 22 * mm
WIDTH = A4[0] - 2 * MARGIN
LONG_TABLE = 16  # a table with fewer rows stays on one page

PAGE_OF = {"en": "Page {} of {}", "de": "Seite {} von {}", "fr": "Page {} sur {}"}
THEMES: dict[str, tuple[str, bool]] = {
    "report": ("#1f5673", False),
    "board": ("#3d3560", True),
    "finance": ("#1e5b45", False),
    "contract": ("#333333", True),
    "climate": ("#a3481c", False),
    "policy": ("#274b8f", False),
    "audit": ("#6b2334", False),
}


class NumberedCanvas(Canvas):
    """A canvas that knows the number of pages when it draws the running footer."""

    footer: Callable[[Any, int, int], None]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Start with no page kept."""
        super().__init__(*args, **kwargs)
        self.kept: list[dict[str, Any]] = []

    def showPage(self) -> None:
        """Keep the page until the number of pages is known."""
        self.kept.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        """Draw the footers and write the file."""
        for number, state in enumerate(self.kept, 1):
            self.__dict__.update(state)
            type(self).footer(self, number, len(self.kept))
            super().showPage()
        super().save()


class Report(BaseDocTemplate):
    """A document that tells its table of contents where the headings are."""

    def afterFlowable(self, flowable: Flowable) -> None:
        """Report each heading to the table of contents."""
        level = {"h1": 0, "h2": 1}.get(getattr(getattr(flowable, "style", None), "name", ""))
        if level is not None and isinstance(flowable, Paragraph):
            self.notify("TOCEntry", (level, flowable.getPlainText(), self.page))


class Pdf:
    """The rendering of one source as PDF."""

    def __init__(self, source: Source) -> None:
        """Choose fonts and colour by the theme of the source."""
        self.source = source
        colour, serif = THEMES[source.head.get("theme", "report")]
        self.colour: Color = HexColor(colour)
        self.roman, self.bold = ("Times-Roman", "Times-Bold") if serif else ("Helvetica", "Helvetica-Bold")
        self.head_font = self.bold
        self.size = 11.0 if serif else 10.2
        self.justify = serif
        self.cover = source.head.get("cover") == "yes"

    def style(self, name: str, **options: Any) -> ParagraphStyle:
        """Make a paragraph style on the document's own font."""
        basic: dict[str, Any] = {"fontName": self.roman, "fontSize": self.size, "leading": self.size * 1.42}
        return ParagraphStyle(name, **(basic | options))

    def written(self) -> bytes:
        """Return the file."""
        frame = Frame(MARGIN, 24 * mm, WIDTH, A4[1] - 52 * mm, id="body", leftPadding=0, rightPadding=0)
        first = Frame(MARGIN, 24 * mm, WIDTH, A4[1] - 48 * mm, id="first", leftPadding=0, rightPadding=0)
        templates = [PageTemplate("first", [first]), PageTemplate("later", [frame])]
        title, data = self.source.head["title"], BytesIO()
        document = Report(
            data, pagesize=A4, invariant=1, title=title, author=self.source.issuer, lang=self.source.lang
        )
        document.addPageTemplates(templates)
        canvas = type("Pages", (NumberedCanvas,), {"footer": self.furniture})
        document.multiBuild([NextPageTemplate("later"), *self.opening(), *self.blocks()], canvasmaker=canvas)
        return data.getvalue()

    def furniture(self, canvas: Any, number: int, count: int) -> None:
        """Draw the running header and footer of one page."""
        head = self.source.head
        canvas.saveState()
        canvas.setStrokeColor(self.colour)
        if number == 1:
            self.letterhead(canvas)
        else:
            canvas.setFont(self.roman, 8)
            canvas.setFillColor(HexColor("#555555"))
            canvas.drawString(MARGIN, A4[1] - 16 * mm, self.source.issuer)
            canvas.drawRightString(A4[0] - MARGIN, A4[1] - 16 * mm, head.get("short", head["title"]))
            canvas.setLineWidth(0.6)
            canvas.line(MARGIN, A4[1] - 18.5 * mm, A4[0] - MARGIN, A4[1] - 18.5 * mm)
        canvas.setFillColor(HexColor("#555555"))
        canvas.setFont(self.roman, 8)
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, 17 * mm, A4[0] - MARGIN, 17 * mm)
        canvas.drawString(MARGIN, 12.5 * mm, " · ".join(head[k] for k in ("ref", "status") if k in head))
        canvas.drawRightString(A4[0] - MARGIN, 12.5 * mm, PAGE_OF[self.source.lang].format(number, count))
        canvas.restoreState()

    def letterhead(self, canvas: Any) -> None:
        """Draw the authority's mark and name at the top of the first page."""
        top = A4[1] - 17 * mm
        canvas.setFillColor(self.colour)
        for step, height in enumerate((3.0, 4.6, 6.6)):
            canvas.roundRect(
                MARGIN + step * 3.1 * mm, top - 1.5 * mm, 2.4 * mm, height * mm, 0.7 * mm, stroke=0, fill=1
            )
        canvas.setFont(self.bold, 11.5)
        canvas.drawString(MARGIN + 12 * mm, top + 1.9 * mm, self.source.issuer)
        canvas.setFillColor(HexColor("#666666"))
        canvas.setFont(self.roman, 7.6)
        canvas.drawString(MARGIN + 12 * mm, top - 1.8 * mm, self.source.head.get("address", ADDRESS))
        canvas.drawRightString(A4[0] - MARGIN, top - 1.8 * mm, self.source.head.get("web", WEB))
        canvas.setLineWidth(1.2)
        canvas.line(MARGIN, top - 4.2 * mm, A4[0] - MARGIN, top - 4.2 * mm)

    def opening(self) -> list[Flowable]:
        """Return the title, the lines under it and, for a long report, the table of contents."""
        head, big = self.source.head, 26 if self.cover else 18
        title = self.style(
            "title", fontName=self.head_font, fontSize=big, leading=big * 1.2, textColor=self.colour
        )
        story: list[Flowable] = [
            Spacer(1, (62 if self.cover else 4) * mm),
            Paragraph(inline(head["title"]), title),
        ]
        if "subtitle" in head:
            grey = self.style(
                "subtitle", fontSize=12, leading=16, textColor=HexColor("#555555"), spaceBefore=4
            )
            story.append(Paragraph(inline(head["subtitle"]), grey))
        story += [Spacer(1, 5 * mm), self.meta_table(), Spacer(1, 5 * mm)]
        if self.cover:
            story += [
                PageBreak(),
                Paragraph(LABELS[self.source.lang]["toc"], self.heading_style(1, "toc")),
                self.toc(),
            ]
            story += [PageBreak()]
        return story

    def meta_table(self) -> Flowable:
        """Return the labelled lines under the title as a small table without grid."""
        label = self.style("label", fontName=self.bold, fontSize=8.6, leading=11, textColor=self.colour)
        plain = self.style("meta", fontSize=8.9, leading=11)
        rows = [
            [Paragraph(inline(key), label), Paragraph(inline(value), plain)]
            for key, value in self.source.meta()
        ]
        if not rows:
            return HRFlowable(width="100%", color=self.colour)
        table = Table(rows, colWidths=[27 * mm, WIDTH - 27 * mm], hAlign="LEFT")
        rule = [
            ("LINEBELOW", (0, -1), (-1, -1), 0.5, self.colour),
            ("LINEABOVE", (0, 0), (-1, 0), 0.5, self.colour),
        ]
        pads = [("TOPPADDING", (0, 0), (-1, -1), 2), ("BOTTOMPADDING", (0, 0), (-1, -1), 2)]
        table.setStyle(
            TableStyle(
                [*rule, *pads, ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LEFTPADDING", (0, 0), (0, -1), 0)]
            )
        )
        return table

    def toc(self) -> TableOfContents:
        """Return the table of contents."""
        contents = TableOfContents()
        contents.dotsMinLevel = 0
        contents.levelStyles = [
            self.style("toc1", fontName=self.bold, spaceBefore=2),
            self.style("toc2", leftIndent=12, fontSize=self.size - 0.8, leading=self.size * 1.22),
        ]
        return contents

    def heading_style(self, level: int, name: str = "") -> ParagraphStyle:
        """Return the style of a heading of one level."""
        size = {1: 14.5, 2: 11.8}.get(level, 10.4)
        space = {"spaceBefore": size * 0.9, "spaceAfter": size * 0.35, "keepWithNext": 1}
        colour = self.colour if level < 3 else HexColor("#222222")
        font = {"fontName": self.head_font, "fontSize": size, "leading": size * 1.25, "textColor": colour}
        return self.style(name or f"h{level}", **font, **space)

    def blocks(self) -> list[Flowable]:
        """Return the flowables of the whole body."""
        blocks = list(parse(self.source.body))
        story: list[Flowable] = []
        for block, following in zip(blocks, [*blocks[1:], Block("end")], strict=True):
            if block.kind == "heading" and len(following.rows) >= LONG_TABLE:
                loose = ParagraphStyle("loose", self.heading_style(block.level - 1), keepWithNext=0)
                loose.name = f"h{block.level - 1}"
                story += [CondPageBreak(55 * mm), Paragraph(inline(block.text), loose)]
            else:
                story += self.block(block)
        return story

    def block(self, block: Block) -> list[Flowable]:
        """Return the flowables of one block."""
        if block.kind == "heading":
            return [Paragraph(inline(block.text), self.heading_style(block.level - 1))]
        if block.kind in ("bullets", "numbers"):
            return [self.list_of(block), Spacer(1, 4)]
        if block.kind == "table":
            return [self.table(block)]
        if block.kind == "note":
            return [self.note(block.text)]
        if block.kind == "directive":
            return self.directive(block.text)
        align = {"alignment": TA_JUSTIFY} if self.justify else {}
        return [Paragraph(inline(block.text), self.style("body", spaceAfter=6, **align))]

    def list_of(self, block: Block) -> Flowable:
        """Return a bulleted or numbered list."""
        body = self.style("item", spaceAfter=2)
        bullets = block.kind == "bullets"
        return ListFlowable(
            [Paragraph(inline(item), body) for item in block.items],
            leftIndent=15,
            bulletType="bullet" if bullets else "1",
            bulletFormat=None if bullets else "%s.",
            start="•" if bullets else None,
            bulletFontName=self.roman,
            bulletFontSize=self.size,
        )

    def note(self, text: str) -> Flowable:
        """Return a tinted box with a coloured edge."""
        table = Table([[Paragraph(inline(text), self.style("note"))]], colWidths=[WIDTH])
        tint = Color(self.colour.red, self.colour.green, self.colour.blue, alpha=0.08)
        edge = ("LINEBEFORE", (0, 0), (0, -1), 2.5, self.colour)
        pads = [(f"{side}PADDING", (0, 0), (-1, -1), 7) for side in ("TOP", "BOTTOM", "LEFT", "RIGHT")]
        table.setStyle(TableStyle([("BACKGROUND", (0, 0), (-1, -1), tint), edge, *pads]))
        table.spaceBefore, table.spaceAfter = 3, 9
        return table

    def directive(self, text: str) -> list[Flowable]:
        """Return a page break or a chart."""
        if text == "pagebreak":
            return [PageBreak()]
        caption, rows, column = CHARTS[text.removeprefix("chart:")]
        return [KeepTogether([self.chart(caption, rows()[1:-1], column)]), Spacer(1, 8)]

    def chart(self, caption: str, rows: list[list[str]], column: int) -> Drawing:
        """Return a bar chart of one column of a table."""
        drawing = Drawing(WIDTH, 60 * mm)
        drawing.add(String(0, 56 * mm, caption, fontName=self.bold, fontSize=8.6, fillColor=self.colour))
        heights = [float(row[column].replace(",", "")) for row in rows]
        bars: Any = VerticalBarChart()
        bars.x, bars.y, bars.width, bars.height = 24, 10 * mm, WIDTH - 30, 42 * mm
        bars.data = [heights]
        bars.bars[0].fillColor = self.colour
        bars.bars[0].strokeColor = None
        bars.groupSpacing = 5
        self.axes(bars, [re.sub(r"^\d+-", "", row[0]) for row in rows], max(heights))
        drawing.add(bars)
        return drawing

    def axes(self, bars: Any, names: list[str], highest: float) -> None:
        """Set the axes of a bar chart."""
        values, categories = bars.valueAxis, bars.categoryAxis
        values.valueMin, values.valueMax, values.valueStep = 0, 50 * (int(highest / 50) + 1), 50
        values.visibleGrid, values.gridStrokeColor, values.gridStrokeWidth = 1, HexColor("#dddddd"), 0.4
        values.labels.fontName = categories.labels.fontName = self.roman
        values.labels.fontSize, categories.labels.fontSize = 7, 6.6
        categories.categoryNames, categories.visibleTicks = names, 0

    def table(self, block: Block) -> Flowable:
        """Return a table with gridlines, whose head is repeated on each page."""
        size = 8.3 if len(block.rows[0]) > 5 else 9.2
        widths = column_widths(block.rows, self.bold, size)
        last = block.rows[-1][0].strip("*")
        totals = last.startswith(("Total", "Summe", "Gesamt"))
        rows = []
        for index, row in enumerate(block.rows):
            strong = index == 0 or (totals and index == len(block.rows) - 1)
            rows.append(
                [self.cell(c, size, strong, index == 0, r) for c, r in zip(row, block.right, strict=True)]
            )
        table = Table(rows, colWidths=widths, repeatRows=1, hAlign="LEFT")
        whole = [("NOSPLIT", (0, 0), (-1, -1))] if len(rows) < LONG_TABLE else []
        table.setStyle(TableStyle([*self.grid(totals), *whole]))
        table.spaceBefore, table.spaceAfter = 4, 11
        return table

    def cell(self, text: str, size: float, strong: bool, head: bool, right: bool) -> Paragraph:
        """Return one cell of a table."""
        options: dict[str, Any] = {"fontSize": size, "leading": size * 1.22}
        options["fontName"] = self.bold if strong else self.roman
        options |= {"alignment": TA_RIGHT} if right else {}
        options |= {"textColor": white} if head else {}
        return Paragraph(inline(text), self.style("cell", **options))

    def grid(self, totals: bool) -> list[tuple[Any, ...]]:
        """Return the lines, tints and paddings of a table."""
        whole = ((0, 0), (-1, -1))
        style: list[tuple[Any, ...]] = [
            ("GRID", *whole, 0.4, HexColor("#9a9a9a")),
            ("BACKGROUND", (0, 0), (-1, 0), self.colour),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [white, HexColor("#f4f5f6")]),
            ("VALIGN", *whole, "TOP"),
            ("LEFTPADDING", *whole, 5),
            ("RIGHTPADDING", *whole, 6),
            ("TOPPADDING", *whole, 2.4),
            ("BOTTOMPADDING", *whole, 3),
        ]
        if totals:
            style += [
                ("LINEABOVE", (0, -1), (-1, -1), 1.1, self.colour),
                ("BACKGROUND", (0, -1), (-1, -1), HexColor("#e6e8ea")),
            ]
        return style


def column_widths(rows: list[list[str]], font: str, size: float) -> list[float]:
    """Share the page's width among columns: no word is broken and long texts get the rest."""
    least, wanted = [], []
    for column in zip(*rows, strict=True):
        words = [word for cell in column for word in cell.replace("*", "").split()] or [""]
        least.append(max(stringWidth(word, font, size) for word in words) + 12)
        wanted.append(max(stringWidth(cell.replace("*", ""), font, size) for cell in column) + 12)
    if sum(wanted) <= WIDTH:
        scale = min(1.35, WIDTH / sum(wanted))
        return [width * scale for width in wanted]
    spare = WIDTH - sum(least)
    wish = [max(0.0, want - low) ** 0.7 for want, low in zip(wanted, least, strict=True)]
    return [low + spare * part / sum(wish) for low, part in zip(least, wish, strict=True)]


def to_pdf(source: Source) -> bytes:
    """Render a source as PDF."""
    return Pdf(source).written()
