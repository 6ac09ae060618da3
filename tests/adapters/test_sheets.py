"""Spreadsheets: cells as they show, tables found in sheets, places that lead back, files that lie."""

from __future__ import annotations

import datetime
import random
import re
import struct
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlwt
from odf import dc, office
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableHeaderRows, TableRow
from odf.text import P
from openpyxl.chart import BarChart
from openpyxl.comments import Comment
from openpyxl.styles import Font

from cairn.adapters.parsers import calamine, grid, number_formats, ods, plainrows, xlsx
from cairn.errors import ParseFailed
from cairn.types import Document, Element

PARSERS = {
    ".xlsx": xlsx.load(""),
    ".xls": calamine.load(""),
    ".xlsb": calamine.load(""),
    ".ods": ods.load(""),
}
DAY = datetime.date(2025, 3, 31)


def parse(path: Path) -> Document:
    document = PARSERS[path.suffix].parse(path, path.name)
    assert document.title.strip()
    for element in document.elements:
        assert element.text.strip()
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
        assert all(one.start < one.end for one in element.anchors)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0\xad\ud800-\udfff]", element.text)
        assert all(a.locator.sheet for a in element.anchors)
        if element.kind == "table":
            assert element.header <= len(element.text.split("\n")) == len(element.anchors)
    return document


def reason(path: Path) -> str:
    with pytest.raises(ParseFailed) as caught:
        parse(path)
    return str(caught.value)


def save(
    path: Path, rows: Sequence[Sequence[Any]], change: Callable[[Any], None] = lambda sheet: None
) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Budget"
    for row in rows:
        sheet.append(row)
    change(sheet)
    book.save(path)
    return path


def tables(document: Document) -> list[Element]:
    return [element for element in document.elements if element.kind == "table"]


def ranges(element: Element) -> list[str]:
    return [anchor.locator.cells for anchor in element.anchors]


def repacked(path: Path, changed: Mapping[str, bytes | None], name: str = "b.xlsx") -> Path:
    """Write a copy of an archive with members replaced, added or (None) left out."""
    target = path.with_name(name)
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        kept = {member: source.read(member) for member in source.namelist()}
        for member, data in {**kept, **changed}.items():
            if data is not None:
                copy.writestr(member, data)
    return target


def sheet_xml(path: Path, rows: str, before: str = "", after: str = "", head: str = "") -> Path:
    """Write a workbook of which the one sheet's XML is given."""
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    made = f'{head}<worksheet xmlns="{space}">{before}<sheetData>{rows}</sheetData>{after}</worksheet>'
    plain = save(path.with_name("plain.xlsx"), [["x"]])
    return repacked(plain, {"xl/worksheets/sheet1.xml": made.encode()}, path.name)


# --- number formats -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "value", "shown"),
    [
        ("General", 0.1 + 0.2, "0.3"),
        ("General", 1 / 3, "0.333333333"),
        ("General", 4006381333931, "4006381333931"),
        ("General", -2.5, "-2.5"),
        ("0", 2.5, "3"),
        ("0.00", 2.675, "2.68"),
        ("0.00", -0.5, "-0.50"),
        ("#,##0.00", 1234567.891, "1,234,567.89"),
        ("0,000", 12, "0,012"),
        ("#.##", 5, "5"),
        ("0.0#", 5.25, "5.25"),
        ("0.0#", 5.5, "5.5"),
        ("0%", 0.29, "29%"),
        ("0.0 %", 0.125, "12.5 %"),
        ("0.00%", 0.00285, "0.29%"),
        ('#,##0.00\\ "€"', -1234.5, "-1,234.50 €"),
        ("[$€-407] #,##0.00", 12.5, "€ 12.50"),
        ("#,##0.00\\ [$USD]", 12.5, "12.50 USD"),
        ("#,##0;(#,##0)", -1234, "(1,234)"),
        ("#,##0;[Red]-#,##0", -1234, "-1,234"),
        ('_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', -5.5, "$(5.50)"),
        ('_($* #,##0.00_);_($* (#,##0.00);_($* "-"??_);_(@_)', 0, "$-"),
        ("$#,##0.00_);($#,##0.00)", -1.005, "($1.01)"),
        ('"up";"down";"level"', -3, "down"),
        ('[>=1000]#,##0," k";0', 12345, "12 k"),
        ('[>=1000]#,##0," k";0', 12, "12"),
        ("[<0]-0.0;0.00", -4, "-4.0"),
        ('0.0,,"M"', 12345678, "12.3M"),
        ("0.00E+00", 12345.678, "1.23E+04"),
        ("##0.0E+0", 12345.678, "12.3E+3"),
        ("# ?/?", 1.25, "1 1/4"),
        ("# ?/8", 2.375, "2 3/8"),
        ("000-00-0000", 123456789, "123-45-6789"),
        ("(000) 000-0000", 5551234567, "(555) 123-4567"),
        ("00000", 4103, "04103"),
        ('0" kg"', 3, "3 kg"),
        ("dd.mm.yyyy", 45747, "31.03.2025"),
        ("m/d/yy", 60, "2/29/00"),
        ("m/d/yy", 59, "2/28/00"),
        ("yyyy-mm-dd hh:mm:ss", 45747.5208333333, "2025-03-31 12:30:00"),
        ("d. mmmm yyyy", 45747, "31. March 2025"),
        ("[$-407]d. mmmm yyyy", 45747, "31. März 2025"),
        ("[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", 45747, "Monday, March 31, 2025"),
        ("mmm-yy", 45747, "Mar-25"),
        ("h:mm AM/PM", 0.75, "6:00 PM"),
        ("[h]:mm", 1.5, "36:00"),
        ("[mm]:ss", 0.5, "720:00"),
        ("mm:ss.0", 0.001, "01:26.4"),
        ("yyyy-mm-dd", -1, "-1"),
        (";;;", 5, ""),
        ("@", 5, "5"),
        ("", 5, "5"),
    ],
)
def test_numbers_show_by_their_format(code: str, value: float, shown: str) -> None:
    assert number_formats.compiled(code).number(value) == shown


def test_built_in_formats_and_the_other_first_day() -> None:
    assert number_formats.built_in(14).number(45747) == "2025-03-31"
    assert number_formats.built_in(10).number(0.1234) == "12.34%"
    assert number_formats.built_in(9999).number(1.5) == "1.5"
    assert number_formats.compiled("yyyy-mm-dd", is_1904=True).number(0) == "1904-01-01"
    assert number_formats.compiled('0;-0;0;@" pieces"').text("five") == "five pieces"


def test_no_code_breaks() -> None:
    chance = random.Random(7)
    letters = '0#?,.%Ee+-/ ymdhsYMDHS[]"\\_*@;AP<>=$€-407General'
    for _ in range(3000):
        made = number_formats.compiled("".join(chance.choices(letters, k=chance.randint(1, 14))))
        for value in (0.0, -1.5, 45000.7, 1e300, 1e-300, -3e9):
            assert isinstance(made.number(value), str)


# --- what a workbook shows ------------------------------------------------------------------


def formatted(sheet: Any) -> None:
    for cell, code in (("B2", "#,##0.00"), ("C2", "0.0%"), ("D2", "dd.mm.yyyy"), ("E2", "[h]:mm")):
        sheet[cell].number_format = code


def test_cells_show_as_in_the_file(tmp_path: Path) -> None:
    rows = [
        ["Item", "Amount", "Share", "Day", "Time", "Yes", "Sum", "Error", "Text"],
        [
            "Valve",
            1234.5,
            0.125,
            DAY,
            datetime.timedelta(hours=36),
            True,
            "=B2+C2",
            "#N/A",
            " a \n b\u00a0c ",
        ],
    ]
    document = parse(save(tmp_path / "a.xlsx", rows, formatted))
    (table,) = tables(document)
    assert (
        table.text.split("\n")[1]
        == "Valve | 1,234.50 | 12.5% | 31.03.2025 | 36:00 | TRUE | =B2+C2 | #N/A | a b c"
    )
    assert table.header == 1 and ranges(table) == ["A1:I1", "A2:I2"]
    assert document.elements[0].kind == "heading" and document.elements[0].text == "Budget"
    assert document.elements[0].level == 1 and document.elements[0].anchors[0].locator.heading == ()
    locator = table.anchors[1].locator
    assert locator.sheet == "Budget" and locator.heading == ("Budget",) and document.pages == 1


def test_an_old_workbook_shows_the_same(tmp_path: Path) -> None:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Budget")
    for column, head in enumerate(["Item", "Amount", "Share", "Day", "Time", "Yes"]):
        sheet.write(0, column, head)
    cells = [
        ("Välve", ""),
        (1234.5, "#,##0.00"),
        (0.125, "0.0%"),
        (DAY, "dd.mm.yyyy"),
        (1.5, "[h]:mm"),
        (True, ""),
    ]
    for column, (value, code) in enumerate(cells):
        style = xlwt.easyxf(num_format_str=code) if code else xlwt.Style.default_style
        sheet.write(1, column, value, style)
    sheet.write(2, 0, "\u0394 wide " + "x" * 9000)
    for column, whole in enumerate([7, -8, 1 << 28]):
        sheet.write(2, column + 1, whole)
    for row in range(40):
        sheet.write(5 + row, 0, f"{row} {'long text ' * 90}")
        sheet.write(5 + row, 1, row / 4)
    book.save(str(tmp_path / "a.xls"))
    document = parse(tmp_path / "a.xls")
    lines = document.elements[1].text.split("\n")
    assert lines[1] == "Välve | 1,234.50 | 12.5% | 31.03.2025 | 36:00 | TRUE"
    assert lines[2] == f"\u0394 wide {'x' * 9000} | 7 | -8 | 268435456"
    text = "\n".join(table.text for table in tables(document))
    assert all(f"{row} {'long text ' * 89}long text | {row / 4:g}" in text for row in range(40))
    assert ranges(document.elements[1])[:2] == ["A1:F1", "A2:F2"]


def ods_row(cells: Sequence[Any], **more: Any) -> TableRow:
    row = TableRow(**more)
    for text in cells:
        cell = TableCell(valuetype="string") if isinstance(text, str) else text
        if isinstance(text, str):
            cell.addElement(P(text=text))
        row.addElement(cell)
    return row


def test_an_opendocument_sheet_shows_its_text(tmp_path: Path) -> None:
    noted = TableCell(valuetype="percentage", value="0.5")
    note = office.Annotation()
    note.addElement(dc.Creator(text="Ann"))
    note.addElement(P(text="check this"))
    noted.addElement(note)
    noted.addElement(P(text="50 %"))
    table = Table(name="Plan")
    head = TableHeaderRows()
    head.addElement(ods_row(["Item", "Cost", "Share"]))
    table.addElement(head)
    table.addElement(ods_row(["Valve", "1.234,50 €", TableCell(valuetype="float", value="2.5")]))
    table.addElement(ods_row(["Seal", TableCell(numbercolumnsrepeated="1000000"), "lost"]))
    table.addElement(ods_row(["Pipe", "3", noted]))
    table.addElement(ods_row([TableCell()], numberrowsrepeated="1000000000"))
    document = OpenDocumentSpreadsheet()
    document.meta.addElement(dc.Title(text="The plan of 2025"))
    document.spreadsheet.addElement(table)
    document.spreadsheet.addElement(Table(name="Empty"))
    document.save(str(tmp_path / "a.ods"))
    read = parse(tmp_path / "a.ods")
    assert read.title == "The plan of 2025" and read.pages == 2
    made, footnote = read.elements[1:]
    assert made.text == "Item | Cost | Share\nValve | 1.234,50 € | 2.5\nSeal\nPipe | 3 | 50 %"
    assert made.header == 1 and ranges(made) == ["A1:C1", "A2:C2", "A3", "A4:C4"]
    assert (footnote.kind, footnote.text, ranges(footnote)) == ("footnote", "C4: check this", ["C4"])


def record(kind: int, body: bytes = b"") -> bytes:
    code = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
    size = len(body)
    return code + (bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])) + body


def wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def binary(path: Path, last: int = 2) -> Path:
    """Write an XLSB workbook with a few cells, the last at row ``last``."""
    relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    cells = record(0, struct.pack("<I", 1) + bytes(13))
    cells += record(6, struct.pack("<II", 1, 0) + wide("Item"))
    cells += record(6, struct.pack("<II", 2, 0) + wide("Cost"))
    cells += record(0, struct.pack("<I", last) + bytes(13))
    cells += record(6, struct.pack("<II", 1, 0) + wide("Valve"))
    cells += record(5, struct.pack("<IId", 2, 0, 12.5))
    sheet = record(129) + record(148, struct.pack("<4I", 0, last, 0, 2)) + record(145) + cells
    sheet += record(146) + record(130)
    listed = record(156, struct.pack("<II", 0, 1) + wide("rId1") + wide("Parts"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xl/workbook.bin", record(131) + record(143) + listed + record(144) + record(132))
        archive.writestr("xl/worksheets/sheet1.bin", sheet)
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{relations}/worksheet" Target="worksheets/sheet1.bin"/>'
            f"</Relationships>",
        )
        archive.writestr("[Content_Types].xml", "<Types/>")
    return path


def test_a_binary_workbook(tmp_path: Path) -> None:
    document = parse(binary(tmp_path / "a.xlsb"))
    (table,) = tables(document)
    assert table.text == "Item | Cost\nValve | 12.5"
    assert ranges(table) == ["B2:C2", "B3:C3"] and table.anchors[0].locator.sheet == "Parts"


# --- tables in sheets -----------------------------------------------------------------------

COSTS = [["Item", "2024", "2025"], ["Staff", 610, 585], ["Heat", 720, 690], ["Water", 80, 85]]


def kinds(document: Document) -> list[str]:
    return [element.kind for element in document.elements]


def test_titles_remarks_and_blank_rows(tmp_path: Path) -> None:
    rows = [
        ["Budget and outturn 2025"],
        ["EUR thousand"],
        [],
        *COSTS,
        [],
        ["Total", 1410, 1360],
        ["Source: the accounts of the Authority"],
        [],
        ["Risk", "Owner", "Cost"],
        ["Flood", "Ann Lee", 1850],
        ["Fire", "Bo Kim", 980],
    ]
    document = parse(save(tmp_path / "a.xlsx", rows))
    assert kinds(document) == ["heading", "paragraph", "paragraph", "table", "paragraph", "table"]
    first, second = tables(document)
    assert (
        first.text
        == "Item | 2024 | 2025\nStaff | 610 | 585\nHeat | 720 | 690\nWater | 80 | 85\nTotal | 1410 | 1360"
    )
    assert first.header == second.header == 1
    assert ranges(first)[-1] == "A9:C9" and ranges(second) == ["A12:C12", "A13:C13", "A14:C14"]
    assert document.title == "Budget and outturn 2025"


def test_a_title_right_above_is_a_caption(tmp_path: Path) -> None:
    document = parse(
        save(tmp_path / "a.xlsx", [["Outturn"], *COSTS], lambda sheet: sheet.merge_cells("A1:C1"))
    )
    assert kinds(document) == ["heading", "caption", "table"]
    assert ranges(document.elements[1]) == ["A1"]


def test_tables_side_by_side(tmp_path: Path) -> None:
    rows = [[*row, None, *other] for row, other in zip(COSTS, [*COSTS[:3], [None] * 3], strict=True)]
    one, other = tables(parse(save(tmp_path / "a.xlsx", rows)))
    assert ranges(one) == ["A1:C1", "A2:C2", "A3:C3", "A4:C4"]
    assert ranges(other) == ["E1:G1", "E2:G2", "E3:G3"] and other.header == 1


def test_a_spacer_column_divides_nothing(tmp_path: Path) -> None:
    rows = [[row[0], None, row[1], None, row[2]] for row in COSTS]
    (table,) = tables(parse(save(tmp_path / "a.xlsx", rows)))
    assert table.text.split("\n")[1] == "Staff | 610 | 585" and ranges(table)[1] == "A2:E2"


def test_merged_cells(tmp_path: Path) -> None:
    rows = [
        ["Region", "Cost", None, "Note"],
        [None, "2024", "2025", None],
        ["North", 1, 2, "x"],
        [None, 3, 4, "y"],
        ["South", 5, 6, "z"],
    ]

    def merge(sheet: Any) -> None:
        for cells in ("A1:A2", "B1:C1", "D1:D2", "A3:A4"):
            sheet.merge_cells(cells)

    (table,) = tables(parse(save(tmp_path / "a.xlsx", rows, merge)))
    assert table.text.split("\n") == [
        "Region | Cost | Cost | Note",
        "Region | 2024 | 2025 | Note",
        "North | 1 | 2 | x",
        "North | 3 | 4 | y",
        "South | 5 | 6 | z",
    ]
    assert table.header == 2


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ([["Name", "City", "Role"], ["Ann", "Rome", "Lead"], ["Bo", "Oslo", "Aide"]], 1),
        ([["Client", "Acme"], ["City", "Paris"], ["Contact", "Ann Lee"]], 0),
        ([[1, 2], [3, 4], [5, 6]], 0),
        ([["North", 5], ["South", 6]], 0),
        ([["", 2023, 2024], ["Sales", 5.5, 6.5], ["Cost", 4.5, 5.0]], 1),
        ([["0", "Name", "Age", "Id"], [1, "Ann", 32, 1562], [2, "Bo", 25, 1582]], 1),
    ],
)
def test_headers_by_what_they_say(rows: list[list[Any]], header: int, tmp_path: Path) -> None:
    (table,) = tables(parse(save(tmp_path / "a.xlsx", rows)))
    assert table.header == header


def test_bold_and_frozen_rows_are_headers(tmp_path: Path) -> None:
    rows = [["Name", "City"], ["Ann", "Rome"], ["Bo", "Oslo"]]

    def embolden(sheet: Any) -> None:
        for cell in sheet[1]:
            cell.font = Font(bold=True)

    def freeze(sheet: Any) -> None:
        sheet.freeze_panes = "A2"

    assert [
        tables(parse(save(tmp_path / "a.xlsx", rows, change)))[0].header for change in (embolden, freeze)
    ] == [1, 1]
    assert tables(parse(save(tmp_path / "a.xlsx", rows)))[0].header == 0


def test_lines_of_text_are_paragraphs(tmp_path: Path) -> None:
    rows = [["This sheet explains how the figures were made."], ["They come from the accounts of the year."]]
    assert kinds(parse(save(tmp_path / "a.xlsx", rows))) == ["heading", "paragraph", "paragraph"]
    names = tables(parse(save(tmp_path / "a.xlsx", [[name] for name in ("Ann", "Bo", "Cy", "Di")])))
    assert [table.text for table in names] == ["Ann\nBo\nCy\nDi"]


def test_several_sheets_charts_comments_and_properties(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.properties.creator, book.properties.keywords = "Ann Lee", "heat; water"
    book.properties.title, book.properties.created = "Figures of the year", datetime.datetime(2025, 3, 31)
    first = book.active
    assert first is not None
    first.title = "Costs & more"
    for row in COSTS:
        first.append(row)
    first["B2"].comment = Comment("Without the\nnew posts", "Ann")
    book.create_sheet("Empty")
    hidden = book.create_sheet("Hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["secret", 42])
    book.create_chartsheet("Chart").add_chart(BarChart())
    book.save(tmp_path / "a.xlsx")
    document = parse(tmp_path / "a.xlsx")
    assert kinds(document) == ["heading", "table", "footnote", "heading", "table"]
    assert document.elements[2].text == "B2: Without the new posts" and ranges(document.elements[2]) == ["B2"]
    assert document.elements[4].anchors[0].locator.heading == ("Hidden",)
    assert document.unread == ("sheet 'Chart' is a chart",) and document.pages == 3
    assert document.title == "Figures of the year"
    assert document.metadata["author"] == "Ann Lee" and document.metadata["tags"] == "heat, water"
    assert document.metadata["created"].startswith("2025-03-31")


# --- XML as other programs write it ---------------------------------------------------------


def test_rich_text_phonetics_and_escapes(tmp_path: Path) -> None:
    rows = """
      <row r="1">
        <c r="A1" t="inlineStr"><is><r><t>Ri</t></r><r><rPr><b/></rPr><t>ch</t></r>
          <rPh sb="0" eb="1"><t>no</t></rPh></is></c>
        <c r="B1" t="str"><f>A1&amp;"x"</f><v>a_x000D_b</v></c><c r="C1" t="b"><v>0</v></c>
        <c r="D1"><f>1+1</f><v></v></c><c t="e"><v>#DIV/0!</v></c>
        <c r="F1" t="d"><v>2025-03-31T00:00:00</v></c>
      </row>
      <row><c><v>7</v></c><c><v> 8 </v></c></row>"""
    after = "<headerFooter><oddHeader>page</oddHeader></headerFooter><extLst><ext><f>A1</f></ext></extLst>"
    document = parse(sheet_xml(tmp_path / "a.xlsx", rows, after=after))
    assert document.elements[1].text == "Rich | a b | FALSE | =1+1 | #DIV/0! | 2025-03-31\n7 | 8"
    assert ranges(document.elements[1]) == ["A1:F1", "A2:B2"]


def test_prefixed_names_and_disorder(tmp_path: Path) -> None:
    rows = (
        '<row r="3"><c r="C3"><v>3</v></c><c r="A3"><v>1</v></c></row>'
        '<row r="2"><c r="A2"><v>9</v></c><c r="C2"><v>8</v></c></row>'
    )
    document = parse(sheet_xml(tmp_path / "a.xlsx", rows))
    assert document.elements[1].text == "9 | 8\n1 | 3"
    path = sheet_xml(tmp_path / "b.xlsx", rows)
    with zipfile.ZipFile(path) as archive:
        prefixed = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", archive.read("xl/worksheets/sheet1.xml"))
    path = repacked(path, {"xl/worksheets/sheet1.xml": prefixed.replace(b"xmlns=", b"xmlns:x=")}, "c.xlsx")
    assert parse(path).elements[1].text == "9 | 8\n1 | 3"


INSIDES = [
    *("<v>1.5</v>", "<v>0</v>", "<v> 2\n</v>", "<v></v>", "<v/>", "<is><t>a  b</t></is>", "", "\n"),
    *("<v>x&amp;y</v>", "<f>A1+1</f><v>3</v>", "<f>A1+1</f><v></v>", "<f>SUM(A:A)</f>", "<v>-1e5</v>"),
    *('<f t="shared" si="0"/><v>4</v>', '<is><t xml:space="preserve"> c </t></is>'),
    *("<is><r><t>d</t></r></is>", "<!-- <c><v>9</v></c> --><v>5</v>"),
]
MARKS = ["", "", "", ' s="0"', ' t="str"', ' t="s"', ' s="0" t="b"', ' t="n" s="0"', " t='s'"]


def test_plain_rows_read_as_by_the_parser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is cut by a pattern must read as what goes through the XML parser."""
    chance = random.Random(11)
    for attempt in range(80):
        rows = []
        for row in range(1, 9):
            names = [chance.choice(("", f' r="{letter}{row}"')) for letter in "ABCD"]
            insides = chance.choices(INSIDES if attempt % 3 else INSIDES[:-1], k=4)
            made = (
                f"<c{name}{chance.choice(MARKS)}>{inside}</c>"
                for name, inside in zip(names, insides, strict=True)
            )
            number = chance.choice(("", f' r="{row * 2}"', f' spans="1:4" r="{row * 2}"'))
            rows.append(f"<row{number}>{''.join(made)}</row>{chance.choice(('', ' ', '<row/>'))}")
        path = sheet_xml(tmp_path / "a.xlsx", "".join(rows))
        with monkeypatch.context() as patch:
            patch.setattr(plainrows.PlainRows, "feed", lambda self, piece: self._feed(piece))
            slow = outcome(path)
        assert outcome(path) == slow


CELLS = [
    *("<C><text:p>a  b</text:p></C>", "<C><text:p>1,5</text:p></C>", "<C/>", "<C></C>", "<C> </C>"),
    *(
        '<C table:number-columns-repeated="3"/>',
        '<C table:number-columns-repeated="2"><text:p>c</text:p></C>',
    ),
    *("<C><text:p>d</text:p><text:p>e</text:p></C>", "<C><text:p><text:span>f</text:span></text:p></C>"),
    *(
        '<C office:value-type="float" office:value="2.5"/>',
        "<C><text:p>g&amp;h</text:p></C>",
        "<C><text:p/></C>",
    ),
    "<C><office:annotation><text:p>note</text:p></office:annotation><text:p>i</text:p></C>",
    '<C table:number-columns-spanned="2"><text:p>j</text:p></C><table:covered-table-cell/>',
    '<C table:formula="of:=[.A1]"/>',
]


def test_plain_rows_of_opendocument_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(13)
    opendocument(tmp_path / "plain.ods")
    for _ in range(80):
        rows = ""
        for _ in range(8):
            times = chance.choice(("", "", ' table:number-rows-repeated="2"'))
            inside = "".join(chance.choices(CELLS, k=3)).replace("C", "table:table-cell")
            row = f"<table:table-row{times}>{inside}</table:table-row>"
            rows += chance.choice((row, row, f"<table:table-header-rows>{row}</table:table-header-rows>"))
        with zipfile.ZipFile(tmp_path / "plain.ods") as archive:
            xml = archive.read("content.xml").decode()
        xml = re.sub("<table:table-row.*</table:table-row>", rows, xml, flags=re.DOTALL)
        path = repacked(tmp_path / "plain.ods", {"content.xml": xml.encode()}, "a.ods")
        with monkeypatch.context() as patch:
            patch.setattr(plainrows.PlainRows, "feed", lambda self, piece: self._feed(piece))
            slow = outcome(path)
        assert outcome(path) == slow


def outcome(path: Path) -> object:
    try:
        return parse(path)
    except ParseFailed as error:
        return str(error)


def test_the_first_day_may_be_of_1904(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.epoch = datetime.datetime(1904, 1, 1)
    assert book.active is not None
    book.active.append(["Day", DAY])
    book.save(tmp_path / "a.xlsx")
    assert parse(tmp_path / "a.xlsx").elements[1].text == "Day | 2025-03-31"


# --- files that lie or are damaged ----------------------------------------------------------


def test_claims_of_billions_of_cells_cost_nothing(tmp_path: Path) -> None:
    merges = "".join(f'<mergeCell ref="A{at}:XFD1048576"/>' for at in range(1, 2000))
    path = sheet_xml(
        tmp_path / "a.xlsx",
        '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
        '<row r="99999999999"><c r="ZZZZ1"><v>3</v></c></row>',
        before='<dimension ref="A1:XFD1048576"/>',
        after=f"<mergeCells>{merges}</mergeCells>",
    )
    texts = [element.text for element in parse(path).elements]
    assert "XFD1048576" in " ".join(cells for e in parse(path).elements for cells in ranges(e))
    assert sum(len(text) for text in texts) < 200


def test_many_merges_over_many_rows(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{at}"><c r="B{at}"><v>1</v></c></row>' for at in range(2, 3000))
    first = '<row r="1"><c r="A1" t="str"><v>all</v></c></row>'
    merges = '<mergeCell ref="A1:A1048576"/>' * 5000
    assert parse(sheet_xml(tmp_path / "a.xlsx", first + rows, after=f"<mergeCells>{merges}</mergeCells>"))


def test_a_scattered_sheet_is_not_laid_out(tmp_path: Path) -> None:
    rows = "".join(
        f'<row r="{at}"><c r="A{at}"><v>{at}</v></c><c r="{grid.letters(at * 5)}{at}"><v>{at}</v></c></row>'
        for at in range(1, 3000)
    )
    document = parse(sheet_xml(tmp_path / "a.xlsx", rows))
    assert sum(len(element.text) for element in document.elements) < 5_000_000


def test_too_much_is_read_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(grid.Budget.__init__, "__defaults__", (20, 10_000, 1 << 30))
    document = parse(save(tmp_path / "a.xlsx", [["a", at] for at in range(30)]))
    assert len(document.elements[1].text.split("\n")) == 10
    assert document.unread == ("sheet 'Budget' after row 10: it is too large",)


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    path = sheet_xml(tmp_path / "a.xlsx", '<row><c t="str"><v>&b;</v></c></row>', head=bomb)
    assert "declares a document type" in reason(path)


def test_depth_costs_nothing(tmp_path: Path) -> None:
    deep = "<r>" * 50_000 + "<t>x</t>" + "</r>" * 50_000
    path = sheet_xml(tmp_path / "a.xlsx", f'<row><c t="inlineStr"><is>{deep}</is></c></row>')
    assert parse(path).elements[1].text == "x"


def test_a_damaged_part_costs_that_part(tmp_path: Path) -> None:
    whole = save(tmp_path / "a.xlsx", COSTS)
    with zipfile.ZipFile(whole) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    cut = parse(repacked(whole, {"xl/worksheets/sheet1.xml": xml[: xml.index(b'<row r="3"')]}))
    assert cut.elements[1].text == "Item | 2024 | 2025\nStaff | 610 | 585"
    assert cut.unread[0].startswith("sheet 'Budget' after row 2: it is damaged")
    bare = parse(repacked(whole, {"xl/styles.xml": b"<broken", "docProps/core.xml": None}))
    assert "Staff | 610" in bare.elements[1].text
    assert "missing" in reason(repacked(whole, {"xl/worksheets/sheet1.xml": None}))


def test_no_workbook_at_all(tmp_path: Path) -> None:
    for name in ("a.xlsx", "a.xls", "a.ods", "a.xlsb"):
        (tmp_path / name).write_bytes(b"")
        assert reason(tmp_path / name) == "empty file"
        (tmp_path / name).write_bytes(b"junk " * 100)
        assert "damaged" in reason(tmp_path / name)
        (tmp_path / name).write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"junk " * 400)
        assert reason(tmp_path / name)
    assert reason(save(tmp_path / "empty.xlsx", [])) == "no text in it"
    locked = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le")
    (tmp_path / "locked.xlsx").write_bytes(locked)
    assert reason(tmp_path / "locked.xlsx") == "it is protected by a password"


def test_cells_too_far_apart_for_a_binary_workbook(tmp_path: Path) -> None:
    assert tables(parse(binary(tmp_path / "a.xlsb", 1_000_000)))
    data = binary(tmp_path / "b.xlsb", 1_048_000)
    with zipfile.ZipFile(data) as archive:
        sheet = archive.read("xl/worksheets/sheet1.bin")
    far = sheet.replace(
        record(5, struct.pack("<IId", 2, 0, 12.5)), record(5, struct.pack("<IId", 16_000, 0, 12.5))
    )
    assert "too far apart" in reason(repacked(data, {"xl/worksheets/sheet1.bin": far}, "c.xlsb"))


def old(path: Path) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Budget")
    for at, row in enumerate(COSTS):
        for column, value in enumerate(row):
            sheet.write(at, column, value)
    book.save(str(path))
    return path.read_bytes()


def opendocument(path: Path) -> bytes:
    table = Table(name="Plan")
    for row in COSTS:
        table.addElement(ods_row([str(value) for value in row]))
    document = OpenDocumentSpreadsheet()
    document.spreadsheet.addElement(table)
    document.save(str(path))
    return path.read_bytes()


@pytest.mark.parametrize("kind", [".xlsx", ".xls", ".ods", ".xlsb"])
def test_damage_never_shows_as_another_error(kind: str, tmp_path: Path) -> None:
    make: dict[str, Callable[[Path], object]] = {
        ".xlsx": lambda path: save(path, COSTS), ".xls": old, ".ods": opendocument, ".xlsb": binary
    }  # fmt: skip
    path = tmp_path / f"a{kind}"
    make[kind](path)
    data = path.read_bytes()
    chance = random.Random(3)
    for _ in range(150):
        hurt = bytearray(data)
        for _ in range(chance.choice((1, 3, 20))):
            hurt[chance.randrange(len(hurt))] = chance.randrange(256)
        path.write_bytes(hurt[: chance.choice((len(hurt), len(hurt), chance.randrange(1, len(hurt))))])
        try:
            parse(path)
        except ParseFailed as error:
            assert str(error)


def test_damage_inside_is_survived(tmp_path: Path) -> None:
    """Flips in the unpacked members, which a checksum would otherwise give away."""
    whole = save(tmp_path / "a.xlsx", COSTS, formatted)
    with zipfile.ZipFile(whole) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    chance = random.Random(5)
    for _ in range(150):
        name = chance.choice(sorted(members))
        hurt = bytearray(members[name])
        for _ in range(chance.choice((1, 5))):
            hurt[chance.randrange(len(hurt))] = chance.choice(b"<>&\"'09aZ/= \xff")
        try:
            parse(repacked(whole, {name: bytes(hurt)}))
        except ParseFailed as error:
            assert str(error)
