"""Mailboxes (MBOX): one file of many mails, each of which becomes a document of its own.

Knows no Content-Length: a mail begins at a line ``From somebody date`` that a header line follows. What
is read at once is a block of the file, however large the mailbox is.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from cairn.adapters.parsers import mime, tidy
from cairn.errors import ParseFailed
from cairn.protocols import Container
from cairn.types import Part

_BLOCK = 8 * 1024 * 1024
_KEPT = 4096
"""Bytes that two blocks share, so that no beginning is cut in two."""
_HEAD = 16 * 1024
"""Bytes of a mail in which its subject and date are looked for."""
_MOST = 512 * 1024 * 1024
"""Bytes of one mail."""
_BEGIN = re.compile(rb"\nFrom [^\r\n]{1,500}?\d\d?:\d\d[^\r\n]{0,200}\r?\n(?=[!-9;-~]{1,80}[ \t]*:|>?From )")
_DATED = re.compile(rb"\nFrom \S{0,300} {1,3}[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d")
"""So precise that it needs no blank line before it."""
_GAP = re.compile(rb"\n\r?\n")
_SUBJECT = re.compile(rb"^subject:([^\n]*(?:\n[ \t][^\n]*)*)", re.IGNORECASE | re.MULTILINE)
_DATE = re.compile(rb"^date:([^\n]*)", re.IGNORECASE | re.MULTILINE)
_ESCAPED = re.compile(rb"^>(>*From )", re.MULTILINE)
_KEY = re.compile(r"(\d{1,18})-(\d{1,18})")


def _starts(file: BinaryIO) -> Iterator[int]:
    """Yield where mails begin, in a file read from its beginning."""
    window, base = b"\n\n\n", -3
    while True:
        block = file.read(_BLOCK)
        window += block
        end = len(window) - (_KEPT if block else 0)
        for found in _BEGIN.finditer(window, 2):
            at = found.start()
            if at >= end:
                break
            is_apart = window[at - 1 : at] == b"\n" or window[at - 2 : at] == b"\n\r"
            if is_apart or _DATED.match(window, at):
                yield base + at + 1
        if not block:
            return
        cut = max(end - 2, 0)
        window, base = window[cut:], base + cut


def _ranges(file: BinaryIO) -> Iterator[tuple[int, int]]:
    """Yield where mails begin and end; raises ParseFailed if there is none."""
    begin = -1
    for start in _starts(file):
        if begin >= 0:
            yield begin, start
        begin = start
    if begin < 0:
        raise ParseFailed("it is no mailbox: no mail begins in it")
    yield begin, file.seek(0, 2)


def _named(number: int, head: bytes) -> tuple[str, datetime | None]:
    """Return a mail's name, by its number and subject, and its date."""
    gap = _GAP.search(head)
    lines = head[: gap.start()] if gap is not None else head
    subject, sent = _SUBJECT.search(lines), _DATE.search(lines)
    shown = mime.safe(tidy.flat(mime.decoded(subject[1].decode("latin-1")))) if subject is not None else ""
    date = mime.date(sent[1].decode("latin-1")) if sent is not None else None
    if date is not None and date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    is_likely = date is not None and 1970 <= date.year < 2200
    return f"{number:04} {shown}".strip() + ".eml", date if is_likely else None


class Mailbox:
    """Opens mailboxes."""

    name = "mbox/1"
    media_types = frozenset({"application/mbox"})

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield the mails in the mailbox at ``path``; raises ParseFailed if there is none."""
        with path.open("rb") as file, path.open("rb") as heads:
            for number, (start, end) in enumerate(_ranges(file), 1):
                heads.seek(start)
                shown, sent = _named(number, heads.read(min(_HEAD, end - start)))
                yield Part(name=shown, key=f"{start}-{end}", size=end - start, modified=sent)

    @contextmanager
    def open(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Hold one mail's bytes, as they were before it was put in; raises ParseFailed."""
        found = _KEY.fullmatch(key)
        if found is None:
            raise ParseFailed(f"there is no part {key!r} in it")
        start, size = int(found[1]), int(found[2]) - int(found[1])
        if size > _MOST:
            raise ParseFailed(f"it has more than {_MOST / 1e6:,.0f} MB")
        with path.open("rb") as file:
            file.seek(start)
            mail = file.read(max(size, 0))
        if not mail.startswith(b"From "):
            raise ParseFailed(f"there is no part {key!r} in it")
        yield BytesIO(_ESCAPED.sub(rb"\1", mail[mail.find(b"\n") + 1 :]))


def load(rest: str) -> Container:
    """Build the container of mailboxes; it takes no argument."""
    return Mailbox()
