"""What kind of file it is, by its content first, whatever it is called."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from cairn.flows.ingest.media import recognise
from cairn.flows.ingest.media_types import DOCX, LOCKED, PPTX, XLSX

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def zipped(*members: str, mimetype: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in members:
            archive.writestr(name, "x")
    return held.getvalue()


def ole(*streams: str) -> bytes:
    return OLE + b"".join((name + "\0").encode("utf-16-le").ljust(128, b"\0") for name in streams)


def tar() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.txt"))
    return held.getvalue()


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (zipped("[Content_Types].xml", "word/document.xml"), "a.zip", DOCX),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a.docx", XLSX),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), "a", PPTX),
        (zipped(mimetype="application/epub+zip"), "a.zip", "application/epub+zip"),
        (zipped("a.txt"), "a.docx", "application/zip"),
        (b"PK\x03\x04 torn", "a.docx", DOCX),
        (ole("WordDocument"), "a.txt", "application/msword"),
        (ole("WordDocument", "Workbook"), "a.xls", "application/vnd.ms-excel"),
        (ole("__properties_version1.0", "WordDocument"), "a.doc", "application/msword"),
        (ole("__properties_version1.0", "WordDocument"), "a", "application/vnd.ms-outlook"),
        (ole("EncryptedPackage"), "a.docx", LOCKED),
        (tar(), "a.bin", "application/x-tar"),
        (b"RIFF....WAVEfmt ", "a.txt", "audio/wav"),
        (b"\x00\x00\x00\x18ftypheic", "a", "image/heic"),
        (b"From: a@b\nTo: c@d\nSubject: x\n\nHello", "note", "message/rfc822"),
        (b"From a@b Mon\nFrom: a@b\nTo: c@d\nSubject: x\n\nHello", "box", "application/mbox"),
        (b"<?xml version='1.0'?><article article-type='research'>", "a.xml", "application/jats+xml"),
        (
            b"<?xml version='1.0'?><book xmlns='http://docbook.org/ns/docbook'>",
            "a.xml",
            "application/docbook+xml",
        ),
        (b"#!/usr/bin/env python3\nprint()", "tool", "text/x-python"),
        (b"# Title", "a.md", "text/markdown"),
        (b"plain words", "README", "text/plain"),
        (bytes(range(256)), "a.txt", "application/octet-stream"),
    ],
)
def test_types(data: bytes, name: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    assert recognise(path, name) == expected
