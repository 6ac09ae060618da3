"""Files within files: finds them, and unpacks one at a time into a file of its own, within limits.

A name inside an archive is shown and never used as a path on this machine.
"""

import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cairn.errors import ParseFailed
from cairn.protocols import Container
from cairn.types import Part

BLOCK = 1 << 20
_DRIVE = re.compile(r"^[A-Za-z]:")


class Limits(NamedTuple):
    """What files within files may come to."""

    bytes: int
    """Of one unpacked file."""
    total: int
    """Of all files in one archive, as it declares them."""
    parts: int
    depth: int


class Step(NamedTuple):
    """One step inwards: the key and the name of a file in the one before."""

    key: str
    name: str


@dataclass
class Unpacker:
    """Opens parts of files with ``containers``; keeps the last archive it had to unpack."""

    containers: Sequence[Container]
    limits: Limits
    recognise: Callable[[Path, str], str]
    """Tells the media type of a file by its content and its name."""
    _held: tuple[object, TemporaryDirectory[str], Path] | None = field(default=None)

    def parts(self, path: Path, name: str, media_type: str) -> list[Part]:
        """Return the files within one, with names that are safe to show and no two alike.

        Raises ParseFailed when there are more, or larger ones, than the limits allow.
        """
        container = self._container(media_type)
        found: dict[str, Part] = {}
        total = 0
        for part in container.parts(path, name) if container is not None else ():
            total += part.size if part.size is not None else 0
            if total > self.limits.total:
                raise ParseFailed(
                    f"it unpacks to more than {self.limits.total // 1_000_000:,} MB (setting archive_mb)"
                )
            if len(found) >= self.limits.parts:
                raise ParseFailed(f"it holds more than {self.limits.parts:,} files (setting archive_files)")
            shown = _unlike(_shown(part.name), found)
            found[shown] = replace(part, name=shown)
        return list(found.values())

    @contextmanager
    def reach(self, path: Path, name: str, steps: Sequence[Step]) -> Iterator[Path]:
        """Hold the file that ``steps`` lead to from the one at ``path``; raises ParseFailed, OSError."""
        if not steps:
            yield path
            return
        outer, outer_name = self._outer(path, name, steps[:-1])
        with TemporaryDirectory(prefix="cairn-") as folder:
            target = Path(folder) / "part"
            self._unpack(outer, outer_name, steps[-1].key, target)
            yield target

    def _outer(self, path: Path, name: str, steps: Sequence[Step]) -> tuple[Path, str]:
        """Return the file that holds the wanted one; one that had to be unpacked is kept for its siblings."""
        if not steps:
            return path, name
        found = path.stat()
        key = (path, found.st_mtime_ns, found.st_size, tuple(steps))
        if self._held is None or self._held[0] != key:
            with self.reach(path, name, steps) as outer:
                if self._held is not None:
                    self._held[1].cleanup()
                folder = TemporaryDirectory(prefix="cairn-")
                self._held = (key, folder, Path(shutil.move(outer, Path(folder.name) / "outer")))
        return self._held[2], steps[-1].name

    def _unpack(self, outer: Path, name: str, key: str, target: Path) -> None:
        container = self._container(self.recognise(outer, name))
        if container is None:
            raise ParseFailed(f"{name}, which held it, can no longer be opened")
        size = 0
        with container.open(outer, key) as source, target.open("wb") as file:
            while block := source.read(BLOCK):
                size += len(block)
                if size > self.limits.bytes:
                    raise ParseFailed(
                        f"it unpacks to more than {self.limits.bytes // 1_000_000:,} MB (setting file_mb)"
                    )
                file.write(block)

    def _container(self, media_type: str) -> Container | None:
        return next((one for one in self.containers if media_type in one.media_types), None)


def _shown(name: str) -> str:
    """Return a part's name without what leads out of its archive."""
    text = "".join(char if char.isprintable() else "\ufffd" for char in name.replace("\\", "/"))
    text = text.encode(errors="replace").decode()
    steps = [step for step in PurePosixPath(_DRIVE.sub("", text)).parts if step not in ("/", "..", "//")]
    return "/".join(steps)[:1000] if steps else "unnamed"


def _unlike(name: str, others: dict[str, Part]) -> str:
    stem, dot, suffix = name.rpartition(".")
    number = 2
    unlike = name
    while unlike in others:
        unlike = f"{stem} ({number}){dot}{suffix}" if stem and "/" not in suffix else f"{name} ({number})"
        number += 1
    return unlike
