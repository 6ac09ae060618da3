"""What kind of file it is: by its content first, then by its name.

Knows the common formats' first bytes, so that what cannot be read yet is named in the reason.
"""

import mmap
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path

from cairn.flows.ingest.media_types import (
    BRANDS,
    DECLARED,
    LOCKED,
    MAGIC,
    MEMBERS,
    NAMES,
    OLE,
    RIFF,
    ROOTS,
    STREAMS,
    UNKNOWN,
    ZIPPED,
)

HEAD = 4096
"""Bytes of a file's beginning that ``recognise`` looks at; of a ZIP or OLE file it reads on."""
_HTML = re.compile(
    rb"^\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)\b", re.I | re.S
)
_XML = re.compile(rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml\b|<!DOCTYPE\b)")
_HEADER = re.compile(rb"^([A-Za-z][A-Za-z0-9-]*):[ \t]", re.M)
_MAIL = frozenset(
    {b"from", b"to", b"subject", b"date", b"received", b"message-id", b"return-path", b"mime-version"}
)
_SCRIPT = re.compile(rb"^#!\s*\S*?/?(?:env\s+)?(python|ruby|php|node|bash|sh|zsh)")
_SCRIPTS = {b"python": "py", b"ruby": "rb", b"php": "php", b"node": "js"}
_TAR = slice(257, 262)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def recognise(path: Path, name: str, suffixes: Mapping[str, str] = NAMES) -> str:
    """Return the media type of the file at ``path``, which its source calls ``name``.

    ``suffixes`` tell a type by the end of a name. What is neither known by content nor by name is
    ``text/plain`` if it looks like text, else ``application/octet-stream``. Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    suffix = name.rpartition(".")[2].lower()
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zipped(path, suffix)
    if head.startswith(OLE):
        return _ole(path, suffix)
    if found := _binary(head):
        return found
    if _textual(head):
        return _text(head, suffix, suffixes)
    # Of what is no text, only a parser that brought its own suffix knows better.
    return UNKNOWN if suffix in NAMES else suffixes.get(suffix, UNKNOWN)


def _binary(head: bytes) -> str:
    """Return the type its first bytes tell; empty if they tell none."""
    if head.startswith(b"RIFF"):
        return RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp":
        return BRANDS.get(head[8:11], "video/mp4")
    if head[_TAR] == b"ustar":
        return "application/x-tar"
    found = next((kind for magic, kind in MAGIC if head.startswith(magic)), "")
    # Some writers put a few bytes of their own before a PDF.
    return found or ("application/pdf" if b"%PDF-" in head[:1024] else "")


def _text(head: bytes, suffix: str, suffixes: Mapping[str, str]) -> str:
    if _HTML.match(head):
        return "text/html"
    if _XML.match(head):
        named = suffixes.get(suffix, "application/xml")
        return next((kind for root, kind in ROOTS if root.search(head)), named)
    if suffix in suffixes:
        return suffixes[suffix]
    if head.startswith(b"From ") and _is_mail(head.partition(b"\n")[2]):
        return "application/mbox"
    if _is_mail(head):
        return "message/rfc822"
    script = _SCRIPT.match(head)
    return NAMES[_SCRIPTS.get(script[1], "sh")] if script is not None else "text/plain"


def _is_mail(head: bytes) -> bool:
    """Tell whether it begins with a mail's header: three of its lines at least, and no other text."""
    lines = head.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    names = {found.lower() for found in _HEADER.findall(lines)}
    return lines[:1].isalpha() and _HEADER.match(lines) is not None and len(names & _MAIL) >= 3


def _zipped(path: Path, suffix: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            declared = archive.open("mimetype").read(100).decode("ascii") if "mimetype" in names else ""
    except (OSError, ValueError, RuntimeError, NotImplementedError, KeyError, EOFError, zipfile.BadZipFile):
        return ZIPPED.get(suffix, "application/zip")
    if declared.strip() in DECLARED:
        return declared.strip().removesuffix("-template")
    if "[Content_Types].xml" in names:
        return next(
            (kind for start, kind in MEMBERS if any(name.startswith(start) for name in names)),
            ZIPPED.get(suffix, "application/zip"),
        )
    return "application/zip"


def _ole(path: Path, suffix: str) -> str:
    """Tell by the names of its streams, which stand somewhere in the file in UTF-16."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        found = [
            (kind, by) for name, kind, by in STREAMS if data.find((name + "\0").encode("utf-16-le")) >= 0
        ]
    if not found:
        return "application/x-ole-storage"
    if found[0][0] == LOCKED:
        return LOCKED
    # A document may hold another kind of document; a mail's properties come first in any case.
    return next((kind for kind, by in found if by == suffix), found[0][0])


def _textual(head: bytes) -> bool:
    if head.startswith(_UTF16):
        return True
    # Control characters other than tab, newlines, form feed and escape hardly occur in text.
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    return b"\x00" not in head and control * 100 <= len(head)
