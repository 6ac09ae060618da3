"""A small, valid file of every format that needs nothing but the standard library, made around a text.

Where the office libraries are installed, their files come on top; the older binary formats of Word and
PowerPoint have none that writes them.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

Maker = Callable[[str], bytes]

XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_OFFICE = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_OFFICE}/officeDocument/2006/relationships"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_TITLE = "Annual report"
_SENTENCE = "The wind farm at Harbour Point produced 4,210 MWh in the spring of 2025."

WRITTEN = {
    "txt": f"{_TITLE}\n\nTEXT\n\n{_SENTENCE}\n",
    "md": f"# {_TITLE}\n\nTEXT\n\n- {_SENTENCE}\n\n| Place | MWh |\n|---|---|\n| Harbour Point | 4,210 |\n",
    "html": f"<!DOCTYPE html><html><head><title>{_TITLE}</title></head><body><h1>{_TITLE}</h1><p>TEXT</p>"
    f"<p>{_SENTENCE}</p><table><tr><th>Place</th><td>4,210</td></tr></table></body></html>",
    "csv": "place,output,note\nHarbour Point,4210,TEXT\nMill Lane,310,small\n",
    "tsv": "place\toutput\tnote\nHarbour Point\t4210\tTEXT\n",
    "json": '{"report": {"title": "' + _TITLE + '", "rows": [{"place": "Harbour Point", "note": "TEXT"}]}}',
    "jsonl": '{"place": "Harbour Point", "note": "TEXT"}\n{"place": "Mill Lane", "note": "small"}\n',
    "yaml": f"title: {_TITLE}\nrows:\n  - place: Harbour Point\n    note: TEXT\n",
    "toml": f'title = "{_TITLE}"\n[row]\nnote = "TEXT"\n',
    "ipynb": '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "markdown", '
    '"metadata": {}, "source": ["# Report\\n", "TEXT"]}, {"cell_type": "code", "metadata": {}, "source": '
    '["print(4210)"], "outputs": [{"output_type": "stream", "name": "stdout", "text": ["4210"]}], '
    '"execution_count": 1}]}',
    "rst": f"{_TITLE}\n{'=' * len(_TITLE)}\n\nTEXT\n\n* {_SENTENCE}\n",
    "tex": f"\\documentclass{{article}}\\title{{{_TITLE}}}\\begin{{document}}\\section{{Wind}}\nTEXT\n\n"
    f"{_SENTENCE}\n\\end{{document}}\n",
    "org": f"#+TITLE: {_TITLE}\n* Wind\nTEXT\n- {_SENTENCE}\n",
    "adoc": f"= {_TITLE}\n\n== Wind\n\nTEXT\n\n* {_SENTENCE}\n",
    "py": 'def output(place: str) -> int:\n    """TEXT"""\n    return 4210\n',
    "sql": "-- TEXT\nCREATE TABLE output (place TEXT, mwh INTEGER);\n",
    "eml": f"From: ann@example.org\nTo: ben@example.org\nSubject: {_TITLE}\nDate: Mon, 3 Mar 2025 10:00:00 "
    '+0000\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="b"\n\n--b\nContent-Type: text/plain'
    f"\n\nTEXT\n\n{_SENTENCE}\n--b\nContent-Type: text/csv\nContent-Disposition: attachment; "
    'filename="output.csv"\n\nplace,output\nHarbour Point,4210\n--b--\n',
    "mbox": f"From ann@example.org Mon Mar  3 10:00:00 2025\nFrom: ann@example.org\nSubject: {_TITLE}\n\n"
    "TEXT\n\nFrom ben@example.org Mon Mar  3 11:00:00 2025\nFrom: ben@example.org\nSubject: Re\n\nThanks.\n",
    "mht": f"From: <Saved>\nSubject: {_TITLE}\nMIME-Version: 1.0\nContent-Type: multipart/related; "
    f'boundary="b"; '
    'type="text/html"\n\n--b\nContent-Type: text/html; charset=utf-8\nContent-Location: '
    "http://example.org/\n\n"
    f"<html><head><title>{_TITLE}</title></head><body><p>TEXT</p><p>{_SENTENCE}</p></body></html>\n--b--\n",
    "rtf": "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}{\\info{\\title " + _TITLE + "}}\\pard TEXT\\par "
    "\\trowd\\cellx2000\\cellx4000 Place\\cell 4,210\\cell\\row\\pard end\\par}",
    "docbook": f'{XML}<article xmlns="http://docbook.org/ns/docbook" version="5.0"><title>{_TITLE}</title>'
    f"<section><title>Wind</title><para>TEXT</para><para>{_SENTENCE}</para></section></article>",
    "jats": f'{XML}<article article-type="research-article" dtd-version="1.2"><front><article-meta>'
    f"<title-group>"
    f"<article-title>{_TITLE}</article-title></title-group></article-meta></front><body><sec>"
    f"<title>Wind</title>"
    f"<p>TEXT</p><p>{_SENTENCE}</p></sec></body></article>",
    "fb2": f'{XML}<FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0"><description><title-info>'
    f"<book-title>{_TITLE}</book-title></title-info></description><body><section><p>TEXT</p></section></body>"
    "</FictionBook>",
    "opml": f'{XML}<opml version="2.0"><head><title>{_TITLE}</title></head><body><outline text="TEXT"/>'
    f"</body></opml>",
    "tei": f'{XML}<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><body><p>TEXT</p></body>'
    f"</text></TEI>",
    "svg": f'{XML}<svg xmlns="http://www.w3.org/2000/svg"><title>{_TITLE}</title><text>TEXT</text></svg>',
    "xml": f"{XML}<report><title>{_TITLE}</title><note>TEXT</note></report>",
}
"""Formats that are text, by suffix; ``TEXT`` is where the text goes."""


def _odf(kind: str, body: str) -> dict[str, str]:
    names = " ".join(f'xmlns:{n}="{_ODF}:{u}:1.0"' for n, u in _NAMESPACES.items())
    media_type = f"application/vnd.oasis.opendocument.{kind}"
    return {
        "mimetype": media_type,
        "META-INF/manifest.xml": f'{XML}<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0" '
        f'manifest:version="1.3"><manifest:file-entry manifest:full-path="/" '
        f'manifest:media-type="{media_type}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>",
        "content.xml": f'{XML}<office:document-content {names} office:version="1.3"><office:body>'
        f"<office:{kind}>{body}</office:{kind}></office:body></office:document-content>",
    }


_NAMESPACES = {
    "office": "office",
    "text": "text",
    "table": "table",
    "draw": "drawing",
    "presentation": "presentation",
}


def _ooxml(main: str, media_type: str, members: Mapping[str, str]) -> dict[str, str]:
    parts = "".join(
        f'<Override PartName="/{name}" '
        f'ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for name, kind in ((main, media_type), *_TYPES.items())
        if name in members
    )
    return {
        "[Content_Types].xml": f'{XML}<Types xmlns="{_OFFICE}/package/2006/content-types"><Default '
        f'Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" '
        f'ContentType="application/xml"/>{parts}</Types>',
        "_rels/.rels": _relations({"rId1": ("officeDocument", main)}),
        **members,
    }


_TYPES = {
    "xl/worksheets/sheet1.xml": "spreadsheetml.worksheet",
    "xl/sharedStrings.xml": "spreadsheetml.sharedStrings",
    "ppt/slides/slide1.xml": "presentationml.slide",
}


def _relations(targets: Mapping[str, tuple[str, str]]) -> str:
    rows = "".join(
        f'<Relationship Id="{key}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for key, (kind, target) in targets.items()
    )
    return f'{XML}<Relationships xmlns="{_OFFICE}/package/2006/relationships">{rows}</Relationships>'


_SHEET = f"{_OFFICE}/spreadsheetml/2006/main"
_SLIDE = (
    f'xmlns:p="{_OFFICE}/presentationml/2006/main" xmlns:a="{_OFFICE}/drawingml/2006/main" '
    f'xmlns:r="{_RELATIONS}"'
)

PACKED: dict[str, dict[str, str]] = {
    "docx": _ooxml(
        "word/document.xml",
        "wordprocessingml.document.main",
        {
            "word/document.xml": f'{XML}<w:document xmlns:w="{_OFFICE}/wordprocessingml/2006/main">'
            f"<w:body><w:p>"
            f"<w:r><w:t>TEXT</w:t></w:r></w:p><w:p><w:r><w:t>{_SENTENCE}</w:t></w:r></w:p></w:body>"
            f"</w:document>"
        },
    ),
    "xlsx": _ooxml(
        "xl/workbook.xml",
        "spreadsheetml.sheet.main",
        {
            "xl/workbook.xml": f'{XML}<workbook xmlns="{_SHEET}" xmlns:r="{_RELATIONS}"><sheets>'
            '<sheet name="Output" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relations(
                {
                    "rId1": ("worksheet", "worksheets/sheet1.xml"),
                    "rId2": ("sharedStrings", "sharedStrings.xml"),
                }
            ),
            "xl/sharedStrings.xml": f'{XML}<sst xmlns="{_SHEET}" count="1" uniqueCount="1"><si>'
            f"<t>TEXT</t></si></sst>",
            "xl/worksheets/sheet1.xml": f'{XML}<worksheet xmlns="{_SHEET}"><sheetData><row r="1"><c '
            f'r="A1" t="s">'
            '<v>0</v></c><c r="B1"><v>4210</v></c></row></sheetData></worksheet>',
        },
    ),
    "pptx": _ooxml(
        "ppt/presentation.xml",
        "presentationml.presentation.main",
        {
            "ppt/presentation.xml": f"{XML}<p:presentation {_SLIDE}><p:sldIdLst>"
            '<p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>',
            "ppt/_rels/presentation.xml.rels": _relations({"rId1": ("slide", "slides/slide1.xml")}),
            "ppt/slides/slide1.xml": f"{XML}<p:sld {_SLIDE}><p:cSld><p:spTree><p:sp><p:nvSpPr><p:cNvPr "
            f'id="2" '
            'name="Title 1"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r>'
            "<a:t>TEXT</a:t>"
            "</a:r></a:p></p:txBody></p:sp></p:spTree></p:cSld></p:sld>",
        },
    ),
    "odt": _odf("text", f"<text:h text:outline-level='1'>{_TITLE}</text:h><text:p>TEXT</text:p>"),
    "ods": _odf(
        "spreadsheet",
        '<table:table table:name="Output"><table:table-row><table:table-cell office:value-type="string">'
        "<text:p>TEXT</text:p></table:table-cell></table:table-row></table:table>",
    ),
    "odp": _odf(
        "presentation",
        '<draw:page draw:name="One"><draw:frame><draw:text-box><text:p>TEXT</text:p></draw:text-box>'
        "</draw:frame>"
        "</draw:page>",
    ),
    "epub": {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": f'{XML}<container version="1.0" '
        f'xmlns="urn:oasis:names:tc:opendocument:xmlns:'
        'container"><rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>",
        "book.opf": f'{XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i">'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{_TITLE}</dc:title>'
        f'<dc:identifier id="i">1'
        '</dc:identifier></metadata><manifest><item id="c" href="c.xhtml" '
        'media-type="application/xhtml+xml"/>'
        '</manifest><spine><itemref idref="c"/></spine></package>',
        "c.xhtml": f'{XML}<html xmlns="http://www.w3.org/1999/xhtml"><head><title>{_TITLE}</title></head>'
        f"<body>"
        f"<h1>{_TITLE}</h1><p>TEXT</p><p>{_SENTENCE}</p></body></html>",
    },
}
"""Formats that are ZIP archives, by suffix: their members."""


def zipped(members: Mapping[str, str | bytes]) -> bytes:
    """Return a ZIP archive; a member ``mimetype`` is stored as it is."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(name, (2025, 3, 3, 10, 0, 0))
            archive.writestr(entry, data, zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED)
    return held.getvalue()


def tarred(members: Mapping[str, bytes]) -> bytes:
    """Return a TAR archive of plain files."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return held.getvalue()


def printed(text: str) -> bytes:
    """Return a PDF of one page, its text in lines of ten words."""
    words = "".join(char if char.isalnum() else " " for char in f"{text} {_SENTENCE}").split()
    lines = [" ".join(words[at : at + 10]) for at in range(0, len(words), 10)]
    shown = "\n".join(f"({line}) Tj 0 -16 Td" for line in lines)
    stream = f"BT /F1 12 Tf 72 700 Td\n{shown}\nET".encode("latin-1", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R "
        b"/Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
    ]
    held = io.BytesIO()
    held.write(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(held.tell())
        held.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
    table = held.tell()
    held.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    held.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    held.write(b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return held.getvalue()


def _written(template: str) -> Maker:
    return lambda text: template.replace("TEXT", text).encode()


def _packed(members: Mapping[str, str]) -> Maker:
    return lambda text: zipped({name: data.replace("TEXT", text) for name, data in members.items()})


def _two_files(text: str) -> dict[str, bytes]:
    return {"notes/one.txt": text.encode(), "two.md": WRITTEN["md"].replace("TEXT", text).encode()}


MAKERS: dict[str, Maker] = {
    **{suffix: _written(template) for suffix, template in WRITTEN.items()},
    **{suffix: _packed(members) for suffix, members in PACKED.items()},
    "pdf": printed,
    "zip": lambda text: zipped(_two_files(text)),
    "tar": lambda text: tarred(_two_files(text)),
    "tar.gz": lambda text: gzip.compress(tarred(_two_files(text)), mtime=0),
    "txt.bz2": lambda text: bz2.compress(text.encode()),
    "csv.xz": lambda text: lzma.compress(f"a,b\n{text},1\n".encode()),
}
"""What makes a file around a text (letters, digits, blanks and stops), by suffix."""


def richer(text: str) -> dict[str, bytes]:
    """Return files as the office libraries that are installed write them, by suffix."""
    made: dict[str, bytes] = {}
    for suffix, module, make in (
        ("docx", "docx", _word),
        ("xlsx", "openpyxl", _excel),
        ("pptx", "pptx", _slides),
        ("xls", "xlwt", _old_excel),
    ):
        try:
            library = import_module(module)
        except ModuleNotFoundError:
            continue
        held = io.BytesIO()
        make(library, text).save(held)
        made[suffix] = held.getvalue()
    return made


def _word(docx: Any, text: str) -> Any:
    document = docx.Document()
    document.add_heading(_TITLE, 1)
    document.add_paragraph(text)
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(1, 1).text = "Place", "4,210"
    return document


def _excel(openpyxl: Any, text: str) -> Any:
    book = openpyxl.Workbook()
    for row in (["place", "output"], [text, 4210.5]):
        book.active.append(row)
    return book


def _slides(pptx: Any, text: str) -> Any:
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[1])
    slide.shapes.title.text, slide.placeholders[1].text = _TITLE, text
    slide.notes_slide.notes_text_frame.text = _SENTENCE
    return show


def _old_excel(xlwt: Any, text: str) -> Any:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Output")
    sheet.write(0, 0, text)
    sheet.write(0, 1, 4210.5)
    return book
