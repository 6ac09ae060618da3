"""Books: every chapter in order, under the headings of the table of contents, notes beside their places."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from cairn.adapters.parsers import epub
from cairn.errors import ParseFailed
from cairn.types import Document

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
ABOUT = """<dc:title>The Pump Book</dc:title><dc:creator>Ann Lee</dc:creator><dc:creator>Bob Ray</dc:creator>
<dc:language>en-GB</dc:language><dc:publisher>Mill Press</dc:publisher><dc:date>2011-09-01</dc:date>
<dc:subject>Pumps</dc:subject><dc:subject>Valves</dc:subject>
<dc:description>&lt;p&gt;All of it.&lt;/p&gt;</dc:description>
<meta property="dcterms:modified">2012-01-18T12:47:00Z</meta>"""
NAV = """<nav epub:type="toc"><h1>Contents</h1><ol><li><a href="text/one.xhtml">Part One</a><ol>
<li><a href="text/two%20b.xhtml#c1">Chapter 1</a></li>
<li><a href="text/two%20b.xhtml#c2">Chapter 2</a></li></ol></li></ol></nav>"""
ONE = """<h1>Part One</h1><p>Pumps&#160;move <i>water</i> &mdash; always<a
 id="r1" epub:type="noteref" href="notes.xhtml#n1">1</a>.</p>
<p><img src="t.png" alt="T"/>he seal.</p><figure><img src="x.png" alt="A pump in section"/></figure>"""
TWO = """<p id="c1" class="title">Chapter 1</p><p>First words.</p>
<table><tr><th>Part</th><th>Price</th></tr>
<tr><td>valve</td><td>12.50</td></tr></table><a id="c2"/><p>Second words.</p><h2>Inner</h2>
<p>Third words.</p>"""
NOTES = """<h1>Notes</h1><aside epub:type="footnote" id="n1"><p>Of the <b>river</b>.</p><p>And lakes.
<a epub:type="backlink" href="one.xhtml#r1">back</a></p></aside>
<aside epub:type="footnote" id="n2">Nobody asks.</aside>"""
FILES = {"text/one.xhtml": ONE, "text/two b.xhtml": TWO, "text/notes.xhtml": NOTES, "nav.xhtml": NAV}


def page(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
        f'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>{body}</body></html>'
    )


def write(
    folder: Path, files: dict[str, str] = FILES, *, about: str = ABOUT, more: dict[str, str] | None = None
) -> Path:
    nav = ' properties="nav"'
    items = "".join(
        f'<item id="i{n}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"'
        f"{nav if name == 'nav.xhtml' else ''}/>"
        for n, name in enumerate(files)
    )
    spine = "".join(f'<itemref idref="i{n}"/>' for n in range(len(files)))
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        f"{about}</metadata><manifest>{items}</manifest><spine>{spine}</spine></package>"
    )
    path = folder / "pumps.epub"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", CONTAINER)
        archive.writestr("OEBPS/book.opf", package)
        for name, body in files.items():
            archive.writestr(f"OEBPS/{name}", page(body))
        for name, content in (more if more is not None else {}).items():
            archive.writestr(name, content)
    return path


def read(path: Path) -> Document:
    return epub.Epub().parse(path, path.name)


def reason(path: Path) -> str:
    with pytest.raises(ParseFailed) as caught:
        read(path)
    return str(caught.value)


def test_a_book_from_cover_to_cover(tmp_path: Path) -> None:
    document = read(write(tmp_path))
    assert [(item.kind, item.level, item.text) for item in document.elements] == [
        ("heading", 1, "Part One"),
        ("paragraph", 0, "Pumps move water — always[1]."),
        ("footnote", 0, "Of the river."),
        ("footnote", 0, "And lakes."),
        ("paragraph", 0, "The seal."),
        ("caption", 0, "Figure: A pump in section"),
        ("heading", 2, "Chapter 1"),
        ("paragraph", 0, "First words."),
        ("table", 0, "Part | Price\nvalve | 12.50"),
        ("heading", 2, "Chapter 2"),
        ("paragraph", 0, "Second words."),
        ("heading", 2, "Inner"),
        ("paragraph", 0, "Third words."),
        ("heading", 1, "Notes"),
        ("footnote", 0, "Nobody asks."),
    ]
    at = document.elements[10].anchors[0].locator
    assert at.heading == ("Part One", "Chapter 2") and at.paragraphs == (11, 11)
    assert document.unread == ()


def test_what_a_book_says_of_itself(tmp_path: Path) -> None:
    document = read(write(tmp_path))
    assert document.title == "The Pump Book"
    assert document.language == "en"
    assert document.metadata == {
        "author": "Ann Lee, Bob Ray",
        "created": "2011-09-01",
        "modified": "2012-01-18T12:47:00Z",
        "tags": "Pumps, Valves",
        "description": "All of it.",
        "publisher": "Mill Press",
    }


def test_older_books_have_another_table_of_contents(tmp_path: Path) -> None:
    ncx = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Dawn</text>
    </navLabel><content src="a.html"/><navPoint><navLabel><text>Noon</text></navLabel><content src="b.html"/>
    </navPoint></navPoint></navMap></ncx>"""
    package = """<package xmlns="http://www.idpf.org/2007/opf"><manifest>
    <item id="a" href="a.html" media-type="text/html"/>
    <item id="b" href="b.html" media-type="application/xhtml+xml"/><item id="n" href="toc.ncx"
    media-type="application/x-dtbncx+xml"/><item id="s" href="s.svg" media-type="image/svg+xml"/></manifest>
    <spine><itemref idref="a"/><itemref idref="b"/>
    <itemref idref="s"/><itemref idref="gone"/></spine></package>"""
    path = tmp_path / "old.epub"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in {"x.opf": package, "toc.ncx": ncx, "s.svg": "<svg/>"}.items():
            archive.writestr(name, content)
        for name in ("a.html", "b.html"):
            archive.writestr(name, page(f"<p>Words of {name}.</p>"))
    document = read(path)
    headings = [item for item in document.elements if item.kind == "heading"]
    assert [(item.level, item.text) for item in headings] == [(1, "Dawn"), (2, "Noon")]
    assert document.unread == (
        "the page 's.svg' is a picture or of an unknown kind",
        "the chapter 'gone' is missing",
    )


def test_a_damaged_chapter_costs_that_chapter(tmp_path: Path) -> None:
    path = write(
        tmp_path, {"a.xhtml": "<p>" + "Alpha words here. " * 50 + "</p>", "b.xhtml": "<p>Beta words.</p>"}
    )
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("OEBPS/a.xhtml").header_offset + 60
    data[at : at + 10] = b"\xff" * 10
    path.write_bytes(bytes(data))
    document = read(path)
    assert [item.text for item in document.elements] == ["Beta words."]
    assert "OEBPS/a.xhtml" in document.unread[0]


def test_what_cannot_be_read_says_why(tmp_path: Path) -> None:
    lock = '<e xmlns="u"><CipherReference URI="OEBPS/text/one.xhtml"/></e>'
    assert "digital rights" in reason(write(tmp_path, more={"META-INF/encryption.xml": lock}))
    assert reason(write(tmp_path, {"a.xhtml": ""})) == "no text in it"
    whole = write(tmp_path).read_bytes()
    path = tmp_path / "cut.epub"
    path.write_bytes(whole[: len(whole) // 2])
    assert "damaged" in reason(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
    assert "list of its chapters is missing" in reason(path)


def test_hostile_books(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    bomb = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]>"
    path = write(
        tmp_path, {"../../secret.txt": "", "a.xhtml": f"<p>Words &s; {'<div>' * 3000}deep"}, about=ABOUT
    )
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("META-INF/encryption.xml", f"{bomb}<e><x>&b;</x></e>")
    document = read(path)
    told = " ".join(item.text for item in document.elements)
    assert "deep" in told and "the secret" not in told


def test_marks_of_its_own_do_not_confuse(tmp_path: Path) -> None:
    files = {
        "a.xhtml": '<p>\ue000T0\ue001 a \ue000R7\ue001</p><p>b<a epub:type="noteref" href="#no">2</a></p>'
    }
    assert [item.text for item in read(write(tmp_path, files)).elements] == ["T0 a R7", "b[2]"]
