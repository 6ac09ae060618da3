"""Checks and copies the local index; see ``cairn.protocols.IndexUpkeep``.

Knows which files a view consists of and how each tells that it is whole; nothing of the journal.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cairn.adapters.indexes.checksums import vectors_checksum, words_checksum
from cairn.adapters.indexes.engine import undamaged
from cairn.adapters.indexes.seals import crc, intact, unsealed
from cairn.adapters.indexes.vectors import MANIFEST, Vectors
from cairn.adapters.indexes.words import META, Words
from cairn.errors import Storage
from cairn.records import Checksum, Checksums

ENDINGS = ("fast", "fieldnorm", "idx", "pos", "store", "term")
"""The files of a segment of Tantivy, beside the one of what is deleted."""
MANAGED = ".managed.json"
"""The list of files that Tantivy may delete one day."""
ATTEMPTS = 10
"""Times a view is copied that a writer is changing; what has been copied is not copied again."""


class LocalUpkeep:
    """See ``cairn.protocols.IndexUpkeep``."""

    def __init__(self, words: Words, vectors: Vectors) -> None:
        self._words = words
        self._vectors = vectors

    def lost(self) -> list[str]:
        """Say which views begin from nothing, and why."""
        views = (
            ("words", self._words.path, META, self._words.searcher() is not None),
            ("vectors", self._vectors.path, MANIFEST, self._vectors.readable()),
        )
        return [
            f"{name}: {_why(path, path / manifest)}"
            for name, path, manifest, readable in views
            if not readable
        ]

    def damage(self) -> list[str]:
        """Name the files that are not what was written, by the checksums that stand in files."""
        return [
            *_damage(self._words.path, META, _words_files, lambda path, _: intact(path)),
            *_damage(self._vectors.path, MANIFEST, _vectors_files, _as_told),
        ]

    def checksum(self) -> Checksums:
        """Sum up what both views hold; raises Storage when one cannot be read."""
        searcher = self._words.searcher()
        with undamaged(self._words.path):
            words = Checksum(0, 0) if searcher is None else words_checksum(searcher)
        return Checksums(words, vectors_checksum(self._vectors.segments()))

    def copy(self, folder: Path) -> list[str]:
        """Copy each view into ``folder``; return those that changed too fast. Raises Storage."""
        views = (
            ("words", self._words.path, META, _words_files),
            ("vectors", self._vectors.path, MANIFEST, _vectors_files),
        )
        try:
            return [
                name
                for name, path, manifest, files in views
                if (path / manifest).exists() and not _copied(path, folder / path.name, manifest, files)
            ]
        except OSError as error:
            raise Storage(f"The index cannot be copied to {folder}: {error.strerror}.") from error


def _why(path: Path, manifest: Path) -> str:
    if manifest.exists():
        return "unreadable"
    # A layout's numbers come last: words-3, vectors-MODEL-2-384.
    parts = 1 if path.name.startswith("words-") else 2
    kind = path.name.rsplit("-", parts)[0]
    others = [each.name for each in path.parent.glob("*-*") if each.name.rsplit("-", parts)[0] == kind]
    return f"of another layout ({', '.join(others)})" if others else "missing"


def _words_files(meta: str) -> Iterator[str]:
    for segment in json.loads(meta)["segments"]:
        name = segment["segment_id"].replace("-", "")
        yield from (f"{name}.{ending}" for ending in ENDINGS)
        if segment["deletes"] is not None:
            yield f"{name}.{segment['deletes']['opstamp']}.del"


def _vectors_files(manifest: str) -> Iterator[str]:
    yield from unsealed(manifest)["crcs"]


def _as_told(path: Path, manifest: str) -> bool:
    return bool(crc(path) == unsealed(manifest)["crcs"][path.name])


def _damage(
    path: Path, manifest: str, files: Callable[[str], Iterator[str]], whole: Callable[[Path, str], bool]
) -> Iterator[str]:
    try:
        told = (path / manifest).read_text("utf-8")
        names = list(files(told))
    except FileNotFoundError:
        return  # nothing there is lost, not damaged
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        yield f"{path.name}/{manifest} is damaged"
        return
    for name in names:
        try:
            if not whole(path / name, told):
                yield f"{path.name}/{name} is damaged"
        except OSError as error:
            yield f"{path.name}/{name} cannot be read ({error.strerror})"


def _copied(source: Path, target: Path, manifest: str, files: Callable[[str], Iterator[str]]) -> bool:
    """Copy the files that a manifest names, then it; a file may vanish meanwhile, and then there is another.

    None of the files is ever written again under its name, so what has been copied stays good.
    """
    target.mkdir(parents=True, exist_ok=True)
    for _ in range(ATTEMPTS):
        try:
            told = (source / manifest).read_text("utf-8")
            names = set(files(told))
            for name in names:
                if not (target / name).exists():
                    _copy(source / name, target / name)
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError, AttributeError):
            break  # it is damaged, and a view that is not there is built anew
        _finish(target, manifest, told, names)
        return True
    shutil.rmtree(target)
    return False


def _copy(source: Path, target: Path) -> None:
    draft = target.with_name("draft")
    shutil.copyfile(source, draft)
    draft.rename(target)


def _finish(target: Path, manifest: str, told: str, names: set[str]) -> None:
    for path in list(target.iterdir()):
        if path.name not in names:
            path.unlink()
    if manifest == META:
        managed: list[Any] = [*sorted(names), META]
        (target / MANAGED).write_text(json.dumps(managed), "utf-8")
    (target / manifest).write_text(told, "utf-8")
