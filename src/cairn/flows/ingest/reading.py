"""What a parse process does: bytes to a parsed document to passages, as one JSON message.

Knows the parsers only as parts it is given; several for one media type are tried in order.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from cairn.errors import ParseFailed
from cairn.flows.ingest.media import HEAD, recognise
from cairn.flows.ingest.passages import VERSION, Packer
from cairn.protocols import Parser
from cairn.records import Parsed, Unread
from cairn.types import Document, Passage, State, read_anchors, write_anchors


class Reader:
    """Reads files with ``parsers`` and packs them with ``packer``."""

    def __init__(self, parsers: Sequence[Parser], packer: Packer, *, characters: int) -> None:
        self._parsers = parsers
        self._packer = packer
        self._characters = characters

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``{path, name}`` with the document, or ``{}`` with the recipes of what can be read."""
        if not message:
            return {"recipes": self.recipes()}
        return self.read(Path(message["path"]), message["name"])

    def recipes(self) -> dict[str, str]:
        """Return by media type what makes its passages: parsers and packer, with versions."""
        types = {media_type for parser in self._parsers for media_type in parser.media_types}
        return {media_type: self._recipe(media_type) for media_type in sorted(types)}

    def read(self, path: Path, name: str) -> dict[str, Any]:
        """Return what one file says, or why it was not read, with its media type and recipe."""
        try:
            before = path.stat()
            content, head = _digest(path)
        except OSError as error:
            return _unread("failed", f"it cannot be read: {error.strerror}", "", None)
        media_type = recognise(head, name)
        recipe = self._recipe(media_type)
        if not recipe:
            return _unread("skipped", f"no parser for {media_type}", media_type, recipe)
        if before.st_size == 0:
            return _unread("skipped", "it is empty", media_type, recipe)
        try:
            document = self._parse(path, name, media_type)
            passages = self._packer.pack(document)
        except ParseFailed as error:
            return _unread("failed", str(error), media_type, recipe)
        if not passages:
            return _unread("skipped", "it has no text", media_type, recipe)
        if _changed(path, before):
            return _unread("failed", "it changed while it was read; the next ingest reads it again", "", None)
        return _message(document, passages) | {
            "content": content,
            "recipe": recipe,
            "media_type": media_type,
        }

    def _parse(self, path: Path, name: str, media_type: str) -> Document:
        reasons = []
        for parser in self._parsers:
            if media_type in parser.media_types:
                try:
                    return self._bounded(parser.parse(path, name))
                except ParseFailed as error:
                    reasons.append(str(error))
        # The first parser is the one that should have managed; its reason is the one to show.
        raise ParseFailed(reasons[0])

    def _bounded(self, document: Document) -> Document:
        characters = sum(len(element.text) for element in document.elements)
        if characters > self._characters:
            raise ParseFailed(
                f"it has {characters:,} characters of text, more than {self._characters:,} "
                "(setting text_characters)"
            )
        return document

    def _recipe(self, media_type: str) -> str:
        """Name what makes passages of a media type; empty when nothing does."""
        names = [parser.name for parser in self._parsers if media_type in parser.media_types]
        return f"{'|'.join(names)} {VERSION} {self._packer.name} {self._characters}" if names else ""


def result(document: int, answer: dict[str, Any]) -> Parsed | Unread:
    """Read what a worker answered about a document back into its parts."""
    if "unread" in answer:
        return Unread(
            document, State(answer["unread"]), answer["reason"], answer["media_type"], answer["recipe"]
        )
    return Parsed(
        document=document,
        content=answer["content"],
        recipe=answer["recipe"],
        media_type=answer["media_type"],
        title=answer["title"],
        metadata=answer["metadata"],
        language=answer["language"],
        pages=answer["pages"],
        passages=[
            Passage(text=text, context=context, tokens=tokens, kind=kind, anchors=read_anchors(anchors))
            for text, context, tokens, kind, anchors in answer["passages"]
        ],
    )


def _unread(state: str, reason: str, media_type: str, recipe: str | None) -> dict[str, Any]:
    return {"unread": state, "reason": reason, "media_type": media_type, "recipe": recipe}


def _digest(path: Path) -> tuple[str, bytes]:
    digest = sha256()
    head = b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
            head = head if head else block[:HEAD]
    return digest.hexdigest(), head


def _changed(path: Path, before: os.stat_result) -> bool:
    try:
        now = path.stat()
    except OSError:
        return True
    return (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size)


def _message(document: Document, passages: Sequence[Passage]) -> dict[str, Any]:
    return {
        "title": document.title,
        "metadata": dict(document.metadata),
        "language": document.language,
        "pages": document.pages,
        "passages": [[p.text, p.context, p.tokens, p.kind, write_anchors(p.anchors)] for p in passages],
    }
