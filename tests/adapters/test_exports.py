"""Reports as files: what a reader of each format finds in them."""

import io
from datetime import UTC, datetime
from typing import Any

import docx
import pypdfium2
import pytest
from docx.oxml.ns import qn
from markdown_it import MarkdownIt

from cairn import registry
from cairn.adapters.exports import fonts
from cairn.results.reports import Block, Entry, Grid, Heading, Paragraph, Printed, Run

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CITED = Paragraph(runs=(Run("The survey found 214 otters."), Run("[1]", number=1)))
SOURCE = Entry(number=1, runs=(Run("Otters", link="https://cairn.example/library/d3"), Run(" · page 2")))
TABLE = Grid(
    caption=(Run("Herons by site"), Run("[1]", number=1)),
    header=(("Site", "Herons"),),
    rows=(("Ferry terminal", "12"), ("Salt marsh", "40")),
    marked=(1,),
)
HOSTILE = "<b>&amp; *bold* _x_ `code` [link](javascript:alert(1)) | # no\n1. one\n- two <script>"


def written(format: str, *blocks: Block, title: str = "Otters and herons") -> bytes:
    printed = Printed(title=title, about="2026-01-02 · quoted from 1 document", made=MADE, blocks=blocks)
    content: bytes = registry.load("exports", format).render(printed)
    return content


def paper(*blocks: Block, **more: Any) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(written("pdf", *blocks, **more))


def words(document: pypdfium2.PdfDocument) -> str:
    return " ".join(" ".join(page.get_textpage().get_text_bounded() for page in document).split())


def word(*blocks: Block, **more: Any) -> Any:
    return docx.Document(io.BytesIO(written("docx", *blocks, **more)))


def test_a_pdf_has_an_outline_numbers_links_and_says_what_it_is() -> None:
    made = paper(Heading(text="Results"), CITED, TABLE, Heading(text="Sources"), SOURCE)
    assert [entry.get_title() for entry in made.get_toc()] == ["Otters and herons", "Results", "Sources"]
    told = made.get_metadata_dict()
    assert told["Title"] == "Otters and herons" and told["Author"] == "Cairn"
    said = words(made)
    assert (
        "The survey found 214 otters. [1]" in said and "Salt marsh 40" in said and said.startswith("1 Otters")
    )
    raw = written("pdf", CITED, SOURCE)
    assert b"https://cairn.example/library/d3" in raw and b"/Dest" in raw


def test_word_has_headings_tables_and_links() -> None:
    made = word(Heading(text="Results"), CITED, TABLE, Paragraph(runs=(Run("Old."),), kind="bullet"), SOURCE)
    styles = {line.text: line.style.name for line in made.paragraphs}
    assert styles["Otters and herons"] == "Title" and styles["Results"] == "Heading 1"
    assert styles["Old."] == "List Bullet" and styles["Herons by site [1]"] == "Caption"
    (table,) = made.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["Site", "Herons"],
        ["Ferry terminal", "12"],
        ["Salt marsh", "40"],
    ]
    assert table.rows[0]._tr.find(".//" + qn("w:tblHeader")) is not None
    assert table.rows[2].cells[0].paragraphs[0].runs[0].bold
    links = list(made.element.body.iter(qn("w:hyperlink")))
    assert {link.get(qn("w:anchor")) for link in links} == {"source1", None}
    marks = [mark.get(qn("w:name")) for mark in made.element.body.iter(qn("w:bookmarkStart"))]
    assert marks == ["source1"]
    assert "https://cairn.example/library/d3" in {
        one.target_ref for one in made.part.rels.values() if one.is_external
    }
    assert made.core_properties.title == "Otters and herons" and made.core_properties.author == "Cairn"
    assert made.sections[0].footer._element.find(".//" + qn("w:fldSimple")).get(qn("w:instr")) == "PAGE"


def test_markdown_is_read_back_as_it_was_meant() -> None:
    text = written("markdown", Heading(text="Results"), CITED, TABLE, SOURCE).decode()
    shown = MarkdownIt("commonmark").enable("table").render(text)
    assert "<h1>Otters and herons</h1>" in shown and "<h2>Results</h2>" in shown
    assert '<a href="#source-1">[1]</a>' in shown and '<a id="source-1"></a>' in shown
    assert "<th>Herons</th>" in shown and "<strong>Salt marsh</strong>" in shown
    assert '<a href="https://cairn.example/library/d3">Otters</a>' in shown


def test_nothing_that_a_document_says_is_taken_for_markup() -> None:
    line = Paragraph(runs=(Run(HOSTILE),))
    grid = Grid(caption=(Run(HOSTILE),), header=((HOSTILE, "b"),), rows=((HOSTILE, HOSTILE),))
    entry = Entry(number=1, runs=(Run(HOSTILE, link="https://x/library/d1"), Run(HOSTILE)))
    blocks = (Heading(text=HOSTILE), line, grid, entry)
    shown = (
        MarkdownIt("commonmark").enable("table").render(written("markdown", *blocks, title=HOSTILE).decode())
    )
    assert "<script>" not in shown and 'javascript:alert(1)"' not in shown and "<em>x" not in shown
    assert "<strong>" not in shown and "<code>" not in shown and shown.count("<li>") == 1
    assert shown.count("<td>") == 2 and "&lt;b&gt;&amp;amp; *bold*" in shown
    assert "<script>" in words(paper(*blocks, title="t")) and "*bold*" in word(*blocks).paragraphs[2].text


@pytest.mark.parametrize("format", ["docx", "markdown", "pdf"])
def test_long_words_and_long_tables_are_set(format: str) -> None:
    rows = tuple((f"row {number}", "w" * 500, "word " * 400) for number in range(60))
    wide = Grid(caption=(), header=(tuple(f"c{n}" for n in range(8)),), rows=(("x" * 90,) * 8,))
    tall = Grid(caption=(), header=(), rows=(("word " * 4_000, "b"),))
    long = Paragraph(runs=(Run("x" * 10_000),))
    content = written(
        format, long, Grid(caption=(), header=(("a", "b", "c"),), rows=rows), wide, tall, title="y" * 3000
    )
    assert content


def test_what_is_long_stays_within_the_page() -> None:
    grid = Grid(caption=(Run("c" * 300),), header=(("a", "b"),), rows=(("w" * 500, "x" * 500),))
    for page in paper(Paragraph(runs=(Run("x" * 3000),)), grid, title="y" * 300):
        width, _ = page.get_size()
        text = page.get_textpage()
        boxes = [text.get_charbox(number) for number in range(text.count_chars())]
        assert all(left > 0 and right < width - 30 and bottom > 0 for left, bottom, right, _ in boxes)


def test_other_scripts_are_set_or_said_not_to_be() -> None:
    said = "Ärger, žluťoučký, Ελληνικά, Кириллица, 予算は四百万円です。"
    made = paper(Paragraph(runs=(Run(said),)))
    if fonts.face() != "Vera":
        assert "Ελληνικά, Кириллица" in words(made) and "cannot be set" not in words(made)
    unset = paper(Paragraph(runs=(Run("الميزانية"),)))
    assert "cannot be set" in words(unset)
    everywhere = said + "الميزانية"
    assert everywhere in [line.text for line in word(Paragraph(runs=(Run(everywhere),))).paragraphs]
    assert everywhere in written("markdown", Paragraph(runs=(Run(everywhere),))).decode()
