"""Archives and compressed files: each entry becomes a document of its own.

Knows nothing of what the entries are. Nothing is unpacked onto the disk here, and an entry's name is
only a name. Links, devices and hidden entries are shown, and say when they are opened what they are.
"""

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cairn.errors import ParseFailed, Textless
from cairn.protocols import Container
from cairn.types import Part

_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    NotImplementedError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
)


_NOT_READ = {
    "link": "it is a link or a device",
    "hidden": "it is hidden",
    "sparse": "it is stored with its gaps left out, which is not read",
}
"""Keys of entries that are not to be read, and why."""


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ParseFailed(f"it is damaged: {error}") from error


class Archives:
    """Opens ZIP and TAR archives, and files compressed one by one."""

    name = "archives/1"
    media_types = frozenset(
        {
            "application/zip",
            "application/x-tar",
            "application/gzip",
            "application/x-bzip2",
            "application/x-xz",
        }
    )

    def parts(self, path: Path, name: str) -> Iterator[Part]:
        """Yield the entries of the archive at ``path``; of a compressed file, the one file."""
        with _explained():
            opener = _compressed(path)
            if opener is not None:
                yield Part(name=_inner(name), key="")
            elif _is_zip(path):
                yield from _zip_parts(path)
            else:
                yield from _tar_parts(path)

    @contextmanager
    def open(self, path: Path, key: str) -> Iterator[BinaryIO]:
        """Hold one entry's bytes: a ZIP's by number, a TAR's by offset and size; raises Textless."""
        if key in _NOT_READ:
            raise Textless(_NOT_READ[key])
        with _explained():
            opener = _compressed(path)
            if opener is not None:
                with opener(path) as whole:
                    yield whole
            elif _is_zip(path):
                with zipfile.ZipFile(path) as archive, _entry(archive, key) as member:
                    yield member
            else:
                with path.open("rb") as file:
                    yield io.BufferedReader(_Slice(file, *map(int, key.split("+"))))


def _compressed(path: Path) -> Callable[[Path], Any] | None:
    with path.open("rb") as file:
        head = file.read(6)
    openers: list[tuple[bytes, Callable[[Path], Any]]] = [
        (b"\x1f\x8b", gzip.open),
        (b"BZh", bz2.open),
        (b"\xfd7zXZ", lzma.open),
    ]
    return next((opener for magic, opener in openers if head.startswith(magic)), None)


def _is_zip(path: Path) -> bool:
    """By its first bytes: an archive of another kind may well end with a ZIP."""
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def _inner(name: str) -> str:
    """Return what a compressed file holds by its name: ``report.csv`` in ``report.csv.gz``."""
    stem, _, suffix = PurePosixPath(name).name.rpartition(".")
    if suffix.lower() in ("tgz", "tbz", "tbz2", "txz"):
        return f"{stem}.tar"
    return stem if stem else "content"


def _zip_parts(path: Path) -> Iterator[Part]:
    with zipfile.ZipFile(path) as archive:
        for number, entry in enumerate(archive.infolist()):
            is_link = (entry.external_attr >> 16) & 0o170000 == 0o120000
            if not entry.is_dir():
                yield Part(
                    name=entry.filename,
                    key="link" if is_link else "hidden" if _is_hidden(entry.filename) else str(number),
                    size=entry.file_size,
                    modified=_moment(entry.date_time),
                )


def _is_hidden(name: str) -> bool:
    steps = [step for step in PurePosixPath(name).parts if step != ".."]
    return any(step.startswith(".") or step == "__MACOSX" for step in steps)


def _moment(date: tuple[int, int, int, int, int, int]) -> datetime | None:
    try:
        return datetime(*date, tzinfo=UTC)
    except ValueError:
        return None


@contextmanager
def _entry(archive: zipfile.ZipFile, key: str) -> Iterator[Any]:
    entries = archive.infolist()
    if int(key) >= len(entries):
        raise ParseFailed("its archive has changed")
    try:
        with archive.open(entries[int(key)]) as member:
            yield member
    except RuntimeError as error:
        raise ParseFailed("it is protected by a password") from error


def _tar_parts(path: Path) -> Iterator[Part]:
    with tarfile.open(path, "r:") as archive:
        for entry in archive:
            if not entry.isdir():
                yield Part(
                    name=entry.name,
                    key=_tar_key(entry),
                    size=entry.size,
                    modified=datetime.fromtimestamp(max(0.0, min(entry.mtime, 4e9)), UTC),
                )


def _tar_key(entry: tarfile.TarInfo) -> str:
    if not entry.isreg():
        return "link"
    if _is_hidden(entry.name):
        return "hidden"
    return "sparse" if entry.issparse() else f"{entry.offset_data}+{entry.size}"


class _Slice(io.RawIOBase):
    """A stretch of an open file, for reading only."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        file.seek(start)
        self._file = file
        self._left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._file.read(min(len(buffer), self._left))
        if not data and self._left and len(buffer):
            raise EOFError("the archive ends within it")
        buffer[: len(data)] = data
        self._left -= len(data)
        return len(data)


def load(rest: str) -> Container:
    """Return what opens archives; it takes no argument."""
    return Archives()
