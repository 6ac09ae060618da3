"""OpenDocument texts and presentations: what a reader sees, with places that lead back; damage says why."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from odf import dc, draw, meta, presentation, style, table, text
from odf.namespaces import DRAWNS, PRESENTATIONNS
from odf.opendocument import OpenDocumentPresentation, OpenDocumentText

from cairn.adapters.parsers import odp, odt
from cairn.errors import ParseFailed
from cairn.types import Document, Locator

PARSERS = {".odt": odt.load(""), ".odp": odp.load("")}
SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in (("office", "office"), ("text", "text"), ("table", "table"), ("draw", "drawing"))
)


def parse(path: Path) -> Document:
    """Parse, and check that anchors cover the text and that it comes out the same twice."""
    parser = PARSERS[path.suffix]
    document = parser.parse(path, path.name)
    assert document == parser.parse(path, path.name)
    for element in document.elements:
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
    return document


def saved(document: Any, path: Path) -> Document:
    document.write(path)
    return parse(path)


def said(document: Document) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in document.elements]


def content(path: Path, body: str, **others: str) -> Path:
    """Write a file of an ODT whose body is given as XML, with other members by name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        whole = f"<office:body><office:text>{body}</office:text></office:body>"
        archive.writestr(
            "content.xml", f"<office:document-content {SPACES}>{whole}</office:document-content>"
        )
        for name, data in others.items():
            archive.writestr(name, data)
    return path


def rows_of(*rows: list[str]) -> Any:
    made = table.Table(name="Prices")
    for cells in rows:
        row = table.TableRow()
        for cell in cells:
            holder = table.TableCell()
            holder.addElement(text.P(text=cell))
            row.addElement(holder)
        made.addElement(row)
    return made


def test_a_text(tmp_path: Path) -> None:
    report = OpenDocumentText()
    report.meta.addElement(dc.Title(text="Caring for pumps"))
    report.meta.addElement(meta.InitialCreator(text="Ann Lee"))
    report.meta.addElement(meta.CreationDate(text="2024-05-06T07:08:09.123456789"))
    report.meta.addElement(meta.Keyword(text="pumps"))
    report.meta.addElement(meta.Keyword(text="water"))
    body = report.text
    body.addElement(text.H(outlinelevel=1, text="Intervals"))
    sentence = text.P(text="Every second year the valve is taken out and")
    sentence.addElement(text.S(c=3))
    sentence.addElement(text.Span(text="it is cleaned"))
    sentence.addText(" by the people of the plant.")
    note = text.Note(noteclass="footnote")
    note.addElement(text.NoteCitation(text="1"))
    holder = text.NoteBody()
    holder.addElement(text.P(text="See the manual."))
    note.addElement(holder)
    sentence.addElement(note)
    body.addElement(sentence)
    body.addElement(text.P())
    body.addElement(text.H(outlinelevel=2, text="Steps"))
    steps = text.List()
    for step in ("Take the valve out", "Clean the seat"):
        item = text.ListItem()
        item.addElement(text.P(text=step))
        steps.addElement(item)
    body.addElement(steps)
    body.addElement(rows_of(["Part", "Price"], ["Valve", "12.50"]))
    document = saved(report, tmp_path / "a.odt")
    assert said(document) == [
        ("heading", "Intervals"),
        (
            "paragraph",
            "Every second year the valve is taken out and it is cleaned by the people of the plant.",
        ),
        ("footnote", "See the manual."),
        ("heading", "Steps"),
        ("list_item", "Take the valve out"),
        ("list_item", "Clean the seat"),
        ("table", "Part | Price\nValve | 12.50"),
    ]
    places = [element.anchors[-1].locator for element in document.elements]
    assert [at.paragraphs for at in places] == [(n, n) for n in (1, 2, 2, 3, 4, 5, 7)]
    assert places[-1].heading == ("Intervals", "Steps") and document.elements[-1].header == 1
    assert document.title == "Caring for pumps" and document.language == "en"
    assert document.metadata == {
        "author": "Ann Lee",
        "created": "2024-05-06T07:08:09",
        "tags": "pumps, water",
    }


def test_styles_tell_titles_captions_and_what_is_hidden(tmp_path: Path) -> None:
    report = OpenDocumentText()
    for name, above in (("Title", None), ("Caption", None), ("P1", "Title"), ("Illustration", "Caption")):
        report.styles.addElement(style.Style(name=name, family="paragraph", parentstylename=above))
    hidden = style.Style(name="T1", family="text")
    hidden.addElement(style.TextProperties(display="none"))
    report.automaticstyles.addElement(hidden)
    heading = style.Style(name="Heading_20_2", family="paragraph", defaultoutlinelevel=2)
    report.styles.addElement(heading)
    report.text.addElement(text.P(stylename="P1", text="The Pump Handbook"))
    report.text.addElement(text.P(stylename=heading, text="Care"))
    report.text.addElement(text.P(stylename="Illustration", text="Figure 1: a pump"))
    partly = text.P(text="Shown")
    partly.addElement(text.Span(stylename=hidden, text=" and secret"))
    report.text.addElement(partly)
    document = saved(report, tmp_path / "a.odt")
    assert [(e.kind, e.level, e.text) for e in document.elements] == [
        ("heading", 1, "The Pump Handbook"),
        ("heading", 2, "Care"),
        ("caption", 0, "Figure 1: a pump"),
        ("paragraph", 0, "Shown"),
    ]
    assert document.title == "The Pump Handbook"


def test_merged_and_nested_tables(tmp_path: Path) -> None:
    def cell(words: str, more: str = "") -> str:
        return f"<table:table-cell {more}><text:p>{words}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    across, down = 'table:number-columns-spanned="2"', 'table:number-rows-spanned="2"'
    inner = f"<table:table><table:table-row>{cell('of which')}{cell('pumps')}</table:table-row></table:table>"
    header = f"<table:table-row>{cell('Region')}{cell('Cost', across)}{covered}</table:table-row>"
    header += f"<table:table-row>{cell('')}{cell('2024')}{cell('2025')}</table:table-row>"
    rows = f"<table:table-row>{cell('North', down)}{cell('1,850')}{cell('15')}</table:table-row>"
    rows += (
        f"<table:table-row>{covered}{cell(f'980</text:p>{inner}<text:p>')}{cell('12.5 %')}</table:table-row>"
    )
    whole = f"<table:table><table:table-header-rows>{header}</table:table-header-rows>{rows}</table:table>"
    first, second = parse(content(tmp_path / "a.odt", whole)).elements
    assert first.text == "Region | Cost | Cost\n | 2024 | 2025\nNorth | 1,850 | 15\nNorth | 980 | 12.5 %"
    assert first.header == 2 and second.text == "of which | pumps"


def test_what_is_not_text_is_left_out(tmp_path: Path) -> None:
    body = """<text:tracked-changes><text:changed-region><text:deletion><text:p>deleted</text:p>
    </text:deletion></text:changed-region></text:tracked-changes>
    <text:table-of-content><text:index-body><text:p>Care 1</text:p></text:index-body>
    </text:table-of-content>
    <text:section text:display="none"><text:p>hidden</text:p></text:section>
    <text:p>Kept<text:change text:change-id="1"/><office:annotation><text:p>Really?</text:p>
    </office:annotation><text:tab/>and<text:line-break/>shown<draw:frame><draw:text-box><text:p>Boxed</text:p></draw:text-box>
    </draw:frame></text:p><text:p>After</text:p>"""
    document = parse(content(tmp_path / "a.odt", body))
    assert said(document) == [
        ("paragraph", "Kept and\nshown"),
        ("paragraph", "Boxed"),
        ("paragraph", "After"),
    ]
    assert document.unread == ("comment: 1",)


def test_an_equation_is_read_from_its_object(tmp_path: Path) -> None:
    math = '<math xmlns="http://www.w3.org/1998/Math/MathML"><semantics><mi>E</mi><annotation>E = m c^2'
    link = '<draw:object xmlns:x="http://www.w3.org/1999/xlink" x:href="./Object 1"/>'
    body = f"<text:p>So <draw:frame>{link}</draw:frame> holds.</text:p>"
    member = {"Object 1/content.xml": f"{math}</annotation></semantics></math>"}
    assert said(parse(content(tmp_path / "a.odt", body, **member))) == [("paragraph", "So E = m c^2 holds.")]


def frame(words: list[str], *, role: str | None = None, name: str | None = None) -> Any:
    made = draw.Frame(width="20cm", height="3cm")
    for space, key, value in ((PRESENTATIONNS, "class", role), (DRAWNS, "name", name)):
        if value is not None:
            made.setAttrNS(space, key, value)
    box = draw.TextBox()
    for line in words:
        box.addElement(text.P(text=line))
    made.addElement(box)
    return made


def test_a_presentation(tmp_path: Path) -> None:
    deck = OpenDocumentPresentation()
    layout = style.PageLayout(name="L")
    deck.automaticstyles.addElement(layout)
    master = style.MasterPage(name="M", pagelayoutname=layout)
    deck.masterstyles.addElement(master)
    deck.meta.addElement(dc.Title(text="Pump review"))
    first = draw.Page(masterpagename=master)
    first.addElement(frame(["Every year the valve is taken out and it is cleaned."], name="Body"))
    first.addElement(frame(["Caring for", "pumps"], role="title"))
    first.addElement(frame(["Page 1"], role="page-number"))
    holder = draw.Frame(width="20cm", height="3cm", name="Costs")
    holder.addElement(rows_of(["Part", "Price"], ["Valve", "12.50"]))
    first.addElement(holder)
    notes = presentation.Notes()
    notes.addElement(frame(["Mention the manual."], role="notes"))
    first.addElement(notes)
    second = draw.Page(masterpagename=master)
    group = draw.G()
    group.addElement(frame(["Untitled slide"], role="outline"))
    second.addElement(group)
    deck.presentation.addElement(first)
    deck.presentation.addElement(second)
    document = saved(deck, tmp_path / "a.odp")
    heading = ("Caring for pumps",)
    assert [(e.kind, e.text, e.anchors[0].locator) for e in document.elements] == [
        ("heading", "Caring for pumps", Locator(slide=1, shape="title")),
        (
            "paragraph",
            "Every year the valve is taken out and it is cleaned.",
            Locator(slide=1, shape="Body", heading=heading),
        ),
        ("table", "Part | Price\nValve | 12.50", Locator(slide=1, shape="Costs", heading=heading)),
        ("paragraph", "Mention the manual.", Locator(slide=1, shape="notes", heading=heading)),
        ("paragraph", "Untitled slide", Locator(slide=2, shape="outline")),
    ]
    assert document.pages == 2 and document.title == "Pump review"


# --- what is damaged or hostile -------------------------------------------------------------


def reason(path: Path) -> str:
    with pytest.raises(ParseFailed) as caught:
        PARSERS[path.suffix].parse(path, path.name)
    return str(caught.value)


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    assert reason(content(tmp_path / "a.odt", "<text:p> </text:p>")) == "no text in it"
    assert reason(content(tmp_path / "a.odp", "<text:p>Words</text:p>")).startswith(
        "it is no OpenDocument presentation"
    )
    whole = (tmp_path / "a.odt").read_bytes()
    (tmp_path / "b.odt").write_bytes(whole[: len(whole) // 2])
    assert reason(tmp_path / "b.odt").startswith("it is damaged")
    with zipfile.ZipFile(tmp_path / "c.odt", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
    assert reason(tmp_path / "c.odt").startswith("it is no OpenDocument file")


def test_a_locked_file_says_so(tmp_path: Path) -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    entry = '<m:file-entry m:full-path="content.xml"><m:encryption-data m:checksum="x"/></m:file-entry>'
    manifest = f'<m:manifest xmlns:m="{space}">{entry}</m:manifest>'
    path = content(tmp_path / "a.odt", "\x01\x02", **{"META-INF/manifest.xml": manifest})
    assert reason(path) == "it is protected by a password"


def test_flipped_bits_cost_one_document(tmp_path: Path) -> None:
    body = "".join(f"<text:p>Paragraph {at} of a report on the care of pumps.</text:p>" for at in range(40))
    path = content(tmp_path / "a.odt", body)
    whole = path.read_bytes()
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x55]) + whole[at + 1 :])
        try:
            assert PARSERS[".odt"].parse(path, "a.odt").elements
        except ParseFailed as error:
            assert str(error)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY a "boom"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
    body = "<office:body><office:text><text:p>Safe &a;&c; still</text:p>&a;</office:text></office:body>"
    with zipfile.ZipFile(tmp_path / "a.odt", "w") as archive:
        archive.writestr(
            "content.xml", f"{bomb}<office:document-content {SPACES}>{body}</office:document-content>"
        )
    assert said(parse(tmp_path / "a.odt")) == [("paragraph", "Safe still")]


NESTED = (
    "<text:list><text:list-item>" * 3000 + "<text:p>deep</text:p>",
    "<table:table><table:table-row><table:table-cell>" * 3000 + "<text:p>deep</text:p>",
    "<text:p>" + "<text:span>" * 3000 + "deep",
    "<text:p>" + "<draw:frame><draw:text-box><text:p>" * 3000 + "deep",
)


@pytest.mark.parametrize("deep", NESTED, ids=range(len(NESTED)))
def test_depth_is_told_and_costs_nothing(deep: str, tmp_path: Path) -> None:
    document = PARSERS[".odt"].parse(content(tmp_path / "a.odt", f"<text:p>First</text:p>{deep}"), "a.odt")
    assert document.elements[0].text == "First"
    assert "content.xml is damaged" in document.unread[0]


def test_repeats_without_end_are_cut_short(tmp_path: Path) -> None:
    repeated = 'table:number-columns-repeated="999999999"'
    cells = f"<table:table-cell {repeated}><text:p>x</text:p></table:table-cell>" * 80
    row = f'<table:table-row table:number-rows-repeated="999999999">{cells}</table:table-row>'
    body = f"<table:table>{row}</table:table>"
    spaces = '<text:p>a<text:s text:c="999999999999"/>b</text:p>'
    document = parse(content(tmp_path / "a.odt", body + spaces))
    assert len(document.elements[0].text) < 1_000_000
    assert document.elements[1].text == "a b"
