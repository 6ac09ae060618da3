"""Saved web pages (MHTML): the page itself, without the frames and pictures that were saved with it."""

from pathlib import Path

from cairn.adapters.parsers import html, mime, tidy
from cairn.adapters.parsers.mime import Entity
from cairn.errors import ParseFailed
from cairn.protocols import Parser
from cairn.types import Document

_PAGES = ("text/html", "application/xhtml+xml")


class SavedPage:
    """Reads MHTML files."""

    name = "mhtml/1"
    media_types = frozenset({"multipart/related"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if there is no page in it or it shows no words."""
        data = tidy.read(path)
        root = _root(mime.walk(data))
        if root is None:
            raise ParseFailed("no web page in it")
        return html.page(mime.content(data, root), name, mime.stated_charset(root))


def _root(entities: list[Entity]) -> Entity | None:
    """Return the part that the file says is its page, or else the first that is one."""
    pages = [item for item in entities if item.kind in _PAGES]
    start = mime.parameter(entities[0], "start").strip()
    stated = (item for item in pages if start and mime.header(item.head, "content-id") == start)
    return next(stated, pages[0] if pages else None)


def load(rest: str) -> Parser:
    """Build the parser of saved web pages; it takes no argument."""
    return SavedPage()
