"""Office files that are ZIP archives of XML: their members, read within limits and without entities.

Knows nothing of what the members mean. A member that unpacks to more than MOST bytes fails the file.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from lxml import etree

from cairn.errors import ParseFailed

Node = Any
"""An lxml element; lxml has no types of its own."""

MOST = 512 * 1024 * 1024
"""Bytes that one member may unpack to."""
MEMBERS = 100_000


class Zipped:
    """The members of one file, by name."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.names = frozenset(archive.namelist())

    def read(self, name: str, most: int = MOST) -> bytes:
        """Return a member's bytes; raises ParseFailed if it is missing, damaged, locked or too large."""
        with self.open(name) as member:
            try:
                data = member.read(most + 1)
            except _DAMAGE as error:
                raise ParseFailed(f"{name} in it is damaged: {error}") from error
        if len(data) > most:
            raise ParseFailed(f"{name} in it unpacks to more than {most / 1e6:,.0f} MB")
        return data

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        """Hold a member to be read piece by piece; the caller counts what it reads."""
        try:
            member = self._archive.open(name)
        except KeyError:
            raise ParseFailed(f"{name} is missing in it") from None
        except RuntimeError as error:
            raise ParseFailed("it is protected by a password") from error
        except _DAMAGE as error:
            raise ParseFailed(f"{name} in it is damaged: {error}") from error
        with member:
            yield member

    def xml(self, name: str) -> Node:
        """Return the root of a member that is XML; raises ParseFailed."""
        return xml(self.read(name), name)

    def find_xml(self, name: str) -> Node | None:
        """Return the root of a member that need not be there."""
        return self.xml(name) if name in self.names else None


_DAMAGE = (OSError, EOFError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error)


@contextmanager
def unzip(path: Path) -> Iterator[Zipped]:
    """Hold the file at ``path`` open; raises ParseFailed if it is no ZIP archive."""
    try:
        archive = zipfile.ZipFile(path)
    except _DAMAGE as error:
        raise ParseFailed(f"it is damaged: {error}") from error
    with archive:
        if len(archive.filelist) > MEMBERS:
            raise ParseFailed(f"it has {len(archive.filelist):,} members, more than {MEMBERS:,}")
        yield Zipped(archive)


def parser(**options: Any) -> Any:
    """Return an lxml parser that follows no reference and expands no entity."""
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        **options,
    )


def xml(data: bytes, name: str) -> Node:
    """Return the root of XML; of damaged XML what could be read. Raises ParseFailed if that is nothing."""
    try:
        root = etree.fromstring(data, parser(recover=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise ParseFailed(f"{name} in it is no XML: {error}") from error
    if root is None:
        raise ParseFailed(f"{name} in it is no XML")
    return root
