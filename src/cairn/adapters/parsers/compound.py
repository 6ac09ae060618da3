"""Compound files (OLE), in which older Office programs keep documents: their streams and properties.

Knows nothing of what the streams hold.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import olefile

from cairn.adapters.parsers import tidy
from cairn.errors import ParseFailed

_DAMAGE = (
    OSError, ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError, RecursionError,
    MemoryError, struct.error,
)  # fmt: skip
"""What olefile raises on damaged files, besides its own errors, which are OSErrors."""
_SUMMARY, _MORE = "\x05SummaryInformation", "\x05DocumentSummaryInformation"
_FACTS = (
    *((_SUMMARY, 2, "title"), (_SUMMARY, 4, "author"), (_SUMMARY, 5, "tags"), (_SUMMARY, 6, "description")),
    *((_SUMMARY, 12, "created"), (_SUMMARY, 13, "modified"), (_MORE, 15, "publisher")),
)
_PAGE, _NUMBER, _TEXT, _WIDE_TEXT, _TIME = 1, 2, 30, 31, 64
_MOST_FACTS, _LONGEST = 200, 4000
_EPOCH = datetime(1601, 1, 1)


class Compound:
    """The streams of one file, by name."""

    def __init__(self, file: olefile.OleFileIO) -> None:
        self._file = file

    def has(self, name: str) -> bool:
        """Tell whether there is a stream of this name."""
        try:
            return bool(self._file.exists(name))
        except _DAMAGE:
            return False

    def read(self, name: str) -> bytes:
        """Return a stream's bytes; raises ParseFailed if it is missing or damaged."""
        try:
            return bytes(self._file.openstream(name).read())
        except _DAMAGE as error:
            raise ParseFailed(f"it is damaged: its stream {name} cannot be read") from error

    def facts(self) -> dict[str, str]:
        """Return what the file says of itself, its title included; what is damaged is left out."""
        stated = {name: self._stated(name) for name in (_SUMMARY, _MORE)}
        facts = tidy.metadata((key, stated[name].get(number)) for name, number, key in _FACTS)
        if "tags" in facts:
            facts["tags"] = tidy.tags(facts["tags"])
        return facts

    def _stated(self, name: str) -> dict[int, str]:
        """Read a stream of properties: texts and times, by number.

        Not olefile's own reader, which believes whatever length a damaged file states.
        """
        try:
            data = self.read(name) if self.has(name) else b""
            section = struct.unpack_from("<I", data, 44)[0] if data else 0
            count = min(struct.unpack_from("<I", data, section + 4)[0], _MOST_FACTS) if data else 0
            pairs = struct.unpack_from(f"<{2 * count}I", data, section + 8)
        except (ParseFailed, struct.error):
            return {}
        places = dict(zip(pairs[::2], (section + place for place in pairs[1::2]), strict=True))
        page = _value(data, places.get(_PAGE, len(data)), "")
        values = ((number, _value(data, place, page)) for number, place in places.items())
        return {number: value for number, value in values if value}


def _value(data: bytes, place: int, page: str) -> str:
    """Return a property as text; empty if it is of another kind or damaged."""
    try:
        kind, size = struct.unpack_from("<II", data, place)
        if kind == _NUMBER:
            return str(size & 0xFFFF)
        if kind == _TIME:
            (ticks,) = struct.unpack_from("<Q", data, place + 4)
            moment = _EPOCH + timedelta(microseconds=ticks // 10)
            return f"{moment.replace(microsecond=0).isoformat()}Z" if 1980 < moment.year < 9999 else ""
    except (struct.error, OverflowError):
        return ""
    held = data[place + 8 : place + 8 + min(size, _LONGEST)]
    if kind == _WIDE_TEXT:
        return (
            data[place + 8 : place + 8 + 2 * min(size, _LONGEST)]
            .decode("utf-16-le", "ignore")
            .partition("\0")[0]
        )
    return _decoded(held, page) if kind == _TEXT else ""


def _decoded(data: bytes, page: str) -> str:
    encoding = {"65001": "utf-8", "1200": "utf-16-le"}.get(page, f"cp{page}")
    try:
        return data.decode(encoding, "ignore").partition("\0")[0]
    except LookupError:
        return data.decode("cp1252", "ignore").partition("\0")[0]


@contextmanager
def opened(path: Path) -> Iterator[Compound]:
    """Hold the file at ``path`` open; raises ParseFailed if it is no compound file or locked."""
    tidy.read(path)
    try:
        file = olefile.OleFileIO(str(path))
    except _DAMAGE as error:
        raise ParseFailed(f"it is damaged: {error}") from error
    try:
        found = Compound(file)
        if found.has("EncryptedPackage"):
            raise ParseFailed("it is protected by a password")
        yield found
    finally:
        file.close()
