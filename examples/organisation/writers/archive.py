"""Zip files that come out the same each time: a supplier's, and every office file."""

import re
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from io import BytesIO

Edit = Callable[[str, bytes], bytes]
"""Given a member's name and its bytes, return the bytes to write."""
Moment = tuple[int, int, int, int, int, int]
LONG_AGO: Moment = (1980, 1, 1, 0, 0, 0)


def packed(members: Iterable[tuple[str, bytes]], when: Moment = LONG_AGO) -> bytes:
    """Return a zip of the members in their order, all of one date; a ``mimetype`` is stored unpacked."""
    data = BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name, when)
            info.create_system, info.external_attr = 3, 0o644 << 16
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=6)
    return data.getvalue()


def steady(data: bytes, edit: Edit) -> bytes:
    """Return an office file packed again without the dates of today, each member as ``edit`` leaves it."""
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return packed((name, edit(name, archive.read(name))) for name in archive.namelist())


def as_is(name: str, content: bytes) -> bytes:
    """Leave a member alone."""
    return content


def dated(day: datetime) -> Edit:
    """Put a fixed day into the core properties of an OOXML file, and of the workbooks within it."""
    stamp = f"{day:%Y-%m-%dT%H:%M:%SZ}".encode()

    def edit(name: str, content: bytes) -> bytes:
        if name.endswith(".xlsx"):
            return steady(content, edit)
        if name != "docProps/core.xml":
            return content
        return re.sub(rb"(<dcterms:(created|modified)[^>]*>)[^<]*", rb"\g<1>" + stamp, content)

    return edit


def to_zip(parts: Iterable[tuple[str, bytes]], day: datetime) -> bytes:
    """Return what a supplier sends: an archive of its files."""
    return packed(parts, (day.year, day.month, day.day, 9, 0, 0))
