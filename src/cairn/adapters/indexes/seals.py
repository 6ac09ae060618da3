"""Checksums of files: those that the vectors' manifest keeps, and Tantivy's own.

Knows no file's content, only where its checksum stands.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from struct import error as StructError
from struct import unpack
from typing import Any, BinaryIO
from zlib import crc32

CHUNK = 1 << 20
FOOTER = 1337
"""The last four bytes of every file of Tantivy; before them the length of a footer in JSON."""
LONGEST_FOOTER = 50_000
VERSION = {"major", "minor", "patch", "index_format_version"}


def sealed(manifest: dict[str, Any]) -> str:
    """Return a manifest as text that tells whether it was changed since."""
    return json.dumps(manifest | {"seal": _seal(manifest)})


def unsealed(text: str) -> dict[str, Any]:
    """Read back what ``sealed`` wrote; raises ValueError or KeyError for anything else."""
    manifest: dict[str, Any] = dict(json.loads(text))
    if manifest.pop("seal") != _seal(manifest):
        raise ValueError("The manifest is not what was written.")
    return manifest


def crcs(folder: Path, manifest: str, names: Iterable[str]) -> dict[str, int]:
    """Return the files' checksums: of those in the present manifest its own, else newly computed."""
    try:
        known = unsealed((folder / manifest).read_text("utf-8"))["crcs"]
    except (OSError, ValueError, KeyError, TypeError):
        known = {}
    return {name: known[name] if name in known else crc(folder / name) for name in names}


def crc(path: Path) -> int:
    """Compute a whole file's CRC-32; raises OSError."""
    with path.open("rb") as file:
        return _crc(file, path.stat().st_size)


def intact(path: Path) -> bool:
    """Tell whether a file of Tantivy is as it was written, by its footer; raises OSError."""
    with path.open("rb") as file:
        try:
            file.seek(-8, os.SEEK_END)
            length, magic = unpack("<II", file.read(8))
            if magic != FOOTER or length > LONGEST_FOOTER:
                return False
            body = file.seek(-8 - length, os.SEEK_END)
            footer = json.loads(file.read(length))
            file.seek(0)
            known = footer.keys() == {"version", "crc"} and footer["version"].keys() == VERSION
            return bool(known and _crc(file, body) == footer["crc"])
        except (OSError, StructError, ValueError, TypeError, AttributeError):
            return False


def _crc(file: BinaryIO, size: int) -> int:
    value = 0
    while size > 0 and (read := file.read(min(size, CHUNK))):
        value, size = crc32(read, value), size - len(read)
    return value


def _seal(manifest: dict[str, Any]) -> int:
    # As JSON gives it back: what were tuples are lists then.
    return crc32(json.dumps(json.loads(json.dumps(manifest)), sort_keys=True).encode())
