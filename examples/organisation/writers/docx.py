"""Word documents: real headings, lists, tables with a header row, footnotes and properties."""

from io import BytesIO
from typing import Any

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor

from .archive import dated, steady
from .source import Block, Source, parse, runs

FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


class Docx:
    """The rendering of one source as a Word document."""

    def __init__(self, source: Source) -> None:
        """Begin with the title and the lines under it."""
        self.source = source
        self.document: Any = Document()
        self.footnotes = [block.text for block in parse(source.body) if block.kind == "footnote"]
        self.properties()
        self.furniture()
        self.document.add_paragraph(source.head["title"], style="Title")
        rows = [list(pair) for pair in source.meta()]
        if rows:
            self.table(Block("table", rows=rows), head=False)

    def properties(self) -> None:
        """Fill in the core properties."""
        head, core = self.source.head, self.document.core_properties
        core.title, core.author, core.last_modified_by = head["title"], self.source.issuer, self.source.issuer
        core.subject, core.comments = head.get("ref", ""), head.get("status", "")
        core.language, core.revision = self.source.lang, 1
        core.created = core.modified = self.source.day

    def furniture(self) -> None:
        """Write the running header and footer, and the look of the body."""
        head, section = self.source.head, self.document.sections[0]
        section.header.paragraphs[0].text = self.source.issuer
        section.footer.paragraphs[0].text = " · ".join(head[k] for k in ("ref", "status") if k in head)
        style = self.document.styles["Normal"]
        style.font.name, style.font.size = "Calibri", Pt(11)

    def written(self) -> bytes:
        """Return the file."""
        for block in parse(self.source.body):
            self.block(block)
        if self.footnotes:
            self.footnote_part()
        data = BytesIO()
        self.document.save(data)
        return steady(data.getvalue(), dated(self.source.day))

    def block(self, block: Block) -> None:
        """Add one block."""
        if block.kind == "heading":
            self.document.add_heading(block.text, level=block.level - 1)
        elif block.kind in ("bullets", "numbers"):
            style = "List Bullet" if block.kind == "bullets" else "List Number"
            for item in block.items:
                self.say(self.document.add_paragraph(style=style), item)
        elif block.kind == "table":
            self.table(block)
        elif block.kind == "note":
            self.say(self.document.add_paragraph(style="Intense Quote"), block.text)
        elif block.text == "pagebreak":
            self.document.add_page_break()
        elif block.kind == "paragraph":
            self.say(self.document.add_paragraph(), block.text)

    def say(self, paragraph: Any, text: str, bold: bool = False) -> None:
        """Add a text with its inline marks to a paragraph."""
        for words, look in runs(text):
            if look == "^":
                self.reference(paragraph, words)
                continue
            run = paragraph.add_run(words)
            run.bold, run.italic = bold or look == "b" or None, look == "i" or None

    def table(self, block: Block, head: bool = True) -> None:
        """Add a table; its first row is marked as the header and repeated on every page."""
        table = self.document.add_table(rows=0, cols=len(block.rows[0]), style="Table Grid")
        for index, row in enumerate(block.rows):
            cells = table.add_row().cells
            for column, (cell, text) in enumerate(zip(cells, row, strict=True)):
                self.say(cell.paragraphs[0], text, bold=index == 0 if head else column == 0)
                if head and index and block.right[column]:
                    cell.paragraphs[0].alignment = 2
        table._tbl.tblPr.find(qn("w:tblLook")).set(qn("w:firstRow"), "1" if head else "0")
        if head:
            table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        self.document.add_paragraph()

    def reference(self, paragraph: Any, number: str) -> None:
        """Put the mark of a footnote into a paragraph."""
        run = paragraph.add_run()
        run.font.superscript, run.font.color.rgb = True, RGBColor(0x27, 0x4B, 0x8F)
        mark = OxmlElement("w:footnoteReference")
        mark.set(qn("w:id"), number)
        run._r.append(mark)

    def footnote_part(self) -> None:
        """Add the part that holds the footnotes; the first two are the rules that Word draws above them."""
        rules = (
            f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>'
            for kind, number, mark in (
                ("separator", -1, "separator"),
                ("continuationSeparator", 0, "continuationSeparator"),
            )
        )
        notes = (
            f'<w:footnote w:id="{number}"><w:p><w:r><w:footnoteRef/></w:r>'
            f'<w:r><w:t xml:space="preserve"> {text}</w:t></w:r></w:p></w:footnote>'
            for number, text in enumerate(self.footnotes, 1)
        )
        xml = f'<w:footnotes xmlns:w="{WORD}">{"".join((*rules, *notes))}</w:footnotes>'
        part = Part(PackURI("/word/footnotes.xml"), FOOTNOTES, xml.encode(), self.document.part.package)
        self.document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def to_docx(source: Source) -> bytes:
    """Render a source as a Word document."""
    return Docx(source).written()
