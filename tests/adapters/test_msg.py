"""Outlook messages: read as mails are, out of files written here by the rules of MS-CFB and MS-OXMSG."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, Union

import pytest

from cairn.adapters.parsers import mail, msg
from cairn.errors import ParseFailed

Folder = Mapping[str, Union["Folder", bytes]]
_SECTOR = 512
_FREE, _END = 0xFFFFFFFF, 0xFFFFFFFE


class Sectors:
    """Contents cut into sectors, and the table that chains them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.data = b""
        self.chain: list[int] = []

    def add(self, content: bytes) -> int:
        """Return the first sector of a content."""
        first, count = len(self.chain), -(-len(content) // self.size)
        self.chain += [*range(first + 1, first + count), _END] if count else []
        self.data += content.ljust(count * self.size, b"\0")
        return first if count else _END

    def table(self, count: int) -> bytes:
        """Return the table, padded to ``count`` sectors."""
        return struct.pack(f"<{len(self.chain)}I", *self.chain).ljust(count * _SECTOR, b"\xff")


class Entry(NamedTuple):
    name: str
    kind: int
    first: int
    size: int


def compound(root: Folder) -> bytes:
    """Write an OLE file."""
    entries = [Entry("Root Entry", 5, _END, 0)]
    right: dict[int, int] = {}
    child: dict[int, int] = {}
    large, small = Sectors(_SECTOR), Sectors(64)

    def add(folder: Folder, parent: int) -> None:
        last = -1
        for name, content in folder.items():
            number = len(entries)
            (child if last < 0 else right)[parent if last < 0 else last] = number
            last = number
            if isinstance(content, bytes):
                first = (small if len(content) < 4096 else large).add(content)
                entries.append(Entry(name, 2, first, len(content)))
            else:
                entries.append(Entry(name, 1, _END, 0))
                add(content, number)

    add(root, 0)
    entries[0] = Entry("Root Entry", 5, large.add(small.data), len(small.data))
    minis = -(-len(small.chain) // 128)
    mini = large.add(small.table(minis))
    listed = b"".join(
        entry.name.encode("utf-16-le").ljust(64, b"\0")
        + struct.pack("<HBB", 2 * len(entry.name) + 2, entry.kind, 1)
        + struct.pack("<III", _FREE, right.get(number, _FREE), child.get(number, _FREE))
        + b"\0" * 36
        + struct.pack("<IQ", entry.first, entry.size)
        for number, entry in enumerate(entries)
    )
    directory = large.add(listed)
    first = len(large.chain)
    count = next(n for n in range(1, 100) if first + n <= n * 128)
    large.chain += [0xFFFFFFFD] * count
    head = struct.pack("<8s16x5H6x", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6)
    head += struct.pack("<9I", 0, count, directory, 0, 4096, mini, minis, _END, 0)
    head += struct.pack(f"<{count}I", *range(first, first + count)).ljust(436, b"\xff")
    return head + large.data + large.table(count)


def fixed(before: int, **numbers: int) -> bytes:
    """Write the properties of fixed size: ``p37050003=1``."""
    return b"\0" * before + b"".join(
        struct.pack("<IIQ", int(name[1:], 16), 6, value) for name, value in numbers.items()
    )


def texts(**values: str) -> dict[str, bytes]:
    return {f"__substg1.0_{name[1:].upper()}001F": text.encode("utf-16-le") for name, text in values.items()}


def attachment(name: str, data: bytes) -> Folder:
    return {
        "__properties_version1.0": fixed(8, p37050003=1),
        "__substg1.0_37010102": data,
        **texts(p3707=name),
    }


INNER: Folder = {
    "__properties_version1.0": fixed(24),
    **texts(p0037="Inner matter", p1000="Words within.", p0042="Carl"),
    "__attach_version1.0_#00000000": attachment("deep.txt", b"deepest"),
}
MESSAGE: Folder = {
    "__properties_version1.0": fixed(32, p00390040=133_000_000_000_000_000),
    **texts(
        p0037="Größe der Ventile",
        p1000="Ja.\n\nVon: Bob\nGesendet: Montag\nAn: Ann\nBetreff: X\n\nWas?",
        p0042="Jörg",
        p5d02="joerg@example.org",
        p1035="<two@x>",
        p1042="<one@x>",
    ),
    "__recip_version1.0_#00000000": {
        "__properties_version1.0": fixed(8, p0c150003=1),
        **texts(p3001="Ann Lee", p39fe="ann@example.org"),
    },
    "__attach_version1.0_#00000000": attachment("..\\Übersicht.pdf", b"%PDF-1" * 1000),
    "__attach_version1.0_#00000001": {
        "__properties_version1.0": fixed(8, p37050003=5),
        "__substg1.0_3701000D": INNER,
    },
    "__attach_version1.0_#00000002": {
        "__properties_version1.0": fixed(8, p37050003=2),
        **texts(p3707="far.doc"),
    },
}


def write(folder: Path, root: Folder) -> Path:
    path = folder / "letter.msg"
    path.write_bytes(compound(root))
    return path


def test_a_message_reads_as_a_mail(tmp_path: Path) -> None:
    document = msg.OutlookMessage().parse(write(tmp_path, MESSAGE), "letter.msg")
    assert document.title == "Größe der Ventile"
    assert document.elements[0].text.split("\n") == [
        "From: Jörg <joerg@example.org>",
        "To: Ann Lee <ann@example.org>",
        "Date: Sat, 18 Jun 2022 04:26:40 +0000",
        "Subject: Größe der Ventile",
    ]
    assert [item.kind for item in document.elements[1:]] == ["paragraph", "quote", "quote"]
    assert document.metadata["message"] == "two@x" and document.metadata["thread"] == "one@x"
    assert document.unread == ("the attachment 'far.doc' is only a link",)


def test_attached_files_and_messages(tmp_path: Path) -> None:
    path, reader = write(tmp_path, MESSAGE), msg.OutlookMessage()
    file, letter = list(reader.parts(path, "letter.msg"))
    assert (file.name, file.size, letter.name) == ("Übersicht.pdf", 6000, "Inner matter.eml")
    with reader.open(path, file.key) as opened:
        assert opened.read() == b"%PDF-1" * 1000
    with reader.open(path, letter.key) as opened, reader.open(path, letter.key) as again:
        data = opened.read()
        assert data == again.read()
    (tmp_path / "inner.eml").write_bytes(data)
    document = mail.Mail().parse(tmp_path / "inner.eml", "inner.eml")
    assert [item.text for item in document.elements] == ["From: Carl\nSubject: Inner matter", "Words within."]
    (deep,) = mail.Mail().parts(tmp_path / "inner.eml", "inner.eml")
    with mail.Mail().open(tmp_path / "inner.eml", deep.key) as opened:
        assert (deep.name, opened.read()) == ("deep.txt", b"deepest")
    with pytest.raises(ParseFailed, match="no part"), reader.open(path, "x"):
        pass


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    closed = {"__properties_version1.0": fixed(32), **texts(p001a="IPM.Note.SMIME", p0037="Closed")}
    document = msg.OutlookMessage().parse(write(tmp_path, closed), "x.msg")
    assert "S/MIME" in document.unread[0]
    rich = {"__properties_version1.0": fixed(32), **texts(p0037="Rich"), "__substg1.0_10090102": b"rtf"}
    assert "RTF" in msg.OutlookMessage().parse(write(tmp_path, rich), "x.msg").unread[0]


def test_formatted_text_in_an_old_code_page(tmp_path: Path) -> None:
    root = {
        "__properties_version1.0": fixed(32, p3fde0003=1252),
        "__substg1.0_0037001E": "Größe".encode("cp1252"),
        "__substg1.0_10130102": "<p>Die Größe der Ventile.</p>".encode("cp1252"),
    }
    document = msg.OutlookMessage().parse(write(tmp_path, root), "x.msg")
    assert document.title == "Größe" and document.elements[1].text == "Die Größe der Ventile."


def test_damaged_messages(tmp_path: Path) -> None:
    whole = compound(MESSAGE)
    path = tmp_path / "cut.msg"
    for end in (0, 100, 511, len(whole) // 3, len(whole) - 600):
        path.write_bytes(whole[:end])
        with pytest.raises(ParseFailed):
            msg.OutlookMessage().parse(path, "x.msg")
    path.write_bytes(compound({"WordDocument": b"x"}))
    with pytest.raises(ParseFailed, match="no Outlook message"):
        msg.OutlookMessage().parse(path, "x.msg")
