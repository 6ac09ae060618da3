"""Presentations (PPTX): the slides in the order they are shown, hidden ones too, with the speaker's notes.

Read directly from the XML. Knows nothing of comments, animation and macros, and follows no link to
outside; what is on a slide, ``slides`` knows.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from cairn.adapters.parsers import language, slides, tidy, zipped
from cairn.adapters.parsers.slides import Frame, Node
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, Locator

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_MOST = 64 * 1024 * 1024
"""Bytes that one part may unpack to: a slide's XML is far smaller, and its tree far larger."""
_ALL = 8 * _MOST
_SLIDE = re.compile(r"ppt/slides/slide(\d{1,9})\.xml")
_STATED = (
    ("author", "creator"),
    ("created", "created"),
    ("modified", "modified"),
    ("tags", "keywords"),
    ("description", "description"),
)


class _Link(NamedTuple):
    kind: str
    """The last word of the relationship's type: ``slide``, ``notesSlide``, ``chart``."""
    target: str
    """The name of the part."""


class _Package:
    """The parts of a presentation and how they refer to each other."""

    def __init__(self, archive: zipped.Zipped) -> None:
        self._archive = archive
        self._given: set[str] = set()
        self._frames: dict[str, tuple[Frame, str]] = {}
        self._room = _ALL
        self.unread: list[str] = []

    def xml(self, name: str) -> Node | None:
        """Return a part's root; None, with a line in ``unread``, if it cannot be read."""
        try:
            data = self._archive.read(name, min(_MOST, self._room))
            self._room -= len(data)
            return zipped.xml(data, name)
        except ParseFailed as error:
            self.unread.append(f"{name}: {error}")
            return None

    def once(self, name: str) -> Node | None:
        """Return a part's root the first time it is asked for."""
        if not name or name in self._given:
            return None
        self._given.add(name)
        return self.xml(name)

    def links(self, part: str) -> dict[str, _Link]:
        """Return what a part refers to within the file, by key."""
        folder, name = posixpath.split(part)
        rels = posixpath.join(folder, "_rels", f"{name}.rels")
        root = self.xml(rels) if rels in self._archive.names else None
        found = {}
        for node in root.iter("{*}Relationship") if root is not None else ():
            if node.get("TargetMode") != "External":
                target = posixpath.normpath(posixpath.join("/", folder, unquote(node.get("Target", ""))))
                found[node.get("Id", "")] = _Link(node.get("Type", "").rpartition("/")[2], target.lstrip("/"))
        return found

    def slides(self) -> list[str]:
        """Return the names of the slides as they are shown; by file name where the list is missing."""
        main = _target(self.links(""), "officeDocument")
        main = main if main in self._archive.names else "ppt/presentation.xml"
        root = self.xml(main) if main in self._archive.names else None
        links = self.links(main)
        shown = []
        for node in root.iterfind("{*}sldIdLst/{*}sldId") if root is not None else ():
            key = next((value for name, value in node.attrib.items() if name.endswith("}id")), "")
            if key in links:
                shown.append(links[key].target)
        numbered = (
            (int(found[1]), found[0]) for name in self._archive.names if (found := _SLIDE.fullmatch(name))
        )
        return list(dict.fromkeys(shown)) if shown else [name for _, name in sorted(numbered)]

    def frames(self, links: dict[str, _Link]) -> list[Frame]:
        """Return a slide's layout and master."""
        frames = []
        name = _target(links, "slideLayout")
        for _ in range(2):
            if not name or name not in self._archive.names:
                break
            if name not in self._frames:
                above = _target(self.links(name), "slideMaster")
                self._frames[name] = (Frame(self.xml(name)), above)
            frame, name = self._frames[name]
            frames.append(frame)
        return frames

    def core(self) -> Node | None:
        """Return the root of the document's properties."""
        named = _target(self.links(""), "core-properties")
        name = next((name for name in (named, "docProps/core.xml") if name in self._archive.names), "")
        return self.xml(name) if name else None


def _target(links: dict[str, _Link], kind: str) -> str:
    return next((link.target for link in links.values() if link.kind == kind), "")


def _slide(package: _Package, name: str, number: int) -> Iterator[Element]:
    root = package.once(name)
    if root is None:
        return
    links = package.links(name)

    def part(key: str) -> Node | None:
        return package.once(links[key].target) if key in links else None

    elements, unread = slides.read(slides.Slide(root, number, package.frames(links), part))
    notes = list(_notes(package, _target(links, "notesSlide"), number, _path(elements, number)))
    if notes and not elements:
        at = Locator(slide=number)
        elements = [tidy.whole("heading", f"Slide {number}", at, level=1)]
    package.unread += unread
    yield from elements
    yield from notes


def _path(elements: list[Element], number: int) -> tuple[str, ...]:
    return (elements[0].text if elements else f"Slide {number}",)


def _notes(package: _Package, name: str, number: int, path: tuple[str, ...]) -> Iterator[Element]:
    """Yield what the speaker noted; the picture of the slide and running lines are left out."""
    root = package.once(name)
    at = Locator(slide=number, shape="notes", heading=path)
    for shape in root.iter("{*}sp") if root is not None else ():
        place = slides.placeholder(shape)
        if place is None or place.kind in ("body", "obj"):
            for text in map(slides.words, shape.iterfind("{*}txBody/{*}p")):
                if text:
                    yield tidy.whole("paragraph", text, at)


def _said(core: Node | None) -> tuple[str | None, dict[str, str]]:
    """Return the title and the metadata that the file states."""
    if core is None:
        return None, {}
    stated = tidy.metadata((key, core.findtext(f"{{*}}{name}")) for key, name in _STATED)
    for key in stated.keys() & {"created", "modified"}:
        day = tidy.iso_date(stated[key])
        stated[key] = day if day is not None else stated[key]
    if "tags" in stated:
        stated["tags"] = tidy.tags(stated["tags"])
    title: str | None = core.findtext("{*}title")
    return title, stated


class Slides:
    """Reads PPTX files: presentations, shows and those with macros, which are not run."""

    name = "pptx/1"
    media_types = frozenset(
        {
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
            "application/vnd.openxmlformats-officedocument.presentationml.template",
            "application/vnd.ms-powerpoint.presentation.macroenabled.12",
            "application/vnd.ms-powerpoint.slideshow.macroenabled.12",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is locked, damaged or has no text."""
        _check(path)
        with zipped.unzip(path) as archive:
            package = _Package(archive)
            shown = package.slides()
            if not shown:
                raise ParseFailed("it is damaged: there are no slides in it")
            elements = tuple(
                element for at, part in enumerate(shown, 1) for element in _slide(package, part, at)
            )
            title, metadata = _said(package.core())
        if not elements:
            raise _nothing(package.unread)
        found = language.detect(tidy.sample(elements))
        return Document(
            title=tidy.titled((title,), elements, name),
            elements=elements,
            metadata=metadata,
            language=found,
            pages=len(shown),
            unread=tuple(dict.fromkeys(package.unread)),
        )


def _nothing(unread: list[str]) -> ParseFailed:
    """Say why there is no text: the slides are pictures, or damaged."""
    pictures = sum(line.endswith("needs OCR") for line in unread)
    if pictures:
        return Textless("needs OCR: its slides are pictures")
    return ParseFailed(f"it is damaged: {unread[0]}") if unread else Textless("no text in it")


def _check(path: Path) -> None:
    """Refuse what is empty, or is locked in the way Office locks its files."""
    data = tidy.read(path)
    if data.startswith(_OLE) and _LOCKED in data:
        raise ParseFailed("it is protected by a password")


def load(rest: str) -> Parser:
    """Build the parser of presentations; it takes no argument."""
    return Slides()
