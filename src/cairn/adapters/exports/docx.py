"""Reports as DOCX: real headings, tables whose header is repeated, citations that lead to the sources."""

from functools import singledispatch
from io import BytesIO

from docx import Document
from docx.document import Document as Docx
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Pt, RGBColor
from docx.text.paragraph import Paragraph as Line

from cairn.results.reports import Block, Cells, Entry, Grid, Heading, Paragraph, Printed, Run

QUIET = RGBColor(0x55, 0x5B, 0x63)
LINK = RGBColor(0x0B, 0x65, 0x56)
STYLES = {"bullet": "List Bullet"}


class Word:
    """See ``cairn.protocols.Export``."""

    media_type = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    suffix = ".docx"

    def render(self, printed: Printed) -> bytes:
        made = Document()
        _describe(made, printed)
        made.add_paragraph(printed.title, style="Title")
        _line(made, (Run(printed.about),), quiet=True)
        for block in printed.blocks:
            _add(block, made)
        _number_pages(made)
        written = BytesIO()
        made.save(written)
        return written.getvalue()


def load(rest: str) -> Word:
    """Return the format; it has no options."""
    return Word()


@singledispatch
def _add(block: Block, made: Docx) -> None:
    """Add a block at the end."""
    raise NotImplementedError(type(block))


@_add.register
def _(block: Heading, made: Docx) -> None:
    made.add_heading(block.text, block.level)


@_add.register
def _(block: Paragraph, made: Docx) -> None:
    _line(made, block.runs, style=STYLES.get(block.kind), quiet=block.kind == "quiet")


@_add.register
def _(block: Entry, made: Docx) -> None:
    line = _line(made, (Run(f"[{block.number}] "), *block.runs))
    line.paragraph_format.left_indent = Pt(24)
    line.paragraph_format.first_line_indent = Pt(-24)
    _bookmark(line, block.number)


@_add.register
def _(block: Grid, made: Docx) -> None:
    caption = _line(made, block.caption, style="Caption")
    caption.paragraph_format.keep_with_next = True
    rows = (*block.header, *block.rows)
    table = made.add_table(rows=len(rows), cols=len(rows[0]), style="Table Grid")
    table.autofit = False  # or one long word makes the table wider than the page
    for number, row in enumerate(rows):
        at = number - len(block.header)
        _row(table.rows[number], row, header=at < 0, bold=at in block.marked)
    made.add_paragraph()


def _row(held: object, row: Cells, *, header: bool, bold: bool) -> None:
    properties = held._tr.get_or_add_trPr()  # type: ignore[attr-defined]
    properties.append(OxmlElement("w:cantSplit"))
    if header:
        properties.append(OxmlElement("w:tblHeader"))
    for cell, text in zip(held.cells, row, strict=True):  # type: ignore[attr-defined]
        written = cell.paragraphs[0].add_run(text)
        written.bold = header or bold
        written.font.size = Pt(9)


def _line(made: Docx, runs: tuple[Run, ...], *, style: str | None = None, quiet: bool = False) -> Line:
    line = made.add_paragraph(style=style)
    for run in runs:
        if run.number:
            _link(line, f" {run.text}", {qn("w:anchor"): f"source{run.number}"})
        elif run.link:
            known = line.part.relate_to(run.link, RELATIONSHIP_TYPE.HYPERLINK, is_external=True)
            _link(line, run.text, {qn("r:id"): known})
        else:
            written = line.add_run(run.text)
            written.italic = quiet
            written.font.color.rgb = QUIET if quiet else None
    return line


def _link(line: Line, text: str, target: dict[str, str]) -> None:
    """Add text that leads to an address or a bookmark."""
    written = line.add_run(text)
    written.font.color.rgb = LINK
    link = OxmlElement("w:hyperlink")
    for name, value in target.items():
        link.set(name, value)
    line._p.append(link)
    link.append(written._r)


def _bookmark(line: Line, number: int) -> None:
    for name in ("Start", "End"):
        mark = OxmlElement(f"w:bookmark{name}")
        mark.set(qn("w:id"), str(number))
        if name == "Start":
            mark.set(qn("w:name"), f"source{number}")
        line._p.append(mark)


def _number_pages(made: Docx) -> None:
    line = made.sections[0].footer.paragraphs[0]
    line.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    line._p.append(field)


def _describe(made: Docx, printed: Printed) -> None:
    about = made.core_properties
    about.title = printed.title[:255]
    about.subject = printed.about[:255]
    about.author = about.last_modified_by = "Cairn"
    about.comments = ""
    about.created = about.modified = printed.made.replace(tzinfo=None)
