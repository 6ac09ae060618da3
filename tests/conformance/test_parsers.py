"""What every parser must do: text kept, anchors that cover it and lead back, reasons a person understands."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen.canvas import Canvas

from cairn.adapters.parsers import columns, html, language, markdown, pdf, pdfium, printed, text, tidy
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Box, Document, Element

DATA = Path(os.environ.get("CAIRN_DATA", Path(__file__).parents[3] / "shared" / "data"))
LOADERS = {"markdown": markdown, "text": text, "html": html, "pdf": pdf, "pdfium": pdfium}
PARSERS: dict[str, Parser] = {name: module.load("") for name, module in LOADERS.items()}
WRITTEN = ("markdown", "text", "html")
PRINTED = ("pdf", "pdfium")
ENOUGH = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

MARKDOWN = """---
title: "The \\"Pump\\" Handbook"
author: Ann Lee
date: 2024-05-06
tags: [pumps, water]
keywords:
  - valves
---

# Pumps

Every *pump* has a [valve](https://example.org/v_1) and `code_x`.
It is **serviced** yearly &amp; tested.

Setext title
------------

- first item
- second item
  - nested item

1. ordered item

| Part | Price |
|------|------:|
| valve | 12.50 |
| seal | 3 |

```python
def turn(pump):
    return pump * 2
```

> quoted words

[v]: https://example.org/definition
"""
PLAIN = """ANNUAL REPORT

1.2 Scope of the audit

This audit covers the pumps of the plant, which were built
in 1987 and have been serviced since by the same two people.

Result
======

Ann Lee
12 Mill Road
"""
ARTICLE = """<!DOCTYPE html><html lang="en"><head><title>Pump care</title>
<meta name="author" content="Ann Lee"><meta name="keywords" content="pumps; water">
<meta property="article:published_time" content="2024-05-06T07:08:09Z">
<meta name="description" content="How to care for pumps">
<script>var evil = "scripted";</script><style>.styled { color: red }</style></head><body>
<nav><ul><li><a href="/">Homepage link</a></li><li><a href="/shop">Shop link</a></li></ul></nav>
<main><article><h1>Caring for pumps</h1>
<p>A pump that is not serviced will fail sooner or later, and when it does the whole plant stands
still until somebody has found the one spare seal that is left in the store.<script>evil()</script></p>
<h2>Intervals</h2>
<p>Every second year the valve is taken out, cleaned and measured, and the result is written down in
the book that hangs next to the door of the pump house.</p>
<ul><li>Take the valve out</li><li>Clean the seat</li></ul>
<h3>Prices</h3>
<table><tr><th>Part</th><th>Price</th></tr><tr><td>valve</td><td>12.50</td></tr><tr><td>seal</td><td>3</td></tr></table>
<p>All prices are in euros and hold until the end of the year, when the supplier sends the new list.</p>
</article></main><footer>Imprint and copyright notice 2024</footer></body></html>"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def parse(kind: str, path: Path, name: str | None = None) -> Document:
    return PARSERS[kind].parse(path, name if name is not None else path.name)


def reason(kind: str, path: Path) -> str:
    with pytest.raises(ParseFailed) as caught:
        parse(kind, path)
    return str(caught.value)


def words(string: str) -> list[str]:
    return re.findall(r"[^\W_]+", string)


def of_kind(document: Document, kind: str) -> list[Element]:
    return [element for element in document.elements if element.kind == kind]


def check(document: Document) -> Document:
    """Anchors cover the text of each element without gap or overlap; nothing in it is untidy."""
    assert document.title.strip()
    for element in document.elements:
        assert element.text.strip() and element.anchors
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert element.anchors[-1].end == len(element.text)
        assert all(a.start < a.end for a in element.anchors)
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\xa0\xad\ud800-\udfff]", element.text)
        assert (element.level > 0) == (element.kind == "heading")
        if element.kind == "table":
            assert element.header <= len(element.text.split("\n")) == len(element.anchors)
    return document


def lead_back(document: Document, source: str) -> None:
    """Every anchor's characters hold its words, and its lines are those of its characters."""
    for element in document.elements:
        for start, end, locator, _ in element.anchors:
            assert locator.chars is not None and locator.lines is not None
            there = source[slice(*locator.chars)]
            first = len(re.findall("\r\n|\n|\r", source[: locator.chars[0]])) + 1
            assert locator.lines == (first, first + len(re.findall("\r\n|\n|\r", there)))
            seen = "".join(words(tidy.clean(there)))
            for word in words(element.text[start:end]):
                assert word in seen


def draw(
    path: Path, *, pages: int = 1, title: str = "", lock: StandardEncryption | None = None, turn: int = 0
) -> Path:
    """Write a PDF: running head and foot, a heading, two paragraphs and a table on every page.

    Every page is shown upright, 595 by 842 points; with ``turn`` because its content is turned
    one way and the page the other, as scanners and landscape printers do it.
    """
    canvas = Canvas(str(path), encrypt=lock, pagesize=(595, 842))
    canvas.setTitle(title)
    canvas.setAuthor("Ann Lee")
    for number in range(1, pages + 1):
        canvas.setPageRotation(turn)
        canvas.translate(*{0: (0, 0), 90: (842, 0), 180: (595, 842), 270: (0, 595)}[turn])
        canvas.rotate(turn)
        canvas.setFont("Helvetica", 8)
        canvas.drawString(72, 815, "Acme Water Company confidential")
        canvas.drawString(280, 25, f"Page {number} of {pages}")
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(72, 700, f"Chapter {number} on pumps")
        canvas.setFont("Helvetica", 11)
        canvas.drawString(72, 660, f"Every second year the valve number {number} is taken out and care-")
        canvas.drawString(72, 646, "fully cleaned, measured and put back by the two people who know how")
        canvas.drawString(72, 632, "it was built and what it is for.")
        canvas.drawString(72, 590, "The na\xefve reader may think that this is easy, which it really is not,")
        canvas.drawString(72, 576, "as the accident of the last winter has shown to all of us.")
        draw_table(canvas)
        canvas.showPage()
    canvas.save()
    return path


def draw_table(canvas: Canvas) -> None:
    rows = [
        ("Part", "2024", "2023"),
        ("Valves", "1,250", "1,100"),
        ("Seals", "310", "295"),
        ("Pipes", "80", "75"),
    ]
    for at, (part, *prices) in enumerate(rows):
        canvas.drawString(72, 520 - 16 * at, part)
        for column, price in enumerate(prices):
            if at == 1:
                canvas.drawString(260 + 120 * column, 520 - 16 * at, "$")
            canvas.drawRightString(330 + 120 * column, 520 - 16 * at, price)


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    return {
        "markdown": write(tmp_path, "pump.md", MARKDOWN),
        "text": write(tmp_path, "pump.txt", PLAIN),
        "html": write(tmp_path, "pump.html", ARTICLE),
        "pdf": draw(tmp_path / "pump.pdf", pages=5),
        "pdfium": draw(tmp_path / "pump2.pdf", pages=5),
    }


# --- all of them ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", LOADERS)
def test_anchors_cover_the_text(kind: str, files: dict[str, Path]) -> None:
    document = check(parse(kind, files[kind]))
    assert document.language == ("en" if kind != "markdown" else None)  # too few common words there
    assert re.fullmatch(r"\w+/\d+", PARSERS[kind].name)
    assert PARSERS[kind].media_types


@pytest.mark.parametrize("kind", LOADERS)
def test_parsing_twice_gives_the_same(kind: str, files: dict[str, Path]) -> None:
    assert parse(kind, files[kind]) == parse(kind, files[kind])


@pytest.mark.parametrize("kind", LOADERS)
@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02\xff\xfe" * 400, b"\x7fELF\x00\x00\x01" * 90, b" \n\t\n"]
)
def test_what_holds_no_text_fails_with_a_reason(kind: str, content: bytes, tmp_path: Path) -> None:
    assert re.match("empty|not |no text", reason(kind, write(tmp_path, "file", content)))


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_pdf_under_another_name_is_no_text(kind: str, files: dict[str, Path], tmp_path: Path) -> None:
    content = b"%PDF-1.7\n" + bytes(range(256)) * 20
    assert "binary" in reason(kind, write(tmp_path, "a.txt", content))


@pytest.mark.parametrize("kind", PRINTED)
def test_text_under_the_name_of_a_pdf(kind: str, tmp_path: Path) -> None:
    assert "not a PDF" in reason(kind, write(tmp_path, "a.pdf", MARKDOWN))


@pytest.mark.parametrize("kind", ("markdown", "text"))
def test_a_missing_file_fails_with_a_reason(kind: str, tmp_path: Path) -> None:
    assert "cannot be read" in reason(kind, tmp_path / "none")


# --- titles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "title"),
    [
        ("The Pump Handbook", "The Pump Handbook"),
        ("  The\xa0Pump\n Handbook ", "The Pump Handbook"),
        ("untitled", "First"),
        ("Microsoft Word - pump.doc", "First"),
        ("pump_v3_final.docx", "First"),
        ("0000004962-23-000006", "First"),
        ("PUMP", "First"),
        ("", "First"),
        (None, "First"),
    ],
)
def test_a_title_is_one_that_looks_like_one(own: str | None, title: str) -> None:
    heading = Element(kind="heading", text="First", anchors=(), level=1)
    assert tidy.titled([own], [heading], "folder/pump.pdf") == title


def test_a_file_name_is_the_last_resort() -> None:
    lower = Element(kind="heading", text="Lower", anchors=(), level=2)
    assert tidy.titled([], [lower], "folder/pump care.pdf") == "pump care"
    assert tidy.titled([], [], "") == "untitled"


@pytest.mark.parametrize(
    ("said", "date"),
    [
        ("D:20230210152330-05'00'", "2023-02-10T15:23:30-05:00"),
        ("D:20201118162234Z", "2020-11-18T16:22:34Z"),
        ("D:20201118", "2020-11-18"),
        ("2024-05-06T07:08:09Z", "2024-05-06T07:08:09Z"),
        ("2024-05-06", "2024-05-06"),
        ("D:20209918", None),
        ("last week", None),
    ],
)
def test_dates(said: str, date: str | None) -> None:
    assert tidy.iso_date(said) == date


# --- Markdown -------------------------------------------------------------------------------


def test_markdown_blocks(files: dict[str, Path]) -> None:
    document = parse("markdown", files["markdown"])
    assert [(e.text, e.level) for e in of_kind(document, "heading")] == [("Pumps", 1), ("Setext title", 2)]
    assert document.elements[1].text == ("Every pump has a valve and code_x. It is serviced yearly & tested.")
    assert [e.text for e in of_kind(document, "list_item")] == [
        "first item",
        "second item",
        "nested item",
        "1. ordered item",
    ]
    assert of_kind(document, "code")[0].text == "def turn(pump):\n    return pump * 2"
    assert document.elements[-1].text == "quoted words"
    assert document.elements[-1].anchors[0].locator.heading == ("Pumps", "Setext title")


def test_markdown_table(files: dict[str, Path]) -> None:
    (table,) = of_kind(parse("markdown", files["markdown"]), "table")
    assert table.text == "Part | Price\nvalve | 12.50\nseal | 3"
    assert table.header == 1
    lines = MARKDOWN.split("\n")
    assert ["valve" in lines[a.locator.lines[0] - 1] for a in table.anchors if a.locator.lines] == [
        False,
        True,
        False,
    ]


def test_markdown_front_matter(files: dict[str, Path]) -> None:
    document = parse("markdown", files["markdown"])
    assert document.metadata["author"] == "Ann Lee"
    assert document.metadata["created"] == "2024-05-06"
    assert document.metadata["tags"] == "pumps, water"
    assert document.title == 'The "Pump" Handbook'


def test_a_rule_is_not_front_matter(tmp_path: Path) -> None:
    document = parse("markdown", write(tmp_path, "a.md", "---\nJust words here.\n\nNote: more\n---\nend\n"))
    assert "Just words here." in "\n".join(e.text for e in document.elements)


def test_markdown_leads_back(files: dict[str, Path]) -> None:
    lead_back(check(parse("markdown", files["markdown"])), MARKDOWN)


@pytest.mark.parametrize(
    "source",
    [
        "> " * 3000 + "deep words",
        "- " * 3000 + "deep words",
        "[" * 50_000 + "deep words",
        "*a " * 20_000 + "deep words",
        "x " + "`" * 50_000 + " deep words",
        "".join(" " * at + "- a\n" for at in range(200)) + "deep words",
        "\n" * 200_000 + "deep words",
        "deep words " * 200_000,
    ],
)
@pytest.mark.parametrize("kind", ("markdown", "text"))
def test_depth_and_length_lose_no_words(kind: str, source: str, tmp_path: Path) -> None:
    document = check(parse(kind, write(tmp_path, "a.md", source)))
    assert document.elements[-1].text.endswith(("deep words", "deep words "))


# --- plain text -----------------------------------------------------------------------------


def test_text_blocks(files: dict[str, Path]) -> None:
    document = parse("text", files["text"])
    assert document.title == "ANNUAL REPORT"
    assert [(e.kind, e.level, e.text) for e in document.elements] == [
        ("heading", 1, "ANNUAL REPORT"),
        ("heading", 2, "1.2 Scope of the audit"),
        (
            "paragraph",
            0,
            "This audit covers the pumps of the plant, which were built "
            "in 1987 and have been serviced since by the same two people.",
        ),
        ("heading", 1, "Result"),
        ("paragraph", 0, "Ann Lee\n12 Mill Road"),
    ]
    lead_back(document, PLAIN)


@pytest.mark.parametrize(
    ("encoding", "content"),
    [
        ("cp1252", "Größe und Gewicht der Pumpe sind für die Prüfung nötig – „gut“ heißt 5 €."),
        ("cp1252", "L\u2019\xe9t\xe9 dernier, la pompe a \xe9t\xe9 r\xe9par\xe9e \xe0 No\xebl."),
        ("utf-8-sig", "Größe der Pumpe"),
        ("utf-16", "Größe der Pumpe und ポンプ"),
        ("utf-16-le", "The size of the pump and its weight"),
        ("utf-16-be", "The size of the pump and its weight"),
        ("utf-32", "Größe der Pumpe"),
        ("shift_jis", "ポンプの点検は二年ごとに行います。弁を外して清掃し、結果を帳簿に書きます。" * 3),
        ("iso2022_jp", "ポンプの点検は二年ごとに行います。弁を外して清掃し、結果を帳簿に書きます。" * 3),
        (
            "windows-1251",
            "Насос проверяют каждые два года, клапан снимают и чистят, а результат пишут в книгу. " * 3,
        ),
    ],
)
def test_legacy_encodings(encoding: str, content: str, tmp_path: Path) -> None:
    document = check(parse("text", write(tmp_path, "a.txt", content.encode(encoding))))
    assert words("".join(e.text for e in document.elements)) == words(content)


def test_untidy_characters(tmp_path: Path) -> None:
    source = "The e\u0301t\xe9\xa0of\u2003the of\ufb01ce\xad was\u200b \x0bcold \u3000and wet\x85end"
    document = check(parse("text", write(tmp_path, "a.txt", source)))
    kept = " ".join(e.text for e in document.elements)
    assert " ".join(kept.split()) == "The été of the office was cold and wet end"


def test_a_line_of_millions_of_characters_is_tidied_alike() -> None:
    source = "a  b\xa0 c" + " " * 3_000_000 + "d \t" * 500_000
    assert tidy.flat(source) == " ".join(source.split())


def test_one_torn_byte_does_not_change_the_encoding(tmp_path: Path) -> None:
    source = ("Größe der Prüfung für Öl. " * 40).encode() + b"\xff end"
    assert "Größe" in parse("text", write(tmp_path, "a.txt", source)).elements[0].text


WILD = st.text(st.characters(codec="utf-8"), max_size=300)
MARKS = st.lists(
    st.one_of(
        st.sampled_from(
            [*list("#*_`~[]()<>!|\\-+=>&;:\"'.1 \n\t"), "\n\n", "\r\n", "---\n", "```\n", "|-|-|\n", "    "]
        ),
        st.from_regex(r"[a-z\u00e9\u4e2d]{1,8}", fullmatch=True),
    ),
    max_size=60,
).map("".join)


def parsed(kind: str, folder: Path, source: str) -> Document | None:
    try:
        return check(parse(kind, write(folder, "a", source)))
    except ParseFailed:
        return None


@pytest.mark.parametrize("kind", WRITTEN)
@ENOUGH
@given(source=st.one_of(WILD, MARKS))
def test_any_text_is_parsed_or_refused(kind: str, source: str, tmp_path: Path) -> None:
    parsed(kind, tmp_path, source)


@ENOUGH
@given(source=st.one_of(WILD, MARKS))
def test_plain_text_keeps_every_word(source: str, tmp_path: Path) -> None:
    document = parsed("text", tmp_path, source)
    if document is not None:
        lead_back(document, source.removeprefix("\ufeff"))
        kept = " ".join(e.text for e in document.elements)
        assert words(kept) == words(tidy.clean(source.removeprefix("\ufeff")))


PROSE = st.lists(
    st.one_of(
        st.from_regex(r"[a-z]{1,8}", fullmatch=True),
        st.sampled_from(
            ["*", "**", "_", "# ", "- ", "1. ", "> ", "`", "\n", "\n\n", " ", "  ", "|", "=== ", "---"]
        ),
    ),
    max_size=50,
).map("".join)


@ENOUGH
@given(source=PROSE)
def test_markdown_keeps_every_word(source: str, tmp_path: Path) -> None:
    document = parsed("markdown", tmp_path, source)
    fenced = re.compile(r"^[\s>\-\d.]*```.*$", re.MULTILINE)  # what follows a fence names a language
    if document is not None:
        lead_back(document, source)
        kept = "".join(words("".join(e.text for e in document.elements)))
        missing = [word for word in words(fenced.sub("", source)) if word not in kept and word != "1"]
        assert not missing


# --- web pages ------------------------------------------------------------------------------


def test_the_main_text_of_a_page(files: dict[str, Path]) -> None:
    document = parse("html", files["html"])
    everything = "\n".join(e.text for e in document.elements)
    assert "second year the valve" in everything and "prices are in euros" in everything
    for dropped in ("Homepage link", "Shop link", "Imprint", "evil", "styled", "scripted"):
        assert dropped not in everything
    assert [(e.text, e.level) for e in of_kind(document, "heading")] == [
        ("Caring for pumps", 1),
        ("Intervals", 2),
        ("Prices", 3),
    ]
    assert [e.text for e in of_kind(document, "list_item")] == ["Take the valve out", "Clean the seat"]
    (table,) = of_kind(document, "table")
    assert (table.text, table.header) == ("Part | Price\nvalve | 12.50\nseal | 3", 1)
    assert table.anchors[0].locator.heading == ("Caring for pumps", "Intervals", "Prices")


def test_what_a_page_says_of_itself(files: dict[str, Path]) -> None:
    document = parse("html", files["html"])
    assert document.title == "Pump care"
    assert document.metadata == {
        "author": "Ann Lee",
        "created": "2024-05-06T07:08:09Z",
        "description": "How to care for pumps",
        "tags": "pumps, water",
    }


def test_a_page_without_main_text_shows_all_but_its_frame(tmp_path: Path) -> None:
    source = (
        "<html><body><nav>Menu</nav><script>bad()</script><h1>Pump</h1><div>one<br>two</div><pre>a\n  b</pre>"
    )
    document = check(parse("html", write(tmp_path, "a.html", source)))
    assert [(e.kind, e.text) for e in document.elements] == [
        ("heading", "Pump"),
        ("paragraph", "one\ntwo"),
        ("code", "a\n  b"),
    ]


@pytest.mark.parametrize("source", ["<nav>Only a menu</nav>", "Only a menu", "<p>Only a <b>menu</b>"])
def test_the_least_page(source: str, tmp_path: Path) -> None:
    assert [e.text for e in parse("html", write(tmp_path, "a.html", source)).elements] == ["Only a menu"]


def test_a_page_without_words_fails(tmp_path: Path) -> None:
    assert (
        reason("html", write(tmp_path, "a.html", "<html><body><script>x()</script></body></html>"))
        == "no text in it"
    )


@pytest.mark.parametrize("encoding", ["iso-8859-1", "shift_jis", "utf-8"])
def test_a_page_in_its_declared_encoding(encoding: str, tmp_path: Path) -> None:
    words_in_it = "ポンプの点検" if encoding == "shift_jis" else "Größe der Prüfung"
    source = f'<html><head><meta charset="{encoding}"></head><body><p>{words_in_it}</p></body></html>'
    document = parse("html", write(tmp_path, "a.html", source.encode(encoding)))
    assert document.elements[0].text == words_in_it


def test_a_page_reaches_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a parser must not use the network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    secret = write(tmp_path, "secret.txt", "sesame")
    source = (
        f'<!DOCTYPE html [<!ENTITY s SYSTEM "file://{secret}">]><html><head><base href="http://example.org/">'
        '<link rel="stylesheet" href="http://example.org/a.css"></head><body><p>Before &s; after</p>'
        f'<iframe src="file://{secret}"></iframe><img src="http://example.org/a.png"><object data="{secret}">'
        "</object></body></html>"
    )
    document = check(parse("html", write(tmp_path, "a.html", source)))
    everything = " ".join(e.text for e in document.elements)
    assert "Before" in everything and "sesame" not in everything


@pytest.mark.parametrize("depth", [300, 1500, 5000, 100_000])
@pytest.mark.parametrize("tag", ["div", "b", "ul"])
def test_deep_pages_lose_nothing(depth: int, tag: str, tmp_path: Path) -> None:
    source = f"<html><body>{f'<{tag}>' * depth}deep words{f'</{tag}>' * depth}<p>and after</p></body></html>"
    document = check(parse("html", write(tmp_path, "a.html", source)))
    assert "deep words" in document.elements[0].text
    assert "and after" in document.elements[-1].text


def test_large_pages_lose_nothing(tmp_path: Path) -> None:
    long = "<html><body><p>" + "word " * 2_100_000 + "<p>and after</p></body></html>"
    assert len(parse("html", write(tmp_path, "a.html", long)).elements[0].text) == 5 * 2_100_000 - 1
    many = "<html><body>" + "<p></p>" * 100_000 + "<p>and after</p></body></html>"
    assert [e.text for e in parse("html", write(tmp_path, "b.html", many)).elements] == ["and after"]


# --- PDF ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PRINTED)
def test_a_pdf_has_its_words_pages_and_metadata(kind: str, files: dict[str, Path]) -> None:
    document = parse(kind, files[kind])
    everything = "\n".join(e.text for e in document.elements)
    assert document.pages == 5
    assert document.metadata["author"] == "Ann Lee"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.*", document.metadata["created"])
    assert "taken out and carefully cleaned, measured" in everything
    assert "The naïve reader may think" in everything
    assert {e.anchors[0].locator.page for e in document.elements} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize("kind", PRINTED)
def test_running_heads_and_feet_go_and_headings_stay(
    kind: str, files: dict[str, Path], tmp_path: Path
) -> None:
    everything = "\n".join(e.text for e in parse(kind, files[kind]).elements)
    assert "Acme" not in everything and "of 5" not in everything
    assert all(f"Chapter {number} on pumps" in everything for number in range(1, 6))
    for pages in (2, 3):
        few = "\n".join(e.text for e in parse(kind, draw(tmp_path / "few.pdf", pages=pages)).elements)
        assert "Acme" not in few and f"of {pages}" not in few and f"Chapter {pages} on pumps" in few
    one = "\n".join(e.text for e in parse(kind, draw(tmp_path / "one.pdf")).elements)
    assert "Acme" in one and "of 1" not in one


@pytest.mark.parametrize("kind", PRINTED)
def test_a_page_of_nothing_but_a_running_head_keeps_it(kind: str, tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(595, 842))
    for number in range(6):
        canvas.drawString(72, 815, "Acme Water Company")
        if number != 3:
            canvas.drawString(72, 500, f"Words of their own on {'abcdef'[number]}")
        canvas.showPage()
    canvas.save()
    document = parse(kind, tmp_path / "a.pdf")
    assert [e.anchors[0].locator.page for e in document.elements if "Acme" in e.text] == [4]


@pytest.mark.parametrize("kind", PRINTED)
def test_a_title_of_a_pdf(kind: str, tmp_path: Path) -> None:
    assert parse(kind, draw(tmp_path / "a.pdf", title="Pump care")).title == "Pump care"
    assert (
        parse(kind, draw(tmp_path / "b.pdf", title="Microsoft Word - b.doc")).title
        != "Microsoft Word - b.doc"
    )


def test_layout_of_a_pdf(files: dict[str, Path]) -> None:
    document = parse("pdf", files["pdf"])
    assert document.title == "Chapter 1 on pumps"
    assert [e.text for e in of_kind(document, "heading")][:2] == ["Chapter 1 on pumps", "Chapter 2 on pumps"]
    table = of_kind(document, "table")[0]
    assert table.text == "Part | 2024 | 2023\nValves | $ 1,250 | $ 1,100\nSeals | 310 | 295\nPipes | 80 | 75"
    assert table.header == 1
    paragraph = next(e for e in document.elements if "Every second year" in e.text)
    assert len(paragraph.anchors) == 3


BUDGET = [
    ["Item", "Budget, EUR thousand", "Outturn, EUR thousand", "Variance"],
    ["Cool spaces and ward cooling", "1,450", "1,520", "+70"],
    ["Home-visit programme", "980", "1,245", "+265"],
    ["Early warning", "720", "690", "-30"],
    ["Staff", "610", "585", "-25"],
    ["Total", "3,760", "4,040", "+280"],
]
EDGES = (72, 225, 330, 440, 520)
"""Where the columns of BUDGET begin and the last ends."""
PROSE = [
    "The Authority spent EUR 214.535 million against a budget of EUR 213.5 million: an overspend",
    "of EUR 1.035 million. Two directorates caused it, hospital commissioning and digital; the",
    "heat-health programme overspent by EUR 265 thousand after a severe summer.",
]


def put(canvas: Canvas, rows: list[list[str]], top: float, step: float = 17) -> float:
    """Print rows, labels left and figures right in their columns, and return where the last ends."""
    canvas.setFont("Helvetica", 9)
    for at, row in enumerate(rows):
        canvas.drawString(EDGES[0] + 5, top - step * at - 12, row[0])
        for cell, right in zip(row[1:], EDGES[2:], strict=True):
            canvas.drawRightString(right - 6, top - step * at - 12, cell)
    return top - step * len(rows)


def say(canvas: Canvas, lines: list[str], top: float, x: float = 72, size: float = 10) -> float:
    canvas.setFont("Helvetica", size)
    for at, line in enumerate(lines):
        canvas.drawString(x, top - 1.4 * size * at, line)
    return top - 1.4 * size * len(lines)


def as_text(rows: list[list[str]]) -> str:
    return "\n".join(" | ".join(row) for row in rows)


@pytest.mark.parametrize("is_open", [False, True], ids=["bordered", "without outer borders"])
def test_a_ruled_table_under_prose(is_open: bool, tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(595, 842))
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(72, 760, "2. Outturn by directorate")
    end = put(canvas, BUDGET, say(canvas, PROSE, 730) - 10)
    top = end + 17 * len(BUDGET)
    edges = EDGES[1:-1] if is_open else EDGES
    canvas.setLineWidth(0.4)
    canvas.grid(list(edges), [end + 17 * at for at in range(len(BUDGET) + 1)])
    if is_open:
        for at in range(len(BUDGET) + 1):
            canvas.line(EDGES[0], end + 17 * at, EDGES[-1], end + 17 * at)
    say(canvas, ["Home visits nearly doubled during the eleven days at level 3."], end - 30)
    canvas.save()
    elements = check(parse("pdf", tmp_path / "a.pdf")).elements
    assert [e.kind for e in elements] == ["heading", "paragraph", "table", "paragraph"]
    assert elements[1].text == " ".join(PROSE)
    assert elements[2].text == as_text(BUDGET) and elements[2].header == 1
    first = elements[2].anchors[0].locator.boxes[0]
    assert 842 - top < first.y0 < first.y1 < 842 - top + 17


def test_ruled_tables_under_each_other(tmp_path: Path) -> None:
    """Rows are shaded and the second follows closely: liteparse makes one table of both."""
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(595, 842))
    end = 760.0
    for _ in range(2):
        for at in range(len(BUDGET)):
            canvas.setFillGray(0.93 if at % 2 else 1)
            canvas.rect(EDGES[0], end - 17 * (at + 1), EDGES[-1] - EDGES[0], 17, stroke=0, fill=1)
        canvas.setFillGray(0)
        end = put(canvas, BUDGET, end)
        canvas.grid(list(EDGES), [end + 17 * at for at in range(len(BUDGET) + 1)])
        end -= 20
    canvas.save()
    assert [e.text for e in check(parse("pdf", tmp_path / "a.pdf")).elements] == [as_text(BUDGET)] * 2


def test_cells_of_several_lines_and_merged_headers(tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(595, 842))
    canvas.rect(72, 600, 400, 120)
    for y in (700, 680, 640):
        canvas.line(72 if y != 700 else 200, y, 472, y)
    canvas.line(200, 600, 200, 720)
    canvas.line(336, 600, 336, 700)
    say(canvas, ["Risk"], 705)
    say(canvas, ["Cost in EUR thousand"], 706, 206)
    say(canvas, ["2024"], 686, 206)
    say(canvas, ["2025"], 686, 342)
    for top, name, costs in ((666, "Flooding of the", "1,850"), (626, "Failure of the", "980")):
        say(canvas, [name, "basement cooling"], top, 78)
        say(canvas, [costs], top, 206)
        say(canvas, ["15"], top, 342)
    canvas.save()
    (table,) = check(parse("pdf", tmp_path / "a.pdf")).elements
    assert table.text == (
        "Risk | Cost in EUR thousand\n | 2024 | 2025\n"
        "Flooding of the basement cooling | 1,850 | 15\nFailure of the basement cooling | 980 | 15"
    )
    assert table.header == 2


def test_labels_far_from_their_figures(tmp_path: Path) -> None:
    """Two such tables and prose between: liteparse takes the labels for one column of text."""
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(595, 842))
    rows = [["Item", "2023", "2024", "2025"]]
    rows += [
        [name, f"{137 * at:,}", f"{911 + 137 * at:,}", f"{1822 + 137 * at:,}"]
        for at, name in enumerate(("Staff", "Heat", "Contingency", "Estates", "Water", "Food", "Total"), 1)
    ]
    top = 760.0
    for _ in range(2):
        for at, row in enumerate(rows):
            say(canvas, row[:1], top - 16.6 * at, 67, 8.5)
            for cell, right in zip(row[1:], (470, 500, 527), strict=True):
                canvas.drawRightString(right, top - 16.6 * at, cell)
        top = say(canvas, PROSE[:1], top - 16.6 * len(rows) - 16.6, 62, 10.2) - 26
    canvas.save()
    tables = of_kind(check(parse("pdf", tmp_path / "a.pdf")), "table")
    assert [words(table.text) for table in tables] == [words(as_text(rows))] * 2
    assert all(len(table.text.split("\n")) == len(rows) for table in tables)


def test_columns_of_prose_stay_columns(tmp_path: Path) -> None:
    """Even where the lines of both stand at the same heights, and beside a ruled table."""
    canvas = Canvas(str(tmp_path / "a.pdf"), pagesize=(595, 842))
    left = [
        f"Left line {word} of the column says how the pumps"
        for word in ("one", "two", "three", "four", "five")
    ]
    right = [
        f"right line {word} goes on about valves and seals" for word in ("six", "seven", "eight", "nine")
    ]
    say(canvas, left, 700, 60, 9)
    say(canvas, right, 700, 320, 9)
    canvas.grid([60, 140, 270], [560, 580, 600])
    for at, cell in enumerate(("Part", "Price", "Valve", "12.50")):
        say(canvas, [cell], (586, 566)[at // 2], (66, 146)[at % 2], 9)
    canvas.save()
    document = check(parse("pdf", tmp_path / "a.pdf"))
    everything = " ".join(e.text for e in document.elements if e.kind != "table")
    assert everything == " ".join(left + right)
    assert [e.text for e in of_kind(document, "table")] == ["Part | Price\nValve | 12.50"]


def test_prose_cut_into_cells_is_prose() -> None:
    def item(text: str, x: float, y: float) -> printed.Item:
        return printed.Item(text, Box(x, y, x + 5 * len(text), y + 10), 10)

    rows = [[item(line, 72, 100 + 14 * at)] for at, line in enumerate(PROSE)]
    figures = [[item("Sales", 72, 200), item("1,250", 300, 200), item("980", 400, 200)]] * 3
    assert columns.is_prose(rows)
    assert not columns.is_prose(figures) and not columns.is_prose([*rows, *figures])
    page = printed.Page(1, 842, [item for row in rows for item in row])
    assert [(e.kind, e.text) for e in columns.read(page.items, page, {})] == [("paragraph", " ".join(PROSE))]


@pytest.mark.parametrize("kind", PRINTED)
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_boxes_lead_back(kind: str, turn: int, tmp_path: Path) -> None:
    path = draw(tmp_path / "turned.pdf", pages=2, turn=turn)
    seen = 0
    with pypdfium2.PdfDocument(path) as source:
        for element in check(parse(kind, path)).elements:
            for start, end, locator, _ in element.anchors:
                assert locator.page is not None and len(locator.boxes) == 1
                there = cropped(source[locator.page - 1], locator.boxes[0], turn)
                for word in words(element.text[start:end])[1:-1]:
                    assert word in there
                    seen += 1
    assert seen > 60


def cropped(page: pypdfium2.PdfPage, box: tuple[float, float, float, float], turn: int) -> str:
    """Return the text in a box of the page as shown, by PDFium, a little wider."""
    x0, y0, x1, y1 = box[0] - 2, box[1] - 2, box[2] + 2, box[3] + 2
    user = {
        0: (x0, 842 - y1, x1, 842 - y0),
        90: (y0, x0, y1, x1),
        180: (595 - x1, y0, 595 - x0, y1),
        270: (842 - y1, 595 - x1, 842 - y0, 595 - x0),
    }[turn]
    return str(page.get_textpage().get_text_bounded(*user))


@pytest.mark.parametrize("kind", PRINTED)
def test_pdfs_that_cannot_be_read_say_why(kind: str, tmp_path: Path) -> None:
    whole = draw(tmp_path / "a.pdf").read_bytes()
    locked = draw(tmp_path / "locked.pdf", lock=StandardEncryption("user", "owner"))
    assert reason(kind, locked) == "it is protected by a password"
    assert reason(kind, write(tmp_path, "b.pdf", whole[:600])).startswith("damaged PDF")
    assert reason(kind, write(tmp_path, "c.pdf", b"%PDF-1.4\n" + b"junk " * 200)).startswith("damaged PDF")


@pytest.mark.parametrize("kind", PRINTED)
def test_an_open_lock_is_no_hindrance(kind: str, tmp_path: Path) -> None:
    path = draw(tmp_path / "a.pdf", lock=StandardEncryption("", "owner"))
    assert "Chapter" in " ".join(e.text for e in parse(kind, path).elements)


@pytest.mark.parametrize("kind", PRINTED)
@pytest.mark.parametrize("pages", [1, 3])
def test_a_pdf_of_pictures_needs_ocr(kind: str, pages: int, tmp_path: Path) -> None:
    canvas = Canvas(str(tmp_path / "a.pdf"))
    for _ in range(pages):
        canvas.rect(100, 100, 200, 300, fill=1)
        canvas.showPage()
    canvas.save()
    assert reason(kind, tmp_path / "a.pdf") == "needs OCR: no page has a text layer"


def test_tables_are_mended() -> None:
    rows, header = tidy.mend(
        [
            ["", "2024", "", "2023", "", "Change", ""],
            ["Net loss", "$", "(660)", "$", "(403)", "63.8", "%"],
            ["Sales", "", "9,000", "", "14", "(7.2", ")%"],
        ],
        1,
    )
    element = tidy.table([tidy.Row(row, tidy.Locator()) for row in rows], header)
    assert element is not None and element.header == 1
    assert element.text.split("\n") == [
        " | 2024 | 2023 | Change",
        "Net loss | $ (660) | $ (403) | 63.8 %",
        "Sales | 9,000 | 14 | (7.2)%",
    ]


def test_signs_that_strayed_go_to_their_numbers() -> None:
    rows, _ = tidy.mend([["Sales", "8,262 $", "6,761 $", "(14)"], ["Cost", "1", "2", "3"]], 0)
    assert rows[0] == ["Sales", "8,262", "$ 6,761", "$ (14)"]


# --- languages ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("en", "The pump is serviced by the people who built it, and this was written in the book."),
        ("de", "Die Pumpe wird von den Leuten gewartet, die sie gebaut haben, und das steht auch im Buch."),
        ("fr", "La pompe est entretenue par les gens qui l'ont construite, et cela est dans le livre."),
        ("es", "La bomba es mantenida por las personas que la construyeron, y eso está en el libro."),
        (
            "it",
            "La pompa è mantenuta dalle persone che la hanno costruita, e questo non è nel libro della casa.",
        ),
        (
            "nl",
            "De pomp wordt onderhouden door de mensen die het gebouwd hebben, en dat staat ook in het boek.",
        ),
        ("pt", "A bomba não é mantida pelas pessoas que a construíram, mas isso está no livro da casa."),
        ("sv", "Pumpen är inte den som folk har byggt, och det står också i boken för att vara säker."),
        (
            "da",
            "Pumpen er ikke den som folk har bygget, og det blev også skrevet i bogen af dem efter et år.",
        ),
        ("no", "Pumpen er ikke den som folk har bygget, og det ble også skrevet i boken av dem etter et år."),
        (
            "fi",
            "Pumppu ei ole se joka oli talossa, mutta ihmiset ovat sitä mieltä että se on hyvä ja myös uusi.",
        ),
        ("ja", "ポンプの点検は二年ごとに行います。"),
        ("zh", "水泵每两年检修一次，结果写在本子上。"),
        ("ko", "펌프는 이 년마다 점검합니다."),
        ("ru", "Насос проверяют каждые два года."),
        ("el", "Η αντλία ελέγχεται κάθε δύο χρόνια."),
        ("ar", "يتم فحص المضخة كل سنتين"),
        ("he", "המשאבה נבדקת כל שנתיים"),
        (None, "Насос перевіряють кожні два роки, і клапан її чистять."),
        (None, "Pump 1,250 valve 310"),
        (None, "Paid as agreed: no. Paid as agreed: no. Paid as agreed: no. Paid as agreed: no. " * 3),
        (None, "12 34 --- 5"),
        (None, ""),
    ],
)
def test_languages(code: str | None, sentence: str) -> None:
    assert language.detect(sentence) == code


# --- files from elsewhere -------------------------------------------------------------------


def pdfs() -> Iterator[Path]:
    for folder in ("kreuzberg_testdocs", "icdar2013_tables"):
        yield from sorted((DATA / folder).rglob("*.pdf"))


@pytest.mark.skipif(not DATA.is_dir(), reason="no data here; set CAIRN_DATA")
@pytest.mark.parametrize("kind", PRINTED)
def test_pdfs_from_elsewhere(kind: str) -> None:
    outcomes = [outcome(lambda path: check(parse(kind, path)), path) for path in pdfs()]
    assert outcomes.count("parsed") >= 60


def outcome(action: Callable[[Path], Document], path: Path) -> str:
    try:
        action(path)
    except ParseFailed as error:
        return str(error)
    return "parsed"
