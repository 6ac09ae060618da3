"""Rich Text: small files as people and programs write them, and damaged ones."""

import random
from pathlib import Path

import pytest

from cairn.adapters.parsers import rtf
from cairn.errors import ParseFailed
from cairn.types import Document

HANDBOOK = rb"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Arial;}
{\f1\fnil\fcharset204 Arial CYR;}}
{\colortbl;\red0\green0\blue0;}
{\stylesheet{\ql Normal;}{\s1\outlinelevel0\sbasedon0 heading 1;}{\s2 \'dcberschrift 2;}
{\*\cs10 Default Font;}}
{\info{\title Pump handbook}{\author Ann Lee}{\keywords pumps; water}{\creatim\yr2025\mo3\dy31\hr9\min5}}
{\header Running head\par}
\pard\plain\s1 Pumps\par
\pard\plain Every pump\'92s valve\~is \b serviced\b0  yearly
{\footnote\pard\plain{\super\chftn} See the book.} by two people.\par
\pard\plain\s2 Intervals\line and prices\par
{\pard\ls1{\listtext\'b7\tab}Take it out\par}
{\pard\ls1{\listtext 2.\tab}Clean it\par}
\trowd\trhdr\cellx2000\cellx4000 \pard\intbl Part\cell Price\cell\row
\trowd\cellx2000\cellx4000 \intbl valve\par of brass\cell 12.50\cell\row
\trowd\cellx2000\cellx4000 \intbl seal\cell 3\cell\row
\pard{\field{\*\fldinst{HYPERLINK "http://example.org/"}}{\fldrslt the price list}}
 \u8364\'80 \u-10179?\u-8704? {\f1\'cf\'f0\'e8\'e2\'e5\'f2}\par
{\v hidden}{\deleted struck}{\*\unknown odd}{\pict\pngblip 89504e47\bin4 }}}{}\par
{\upr{ansi}{\*\ud{Unicode}}}}"""


def parse(path: Path, data: bytes) -> Document:
    path.write_bytes(data)
    document = rtf.load("").parse(path, path.name)
    for element in document.elements:
        assert element.text.strip()
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
    return document


def said(path: Path, data: bytes) -> list[str]:
    return [element.text for element in parse(path, data).elements]


def reason(path: Path, data: bytes) -> str:
    with pytest.raises(ParseFailed) as caught:
        parse(path, data)
    return str(caught.value)


def test_everything_a_reader_sees(tmp_path: Path) -> None:
    document = parse(tmp_path / "a.rtf", HANDBOOK)
    assert [(e.kind, e.level, e.text) for e in document.elements] == [
        ("heading", 1, "Pumps"),
        ("paragraph", 0, "Every pump’s valve is serviced yearly by two people."),
        ("footnote", 0, "See the book."),
        ("heading", 2, "Intervals and prices"),
        ("list_item", 0, "Take it out"),
        ("list_item", 0, "2. Clean it"),
        ("table", 0, "Part | Price\nvalve of brass | 12.50\nseal | 3"),
        ("paragraph", 0, "the price list € 😀 Привет"),
        ("paragraph", 0, "Unicode"),
    ]
    assert document.title == "Pump handbook"
    assert document.metadata == {"author": "Ann Lee", "tags": "pumps, water", "created": "2025-03-31T09:05"}
    table = document.elements[6]
    assert table.header == 1 and table.anchors[1].locator.heading == ("Pumps", "Intervals and prices")
    assert [a.locator.paragraphs for a in table.anchors] == [(6, 6), (7, 7), (8, 8)]
    assert document.elements[2].anchors[0].locator.paragraphs == (2, 2)


def test_merged_cells_keep_their_columns(tmp_path: Path) -> None:
    rows = rb"""{\rtf1\trowd\cellx1000\cellx3000 \intbl Part\cell Price\cell\row
\trowd\cellx1000\cellx2010\cellx3000 \intbl \cell 2024\cell 2025\cell\row
\trowd\clvmgf\cellx1000\cellx2000\cellx3000 \intbl Valve\cell 1\cell 2\cell\row
\trowd\clvmrg\cellx1000\cellx2000\cellx3000 \intbl\cell 3\cell 4\cell\row\pard after}"""
    made = "Part | Price\n | 2024 | 2025\nValve | 1 | 2\nValve | 3 | 4"
    assert said(tmp_path / "a.rtf", rows) == [made, "after"]


def test_a_table_in_a_cell_stays_in_it(tmp_path: Path) -> None:
    nested = rb"""{\rtf1\trowd\cellx1\cellx2\pard\intbl\itap2 in\nestcell ner\nestcell
{\*\nesttableprops\trowd\cellx1\nestrow}{\nonesttables\par}\pard\intbl out\cell er\cell\row}"""
    assert said(tmp_path / "a.rtf", nested) == ["in · ner; out | er"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8}", "При"),
        (rb"{\rtf1\mac caf\'8e}", "café"),
        (rb"{\rtf1{\fonttbl{\f3\fcharset128 MS Mincho;}}\f3\'83\'7c\'83\'93\'83v}", "ポンプ"),
        (rb"{\rtf1\uc2\u228 ab\uc0\u246 o}", "äöo"),
        (rb"{\rtf1 1 \{2\} \\3 \emdash  4\_5}", "1 {2} \\3 — 4-5"),
        (b"{\\rtf1 broken\nover \r\nlines}", "brokenover lines"),
        (rb"{\rtf1 unclosed {\b bold", "unclosed bold"),
        (rb"{\rtf1 a}}}} b", "a b"),
        (rb"{\rtf1 a{\footnote b", "a"),
    ],
)
def test_characters(source: bytes, text: str, tmp_path: Path) -> None:
    assert said(tmp_path / "a.rtf", source)[0] == text


def test_files_that_cannot_be_read_say_why(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    assert reason(path, b"plain words").startswith("it is damaged")
    assert reason(path, rb"{\rtf1{\pict 00}\par}") == "no text in it"
    assert reason(path, b"{\\rtf1 " + b"{" * 1_000_000 + b"x").startswith("it is damaged: its groups")
    assert reason(path, b"") == "empty file"
    assert said(path, b"{\\rtf1 x{\\pict" + b"{" * 1_000_000) == ["x"]


def test_rows_of_ever_other_widths_stay_small(tmp_path: Path) -> None:
    rows = b"".join(b"\\trowd\\cellx%d%s a\\cell %s\\row" % (
        at * 100, b"\\cellx9000000" * (at % 2), b"b\\cell" * (at % 2)) for at in range(20_000))  # fmt: skip
    (table,) = said(tmp_path / "a.rtf", b"{\\rtf1" + rows + b"}")
    assert len(table) < 200_000


def test_damage_raises_nothing_else(tmp_path: Path) -> None:
    chance = random.Random(3)
    for _ in range(400):
        data = bytearray(HANDBOOK[: chance.randrange(20, len(HANDBOOK))])
        for _ in range(chance.randrange(20)):
            data[chance.randrange(6, len(data))] = chance.choice(b"\\{}\x00\xff'9u*")
        try:
            assert said(tmp_path / "a.rtf", bytes(data))
        except ParseFailed:
            continue
