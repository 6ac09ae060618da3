"""Decks: a title slide, then a slide a heading with its bullets, its table and the speaker's notes."""

import re
from io import BytesIO
from typing import Any

from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Cm, Pt

from .archive import dated, steady
from .figures import CHARTS
from .source import Block, Source, parse, runs

WITH_TEXT, WITH_TABLE = 1, 5  # layouts of the template: title and content, title only
ChartData: Any = CategoryChartData  # its methods have no types
LEFT, WIDTH = Cm(1.6), Cm(22.2)


class Pptx:
    """The rendering of one source as a deck."""

    def __init__(self, source: Source) -> None:
        """Begin with the title slide."""
        self.source = source
        self.deck: Any = Presentation()
        head, core = source.head, self.deck.core_properties
        core.title, core.author, core.last_modified_by = head["title"], source.issuer, source.issuer
        core.subject, core.comments, core.revision = head.get("ref", ""), head.get("status", ""), 1
        core.created = core.modified = source.day
        self.slide = self.deck.slides.add_slide(self.deck.slide_layouts[0])
        self.slide.shapes.title.text = head["title"]
        self.slide.placeholders[1].text = "\n".join(f"{label}: {value}" for label, value in source.meta())

    def written(self) -> bytes:
        """Return the file."""
        gathered: list[Block] = []
        for block in parse(self.source.body):
            if block.kind == "heading":
                self.fill(gathered)
                gathered = []
            gathered.append(block)
        self.fill(gathered)
        data = BytesIO()
        self.deck.save(data)
        return steady(data.getvalue(), dated(self.source.day))

    def fill(self, blocks: list[Block]) -> None:
        """Make one slide of a heading and what follows it; blocks without heading go to the title slide."""
        tables = [block for block in blocks if block.kind == "table"]
        charts = [block.text for block in blocks if block.text.startswith("chart:")]
        spoken = [block.text for block in blocks if block.text.startswith("Notes: ")]
        shown = [b for b in blocks if b.kind in ("bullets", "paragraph", "note") and b.text not in spoken]
        if blocks and blocks[0].kind == "heading":
            layout = self.deck.slide_layouts[WITH_TABLE if tables or charts else WITH_TEXT]
            self.slide = self.deck.slides.add_slide(layout)
            self.slide.shapes.title.text = blocks[0].text
        top = self.tables(tables)
        boxed = bool(tables or charts) or len(self.deck.slides) == 1
        if shown:
            frame = self.box(top) if boxed else self.slide.placeholders[1].text_frame
            self.bullets(frame, [item for b in shown for item in b.items or [b.text]])
        for name in charts:
            self.chart(name.removeprefix("chart:"))
        for text in spoken:
            notes = " ".join(re.sub(r"^Notes: ", "", text).split())
            self.slide.notes_slide.notes_text_frame.text = notes

    def box(self, top: int) -> Any:
        """Add a text box under a table."""
        box = self.slide.shapes.add_textbox(LEFT, top, WIDTH, Cm(2.5))
        box.text_frame.word_wrap = True
        return box.text_frame

    def bullets(self, frame: Any, items: list[str]) -> None:
        """Write one paragraph an item."""
        for index, item in enumerate(items):
            paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
            for words, look in runs(item):
                run = paragraph.add_run()
                run.text, run.font.size = words, Pt(20)
                run.font.bold, run.font.italic = look == "b" or None, look == "i" or None

    def chart(self, name: str) -> None:
        """Add a chart of bars with its title."""
        caption, rows, column = CHARTS[name]
        data: Any = ChartData()
        data.categories = [row[0] for row in rows()[1:-1]]
        data.add_series(rows()[0][column], [float(row[column].replace(",", "")) for row in rows()[1:-1]])
        place = (LEFT, Cm(4.2), WIDTH, Cm(11))
        chart = self.slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *place, data).chart
        chart.has_title, chart.has_legend = True, False
        chart.chart_title.text_frame.text = caption

    def tables(self, tables: list[Block]) -> int:
        """Add the tables and return where the free space begins."""
        top = int(Cm(4.2)) if tables else int(Cm(15.5))
        for block in tables:
            height = Cm(0.95) * len(block.rows)
            shape = self.slide.shapes.add_table(len(block.rows), len(block.rows[0]), LEFT, top, WIDTH, height)
            for row, cells in enumerate(block.rows):
                for column, text in enumerate(cells):
                    paragraph = shape.table.cell(row, column).text_frame.paragraphs[0]
                    paragraph.text = text
                    paragraph.font.size = Pt(13)
            top += height + int(Cm(0.5))
        return top


def to_pptx(source: Source) -> bytes:
    """Render a source as a deck."""
    return Pptx(source).written()
