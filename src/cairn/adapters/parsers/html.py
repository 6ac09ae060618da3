"""Web pages: the main text by trafilatura, or all that shows where it finds none.

Knows no style sheet, script or network: nothing a page refers to is fetched. Places are told by
the headings above, for a page has no lines a reader could look up.
"""

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from lxml.html import HTMLParser, fromstring

from cairn.adapters.parsers import language, tidy
from cairn.adapters.parsers.text import decode, untagged
from cairn.errors import Textless
from cairn.protocols import Parser
from cairn.types import Document, Element, ElementKind, Locator

Node = Any
"""An lxml element: lxml is trafilatura's, and has no types of its own."""

_CHARSET = re.compile(rb"""(?:charset|encoding)\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{2,30})""")
_UNSEEN = """script style noscript template title meta link iframe object svg math canvas audio video select
button textarea datalist base graphic img input"""
_HIDDEN = frozenset(_UNSEEN.split())
_ASIDE = frozenset({"nav", "footer", "aside", "form", "menu", "dialog"})
_KINDS: dict[ElementKind, str] = {
    "list_item": "item li dd dt",
    "code": "code pre",
    "caption": "figcaption caption",
    "paragraph": """html body p div section article main aside nav header footer address blockquote quote list
    ul ol dl details summary figure fieldset form table tbody thead tfoot row tr cell td th hr center""",
}
_BLOCK = {tag: kind for kind, tags in _KINDS.items() for tag in tags.split()}
_LINE_END = "\x1e"
"""What stands for ``br`` in collected text; no parsed page can hold it."""
_HEADING = re.compile(r"h([1-6])")
_MOST_NODES = 50_000
_LASTING = ("quote", "footnote")
"""Kinds that all blocks within a node of that kind have too, its headings among them."""

Kinds = Callable[[Node], ElementKind | None]
"""Says of a node that it is a block of another kind than its tag tells: a quote, a footnote."""


def _as_tagged(node: Node) -> ElementKind | None:
    return None


class _Walk:
    """Turns a tree, trafilatura's or a page's, into elements, in one pass without recursion."""

    def __init__(self, hidden: frozenset[str] = _HIDDEN, kinds: Kinds = _as_tagged) -> None:
        self._hidden = hidden
        self._given = kinds
        self.elements: list[Element] = []
        self._words: list[str] = []
        self._kinds: list[ElementKind] = ["paragraph"]
        self._blocks: list[Node] = []
        self._path: list[tuple[int, str]] = []

    def walk(self, root: Node) -> list[Element]:
        """Return the elements below ``root`` in reading order."""
        stack: list[tuple[Node, bool]] = [(root, False)]
        while stack:
            node, is_left = stack.pop()
            if is_left:
                self._leave(node)
            elif not self._is_hidden(node) and self._enter(node):
                stack.append((node, True))
                stack.extend((child, False) for child in reversed(node))
                continue
            if node is not root and node.tail:
                self._words.append(node.tail)
        self._flush()
        return self.elements

    def _is_hidden(self, node: Node) -> bool:
        return not isinstance(node.tag, str) or node.tag in self._hidden or node.get("hidden") is not None

    def _enter(self, node: Node) -> bool:
        """Begin a node; False if it is done already, with all that is in it."""
        kind, level = self._kind(node), _level(node)
        if level and kind not in _LASTING:
            self._flush()
            self._heading(tidy.flat(_text(node)), level)
            return False
        if node.tag == "table" and (made := _table(node, self._locator())) is not None:
            self._flush()
            self.elements.append(made)
            return False
        if node.tag in ("br", "lb"):
            self._words.append(_LINE_END)
        elif kind is not None:
            self._flush()
            self._kinds.append(kind)
            self._blocks.append(node)
        if node.text:
            self._words.append(node.text)
        return True

    def _kind(self, node: Node) -> ElementKind | None:
        """Return what kind of block a node is; None of what stands within a line."""
        given = self._given(node)
        is_block = node.tag in _BLOCK and not (node.tag == "code" and _is_inline(node))
        if self._kinds[-1] in _LASTING and (given is not None or is_block or _level(node)):
            return self._kinds[-1]
        return given if given is not None or not is_block else _BLOCK[node.tag]

    def _leave(self, node: Node) -> None:
        if self._blocks and self._blocks[-1] is node:
            self._flush()
            self._kinds.pop()
            self._blocks.pop()

    def _locator(self) -> Locator:
        return Locator(heading=tuple(text for _, text in self._path))

    def _heading(self, text: str, level: int) -> None:
        if text:
            self._path = [(above, words) for above, words in self._path if above < level]
            self.elements.append(tidy.whole("heading", text, self._locator(), level=level))
            self._path.append((level, text))

    def _flush(self) -> None:
        """End the block that was being read, if it has words."""
        raw, kind = "".join(self._words), self._kinds[-1]
        self._words = []
        text = _code(raw) if kind == "code" else _lines(raw)
        if text:
            self.elements.append(tidy.whole(kind, text, self._locator()))


def _is_inline(node: Node) -> bool:
    """Tell a word of code in a sentence from a block of it."""
    parent = node.getparent()
    return parent is not None and parent.tag not in ("body", "div", "section", "article", "quote")


def _level(node: Node) -> int:
    """Return a heading's level; 0 of anything else."""
    if node.tag == "head":
        found = _HEADING.fullmatch(node.get("rend", ""))
        return int(found[1]) if found is not None else 2
    found = _HEADING.fullmatch(node.tag)
    return int(found[1]) if found is not None else 0


def _code(raw: str) -> str:
    text = tidy.clean(raw.replace(_LINE_END, "\n"))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def _lines(raw: str) -> str:
    """Return running text: a break in the source is a space, a break in the page (``br``) a line end."""
    return "\n".join(filter(None, map(tidy.flat, raw.split(_LINE_END))))


def _text(node: Node) -> str:
    """Return all words in a node but those that never show."""
    words: list[str] = []
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        at, is_left = stack.pop()
        if is_left or not isinstance(at.tag, str) or at.tag in _HIDDEN:
            words.append(at.tail if at.tail and at is not node else "")
            continue
        words.append(" " if at.tag in _BLOCK or at.tag in ("br", "lb") else "")
        words.append(at.text if at.text else "")
        stack.append((at, True))
        stack.extend((child, False) for child in reversed(at))
    return "".join(words)


def _table(node: Node, locator: Locator) -> Element | None:
    """Make a table of a node; None of one that only lays out the page."""
    if next(node.iterdescendants("table"), None) is not None:
        return None
    rows = [[cell for cell in row if cell.tag in ("cell", "td", "th")] for row in node.iter("row", "tr")]
    made = [tidy.Row([tidy.flat(_text(cell)) for cell in row], locator) for row in rows]
    if not any(len(row) > 1 for row in rows):
        return None
    caption = 1 if len(rows[0]) == 1 else 0
    header = caption
    while header < len(rows) - 1 and rows[header] and all(map(_is_head, rows[header])):
        header += 1
    return tidy.table(made, header)


def _is_head(cell: Node) -> bool:
    return bool(cell.tag == "th" or cell.get("role") == "head")


def tree(text: str) -> Node | None:
    """Parse a page; None if the parser had to give up on a part of it."""
    parser = HTMLParser(
        huge_tree=True, collect_ids=False, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        root = fromstring(text.encode("utf-8", "replace"), parser=parser)
    except Exception:  # lxml raises ParserError, ValueError and more for what is no page
        return None
    is_cut = any("RESOURCE_LIMIT" in entry.type_name for entry in parser.error_log)
    return None if is_cut else root


def shown(root: Node, kinds: Kinds = _as_tagged, hidden: Iterable[str] = ()) -> list[Element]:
    """Return all that a page shows, no main text chosen, but for the tags ``hidden``."""
    return _Walk(_HIDDEN.union(hidden), kinds).walk(next(root.iter("body"), root))


def words(node: Node) -> str:
    """Return what a node shows, on one line."""
    return tidy.flat(_text(node))


def placed(elements: Iterable[Element]) -> Iterator[Element]:
    """Yield elements, every Locator with the headings above and their number from 1 as paragraph."""
    path: list[tuple[int, str]] = []
    for number, item in enumerate(elements, 1):
        if item.kind == "heading":
            path = [(level, text) for level, text in path if level < item.level]
        above = tuple(text for _, text in path)
        anchors = tuple(
            anchor._replace(locator=replace(anchor.locator, heading=above, paragraphs=(number, number)))
            for anchor in item.anchors
        )
        yield replace(item, anchors=anchors)
        if item.kind == "heading":
            path.append((item.level, item.text))


def _main(tree: Node) -> list[Element]:
    """Return what trafilatura takes for the main text, or else all that shows."""
    found = _extracted(tree)
    elements = _Walk().walk(found) if found is not None else []
    body = next(tree.iter("body"), tree)
    for hidden in (_HIDDEN | _ASIDE, _HIDDEN):
        if not any(item.kind != "heading" for item in elements):
            elements = _Walk(hidden).walk(body)
    return elements


def _extracted(tree: Node) -> Node | None:
    """Return trafilatura's body; None if it found nothing, or only an unordered heap of lines."""
    if sum(1 for _ in tree.iter()) > _MOST_NODES:
        return None
    try:
        # Takes a quarter of a second to import, which a parse process without web pages need not wait for.
        from trafilatura import bare_extraction

        found = bare_extraction(tree, include_comments=False, include_formatting=False)
    except (RecursionError, TypeError, ValueError, AttributeError, IndexError, KeyError):
        return None  # a defect of the extraction on odd pages
    body = found.body if found is not None and not isinstance(found, dict) else None
    is_heap = body is not None and len(body) == 1 and body[0].tag == "p" and "\n" in str(body[0].text)
    return None if is_heap else body


def bare(text: str) -> list[Element]:
    """Return the words of a page that no parser can take, a paragraph a line."""
    lines = map(tidy.flat, untagged(text).split("\n"))
    return [tidy.whole("paragraph", line, Locator()) for line in lines if line]


_STATED = (
    ("author", "author article:author dc.creator dcterms.creator"),
    ("created", "article:published_time date dc.date dcterms.created datepublished pubdate"),
    ("modified", "article:modified_time last-modified dcterms.modified datemodified"),
    ("description", "description og:description dc.description twitter:description"),
    ("tags", "keywords article:tag news_keywords"),
    ("publisher", "og:site_name publisher dc.publisher"),
)


class _Said(NamedTuple):
    """What a page says of itself."""

    titles: list[str | None]
    metadata: dict[str, str]
    language: str | None


def _said(tree: Node) -> _Said:
    """Read the head of a page: titles, ``meta`` elements (the first of each name) and language."""
    said: dict[str, str] = {}
    for node in tree.iter("meta"):
        name = node.get("property", node.get("name", node.get("itemprop")))
        if name and node.get("content"):
            said.setdefault(name.lower(), node.get("content"))
    stated = tidy.metadata((key, said.get(name)) for key, names in _STATED for name in names.split())
    for key in stated.keys() & {"created", "modified"}:
        day = tidy.iso_date(stated[key])
        stated[key] = day if day is not None else stated[key]
    if "tags" in stated:
        stated["tags"] = tidy.tags(stated["tags"])
    return _Said(list(_titles(tree, said)), stated, _declared(tree, said))


def _titles(tree: Node, said: dict[str, str]) -> Iterator[str | None]:
    yield said.get("og:title")
    for tag in ("title", "h1"):
        node = next(tree.iter(tag), None)
        yield "".join(node.itertext()) if node is not None else None


def _declared(tree: Node, said: dict[str, str]) -> str | None:
    """Return the language the page says it is in."""
    stated = (tree.get("lang"), tree.get("xml:lang"), said.get("og:locale"))
    found = next((text.strip().lower() for text in stated if text), "")
    return found[:2] if re.fullmatch(r"[a-z]{2}([-_].*)?", found) else None


class WebPage:
    """Reads HTML files."""

    name = "html/1"
    media_types = frozenset({"text/html", "application/xhtml+xml"})

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is binary or shows no words."""
        return page(tidy.read(path), name)


def source(data: bytes, charset: str | None = None) -> str:
    """Return a page's text, in ``charset`` if it says none; raises ParseFailed if it is binary."""
    stated = _CHARSET.search(data[:4096])
    return decode(data, stated[1].decode("ascii") if stated is not None else charset)


def page(data: bytes, name: str, charset: str | None = None) -> Document:
    """Read a page, in ``charset`` if it says none; raises ParseFailed if it is binary or shows no words."""
    text = source(data, charset)
    root = tree(text)
    if root is None:
        return _document(bare(text), _Said([], {}, None), name)
    return _document(_main(root), _said(root), name)


def _document(elements: list[Element], page: _Said, name: str) -> Document:
    if not elements:
        raise Textless("no text in it")
    found = language.detect(tidy.sample(elements))
    return Document(
        title=tidy.titled(page.titles, elements, name),
        elements=tuple(elements),
        metadata=page.metadata,
        language=found if found is not None else page.language,
    )


def load(rest: str) -> Parser:
    """Build the parser of web pages; it takes no argument."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    return WebPage()
