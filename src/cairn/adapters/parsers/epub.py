"""Books (EPUB): all chapters in reading order, levelled by the table of contents, notes where they belong.

Knows no pictures but what is said of them, no style sheet and no script. Notes are those that the book
marks as such (``epub:type``); a book protected by DRM cannot be read.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from cairn.adapters.parsers import book, html, language, tidy
from cairn.adapters.parsers.book import Book, Chapter, Entry
from cairn.adapters.parsers.zipped import Node, Zipped, unzip
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, ElementKind, Locator

_MOST_CHAPTER = 32 * 1024 * 1024
_MOST = 200 * 1024 * 1024
"""Bytes of one chapter, and of all."""
_NOTES = {"footnote", "endnote", "rearnote"}
_BACK = {"backlink", "referrer"}
_MARK = re.compile("\ue000([TRN])(\\d+)\ue001")
"""In collected text: an entry of the table of contents leads here, a note is referred to, or begins."""
_OWN = re.compile("[\ue000\ue001]")
_SAYS_NOTHING = re.compile(r"(cover|image|illustration|picture|figure|title page|\W|\d)*", re.IGNORECASE)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_ORNAMENT = re.compile(r"[\s.,;:*_~=#|\u2022\u2013\u2014-]*")
_LOWEST = 9
_WORD = re.compile(r"\w+")


class _Marks:
    """Numbers for notes, and for entries of the table of contents, by where they stand."""

    def __init__(self, contents: Iterable[Entry]) -> None:
        self.entries: list[Entry] = []
        self.targets: dict[tuple[str, str], int] = {}
        for entry in contents:
            if (entry.name, entry.id) not in self.targets:
                self.targets[entry.name, entry.id] = len(self.entries)
                self.entries.append(entry)
        self._notes: dict[tuple[str, str], int] = {}

    def note(self, kind: str, at: tuple[str, str]) -> str:
        """Return the mark of a note, or of a reference to it."""
        return f"\ue000{kind}{self._notes.setdefault(at, len(self._notes))}\ue001"


def _chapter(data: bytes, chapter: Chapter, marks: _Marks) -> list[Element]:
    """Return a chapter's elements, marks in their texts; raises ParseFailed if it is binary."""
    source = _OWN.sub("", html.source(data))
    root = html.tree(source)
    if root is None:
        return html.bare(source)
    if chapter.is_contents and _is_list_of_links(root):
        return []
    _mark(root, chapter.name, marks)
    found = html.shown(root, _noted, ("nav",) if chapter.is_contents else ())
    entry = marks.targets.get((chapter.name, ""))
    return found if entry is None else [tidy.whole("paragraph", f"\ue000T{entry}\ue001", Locator()), *found]


def _is_list_of_links(root: Node) -> bool:
    body = next(root.iter("body"), root)
    linked = sum(len(html.words(node)) for node in body.iter("a"))
    return linked * 2 > len(html.words(body))


def _noted(node: Node) -> ElementKind | None:
    return "footnote" if _NOTES & book.types(node) else None


def _mark(root: Node, name: str, marks: _Marks) -> None:
    """Put marks into a page's text, and what is said of pictures."""
    for tables, node in list(book.nested(root, "table")):
        if not isinstance(node.tag, str):
            continue
        if node.tag in ("img", "math"):
            _describe(node)
            continue
        kinds, own = book.types(node), node.get("id", node.get("name", ""))
        if kinds & _BACK:
            _clear(node, "")
        elif "noteref" in kinds and not tables:
            label = html.words(node)
            shown = f"[{label}]" if label.isalnum() and len(label) <= 4 else label
            _clear(node, shown + marks.note("R", book.member(name, node.get("href", ""))))
        elif own and not tables:
            target = marks.targets.get((name, own))
            made = f"\ue000T{target}\ue001" if target is not None else ""
            made += marks.note("N", (name, own)) if kinds & _NOTES else ""
            node.text = made + (node.text if node.text else "") if made else node.text


def _clear(node: Node, text: str) -> None:
    for child in list(node):
        node.remove(child)
    node.text = text


def _describe(node: Node) -> None:
    """Let what is said of a picture stand for it: a caption, in a heading or as an initial its text."""
    if node.tag == "math":
        said = node.get("alttext", "")
        _clear(node, said if said.strip() else " ".join("".join(node.itertext()).split()))
        node.tag = "span"
        return
    said = tidy.flat(node.get("alt", ""))
    above = [parent.tag for _, parent in zip(range(4), node.iterancestors(), strict=False)]
    if len(said) == 1 or _HEADINGS.intersection(above):
        node.tag, node.text = "span", said
    elif " " in said and _SAYS_NOTHING.fullmatch(said) is None:
        node.tag, node.text = "figcaption", f"Figure: {said}"


def _bare(item: Element) -> Element | None:
    """Return an element without marks; None if nothing else is in it but stops and ornaments."""
    text = _MARK.sub("", item.text).strip()
    if _ORNAMENT.fullmatch(text) is not None:
        return None
    return item if text == item.text else tidy.whole(item.kind, text, Locator(), level=item.level)


def _levelled(elements: Iterable[Element], marks: _Marks) -> Iterator[Element]:
    """Yield elements, headings at the level of the table of contents, those it alone has added."""
    shift, due = 0, -1
    for item in elements:
        targets = [int(number) for kind, number in _MARK.findall(item.text) if kind == "T"]
        due = targets[0] if targets else due
        is_empty = _bare(item) is None
        if item.kind == "heading" and not is_empty:
            shift = marks.entries[due].level - item.level if due >= 0 else shift
            due = -1
            item = replace(item, level=min(max(item.level + shift, 1), _LOWEST))
        elif due >= 0 and not is_empty:
            entry, due = marks.entries[due], -1
            level = min(entry.level, _LOWEST)
            if _WORD.findall(entry.label.casefold()) == _WORD.findall(_MARK.sub("", item.text).casefold()):
                item = tidy.whole("heading", item.text, Locator(), level=level)
            else:
                yield tidy.whole("heading", entry.label, Locator(), level=level)
        if not is_empty or "N" in (kind for kind, _ in _MARK.findall(item.text)):
            yield item


def _settled(elements: list[Element]) -> Iterator[Element]:
    """Yield elements without marks, each note after what first refers to it, others where they stand."""
    notes: dict[str, list[Element]] = {}
    kept: list[tuple[Element, str]] = []
    note = ""
    for item in elements:
        found = dict(_MARK.findall(item.text))
        note = found.get("N", note) if item.kind == "footnote" else ""
        bare = _bare(item)
        if note and bare is not None:
            notes.setdefault(note, []).append(bare)
        kept.append((item, note))
    referred = {n for item, at in kept if not at for kind, n in _MARK.findall(item.text) if kind == "R"}
    for item, at in kept:
        if at in referred:
            continue
        bare = _bare(item)
        if bare is not None:
            yield bare
        for kind, number in _MARK.findall(item.text):
            if kind == "R" and not at:
                yield from notes.pop(number, ())


class Epub:
    """Reads EPUB books."""

    name = "epub/1"
    media_types = frozenset({"application/epub+zip"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the book at ``path``; raises ParseFailed if it is damaged, locked or has no text."""
        with unzip(path) as archive:
            found = book.opened(archive)
            marks = _Marks(found.contents)
            elements, unread = _read(archive, found, marks)
        placed = tuple(html.placed(_settled(list(_levelled(elements, marks)))))
        if not placed:
            raise ParseFailed(unread[0]) if unread else Textless("no text in it")
        told = language.detect(tidy.sample(placed))
        return Document(
            title=tidy.titled((found.title,), placed, name),
            elements=placed,
            metadata=found.metadata,
            language=told if told is not None else found.language,
            unread=tuple(unread),
        )


def _read(archive: Zipped, found: Book, marks: _Marks) -> tuple[list[Element], list[str]]:
    """Return the elements of all chapters, and what could not be read."""
    elements: list[Element] = []
    unread = list(found.unread)
    size = 0
    for chapter in found.chapters:
        try:
            data = archive.read(chapter.name, _MOST_CHAPTER)
            size += len(data)
            if size > _MOST:
                unread.append(
                    f"the chapters from {chapter.name!r} on: all have more than {_MOST / 1e6:,.0f} MB"
                )
                break
            elements += _chapter(data, chapter, marks)
        except ParseFailed as error:
            unread.append(f"the chapter {chapter.name!r} cannot be read: {error}")
    return elements, unread


def load(rest: str) -> Parser:
    """Build the parser of books; it takes no argument."""
    return Epub()
