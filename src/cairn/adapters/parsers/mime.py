"""MIME messages: their parts as ranges of the file's bytes, header lines decoded, contents on demand.

Knows nothing of what a mail means. Parts nested deeper than DEEPEST, or more than MOST of them, are
not taken apart; nothing is decoded before it is asked for.
"""

import binascii
import codecs
import re
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from email.parser import HeaderParser
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.text import decode
from cairn.errors import ParseFailed

DEEPEST = 30
MOST = 10_000
_MOST_HEAD = 512 * 1024
"""Bytes that header lines may take."""
_LONGEST = 20_000
"""Characters of a header line that has parameters; what is longer is no honest one."""
_HEAD_END = re.compile(rb"\n\r?\n|\r\r(?!\n)")
_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]{0,20})?\?([bq])\?(.{0,2000}?)\?=", re.IGNORECASE)
_FOLD = re.compile(r"[\r\n]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")
_NO_TEXT = "punycode idna unicode_escape raw_unicode_escape undefined base64 bz2 hex quopri rot13 uu zlib"
_NO_CHARSET = frozenset(_NO_TEXT.split())
"""Codecs of Python that no mail is written in."""


class Entity(NamedTuple):
    """A message or a part of one."""

    head: "Message[str, str]"
    kind: str
    """Its media type."""
    start: int
    """Where its content begins and ends in the file."""
    end: int
    parent: int = -1
    """The number of the one it stands in."""
    depth: int = 0


def walk(data: bytes) -> list[Entity]:
    """Return a message and all its parts, each before its own parts; attached messages stay closed."""
    found: list[Entity] = []
    stack = [(_opening(data), len(data), -1, 0, "text/plain")]
    while stack and len(found) < MOST:
        start, end, parent, depth, usual = stack.pop()
        entity = _entity(data, start, end, usual)._replace(parent=parent, depth=depth)
        if entity.kind.startswith("multipart/") and depth < DEEPEST:
            inner = "message/rfc822" if entity.kind == "multipart/digest" else "text/plain"
            ranges = [(*at, len(found), depth + 1, inner) for at in _ranges(data, entity)]
            stack.extend(reversed(ranges))
            entity = entity if ranges else entity._replace(kind="text/plain")
        found.append(entity)
    return found


def _opening(data: bytes) -> int:
    """Return where the header begins: after a mark, blank lines and an mbox's first line."""
    found = re.match(rb"(?:\xef\xbb\xbf)?\s*(?:>?From [^\r\n]*\r?\n)?", data)
    return found.end() if found is not None else 0


def opening(data: bytes) -> Entity:
    """Return a message without taking its parts apart."""
    return _entity(data, _opening(data), len(data), "text/plain")


def _entity(data: bytes, start: int, end: int, usual: str) -> Entity:
    if data.startswith((b"\n", b"\r\n"), start, end):
        head, begin = b"", data.find(b"\n", start) + 1
    else:
        gap = _HEAD_END.search(data, start, min(end, start + _MOST_HEAD))
        begin = gap.end() if gap is not None else end
        head = data[start : min(begin, start + _MOST_HEAD)]
    made = HeaderParser().parsestr(head.decode("latin-1"))
    left = made.get_payload()
    if isinstance(left, str) and left.strip():  # a line that is no header line ends the header
        begin = start + len(head) - len(left)
    kind = made.get_content_type() if "content-type" in made else usual
    return Entity(head=made, kind=kind, start=min(begin, end), end=end)


def _ranges(data: bytes, entity: Entity) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a multipart begin and end; of one that is cut off, the last too."""
    boundary = parameter(entity, "boundary").rstrip().encode("latin-1", "replace")
    if not boundary:
        return
    line = re.compile(rb"^--" + re.escape(boundary) + rb"(--)?[ \t]*\r?$", re.MULTILINE)
    begin = -1
    for found in islice(line.finditer(data, entity.start, entity.end), MOST + 1):
        if begin >= 0:
            yield begin, max(begin, _before_line_end(data, found.start()))
        begin = min(found.end() + 1, entity.end)
        if found[1]:
            return
    if begin >= 0:
        yield begin, entity.end


def _before_line_end(data: bytes, at: int) -> int:
    at -= data[at - 1 : at] == b"\n"
    return at - (data[at - 1 : at] == b"\r")


def header(head: "Message[str, str]", name: str) -> str:
    """Return a header line, decoded, on one line; empty if there is none."""
    value = head.get(name)
    return tidy.flat(decoded(str(value))) if value is not None else ""


def decoded(raw: str) -> str:
    """Return a raw header line with encoded words, and bytes that should have been encoded, as text."""
    raw = _FOLD.sub("", raw)
    made, at, charset, held = [], 0, "", b""
    for found in _WORD.finditer(raw):
        between = raw[at : found.start()]
        if held and (between.strip() or found[1].lower() != charset):
            made.append(_in_charset(held, charset))
            held = b""
        if between.strip() or not at:
            made.append(_eight_bit(between))
        charset, at = found[1].lower(), found.end()
        held += _word_bytes(found[2], found[3])
    return "".join([*made, _in_charset(held, charset), _eight_bit(raw[at:])])


def _word_bytes(encoding: str, text: str) -> bytes:
    raw = text.encode("latin-1", "replace")
    return _unpacked64(raw) if encoding in "bB" else binascii.a2b_qp(raw, header=True)


def _eight_bit(raw: str) -> str:
    """Read a text of bytes by a guess; one that is text already stays."""
    try:
        return raw if raw.isascii() else _in_charset(raw.encode("latin-1"), "")
    except UnicodeEncodeError:
        return raw


def _in_charset(data: bytes, charset: str) -> str:
    known = _codec(charset)
    try:
        # The ISO 2022 family and UTF-7 look like ASCII, so that nothing but their name tells them.
        return data.decode(known) if known is not None else decode(data)
    except (ParseFailed, LookupError, ValueError):
        return data.decode("cp1252", "replace")


def _codec(charset: str) -> str | None:
    try:
        name = codecs.lookup(charset.strip("\"' ")).name if charset else ""
    except (LookupError, ValueError):
        return None
    return name if name and name.replace("-", "_") not in _NO_CHARSET else None


def parameter(entity: Entity, name: str, line: str = "content-type") -> str:
    """Return what a header line says of itself (``charset=utf-8``); empty if nothing."""
    value = entity.head.get(line)
    if value is None or len(value) > _LONGEST:
        return ""
    try:
        found = entity.head.get_param(name, "", line)
        if isinstance(found, tuple):  # RFC 2231: charset, language, bytes
            charset = _codec(found[0]) if found[0] else None
            return found[2].encode("latin-1", "replace").decode(charset if charset else "utf-8", "replace")
    except Exception:  # the library raises many kinds on odd lines
        return ""
    return decoded(str(found))


def disposition(entity: Entity) -> str:
    """Return ``attachment``, ``inline`` or nothing."""
    return header(entity.head, "content-disposition")[:100].partition(";")[0].strip().lower()


def file_name(entity: Entity) -> str:
    """Return the name a part was given, without folders; empty if none."""
    given = parameter(entity, "filename", "content-disposition")
    given = given if given else parameter(entity, "name")
    return tidy.flat(re.split(r"[\\/]", given)[-1])[:200].strip(". ") if given.strip("./\\ ") else ""


def safe(subject: str) -> str:
    """Return a subject as a file's name may begin."""
    return re.sub(r"[\\/]", "-", subject)[:100].strip(". ")


def date(text: str) -> datetime | None:
    """Read the date of a header line; None where it is none."""
    try:
        return parsedate_to_datetime(text[:200])
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def content(data: bytes, entity: Entity) -> bytes:
    """Return a part's bytes, unpacked."""
    raw = data[entity.start : entity.end]
    encoding = header(entity.head, "content-transfer-encoding")[:100].partition(";")[0].strip().lower()
    if encoding == "base64":
        return _unpacked64(raw)
    return binascii.a2b_qp(raw) if encoding == "quoted-printable" else raw


def _unpacked64(raw: bytes) -> bytes:
    """Unpack base64, of damaged base64 what is whole."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        plain = _NOT_BASE64.sub(b"", raw)
        plain = plain[: len(plain) - (len(plain) % 4 == 1)]
        return binascii.a2b_base64(plain + b"=" * (-len(plain) % 4))


def stated_charset(entity: Entity) -> str | None:
    """Return the encoding a part says its text is in; None if it says none that is known."""
    return _codec(parameter(entity, "charset"))


def text(data: bytes, entity: Entity) -> str:
    """Return a part's text; raises ParseFailed if it is binary."""
    raw, stated = content(data, entity), stated_charset(entity)
    if stated is not None and stated.startswith(("iso2022", "utf-7", "hz")):
        return raw.decode(stated, "replace")
    return decode(raw, stated)
