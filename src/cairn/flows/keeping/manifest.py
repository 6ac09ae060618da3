"""What a backup consists of: the list, written last, that says what each file must be.

Knows nothing of what the files are. A folder without the list is no backup.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from cairn.errors import Invalid
from cairn.flows.keeping.swap import sync

NAME = "backup.json"
FORMAT = 1
"""Raised whenever an older Cairn could not restore what this one backs up."""
CHUNK = 1 << 20

Report = Callable[[str, int, int], None]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """A backup's list."""

    cairn: str
    """The version that made it."""
    made: str
    """When, ISO 8601."""
    position: int
    """The journal's newest change in it."""
    files: dict[str, tuple[int, str]]
    """Bytes and sha256, by path within the folder."""
    format: int = FORMAT


def write(folder: Path, report: Report, *, cairn: str, made: str, position: int) -> Manifest:
    """Make what stands in ``folder`` a backup: for its owner alone, safe on disk, with its list."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    files = {}
    for done, path in enumerate(paths):
        report("files", done, len(paths))
        path.chmod(0o600)
        with path.open("rb") as file:
            files[path.relative_to(folder).as_posix()] = _told(_chunks(file))
            os.fsync(file.fileno())
    report("files", len(paths), len(paths))
    for place in (folder, *filter(Path.is_dir, folder.rglob("*"))):
        place.chmod(0o700)
        sync(place)
    manifest = Manifest(cairn=cairn, made=made, position=position, files=files)
    plain = asdict(manifest)
    draft = folder / f"{NAME}.draft"
    _store(draft, [json.dumps(plain | {"seal": _seal(plain)}, indent=1).encode()])
    draft.rename(folder / NAME)
    sync(folder)
    return manifest


def read(folder: Path) -> Manifest:
    """Return a backup's list; raises Invalid when there is none, or not one this Cairn can restore."""
    try:
        plain: dict[str, Any] = dict(json.loads((folder / NAME).read_text("utf-8")))
        seal = plain.pop("seal")
    except FileNotFoundError:
        raise Invalid(
            f"{folder} is no backup: it has no {NAME}; make one with: cairn backup FOLDER"
        ) from None
    except OSError as error:
        raise Invalid(f"{folder / NAME} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError):
        raise _damaged(folder, NAME, "cannot be read") from None
    if seal != _seal(plain):
        raise _damaged(folder, NAME, "is not what was written")
    if plain["format"] > FORMAT:
        raise Invalid(
            f"{folder} is a backup of format {plain['format']}, made by Cairn {plain['cairn']}; this one "
            f"knows formats up to {FORMAT}: upgrade Cairn to restore it."
        )
    return Manifest(**plain)


def unpack(folder: Path, manifest: Manifest, target: Path, report: Report) -> None:
    """Copy what the list names into ``target``; raises Invalid at the first file that is not as told."""
    for done, (name, (size, digest)) in enumerate(manifest.files.items()):
        report("files", done, len(manifest.files))
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts:
            raise _damaged(folder, name, "lies outside of it")
        (target / path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with (folder / path).open("rb") as file:
                found = _store(target / path, _chunks(file))
        except FileNotFoundError:
            raise _damaged(folder, name, "is missing") from None
        if found != (size, digest):
            raise _damaged(folder, name, "is not what was written")
    report("files", len(manifest.files), len(manifest.files))
    for place in (target, *filter(Path.is_dir, target.rglob("*"))):
        sync(place)


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _told(chunks: Iterator[bytes]) -> tuple[int, str]:
    size, digest = 0, sha256()
    for chunk in chunks:
        size += len(chunk)
        digest.update(chunk)
    return size, digest.hexdigest()


def _store(path: Path, chunks: Any) -> tuple[int, str]:
    """Write a file for its owner alone, safe on disk; return its size and sha256."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(handle, "wb") as file:

        def written() -> Iterator[bytes]:
            for chunk in chunks:
                file.write(chunk)
                yield chunk

        told = _told(written())
        file.flush()
        os.fsync(file.fileno())
    return told


def _seal(plain: dict[str, Any]) -> str:
    return sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()


def _damaged(folder: Path, name: str, what: str) -> Invalid:
    return Invalid(f"The backup {folder} is damaged: {name} {what}; restore another one.")
