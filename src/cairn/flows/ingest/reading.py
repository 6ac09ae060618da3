"""What a parse process does: bytes to a parsed document to passages, as one JSON message.

Knows the parsers only as parts it is given; several for one media type are tried in order.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath
from typing import Any

from cairn.errors import ParseFailed, Textless
from cairn.flows.ingest.media import recognise
from cairn.flows.ingest.media_types import LOCKED, NAMES, REASONS, UNKNOWN
from cairn.flows.ingest.passages import VERSION, Packer
from cairn.flows.ingest.unpacking import Limits, Step, Unpacker
from cairn.protocols import Container, Parser
from cairn.records import Parsed, Unread
from cairn.types import Document, Part, Passage, State, read_anchors, write_anchors

_WORD = re.compile(r"\w+")


class Reader:
    """Reads files with ``parsers`` and packs them with ``packer``; some parsers open files within files."""

    def __init__(
        self, parsers: Sequence[Parser | Container], packer: Packer, *, characters: int, limits: Limits
    ) -> None:
        self._adapters = list(parsers)
        self._parsers = [one for one in parsers if isinstance(one, Parser)]
        own = {suffix: kind for one in parsers for suffix, kind in getattr(one, "suffixes", {}).items()}
        self._recognise = partial(recognise, suffixes=NAMES | own)
        containers = [one for one in parsers if isinstance(one, Container)]
        self._unpacker = Unpacker(containers, limits, self._recognise)
        self._packer = packer
        self._characters = characters
        self._limits = limits

    def answer(self, message: dict[str, Any]) -> dict[str, Any]:
        """Answer ``{path, name, inside}`` with the document; ``{}`` with the recipes of what can be read."""
        if not message:
            return {"recipes": self.recipes()}
        return self.read(
            Path(message["path"]), message["name"], [Step(*step) for step in message.get("inside", ())]
        )

    def recipes(self) -> dict[str, str]:
        """Return by media type what makes its passages: parsers and packer, with versions."""
        types = {kind for adapter in self._adapters for kind in adapter.media_types}
        return {media_type: self._recipe(media_type) for media_type in sorted(types)}

    def read(self, path: Path, name: str, inside: Sequence[Step] = ()) -> dict[str, Any]:
        """Return what one file says, or why it was not read, with its media type and recipe."""
        try:
            before = path.stat()
            with self._unpacker.reach(path, name, inside) as file:
                answer = self._read(file, [name, *(step.name for step in inside)])
        except Textless as error:
            return _unread("skipped", str(error), UNKNOWN, VERSION)
        except ParseFailed as error:  # it cannot be unpacked: other limits may mend that
            return {"failed": str(error)}
        except OSError as error:
            return _unread("failed", f"it cannot be read: {error.strerror}", "", None)
        if _changed(path, before):
            return _unread("failed", "it changed while it was read; the next ingest reads it again", "", None)
        return answer

    def _read(self, path: Path, names: Sequence[str]) -> dict[str, Any]:
        """Read the file at ``path``; ``names`` are its own, last, and of those that it is within."""
        name, depth = names[-1], len(names) - 1
        media_type = self._recognise(path, name)
        recipe = self._recipe(media_type)
        if media_type == LOCKED:
            return _unread("failed", "it is protected by a password", media_type, recipe)
        if not recipe:
            unknown = f"no parser for {media_type}"
            return _unread("skipped", REASONS.get(media_type.partition("/")[0], unknown), media_type, recipe)
        if path.stat().st_size == 0:
            return _unread("skipped", "it is empty", media_type, recipe)
        try:
            document = self._parse(path, name, media_type)
            parts = self._unpacker.parts(path, name, media_type)
            passages = self._packer.pack(document, _called(names[0]) if depth else "")
        except ParseFailed as error:
            return _unread("failed", str(error), media_type, recipe)
        if parts and depth >= self._limits.depth:
            deep = f"its {len(parts):,} files are not read: nested too deeply (setting archive_depth)"
            document, parts = replace(document, unread=(*document.unread, deep)), []
        if not passages and not parts:
            return _unread("skipped", _why(document), media_type, recipe)
        return _message(document, passages, parts) | {
            "content": _digest(path),
            "recipe": recipe,
            "media_type": media_type,
        }

    def _parse(self, path: Path, name: str, media_type: str) -> Document:
        errors = []
        for parser in self._parsers:
            if media_type in parser.media_types:
                try:
                    return self._bounded(parser.parse(path, name))
                except ParseFailed as error:
                    errors.append(error)
        # The first parser is the one that should have managed; its reason is the one to show.
        if errors and not isinstance(errors[0], Textless):
            raise errors[0]
        return Document(title=name, elements=(), unread=tuple(map(str, errors[:1])))

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
        reading = [adapter for adapter in self._adapters if media_type in adapter.media_types]
        if not reading:
            return ""
        made = f"{'|'.join(each.name for each in reading)} {VERSION} {self._packer.name} {self._characters}"
        opens = any(isinstance(each, Container) for each in reading)
        return f"{made} {self._limits.total} {self._limits.parts} {self._limits.depth}" if opens else made


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
        reason=answer["reason"],
        twin=answer["twin"],
        parts=[_part(*part) for part in answer["parts"]],
        passages=[
            Passage(text=text, context=context, tokens=tokens, kind=kind, anchors=read_anchors(anchors))
            for text, context, tokens, kind, anchors in answer["passages"]
        ],
    )


def _unread(state: str, reason: str, media_type: str, recipe: str | None) -> dict[str, Any]:
    return {"unread": state, "reason": reason, "media_type": media_type, "recipe": recipe}


def _called(name: str) -> str:
    """Return a file's name as words."""
    return " ".join(re.split(r"[\W_]+", PurePosixPath(name).stem))


def _why(document: Document) -> str:
    return "; ".join(document.unread) if document.unread else "it has no text"


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _changed(path: Path, before: os.stat_result) -> bool:
    try:
        now = path.stat()
    except OSError:
        return True
    return (now.st_mtime_ns, now.st_size) != (before.st_mtime_ns, before.st_size)


def _message(document: Document, passages: Sequence[Passage], parts: Sequence[Part]) -> dict[str, Any]:
    return {
        "title": document.title,
        "metadata": dict(document.metadata),
        "language": document.language,
        "pages": document.pages,
        "reason": "; ".join(document.unread) or None,
        "twin": _twin(passages),
        "parts": [[p.name, p.key, p.size, p.modified.isoformat() if p.modified else None] for p in parts],
        "passages": [[p.text, p.context, p.tokens, p.kind, write_anchors(p.anchors)] for p in passages],
    }


def _twin(passages: Sequence[Passage]) -> str | None:
    """Return a digest of the words alone: the same for texts that differ in spaces, case and signs."""
    digest = sha256()
    for passage in passages:
        for word in _WORD.findall(passage.text.casefold()):
            digest.update(word.encode(errors="replace") + b" ")
    return digest.hexdigest()[:32] if passages else None


def _part(name: str, key: str, size: int | None, modified: str | None) -> Part:
    return Part(
        name=name, key=key, size=size, modified=datetime.fromisoformat(modified) if modified else None
    )
