"""CSV and TSV: delimiters, encodings, quotation marks, ragged rows, lines that lead back."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cairn.adapters.parsers import delimited, grid
from cairn.errors import ParseFailed
from cairn.types import Document, Element

PARSER = delimited.load("")


def parse(tmp_path: Path, content: str | bytes, name: str = "parts.csv") -> Document:
    path = tmp_path / "file"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return PARSER.parse(path, name)


def table(document: Document) -> Element:
    (found,) = [element for element in document.elements if element.kind == "table"]
    assert found.anchors[0].start == 0 and found.anchors[-1].end == len(found.text)
    return found


COSTS = "Part | Price | Stock\nValve | 1,5 | 3\nSeal | 20 | 4"


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ('Part,Price,Stock\r\nValve,"1,5",3\r\nSeal,20,4\r\n', "a.csv"),
        ("Part;Price;Stock\nValve;1,5;3\nSeal;20;4\n", "a.csv"),
        ("Part\tPrice\tStock\nValve\t1,5\t3\nSeal\t20\t4", "a.tsv"),
        ("Part\tPrice\tStock\nValve\t1,5\t3\nSeal\t20\t4", "a.csv"),
        ("Part|Price|Stock\nValve|1,5|3\nSeal|20|4\n", "a.csv"),
        ("Part;Price;Stock\rValve;1,5;3\rSeal;20;4\r", "a.csv"),
        ('\ufeffPart, Price, Stock\nValve, "1,5", 3\nSeal, 20, 4\n', "a.csv"),
    ],
)
def test_delimiters(content: str, name: str, tmp_path: Path) -> None:
    found = table(parse(tmp_path, content, name))
    assert found.text == COSTS and found.header == 1


def test_decimal_commas_without_a_header(tmp_path: Path) -> None:
    assert table(parse(tmp_path, "1,5;2,5\n3,5;4,5\n")).text == "1,5 | 2,5\n3,5 | 4,5"


def test_commas_in_sentences(tmp_path: Path) -> None:
    rows = "".join(f"{at};a text, with commas, and more;{at}\n" for at in range(20))
    assert table(parse(tmp_path, "Id;Text;Count\n" + rows)).text.startswith(
        "Id | Text | Count\n0 | a text, with"
    )


def test_a_named_delimiter(tmp_path: Path) -> None:
    found = table(parse(tmp_path, "sep=^\nPart^Price\nValve^12\n"))
    assert found.text == "Part | Price\nValve | 12"
    assert found.anchors[0].locator.lines == (2, 2) and found.anchors[0].locator.cells == "A2:B2"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_encodings(encoding: str, tmp_path: Path) -> None:
    content = "Größe;Stückzahl\nmäßig;12\nüppig;30\n".encode(encoding)
    assert table(parse(tmp_path, content)).text == "Größe | Stückzahl\nmäßig | 12\nüppig | 30"


def test_rows_lead_back(tmp_path: Path) -> None:
    found = table(parse(tmp_path, 'Part,Note,Price\n\nValve,"two\nlines, ""so""",5\nSeal,,7\nPipe,x\n,,,9\n'))
    assert found.text.split("\n") == [
        "Part | Note | Price",
        'Valve | two lines, "so" | 5',
        "Seal |  | 7",
        "Pipe | x",
        " |  |  | 9",
    ]
    places = [(anchor.locator.lines, anchor.locator.cells) for anchor in found.anchors]
    assert places == [
        ((1, 1), "A1:C1"),
        ((3, 4), "A3:C3"),
        ((5, 5), "A4:C4"),
        ((6, 6), "A5:B5"),
        ((7, 7), "D6"),
    ]
    assert all(anchor.locator.sheet == "" for anchor in found.anchors)


def test_titles_above_and_remarks_below(tmp_path: Path) -> None:
    content = "Outturn of 2025\nItem,Cost\nStaff,610\nHeat,720\nSource: the accounts of the Authority\n"
    document = parse(tmp_path, content, "outturn.csv")
    assert [element.kind for element in document.elements] == ["caption", "table", "paragraph"]
    assert document.title == "outturn"


def test_a_quotation_mark_that_is_none(tmp_path: Path) -> None:
    rows = "".join(f"{at},pipe,{at}\n" for at in range(3000))
    found = table(parse(tmp_path, f'Id,Part,Count\n1,"5 inch,3\n{rows}'))
    assert len(found.anchors) == 3002 and '1 | "5 inch | 3' in found.text


def test_one_column_is_a_list_or_text(tmp_path: Path) -> None:
    assert table(parse(tmp_path, "Ann\nBo\nCy\nDi\n")).text == "Ann\nBo\nCy\nDi"
    prose = parse(tmp_path, "This is a line of text that has no table.\nAnd this is another one of them.\n")
    assert [element.kind for element in prose.elements] == ["paragraph", "paragraph"]


def test_what_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for content, why in (
        (b"", "empty file"),
        (b"\n,,\n \n", "no text in it"),
        (bytes(range(256)) * 9, "binary"),
    ):
        with pytest.raises(ParseFailed, match=why):
            parse(tmp_path, content)
    long = table(parse(tmp_path, f"Id,Text\n1,{'a' * 200_000}\n"))
    assert len(long.text) > 200_000
    monkeypatch.setattr(grid.Budget.__init__, "__defaults__", (20, 10_000, 1 << 30))
    document = parse(tmp_path, "a,b\n" * 30)
    assert len(table(document).anchors) == 10 and document.unread == ("lines from 11 on: it is too large",)


CELLS = st.text(st.sampled_from('ab 1,;|"\n\t\r.5é\0\u2028'), max_size=8)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(CELLS, min_size=1, max_size=4), max_size=6), delimiter=st.sampled_from(",;\t|"))
def test_whatever_is_written_is_read_or_refused(
    rows: list[list[str]], delimiter: str, tmp_path: Path
) -> None:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter).writerows(rows)
    try:
        document = parse(tmp_path, file.getvalue())
    except ParseFailed:
        return
    for element in document.elements:
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
