"""Shows the originals of what was read, in a process of its own: a page as a picture, a file within a file.

Knows nothing of who asks.
"""

import shutil
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import file_digest
from pathlib import Path
from typing import Any

from cairn.errors import ParseFailed
from cairn.flows.ingest.unpacking import Step, Unpacker
from cairn.protocols import Renderer

CHANGED = "it has changed since it was read; the next ingest reads it again"


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """Answers for a view process."""

    unpacker: Unpacker
    renderers: Sequence[Renderer]
    recognise: Callable[[Path, str], str]

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``{path, name, inside, content}`` with ``to``, a path to copy to, or ``page`` and ``width``.

        A file whose sha256 is not ``content`` is another than was read, and not shown.
        """
        steps = [Step(*step) for step in message["inside"]]
        try:
            with self.unpacker.reach(Path(message["path"]), message["name"], steps) as file:
                if message["content"] not in ("", digest(file)):
                    return {"failed": CHANGED}
                if "to" in message:
                    shutil.copyfile(file, message["to"])
                    return {}
                return {"png": self._page(file, (steps[-1].name if steps else message["name"]), message)}
        except ParseFailed as error:
            return {"failed": str(error)}
        except OSError as error:
            return {"failed": f"it cannot be read: {error.strerror}"}

    def _page(self, file: Path, name: str, message: dict[str, Any]) -> str:
        kind = self.recognise(file, name)
        for renderer in self.renderers:
            if kind in renderer.media_types:
                return b64encode(renderer.render(file, message["page"], message["width"])).decode()
        raise ParseFailed(f"there are no pictures of pages of {kind}")


def digest(path: Path) -> str:
    """Return the sha256 of a file; what has not changed is not read again."""
    found = path.stat()
    return _digest(path, found.st_mtime_ns, found.st_size, found.st_ino)


@lru_cache(maxsize=256)
def _digest(path: Path, *_: int) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
