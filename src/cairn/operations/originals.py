"""Originals and pictures of their pages, by the same decision as everything else.

Not listed: a surface has a form of its own for bytes.
"""

import asyncio
import secrets
from base64 import b64decode
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cairn.app import App
from cairn.errors import Invalid, ParseFailed, Unknown
from cairn.flows.ingest import workers
from cairn.flows.ingest.pipeline import way
from cairn.flows.ingest.viewing import CHANGED, digest
from cairn.operations.declare import operation
from cairn.operations.documents import find
from cairn.records import DocumentRecord
from cairn.session import Session

VIEWS = "views"
"""The view processes' scratch, in the library's folder."""
WIDTHS = (100, 2400)
"""Pixels of a page's picture."""
KEPT = 64
"""Pictures kept at hand; rights are asked before these are."""

Key = tuple[str, int, int]


@dataclass(frozen=True, kw_only=True)
class Viewer:
    """The process that shows originals, and the pictures it made last."""

    pool: workers.Pool
    folder: Path
    pictures: OrderedDict[Key, bytes] = field(default_factory=OrderedDict)


@dataclass(frozen=True, kw_only=True)
class Original:
    """A document's own bytes, as a file that stays until ``held`` is closed."""

    path: Path
    name: str
    media_type: str
    held: ExitStack


@asynccontextmanager
async def viewing(app: App) -> AsyncIterator[Viewer]:
    """Hold what shows a library's originals."""
    folder = app.home / VIEWS
    seconds = app.settings.parse_seconds
    async with workers.pool(app.process("view"), 1, seconds, folder) as pool:
        yield Viewer(pool=pool, folder=folder)


@operation("original", listed=False)
async def original(session: Session, viewer: Viewer, name: str) -> Original:
    """Hold the bytes a document was read from.

    Raises Unknown alike for what is not there and what may not be read, ParseFailed for one that has changed.
    """
    record = await asyncio.to_thread(find, session, name)
    held = ExitStack()
    try:
        outermost, inside = await asyncio.to_thread(_reach, session, record, held)
        path = await _unpacked(viewer, record, outermost, inside, held) if inside else outermost
        if not inside and record.content not in (None, await asyncio.to_thread(digest, path)):
            raise ParseFailed(f"{record.uri} cannot be shown: {CHANGED}.")
        return Original(
            path=path, name=PurePosixPath(record.uri).name, media_type=record.media_type, held=held
        )
    except BaseException:
        held.close()
        raise


@operation("page", listed=False)
async def page(session: Session, viewer: Viewer, name: str, number: int, width: int) -> bytes:
    """Return the picture of a page as PNG, ``width`` pixels wide; pages count from 1.

    Raises Unknown alike for what is not there and what may not be read, ParseFailed where there is none.
    """
    if not WIDTHS[0] <= width <= WIDTHS[1] or number < 1:
        raise Invalid(f"width must be {WIDTHS[0]} to {WIDTHS[1]}, and a page at least 1.")
    record = await asyncio.to_thread(find, session, name)
    key = (record.content if record.content is not None else "", number, width)
    if key in viewer.pictures:
        viewer.pictures.move_to_end(key)
        return viewer.pictures[key]
    picture = await _picture(session, viewer, record, number, width)
    if key[0]:
        viewer.pictures[key] = picture
    while len(viewer.pictures) > KEPT:
        viewer.pictures.popitem(last=False)
    return picture


async def _picture(
    session: Session, viewer: Viewer, record: DocumentRecord, number: int, width: int
) -> bytes:
    with ExitStack() as held:
        outermost, inside = await asyncio.to_thread(_reach, session, record, held)
        message = _message(record, outermost, inside) | {"page": number, "width": width}
        try:
            return b64decode((await viewer.pool.ask(message))["png"])
        except ParseFailed as error:
            raise ParseFailed(f"{record.uri} cannot be shown: {error}.") from None


def _reach(session: Session, record: DocumentRecord, held: ExitStack) -> tuple[Path, list[list[str]]]:
    """Return the file that the source shows, held, and the steps from it to the document."""
    catalogue = session.app.journal.catalogue
    outermost, inside = way(catalogue, record)
    source = next(one for one in catalogue.sources() if one.id == record.source)
    path = held.enter_context(session.app.source(source).fetch(outermost.uri))
    if path.is_symlink() or not path.is_file():
        raise Unknown(f"The original of {record.uri!r} is not where it was.")
    return path, inside


async def _unpacked(
    viewer: Viewer, record: DocumentRecord, outermost: Path, inside: list[list[str]], held: ExitStack
) -> Path:
    target = viewer.folder / "parts" / secrets.token_hex(16)
    target.parent.mkdir(parents=True, exist_ok=True)
    held.callback(target.unlink, missing_ok=True)
    try:
        await viewer.pool.ask(_message(record, outermost, inside) | {"to": str(target)})
    except ParseFailed as error:
        raise ParseFailed(f"{record.uri} cannot be shown: {error}.") from None
    return target


def _message(record: DocumentRecord, outermost: Path, inside: list[list[str]]) -> workers.Message:
    content = record.content if record.content is not None else ""
    return {"path": str(outermost), "name": outermost.name, "inside": inside, "content": content}
