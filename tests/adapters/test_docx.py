"""Word documents: what a reader sees, in order, with places that lead back; damaged ones say why."""

import io
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from cairn.adapters.parsers.docx import load
from cairn.errors import ParseFailed
from cairn.types import Document, Element

PARSER = load("")
W = nsdecls("w")
NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'
)
MAIN = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def parse(path: Path) -> Document:
    """Parse, and check what holds of every document: anchors cover the text, blocks are counted in order."""
    document = PARSER.parse(path, path.name)
    assert document == PARSER.parse(path, path.name)
    last = 0
    for element in document.elements:
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
        for anchor in element.anchors:
            assert anchor.locator.paragraphs is not None
            first, end = anchor.locator.paragraphs
            assert first == end and first in (last, last + 1)
            last = end
    return document


def said(elements: tuple[Element, ...]) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in elements]


@pytest.fixture
def written(tmp_path: Path) -> Callable[[Any], Document]:
    def write(document: Any) -> Document:
        document.save(tmp_path / "pump.docx")
        return parse(tmp_path / "pump.docx")

    return write


@pytest.fixture
def body(tmp_path: Path) -> Callable[..., Document]:
    """Parse a body given as XML, with other parts by name (``footnotes``)."""

    def write(content: str, **others: str) -> Document:
        parts = {f"word/{name}.xml": f"<w:{name} {NAMES}>{text}</w:{name}>" for name, text in others.items()}
        return parse(package(tmp_path / "a.docx", f"<w:body>{content}</w:body>", parts))

    return write


def package(path: Path, content: str, parts: dict[str, str]) -> Path:
    near = "".join(
        f'<Relationship Id="r{at}" Type="{MAIN}{Path(name).stem}" Target="{Path(name).name}"/>'
        for at, name in enumerate(parts)
    )
    top = f'<Relationship Id="r1" Type="{MAIN}officeDocument" Target="word/document.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_rels/.rels", f"<Relationships>{top}</Relationships>")
        archive.writestr("word/_rels/document.xml.rels", f"<Relationships>{near}</Relationships>")
        archive.writestr("word/document.xml", f"<w:document {NAMES}>{content}</w:document>")
        for name, text in parts.items():
            archive.writestr(name, text)
    return path


def p(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def cell(content: str, properties: str = "") -> str:
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{content}</w:tc>"


def test_a_report(written: Callable[[Any], Document]) -> None:
    report = docx.Document()
    report.core_properties.title = "Word Document"
    report.core_properties.author = "Ann Lee"
    report.core_properties.created = datetime(2024, 5, 6, 7, 8, 9)
    report.core_properties.keywords = "pumps; water"
    report.core_properties.comments = "How pumps are cared for"
    report.add_heading("Caring for pumps", 0)
    report.add_heading("Intervals", 1)
    report.add_paragraph(
        "Every second year the valve is taken out and it is cleaned by the people of the plant."
    )
    report.add_paragraph("")
    report.add_heading("Steps", 2)
    report.add_paragraph("Take the valve out", style="List Bullet")
    report.add_paragraph("Clean the seat", style="List Number")
    report.add_paragraph("Table 1: prices", style="Caption")
    table = report.add_table(rows=2, cols=2)
    for at, text in enumerate(("Part", "Price", "Valve", "12.50")):
        table.cell(at // 2, at % 2).text = text
    report.add_heading("Prices", 1)
    report.add_paragraph("All prices are in euros and are valid until the end of the year.")
    report.sections[0].header.paragraphs[0].text = "Confidential header"
    document = written(report)
    assert [(e.kind, e.level, e.text) for e in document.elements] == [
        ("heading", 1, "Caring for pumps"),
        ("heading", 1, "Intervals"),
        ("paragraph", 0, report.paragraphs[2].text),
        ("heading", 2, "Steps"),
        ("list_item", 0, "Take the valve out"),
        ("list_item", 0, "Clean the seat"),
        ("caption", 0, "Table 1: prices"),
        ("table", 0, "Part | Price\nValve | 12.50"),
        ("heading", 1, "Prices"),
        ("paragraph", 0, report.paragraphs[-1].text),
    ]
    table_rows = [anchor.locator for anchor in document.elements[7].anchors]
    assert [row.paragraphs for row in table_rows] == [(8, 8), (9, 9)]
    assert table_rows[0].heading == ("Intervals", "Steps") and document.elements[7].header == 1
    assert document.title == "Caring for pumps" and document.language == "en" and not document.unread
    assert document.metadata["author"] == "Ann Lee"
    assert document.metadata["created"] == "2024-05-06T07:08:09Z"
    assert document.metadata["tags"] == "pumps, water"
    assert document.metadata["description"] == "How pumps are cared for"


def test_headings_by_style(written: Callable[[Any], Document]) -> None:
    report = docx.Document()
    own = report.styles.add_style("House Heading", WD_STYLE_TYPE.PARAGRAPH)
    own.base_style = report.styles["Heading 2"]
    report.styles.add_style("Überschrift 3", WD_STYLE_TYPE.PARAGRAPH)
    outlined = report.styles.add_style("Kapitel", WD_STYLE_TYPE.PARAGRAPH)
    outlined.element.append(parse_xml(f'<w:pPr {W}><w:outlineLvl w:val="3"/></w:pPr>'))
    for style in ("House Heading", "Überschrift 3", "Kapitel", "TOC Heading", "Normal", "Heading 1"):
        report.add_paragraph(style, style=style)
    direct = report.add_paragraph("Direct")
    direct._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {W} w:val="1"/>'))
    levels = {e.text: e.level for e in written(report).elements}
    assert levels == {
        "House Heading": 2,
        "Überschrift 3": 3,
        "Kapitel": 4,
        "Normal": 0,
        "Heading 1": 1,
        "Direct": 2,
    }


def test_styles_that_are_based_on_each_other_end(body: Callable[..., Document]) -> None:
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{one}"><w:name w:val="{one}"/>'
        f'<w:basedOn w:val="{two}"/></w:style>'
        for one, two in ("ab", "ba")
    )
    document = body(p("Round and round", '<w:pStyle w:val="a"/>'), styles=styles)
    assert said(document.elements) == [("paragraph", "Round and round")]


def test_merged_and_nested_tables(written: Callable[[Any], Document]) -> None:
    report = docx.Document()
    table = report.add_table(rows=4, cols=3)
    texts = ("Region", "Cost", "", "", "2024", "2025", "North", "1,850", "15", "", "980", "12.5 %")
    for at, text in enumerate(texts):
        table.cell(at // 3, at % 3).text = text
    table.cell(0, 1).merge(table.cell(0, 2)).text = "Cost"
    table.cell(2, 0).merge(table.cell(3, 0)).text = "North"
    for row in table.rows[:2]:
        row._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {W}/>"))
    inner = table.cell(2, 1).add_table(rows=1, cols=2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "of which", "pumps"
    first, second = written(report).elements
    assert first.text == "Region | Cost | Cost\n | 2024 | 2025\nNorth | 1,850 | 15\nNorth | 980 | 12.5 %"
    assert first.header == 2
    assert second.text == "of which | pumps"


def test_a_frame_is_no_table(written: Callable[[Any], Document]) -> None:
    report = docx.Document()
    frame = report.add_table(rows=1, cols=1)
    frame.cell(0, 0).text = "Mind the step."
    assert said(written(report).elements) == [("paragraph", "Mind the step.")]


def test_tracked_changes_count_as_accepted(body: Callable[..., Document]) -> None:
    run = "<w:r><w:t xml:space='preserve'>{}</w:t></w:r>"
    gone = "<w:r><w:delText>gone</w:delText></w:r>"
    document = body(
        f"<w:p>{run.format('The ')}<w:ins>{run.format('new ')}</w:ins><w:del>{gone}</w:del>"
        f"<w:moveFrom>{run.format('moved')}</w:moveFrom>{run.format('pump')}</w:p>"
        f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run.format('One ')}</w:p>{p('sentence.')}"
        "<w:tbl><w:tr><w:tc>" + p("a") + "</w:tc><w:tc>" + p("b") + "</w:tc></w:tr>"
        "<w:tr><w:trPr><w:del/></w:trPr><w:tc>" + p("c") + "</w:tc></w:tr></w:tbl>"
    )
    assert said(document.elements) == [
        ("paragraph", "The new pump"),
        ("paragraph", "One sentence."),
        ("table", "a | b"),
    ]


def test_fields_show_their_results(body: Callable[..., Document]) -> None:
    char = '<w:r><w:fldChar w:fldCharType="{}"/></w:r>'
    begin, separate, end = map(char.format, ("begin", "separate", "end"))
    document = body(
        f"<w:p><w:r><w:t>Page</w:t></w:r><w:r><w:t xml:space='preserve'> </w:t></w:r>{begin}<w:r>"
        f"<w:instrText>IF </w:instrText></w:r>{begin}<w:r><w:instrText>X</w:instrText></w:r>{separate}"
        f"<w:r><w:t>unshown</w:t></w:r>{end}{separate}<w:r><w:t>7</w:t></w:r>{end}"
        "<w:r><w:noBreakHyphen/><w:t>up</w:t><w:tab/><w:t>pro</w:t><w:softHyphen/><w:t>gress</w:t><w:br/>"
        '<w:sym w:font="Symbol" w:char="F061"/><w:sym w:font="Wingdings" w:char="F0FC"/></w:r></w:p>'
        f"<w:p>{begin}<w:r><w:instrText>REF lost</w:instrText></w:r></w:p>" + p("Still shown")
    )
    assert said(document.elements) == [("paragraph", "Page 7-up progress\nα✓"), ("paragraph", "Still shown")]


def test_notes_stand_after_their_paragraph(body: Callable[..., Document]) -> None:
    reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
    notes = f'<w:footnote w:type="separator" w:id="0">{p("line")}</w:footnote>'
    notes += f'<w:footnote w:id="2">{p("See the")}{p("manual.")}</w:footnote>'
    content = f"<w:p><w:r><w:t>Pumps fail</w:t></w:r>{reference}<w:r><w:t>.</w:t></w:r>{reference}</w:p>"
    document = body(content + p("After"), footnotes=notes)
    assert said(document.elements) == [
        ("paragraph", "Pumps fail."),
        ("footnote", "See the manual."),
        ("paragraph", "After"),
    ]
    assert document.elements[1].anchors[0].locator == document.elements[0].anchors[0].locator


def test_text_boxes_controls_and_hidden_text(body: Callable[..., Document]) -> None:
    box = f"<w:r><w:pict><v:textbox xmlns:v='urn:schemas-microsoft-com:vml'><w:txbxContent>{p('Boxed')}"
    box += "</w:txbxContent></v:textbox></w:pict></w:r>"
    choice = "<mc:AlternateContent xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'>"
    choice += f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent>"
    empty = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent><w:r><w:t>Click here</w:t></w:r>"
    empty += "</w:sdtContent></w:sdt>"
    hidden = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
    document = body(
        f"<w:sdt><w:sdtContent><w:p>{choice}<w:hyperlink><w:r><w:t>Link</w:t></w:r></w:hyperlink>{empty}{hidden}"
        f"</w:p></w:sdtContent></w:sdt>{p('Next')}"
    )
    assert said(document.elements) == [("paragraph", "Link"), ("paragraph", "Boxed"), ("paragraph", "Next")]


def test_pictures_say_what_their_authors_say(written: Callable[[Any], Document]) -> None:
    report = docx.Document()
    for description in (
        "Cut through a pump",
        "Picture 3",
        "pump.png",
        "A pump\n\nDescription automatically generated",
    ):
        paragraph = report.add_paragraph()
        picture = paragraph.add_run().add_picture(io.BytesIO(png()))
        picture._inline.docPr.set("descr", description)
    assert said(written(report).elements) == [
        ("caption", "Figure: Cut through a pump"),
        ("caption", "Figure: A pump"),
    ]


def png() -> bytes:
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6260606060"
        "000000050001a5f645400000000049454e44ae426082"
    )


def test_equations_are_written_on_a_line(body: Callable[..., Document]) -> None:
    r = "<m:r><m:t>{}</m:t></m:r>".format
    fraction = f"<m:f><m:num>{r('a+b')}</m:num><m:den>{r('2')}</m:den></m:f>"
    power = f"<m:sSup><m:e>{r('c')}</m:e><m:sup>{r('2')}</m:sup></m:sSup>"
    root = f"<m:rad><m:deg/><m:e>{r('x+1')}</m:e></m:rad>"
    math = "http://schemas.openxmlformats.org/officeDocument/2006/math"
    document = body(f"<w:p><m:oMath xmlns:m='{math}'>{fraction}{r('=')}{power}{r('+')}{root}</m:oMath></w:p>")
    assert document.elements[0].text == "(a+b)/2=c^2+√(x+1)"


def test_the_strict_kind_reads_the_same(tmp_path: Path) -> None:
    path = package(tmp_path / "a.docx", f"<w:body>{p('Strictly')}</w:body>", {})
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    transitional = b"http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    members["word/document.xml"] = members["word/document.xml"].replace(
        transitional, b"http://purl.oclc.org/ooxml/wordprocessingml/main"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert said(parse(path).elements) == [("paragraph", "Strictly")]


def test_comments_are_counted(body: Callable[..., Document]) -> None:
    content = "<w:p><w:r><w:t>Text</w:t><w:commentReference w:id='1'/></w:r></w:p>"
    document = body(content, comments=f"<w:comment w:id='1'>{p('Really?')}</w:comment>")
    assert said(document.elements) == [("paragraph", "Text")] and document.unread == ("comment: 1",)


# --- what is damaged or hostile -------------------------------------------------------------


def reason(path: Path) -> str:
    with pytest.raises(ParseFailed) as caught:
        PARSER.parse(path, path.name)
    return str(caught.value)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    docx.Document().save(tmp_path / "empty.docx")
    assert reason(tmp_path / "empty.docx") == "no text in it"
    whole = (tmp_path / "empty.docx").read_bytes()
    (tmp_path / "cut.docx").write_bytes(whole[: len(whole) // 2])
    assert reason(tmp_path / "cut.docx").startswith("it is damaged")
    with zipfile.ZipFile(tmp_path / "other.docx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    assert reason(tmp_path / "other.docx").startswith("it is no Word document")


def test_flipped_bits_cost_one_document(tmp_path: Path) -> None:
    report = docx.Document()
    for at in range(40):
        report.add_paragraph(f"Paragraph {at} of a report on the care of pumps.")
    report.save(tmp_path / "a.docx")
    whole = (tmp_path / "a.docx").read_bytes()
    for at in range(0, len(whole), 397):
        (tmp_path / "a.docx").write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            assert PARSER.parse(tmp_path / "a.docx", "a.docx").elements
        except ParseFailed as error:
            assert str(error)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = (
        '<!DOCTYPE a [<!ENTITY a "boom"><!ENTITY b "'
        + "&a;" * 1000
        + '"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    )
    content = (
        f"<w:document {NAMES}><w:body><w:p><w:r><w:t>Safe &b;&c;</w:t></w:r></w:p>&b;</w:body></w:document>"
    )
    with zipfile.ZipFile(tmp_path / "a.docx", "w") as archive:
        archive.writestr("word/document.xml", bomb + content)
    assert said(PARSER.parse(tmp_path / "a.docx", "a.docx").elements) == [("paragraph", "Safe")]


NESTED = (
    "<w:tbl><w:tr><w:tc>" * 3000 + p("deep"),
    "<w:sdt><w:sdtContent>" * 3000 + p("deep"),
    "<w:p><w:r><w:pict><w:txbxContent>" * 3000 + p("deep"),
    "<w:p>" + "<w:hyperlink>" * 3000,
)


@pytest.mark.parametrize("deep", NESTED, ids=range(len(NESTED)))
def test_depth_is_told_and_costs_nothing(deep: str, tmp_path: Path) -> None:
    path = package(tmp_path / "a.docx", f"<w:body>{p('First')}{deep}</w:body>", {})
    document = PARSER.parse(path, "a.docx")
    assert document.elements[0].text == "First"
    assert "word/document.xml is damaged" in document.unread[0]


def test_lying_numbers_are_not_believed(body: Callable[..., Document]) -> None:
    wide = cell(p("a"), '<w:gridSpan w:val="999999999"/>') + cell(p("b"), '<w:gridSpan w:val="-4"/>')
    before = '<w:trPr><w:gridBefore w:val="9999"/></w:trPr>'
    form = "<w:ffData><w:ddList><w:result w:val='99'/><w:listEntry w:val='x'/></w:ddList></w:ffData>"
    field = f"<w:p><w:r><w:fldChar w:fldCharType='begin'>{form}</w:fldChar></w:r></w:p>"
    odd = p("Odd", '<w:outlineLvl w:val="many"/>') + p("Low", '<w:outlineLvl w:val="777"/>')
    document = body(f"<w:tbl><w:tr>{before}{wide}</w:tr><w:tr>{cell(p('c'))}</w:tr></w:tbl>{field}{odd}")
    assert [e.kind for e in document.elements] == ["table", "paragraph", "paragraph"]
    assert {"a", "b", "c"} <= set(document.elements[0].text.replace("\n", " | ").split(" | "))


def test_a_damaged_part_costs_only_itself(tmp_path: Path) -> None:
    path = package(tmp_path / "a.docx", f"<w:body>{p('Kept')}</w:body>", {"word/styles.xml": "no XML at all"})
    document = PARSER.parse(path, "a.docx")
    assert said(document.elements) == [("paragraph", "Kept")]
    assert document.unread == ("word/styles.xml in it is no XML",)
