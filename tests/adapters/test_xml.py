"""DocBook, JATS, FictionBook, TEI, OPML and unknown XML: what a reader of the text would see, and where."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from cairn.adapters.parsers import xml
from cairn.errors import ParseFailed
from cairn.types import Document, Locator

PARSER = xml.load("")


def parse(folder: Path, content: str | bytes, name: str = "a.xml") -> Document:
    path = folder / "blob"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    document = PARSER.parse(path, name)
    for element in document.elements:
        assert element.text.strip() and element.anchors[-1].end == len(element.text)
        assert [a.start for a in element.anchors] == [0, *(a.end for a in element.anchors[:-1])]
        assert (element.level > 0) == (element.kind == "heading")
        assert element.kind != "table" or len(element.anchors) == len(element.text.split("\n"))
    return document


def told(document: Document) -> list[tuple[str, str]]:
    return [(element.kind, element.text) for element in document.elements]


def place(document: Document, words: str) -> Locator:
    return next(e.anchors[-1].locator for e in document.elements if words in e.text)


DOCBOOK = """<?xml version="1.0"?>
<!DOCTYPE book PUBLIC "-//OASIS//DTD DocBook XML V4.5//EN" "http://127.0.0.1:9/docbookx.dtd" [
<!ENTITY product "Pump 3"> <!ENTITY secret SYSTEM "file:///etc/hostname"> ]>
<book lang="en"><bookinfo><title>The &product; Handbook</title>
<author><firstname>Ann</firstname><surname>Lee</surname></author><pubdate>2024-05-06</pubdate>
<keywordset><keyword>pumps</keyword><keyword>water</keyword></keywordset>
<abstract><para>How to care for it&mdash;always&secret;.</para></abstract></bookinfo>
<chapter id="care"><title>Care</title>
<para>Turn the <emphasis>valve</emphasis><footnote><para>The red one.</para></footnote> off.<indexterm>
<primary>valve</primary></indexterm></para>
<section><title>Steps</title>
<orderedlist><listitem><para>Take it out.</para><para>Slowly.</para></listitem>
<listitem><para>Clean it.</para><itemizedlist><listitem><para>the seat</para></listitem></itemizedlist>
</listitem></orderedlist>
<variablelist>
<varlistentry><term>bar</term>
<listitem><para>a pressure</para></listitem></varlistentry></variablelist>
<programlisting>turn(pump)
  wait()
</programlisting>
<note><title>Mind</title><para>It is hot. See <xref linkend="care"/>.</para></note>
<table><title>Prices</title>
<tgroup cols="3"><colspec colname="a"/><colspec colname="b"/><colspec colname="c"/>
<thead><row><entry>Part</entry><entry namest="b" nameend="c">Price</entry></row></thead>
<tbody>
<row><entry morerows="1">valve</entry>
<entry>2023</entry><entry>12.50</entry></row>
<row><entry>2024</entry>
<entry>13.00<footnote><para>From May.</para></footnote></entry></row></tbody>
</tgroup></table>
<figure><title>The pump</title><mediaobject><imageobject><imagedata fileref="x.png"/></imageobject>
<textobject><phrase>A pump from above</phrase></textobject></mediaobject></figure>
</section></chapter></book>"""


def test_docbook(tmp_path: Path) -> None:
    document = parse(tmp_path, DOCBOOK)
    assert told(document) == [
        ("heading", "The Pump 3 Handbook"),
        ("paragraph", "How to care for it\u2014always."),
        ("heading", "Care"),
        ("paragraph", "Turn the valve off."),
        ("footnote", "The red one."),
        ("heading", "Steps"),
        ("list_item", "1. Take it out."),
        ("paragraph", "Slowly."),
        ("list_item", "2. Clean it."),
        ("list_item", "the seat"),
        ("list_item", "bar: a pressure"),
        ("code", "turn(pump)\n  wait()"),
        ("paragraph", "Mind"),
        ("paragraph", "It is hot. See Care."),
        ("caption", "Prices"),
        ("table", "Part | Price | Price\nvalve | 2023 | 12.50\nvalve | 2024 | 13.00"),
        ("footnote", "From May."),
        ("caption", "The pump"),
        ("caption", "Figure: A pump from above"),
    ]
    assert document.title == "The Pump 3 Handbook"
    assert document.metadata == {"author": "Ann Lee", "created": "2024-05-06", "tags": "pumps, water"}
    assert document.language == "en"
    assert place(document, "It is hot") == Locator(heading=("Care", "Steps"), paragraphs=(14, 14))
    levels = {element.text: element.level for element in document.elements if element.level}
    assert levels == {"The Pump 3 Handbook": 1, "Care": 1, "Steps": 2}


JATS = """<article xml:lang="en" xmlns:xlink="http://www.w3.org/1999/xlink"><front><journal-meta>
<publisher><publisher-name>Water Press</publisher-name></publisher></journal-meta><article-meta>
<title-group><article-title>On <italic>pumps</italic></article-title></title-group>
<contrib-group>
<contrib contrib-type="author"><name><surname>Lee</surname><given-names>Ann</given-names>
</name></contrib></contrib-group><pub-date><day>6</day><month>5</month><year>2024</year></pub-date>
<abstract><p>We looked at pumps.</p></abstract><kwd-group><kwd>pump</kwd></kwd-group></article-meta></front>
<body><sec><label>1</label><title>Results</title>
<p>They run<xref ref-type="fn" rid="f1">a</xref> well <xref ref-type="bibr" rid="r1">[1]</xref>.</p>
<table-wrap><label>Table 1</label><caption><title>Runs</title></caption>
<table><tr><th>Pump</th><th>Hours</th></tr><tr><td>A</td><td>1,250</td></tr></table>
<table-wrap-foot><fn><p>Measured.</p></fn></table-wrap-foot></table-wrap>
<fig><label>Figure 1</label><caption><p>A pump</p></caption><graphic xlink:href="p.png"/></fig></sec></body>
<back><ref-list><title>References</title><ref id="r1"><label>1</label><element-citation>
<name><surname>Ray</surname><given-names>B</given-names></name><article-title>Valves</article-title>
<year>1999</year>
</element-citation></ref></ref-list>
<fn-group><fn id="f1"><label>a</label><p>Mostly.</p></fn>
</fn-group></back></article>"""


def test_jats(tmp_path: Path) -> None:
    document = parse(tmp_path, JATS)
    assert told(document) == [
        ("heading", "On pumps"),
        ("paragraph", "We looked at pumps."),
        ("heading", "1 Results"),
        ("paragraph", "They run[a] well [1]."),
        ("footnote", "a Mostly."),
        ("caption", "Table 1. Runs"),
        ("table", "Pump | Hours\nA | 1,250"),
        ("footnote", "Measured."),
        ("caption", "Figure 1. A pump"),
        ("heading", "References"),
        ("list_item", "1 Ray B, Valves, 1999"),
    ]
    assert document.metadata == {
        "publisher": "Water Press",
        "author": "Ann Lee",
        "created": "2024-05-06",
        "tags": "pump",
    }


FICTION = """<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0" xmlns:l="http://www.w3.org/1999/xlink">
<description><title-info><author><first-name>Ann</first-name><last-name>Lee</last-name></author>
<book-title>The Well</book-title><annotation><p>A tale.</p></annotation><date value="1999-01-02">1999</date>
<lang>de</lang></title-info><document-info><author><nickname>scanner</nickname></author></document-info></description>
<body><title><p>The Well</p></title><section><title><p>One</p><p>Morning</p></title>
<p>It rained<a l:href="#n1" type="note">[1]</a>.</p><subtitle>* * *</subtitle><p>Then not.</p>
<poem><stanza><v>Drip,</v><v>drop.</v></stanza></poem><image l:href="#i" alt="A bucket"/></section></body>
<body name="notes"><section id="n1"><title><p>1</p></title><p>Hard.</p></section></body>
<binary id="i" content-type="image/png">aGVsbG8=</binary></FictionBook>"""


def test_fictionbook(tmp_path: Path) -> None:
    document = parse(tmp_path, FICTION)
    assert told(document) == [
        ("paragraph", "A tale."),
        ("heading", "The Well"),
        ("heading", "One Morning"),
        ("paragraph", "It rained[1]."),
        ("footnote", "1 Hard."),
        ("heading", "* * *"),
        ("paragraph", "Then not."),
        ("paragraph", "Drip,\ndrop."),
        ("caption", "Figure: A bucket"),
    ]
    assert document.title == "The Well" and document.language == "de"
    assert document.metadata == {"author": "Ann Lee", "created": "1999-01-02"}


TEI = """<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>Letters</title>
<author>Ann Lee</author></titleStmt><sourceDesc><bibl><title>Elsewhere</title></bibl></sourceDesc></fileDesc>
</teiHeader><text><body>
<div><head>Spring</head><p>Dear <persName>Bob</persName>,<note place="foot">Her son.</note>
I read <title>The Well</title>.<lb/>Yours</p><lg><l>Drip,</l><l>drop.</l></lg>
<list rend="numbered"><item>one</item><item>two</item></list>
<list type="gloss"><label>bar</label><item>a pressure</item></list>
<table><head>Rain</head><row role="label"><cell>Day</cell><cell>mm</cell></row>
<row><cell>1</cell><cell>3</cell></row></table>
<listBibl><bibl>Lee, Ann. <title>Rain</title>. 1999.</bibl></listBibl></div></body></text></TEI>"""


def test_tei(tmp_path: Path) -> None:
    document = parse(tmp_path, TEI)
    assert told(document) == [
        ("heading", "Letters"),
        ("heading", "Spring"),
        ("paragraph", "Dear Bob, I read The Well.\nYours"),
        ("footnote", "Her son."),
        ("paragraph", "Drip,\ndrop."),
        ("list_item", "1. one"),
        ("list_item", "2. two"),
        ("list_item", "bar: a pressure"),
        ("caption", "Rain"),
        ("table", "Day | mm\n1 | 3"),
        ("list_item", "Lee, Ann. Rain. 1999."),
    ]
    assert document.metadata == {"author": "Ann Lee"}


def test_opml(tmp_path: Path) -> None:
    source = """<opml version="2.0"><head><title>Our feeds</title><ownerName>Ann Lee</ownerName>
    <dateCreated>Mon, 06 May 2024 07:08:09 GMT</dateCreated></head><body><outline text="Water">
    <outline text="Pump &lt;b&gt;news&lt;/b&gt;" xmlUrl="http://pump.example/rss" _note="Daily."/></outline>
    <outline text="Later"/></body></opml>"""
    document = parse(tmp_path, source)
    assert told(document) == [
        ("heading", "Water"),
        ("list_item", "Pump news (http://pump.example/rss)"),
        ("paragraph", "Daily."),
        ("list_item", "Later"),
    ]
    assert document.title == "Our feeds"
    assert document.metadata == {"author": "Ann Lee", "created": "2024-05-06T07:08:09+00:00"}
    assert place(document, "Daily") == Locator(heading=("Water",), paragraphs=(3, 3))


def catalogue(books: int) -> str:
    root = etree.Element("catalog")
    for number in range(1, books + 1):
        book = etree.SubElement(root, "book", id=f"b{number}")
        for name, text in (("author", f"Author {number}"), ("price", f"{number}.50")):
            etree.SubElement(book, name).text = text
    return str(etree.tostring(root, encoding="unicode"))


def test_like_records_are_a_table(tmp_path: Path) -> None:
    document = parse(tmp_path, catalogue(3))
    assert document.elements[0].text.split("\n")[:3] == [
        "id | author | price",
        "b1 | Author 1 | 1.50",
        "b2 | Author 2 | 2.50",
    ]
    assert document.elements[0].anchors[2].locator == Locator(path="/catalog/book[2]")


def test_other_records_are_headed_by_their_titles(tmp_path: Path) -> None:
    story = "A <i>long</i> story about a pump and the people who looked after it. " * 6
    source = f"""<c:catalog xmlns:c="urn:c"><c:book><title>One</title><price currency="USD">4.95</price>
    <story>{story}</story></c:book>
    <c:book><title>Two</title><isbn>7</isbn></c:book><stock><n>2</n></stock></c:catalog>"""
    document = parse(tmp_path, source)
    assert [(kind, text[:20]) for kind, text in told(document)] == [
        ("heading", "One"),
        ("paragraph", "price > currency: US"),
        ("paragraph", "story: A long story "),
        ("heading", "Two"),
        ("paragraph", "isbn: 7"),
        ("paragraph", "stock > n: 2"),
    ]
    assert place(document, "isbn").path == "/c:catalog/c:book[2]/isbn"
    assert place(document, "isbn").heading == ("Two",)


def test_encodings(tmp_path: Path) -> None:
    for encoding in ("utf-16", "iso-8859-1", "utf-8"):
        source = f'<?xml version="1.0" encoding="{encoding}"?><a><b>zwölf</b></a>'.encode(encoding)
        assert told(parse(tmp_path, source)) == [("paragraph", "b: zwölf")]


def test_several_outermost_elements(tmp_path: Path) -> None:
    document = parse(tmp_path, "<doc><n>1</n><t>one</t></doc>\n<doc><n>2</n><t>two</t></doc>\n")
    assert told(document) == [("table", "n | t\n1 | one\n2 | two")]
    assert document.elements[0].anchors[2].locator.path == "/doc[2]"
    assert document.unread == ()


def test_of_a_damaged_file_what_could_be_read_is_kept(tmp_path: Path) -> None:
    broken = DOCBOOK.replace("<emphasis>", "<emphasis x='1' x='2'>").replace("It is hot", "Hot &amp; wet")
    document = parse(tmp_path, broken[:-200])
    assert ("paragraph", "Hot & wet. See Care.") in told(document)
    assert len(document.unread) == 1 and document.unread[0].startswith("perhaps a part of it: ")


def test_nothing_referred_to_is_read(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("hunter2")
    source = f"""<!DOCTYPE a [<!ENTITY x SYSTEM "{tmp_path}/secret.txt">
    <!ENTITY % p SYSTEM "http://127.0.0.1:9/p">%p;]>
    <a xmlns:xi="http://www.w3.org/2001/XInclude">
    <b>&x;hello</b><xi:include href="secret.txt" parse="text"/></a>"""
    document = parse(tmp_path, source)
    assert "hello" in document.elements[0].text and "hunter2" not in document.elements[0].text


LAUGH = "".join(f'<!ENTITY l{at} "{f"&l{at - 1};" * 10}">' for at in range(1, 12))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f'<!DOCTYPE a [<!ENTITY l0 "lol">{LAUGH}]><a>&l11;</a>', ""),
        ("<a>" * 100_000 + "x" + "</a>" * 100_000, "it is damaged: Excessive depth"),
        ("hello", "it is damaged: Start tag expected"),
        ("<a><b/></a>", "no text in it"),
        ("", "empty file"),
        (b"\x00\x01\x02" * 100, "it is damaged: "),
    ],
)
def test_what_cannot_be_read_says_why(content: str | bytes, said: str, tmp_path: Path) -> None:
    with pytest.raises(ParseFailed) as caught:
        parse(tmp_path, content)
    assert str(caught.value).startswith(said)


def test_notes_in_notes_and_wide_spans_end(tmp_path: Path) -> None:
    notes = "".join(f'<fn id="n{i}"><p>{i} <xref rid="n{i + 1}"/></p></fn>' for i in range(3000))
    rows = "<tr><td colspan='1000000000' rowspan='99999999'>x</td><td>y</td></tr>" * 500
    body = f"<sec><p>z<xref rid='n0'/></p><table>{rows}</table>{notes}</sec>"
    source = f"<article><front/><body>{body}</body></article>"
    document = parse(tmp_path, source)
    assert len(document.elements) == 3002
