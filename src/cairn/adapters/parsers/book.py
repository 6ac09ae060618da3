"""What an EPUB says of itself: its chapters in reading order, its table of contents, its metadata.

Knows nothing of what the chapters say. A name in it is only ever a member of the same archive.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from cairn.adapters.parsers import html, tidy
from cairn.adapters.parsers.text import untagged
from cairn.adapters.parsers.zipped import Node, Zipped
from cairn.errors import ParseFailed

_CONTAINER = "META-INF/container.xml"
_LOCKS = "META-INF/encryption.xml"
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml", "text/x-oeb1-document")
_YEAR = re.compile(r"\d{4}(-\d\d)?")
_MOST_ENTRIES = 20_000


class Chapter(NamedTuple):
    """One file of the book's text."""

    name: str
    """Its member."""
    is_contents: bool
    """Whether it holds the book's own table of contents."""


class Entry(NamedTuple):
    """A line of the table of contents."""

    label: str
    level: int
    """From 1."""
    name: str
    """The member it leads to, and the id there; empty for its beginning."""
    id: str


class Book(NamedTuple):
    """A book's parts."""

    title: str
    metadata: dict[str, str]
    language: str | None
    chapters: list[Chapter]
    contents: list[Entry]
    unread: list[str]


class _Item(NamedTuple):
    name: str
    kind: str
    properties: list[str]


def local(node: Node) -> str:
    """Return a node's tag without its namespace; empty for what is no element."""
    return node.tag.rpartition("}")[2] if isinstance(node.tag, str) else ""


def nested(root: Node, tag: str) -> Iterator[tuple[int, Node]]:
    """Yield every node with how many nodes of ``tag`` it stands in, itself included, in order."""
    stack = [(0, root)]
    while stack:
        depth, node = stack.pop()
        depth += local(node) == tag
        yield depth, node
        stack.extend((depth, child) for child in reversed(node))


def types(node: Node) -> set[str]:
    """Return what an element of a page says it is."""
    return {*node.get("epub:type", "").split(), *node.get("role", "").replace("doc-", "").split()}


def member(base: str, href: str) -> tuple[str, str]:
    """Return the member and the id there that ``href`` in the member ``base`` leads to."""
    path, _, at = href.partition("#")
    name = posixpath.normpath(posixpath.join(posixpath.dirname(base), unquote(path))) if path else base
    return name, unquote(at)


def opened(archive: Zipped) -> Book:
    """Read a book's package; raises ParseFailed if it is damaged or locked."""
    where = _package(archive)
    package = archive.xml(where)
    items = _items(package, where)
    chapters, unread = _chapters(archive, package, items, _guided(package, where))
    _check_locks(archive, chapters)
    stated = _stated(package)
    languages = [
        text.lower()[:2] for text in stated.get("language", ()) if re.match("[A-Za-z]{2}([-_]|$)", text)
    ]
    return Book(
        title=next(iter(stated.get("title", ())), ""),
        metadata=_metadata(package, stated),
        language=languages[0] if languages else None,
        chapters=chapters,
        contents=_contents(archive, items),
        unread=unread,
    )


def _package(archive: Zipped) -> str:
    """Return the member that lists the others."""
    root = archive.find_xml(_CONTAINER)
    found = (
        [node.get("full-path", "") for node in root.iter() if local(node) == "rootfile"]
        if root is not None
        else []
    )
    others = sorted(name for name in archive.names if name.lower().endswith(".opf"))
    name: str | None = next((name for name in (*found, *others) if name in archive.names), None)
    if name is None:
        raise ParseFailed("it is damaged: the list of its chapters is missing")
    return name


def _items(package: Node, where: str) -> dict[str, _Item]:
    return {
        node.get("id", ""): _Item(
            member(where, node.get("href", ""))[0],
            node.get("media-type", ""),
            node.get("properties", "").split(),
        )
        for node in package.iter()
        if local(node) == "item"
    }


def _guided(package: Node, where: str) -> set[str]:
    """Return the members that the guide of an older book calls its table of contents."""
    found = (
        member(where, node.get("href", ""))
        for node in package.iter()
        if local(node) == "reference" and node.get("type") == "toc"
    )
    return {name for name, at in found if not at}


def _chapters(
    archive: Zipped, package: Node, items: dict[str, _Item], guided: set[str]
) -> tuple[list[Chapter], list[str]]:
    """Return the chapters in reading order, and why others are none."""
    named = [node.get("idref", "") for node in package.iter() if local(node) == "itemref"]
    chapters: dict[str, Chapter] = {}
    unread = []
    for key in dict.fromkeys(named if named else items):
        item = items.get(key)
        if item is None or item.name not in archive.names:
            unread.append(f"the chapter {(item.name if item is not None else key)[:200]!r} is missing")
        elif item.kind in _PAGES or item.name.lower().endswith((".xhtml", ".html", ".htm")):
            is_contents = "nav" in item.properties or item.name in guided
            chapters[item.name] = Chapter(item.name, is_contents)
        elif named:
            unread.append(f"the page {item.name[:200]!r} is a picture or of an unknown kind")
    return list(chapters.values()), unread[:100]


def _check_locks(archive: Zipped, chapters: list[Chapter]) -> None:
    """Raise ParseFailed if chapters are encrypted; books encrypt fonts, too, which says nothing."""
    locks = archive.find_xml(_LOCKS)
    if locks is None:
        return
    locked = {unquote(node.get("URI", "")) for node in locks.iter() if local(node) == "CipherReference"}
    if any(chapter.name in locked for chapter in chapters):
        raise ParseFailed("it is protected by digital rights management (DRM)")


def _stated(package: Node) -> dict[str, list[str]]:
    """Return what stands in the package's Dublin Core elements, by name."""
    stated: dict[str, list[str]] = {}
    for node in package.iter():
        if isinstance(node.tag, str) and "purl.org/dc/" in node.tag.lower() and node.text:
            event = next((value for key, value in node.attrib.items() if key.endswith("event")), "")
            name = f"{local(node).lower()} {event}".strip()
            stated.setdefault(name, []).append(tidy.flat("".join(node.itertext())))
    return stated


def _metadata(package: Node, stated: dict[str, list[str]]) -> dict[str, str]:
    changed = (
        node.text
        for node in package.iter()
        if local(node) == "meta" and node.get("property") == "dcterms:modified"
    )
    published = [
        text for name in ("date", "date publication", "date creation") for text in stated.get(name, ())
    ]
    modified = [*changed, *stated.get("date modification", ())]
    described = " ".join(stated.get("description", ()))
    return tidy.metadata(
        (
            ("author", ", ".join(dict.fromkeys(stated.get("creator", ())))),
            ("created", next(filter(None, map(_day, published)), None)),
            ("modified", next(filter(None, map(_day, modified)), None)),
            ("tags", ", ".join(dict.fromkeys(map(tidy.tags, stated.get("subject", ()))))),
            ("description", untagged(described)),
            ("publisher", next(iter(stated.get("publisher", ())), None)),
        )
    )


def _day(text: str | None) -> str | None:
    if text is None or _YEAR.fullmatch(text.strip()):
        return text
    return tidy.iso_date(text)


def _contents(archive: Zipped, items: dict[str, _Item]) -> list[Entry]:
    """Return the table of contents, of EPUB 3 or 2; what is damaged of it is left out."""
    ways = (
        *((item.name, _navigated) for item in items.values() if "nav" in item.properties),
        *((item.name, _controlled) for item in items.values() if item.kind == "application/x-dtbncx+xml"),
    )
    for name, way in ways:
        try:
            entries = [entry for entry in way(archive, name) if entry.label]
        except ParseFailed:
            continue
        if entries:
            return entries[:_MOST_ENTRIES]
    return []


def _navigated(archive: Zipped, name: str) -> Iterator[Entry]:
    root = html.tree(html.source(archive.read(name)))
    lists = root.iter("nav") if root is not None else ()
    nav = next((node for node in lists if "toc" in types(node)), None)
    for depth, node in nested(nav, "ol") if nav is not None else ():
        if node.tag == "a" and node.get("href"):
            yield Entry(html.words(node), max(depth, 1), *member(name, node.get("href")))


def _controlled(archive: Zipped, name: str) -> Iterator[Entry]:
    for depth, node in nested(archive.xml(name), "navPoint"):
        if local(node) == "navPoint":
            parts = {local(child): child for child in reversed(node)}
            if "navLabel" in parts and "content" in parts:
                label = tidy.flat("".join(parts["navLabel"].itertext()))
                yield Entry(label, depth, *member(name, parts["content"].get("src", "")))
