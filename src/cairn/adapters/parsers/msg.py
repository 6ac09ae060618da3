"""Outlook messages (MSG): the same as a mail, out of the properties of an OLE file.

Knows no RTF: a message whose text is kept in RTF alone is named as unread. Attached messages are
given on as mails (EML), since an OLE file cannot be cut out of another.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.header import Header
from email.message import Message
from email.mime.application import MIMEApplication
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import olefile

from cairn.adapters.parsers import mime, replies, tidy
from cairn.adapters.parsers.mail import Letter, better, document, header_lines, unlike
from cairn.adapters.parsers.text import decode
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Document, Part

_DEEPEST = 8
"""Messages within messages that are read."""
_MOST = 256 * 1024 * 1024
"""Bytes that one property may have."""
_ATTACHMENT = "__attach_version1.0_#"
_RECIPIENT = "__recip_version1.0_#"
_MOST_RECIPIENTS = 1000
_FIXED = "__properties_version1.0"
_INNER = "__substg1.0_3701000D"
_DATA = "__substg1.0_37010102"
_SMALL = 20_000
"""Bytes below which a picture that the text shows is an ornament."""
_EMBEDDED = 5
_OBJECT = 6
_LINES = {"subject": 0x0037, "message-id": 0x1035, "references": 0x1039, "in-reply-to": 0x1042}
_SENDER = ((0x0042, 0x0C1A), (0x5D02, 0x5D01, 0x0065, 0x0C1F))
"""The properties that may hold the sender's name, and the address."""
_KINDS = {1: "to", 2: "cc"}
_ENCRYPTED = "its text is encrypted or within a signature (S/MIME) and cannot be read"
_RTF_ALONE = "its text is kept as RTF alone, which is not read"


class _Storage:
    """A folder of an OLE file with the properties in it."""

    def __init__(self, ole: Any, path: tuple[str, ...] = ()) -> None:
        self._ole = ole
        self.path = path
        self._fixed = self._numbers()
        page = self._fixed.get(0x3FFD0003, self._fixed.get(0x3FDE0003, b""))
        number = int.from_bytes(page[:4], "little")
        self._charset = "utf-8" if number == 65001 else f"cp{number}" if number else None

    def _numbers(self) -> dict[int, bytes]:
        """Return the properties of fixed size by number and type."""
        data = self.stream(_FIXED)
        before = 8 if self.path and self.path[-1] != _INNER else 24 if self.path else 32
        entries = (data[at : at + 16] for at in range(before, len(data) - 15, 16))
        return {int.from_bytes(entry[:4], "little"): entry[8:] for entry in entries}

    def stream(self, name: str) -> bytes:
        """Return a stream's bytes; none if there is no such stream."""
        size = self.size(name)
        if size > _MOST:
            raise ParseFailed(f"a property of it has more than {_MOST / 1e6:,.0f} MB")
        if size <= 0:
            return b""
        with self._ole.openstream([*self.path, name]) as stream:
            return bytes(stream.read())

    def size(self, name: str) -> int:
        """Return how many bytes a stream has; -1 if there is no such stream."""
        path = [*self.path, name]
        return int(self._ole.get_size(path)) if self._ole.get_type(path) == olefile.STGTY_STREAM else -1

    def text(self, *numbers: int) -> str:
        """Return the first of these properties that holds a text."""
        for number in numbers:
            if wide := self.stream(f"__substg1.0_{number:04X}001F"):
                return wide.decode("utf-16-le", "replace").rstrip("\0")
            if narrow := self.stream(f"__substg1.0_{number:04X}001E"):
                return self._decoded(narrow.rstrip(b"\0"))
        return ""

    def data(self, number: int) -> bytes:
        """Return a binary property."""
        return self.stream(f"__substg1.0_{number:04X}0102")

    def number(self, number: int, kind: int = 0x0003) -> int | None:
        """Return a property that is a number, a truth value or a time."""
        found = self._fixed.get(number << 16 | kind)
        size = {0x000B: 1, 0x0040: 8}.get(kind, 4)
        return int.from_bytes(found[:size], "little") if found is not None else None

    def date(self, *numbers: int) -> datetime | None:
        """Return the first of these properties that is a time."""
        times = (self.number(number, 0x0040) for number in numbers)
        ticks = next((time for time in times if time), 0)
        try:
            return datetime(1601, 1, 1, tzinfo=UTC) + timedelta(seconds=ticks // 10**7) if ticks else None
        except OverflowError:
            return None

    def html(self) -> str:
        """Return its text as HTML, if it has one."""
        raw = self.data(0x1013)
        return self._decoded(raw) if raw else self.text(0x1013)

    def _decoded(self, raw: bytes) -> str:
        try:
            return decode(raw, self._charset)
        except ParseFailed:
            return raw.decode("cp1252", "replace")

    def inner(self, *names: str) -> "_Storage":
        """Return a folder within this one."""
        return _Storage(self._ole, (*self.path, *names))

    def within(self, start: str) -> list["_Storage"]:
        """Return the folders in this one whose names begin so, in order."""
        depth = len(self.path)
        names = {
            path[depth]
            for path in self._ole.listdir(streams=False, storages=True)
            if len(path) == depth + 1 and tuple(path[:depth]) == self.path and path[depth].startswith(start)
        }
        return [self.inner(name) for name in sorted(names)]


@contextmanager
def _opened(path: Path) -> Iterator[_Storage]:
    """Hold a message open; whatever the library makes of a damaged one is ParseFailed."""
    try:
        with olefile.OleFileIO(path) as ole:
            message = _Storage(ole)
            if not message.stream(_FIXED):
                raise ParseFailed("it is no Outlook message: it has no properties")
            yield message
    except ParseFailed:
        raise
    except Exception as error:  # the library raises many kinds on damaged files
        raise ParseFailed(f"it is damaged: {error}") from error


def _lines(message: _Storage) -> dict[str, str]:
    """Return its header lines: as they travelled, or else out of its properties."""
    travelled = message.text(0x007D).lstrip()
    if travelled.startswith("Microsoft Mail Internet Headers"):
        travelled = travelled.partition("\n")[2]
    lines = header_lines(HeaderParser().parsestr(travelled[:512_000]))
    sent = message.date(0x0039, 0x0E06, 0x3007)
    told = {
        "from": _person(message, *_SENDER),
        **_recipients(message),
        "date": format_datetime(sent) if sent is not None else "",
        **{name: tidy.flat(message.text(number)) for name, number in _LINES.items()},
    }
    return {name: said for name, said in told.items() if said} | lines


def _person(at: _Storage, names: tuple[int, ...], addresses: tuple[int, ...]) -> str:
    name, address = tidy.flat(at.text(*names)), tidy.flat(at.text(*addresses))
    shown = f"<{address}>" if "@" in address and address.casefold() != name.casefold() else ""
    return f"{name} {shown}".strip()


def _recipients(message: _Storage) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for person in message.within(_RECIPIENT)[:_MOST_RECIPIENTS]:
        kind = person.number(0x0C15)
        shown = _person(person, (0x3001, 0x39FE, 0x3003), (0x39FE, 0x3003))
        if shown and kind in _KINDS:
            found.setdefault(_KINDS[kind], []).append(shown)
    told = {"to": tidy.flat(message.text(0x0E04)), "cc": tidy.flat(message.text(0x0E03))}
    return told | {kind: ", ".join(people) for kind, people in found.items()}


def _letter(message: _Storage) -> Letter:
    plain, rich = message.text(0x1000), message.html()
    unread = [said for one in message.within(_ATTACHMENT) if (said := _why_not(one))]
    if _is_closed(message):
        unread.append(_ENCRYPTED)
    elif not plain.strip() and not rich and message.data(0x1009):
        unread.append(_RTF_ALONE)
    text = better([replies.plain(plain)], [replies.rich(rich)] if rich.strip() else [])
    return Letter(_lines(message), text, unread)


def _is_closed(message: _Storage) -> bool:
    kind = message.text(0x001A).casefold()
    return kind.startswith("ipm.note.smime") and "multipartsigned" not in kind


def _why_not(attached: _Storage) -> str:
    """Return why something attached is no file of its own; empty if it is one."""
    method = attached.number(0x3705)
    if method == _OBJECT:
        return f"the object {_named(attached)!r} in it is not read"
    is_here = method == _EMBEDDED or attached.size(_DATA) >= 0
    return "" if is_here else f"the attachment {_named(attached)!r} is only a link"


def _named(attached: _Storage) -> str:
    """Return the name of an attached file; of a message its subject."""
    if attached.number(0x3705) == _EMBEDDED:
        subject = mime.safe(tidy.flat(attached.inner(_INNER).text(0x0037)))
        return f"{subject}.eml" if subject else f"{_label(attached)}.eml"
    name = tidy.flat(attached.text(0x3707, 0x3704, 0x3001)).replace("\\", "/").rpartition("/")[2][:200]
    if name.casefold() == "smime.p7m" and attached.text(0x370E) == "multipart/signed":
        return "signed.eml"
    return name.strip(". ") if name.strip(". ") else f"{_label(attached)}.bin"


def _label(attached: _Storage) -> str:
    return f"part-{attached.path[-1].removeprefix(_ATTACHMENT).lstrip('0')}"


def _files(message: _Storage) -> list[_Storage]:
    """Return what is attached and a file of its own, without the pictures that only adorn the text."""
    return [one for one in message.within(_ATTACHMENT) if not _why_not(one) and not _is_ornament(one)]


def _is_ornament(attached: _Storage) -> bool:
    is_shown = attached.text(0x370E).startswith("image/") and bool(attached.text(0x3712))
    return is_shown and attached.size(_DATA) < _SMALL


def _as_mail(message: _Storage, depth: int) -> Message:
    """Return a message as a mail, the same bytes for the same message."""
    mail = MIMEMultipart("mixed", boundary=f"=_cairn_{depth}")
    for name, said in _lines(message).items():
        mail[name.title()] = Header(said, "utf-8").encode()
    plain, rich = tidy.clean(message.text(0x1000)), tidy.clean(message.html())
    for text, kind in ((plain, "plain"), (rich, "html" if not plain.strip() else "")):
        if text.strip() and kind:
            mail.attach(MIMEText(text, kind, "utf-8"))
    for attached in _files(message):
        if attached.number(0x3705) != _EMBEDDED:
            part: Message = MIMEApplication(attached.stream(_DATA))
        elif depth < _DEEPEST:
            part = MIMEMessage(_as_mail(attached.inner(_INNER), depth + 1))
        else:
            continue
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", _named(attached)))
        mail.attach(part)
    return mail


class OutlookMessage:
    """Reads Outlook messages and opens what is attached to them."""

    name = "msg/1"
    media_types = frozenset({"application/vnd.ms-outlook"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the message at ``path``; raises ParseFailed if it is damaged or says nothing."""
        with _opened(path) as message:
            return document(_letter(message), name)

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield what is attached; raises ParseFailed."""
        with _opened(path) as message:
            found = _files(message)
            for attached, shown in zip(found, unlike(map(_named, found)), strict=True):
                is_mail = attached.number(0x3705) == _EMBEDDED
                size = None if is_mail else attached.size(_DATA)
                yield Part(name=shown, key=attached.path[-1].removeprefix(_ATTACHMENT), size=size)

    @contextmanager
    def open(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Hold an attached file's bytes; raises ParseFailed."""
        with _opened(path) as message:
            found = next((one for one in _files(message) if one.path[-1] == f"{_ATTACHMENT}{key}"), None)
            if found is None:
                raise ParseFailed(f"there is no part {key!r} in it")
            is_mail = found.number(0x3705) == _EMBEDDED
            data = _as_mail(found.inner(_INNER), 0).as_bytes() if is_mail else found.stream(_DATA)
        yield BytesIO(data)


def load(rest: str) -> Parser:
    """Build the parser of Outlook messages; it takes no argument."""
    return OutlookMessage()
