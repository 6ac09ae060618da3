"""Uploads: files that people bring, kept in the library's folder as a source of their own.

Not listed: a surface has a form of its own for bytes.
"""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from urllib.parse import quote

from cairn.access import EVERYONE, OWNER
from cairn.app import App
from cairn.audit import touched
from cairn.errors import Invalid, Storage, Unknown
from cairn.operations.declare import operation
from cairn.people import Role
from cairn.results.people import Uploaded
from cairn.session import Session

FOLDER = "uploads"
RULES = ".cairn-access"
_NAME = re.compile(r'[^./"\\\x00-\x1f\x7f-\x9f\ud800-\udfff][^/"\\\x00-\x1f\x7f-\x9f\ud800-\udfff]*')
LONGEST = 200
"""Bytes of a name."""


@operation("upload", role=Role.CURATOR, writes=True, listed=False)
async def upload(
    session: Session, name: str, content: AsyncIterator[bytes], allow: Sequence[str] = ()
) -> Uploaded:
    """Keep a file, which is read soon; whoever brought it may read it, and who they ``allow``.

    The same name by the same person is the same document. Raises Invalid for a name that is no file's,
    Unknown for somebody to allow whom the directory does not know.
    """
    if not _NAME.fullmatch(name) or name != name.strip() or len(name.encode()) > LONGEST:
        raise Invalid(f"{name!r} cannot be a file's name; leave out / \\ and quotation marks.")
    readers = await asyncio.to_thread(_readers, session, allow)
    root = session.app.home / FOLDER
    folder = root / _folder(session.asker)
    size = await _keep(folder, name, content, readers)
    record = await asyncio.to_thread(session.app.journal.library.add_source, uploaded(session.app), {})
    touched(f"source:{record.id}", *readers)
    session.app.brought.set()
    return Uploaded(uri=f"{folder.name}/{name}", source=record.id, bytes=size)


def uploaded(app: App) -> str:
    """Return the source that uploads are kept in."""
    return f"files:{app.home / FOLDER}"


def literal(name: str) -> str:
    """Return the pattern, as in .gitignore, that means this name alone."""
    return re.sub(r"([\\*?\[\]!# ])", r"\\\1", name)


def _readers(session: Session, allow: Sequence[str]) -> list[str]:
    known = {EVERYONE, *session.app.journal.directory.principals()}
    for name in allow:
        if name not in known:
            raise Unknown.name("person or group", name, known)
    own = [] if session.asker == OWNER else [f"person:{session.asker}"]
    return list(dict.fromkeys([*own, *allow]))


def _folder(person: str) -> str:
    written = quote(person, safe=" @+-_").strip()
    return written.replace(".", "%2E") if written.startswith(".") else written


async def _keep(folder: Path, name: str, content: AsyncIterator[bytes], readers: Sequence[str]) -> int:
    """Write the file and its rule: the rule first, so that nobody ever reads it by a wider one."""
    draft = folder / f".{secrets.token_hex(8)}"
    size = 0
    try:
        await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        with draft.open("wb") as file:
            async for block in content:
                size += len(block)
                await asyncio.to_thread(file.write, block)
            await asyncio.to_thread(_settle, file.fileno())
        await asyncio.to_thread(_rule, folder, name, readers)
        draft.replace(folder / name)
    except OSError as error:
        raise Storage(f"The upload cannot be kept: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return size


def _settle(number: int) -> None:
    os.fsync(number)


def _rule(folder: Path, name: str, readers: Sequence[str]) -> None:
    pattern = f'"/{literal(name)}"'
    line = f"{pattern} {'allow ' + ' '.join(readers) if readers else 'deny everyone'}"
    path = folder / RULES
    held = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    lines = [one for one in held if not one.startswith(f"{pattern} ")] + [line, ""]
    draft = folder / f".{secrets.token_hex(8)}"
    draft.write_text("\n".join(lines), encoding="utf-8")
    draft.replace(path)
