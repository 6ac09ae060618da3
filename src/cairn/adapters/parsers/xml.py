"""XML: DocBook, JATS, FictionBook and TEI as texts, OPML as an outline, anything else as records.

Which of them a file is, its names tell. Nothing that a file refers to is fetched, no entity but the
standard characters and the file's own short words is expanded, and of a damaged file what could be
read is kept.
"""

import re
from html.entities import html5
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

from lxml import etree

from cairn.adapters.parsers import data, language, records, tidy, zipped
from cairn.adapters.parsers.markup_header import Said, said
from cairn.adapters.parsers.markup_names import names
from cairn.adapters.parsers.markup_tables import local
from cairn.adapters.parsers.markup_trees import outline, tree
from cairn.adapters.parsers.markup_words import Words
from cairn.adapters.parsers.markup_xml import Walk
from cairn.errors import ParseFailed, Textless
from cairn.protocols import Parser
from cairn.types import Document, Element

Node = Any
"""An lxml element; lxml has no types of its own."""

_XML = re.compile(rb"""\s*<\?xml(?:[^>]*?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40}))?[^>]*>""")
_DOCTYPE = re.compile(rb"\s*<!DOCTYPE[^\[>]*(?:\[[^\]]*\]\s*)?>")
_STANDARD = re.compile(rb"&(amp|lt|gt|quot|apos);")
_DECLARED = (("docbook", "docbook"), ("jats", "jats"), ("nlm//", "jats"), ("tei", "tei"))
_ROOTS = {"FictionBook": "fictionbook", "opml": "opml", **dict.fromkeys(("TEI", "TEI.2", "teiCorpus"), "tei")}
_SIGNS = {
    "jats": names("front sec article-meta table-wrap list-item disp-quote ref-list"),
    "docbook": names("para simpara sect1 articleinfo bookinfo itemizedlist programlisting tgroup"),
    "tei": names("teiHeader lg listBibl persName"),
}
_TEXTS = names("article book chapter section sec appendix part preface set refentry")
_SUFFIXES = {
    **dict.fromkeys((".docbook", ".dbk", ".docbook4", ".docbook5"), "docbook"),
    **dict.fromkeys((".jats", ".nxml"), "jats"),
    ".tei": "tei",
    ".fb2": "fictionbook",
    ".opml": "opml",
}
_MOST_LOOKED_AT = 3000
_SHORT = 100
"""Characters of an entity of the file's own that is put in its place."""
_HARMLESS = frozenset(
    {"WAR_UNDECLARED_ENTITY", "ERR_UNDECLARED_ENTITY", "ERR_DOCUMENT_END", "ERR_DOCUMENT_EMPTY"}
)


class _Read(NamedTuple):
    """A parsed file."""

    root: Node
    is_wrapped: bool
    """Its outermost element was added here, around several."""
    damage: str


def _read(source: bytes) -> _Read:
    """Parse XML, also damaged or with several outermost elements; raises ParseFailed."""
    root, log = _parsed(source)
    is_wrapped = False
    if any(entry.level_name == "FATAL" for entry in log):
        # After the first damage libxml2 drops these, but not references by number.
        source = _STANDARD.sub(lambda found: b"&#%d;" % ord(html5[found[1].decode("ascii") + ";"]), source)
        if any(entry.type_name == "ERR_DOCUMENT_END" for entry in log):
            several, more = _wrapped(source)
            is_wrapped = several is not None and len(several) > 1
            root, log = (several, more) if is_wrapped else (root, log)
        if not is_wrapped:
            root, log = _parsed(source)
    if root is None:
        raise ParseFailed(f"it is damaged: {_told(log[0])}" if log else "it is no XML")
    fatal = [entry for entry in log if entry.level_name == "FATAL" and entry.type_name not in _HARMLESS]
    return _Read(root, is_wrapped, _told(fatal[0]) if fatal else "")


def _parsed(source: bytes, encoding: str | None = None) -> tuple[Node | None, list[Any]]:
    parser = zipped.parser(recover=True, encoding=encoding)
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise ParseFailed(f"it is damaged: {error}") from error
    return root, list(islice(parser.error_log, 1000))


def _wrapped(source: bytes) -> tuple[Node | None, list[Any]]:
    """Parse what has several outermost elements."""
    declared = _XML.match(source)
    start = declared.end() if declared is not None else 0
    doctype = _DOCTYPE.match(source, start)
    body = source[doctype.end() if doctype is not None else start :]
    named = declared[1] if declared is not None else None
    return _parsed(
        b"<documents>" + body + b"</documents>", named.decode("ascii") if named is not None else None
    )


def _told(entry: Any) -> str:
    return f"{entry.message.strip().rstrip('.')} (line {entry.line})"


class _Entities:
    """What entities stand for: standard characters, and short words that the file itself defines."""

    def __init__(self, root: Node) -> None:
        dtd = root.getroottree().docinfo.internalDTD
        told = islice(dtd.iterentities(), 10_000) if dtd is not None else ()
        self._own = {
            entity.name: entity.content
            for entity in told
            if entity.content and len(entity.content) <= _SHORT and not re.search("[&<]", entity.content)
        }

    def __call__(self, node: Node) -> str:
        name = getattr(node, "name", None)
        return self._own.get(name, html5.get(f"{name};", "")) if isinstance(name, str) else ""


def _vocabulary(read: _Read, name: str) -> str:
    """Tell which vocabulary a file is written in; empty for an unknown one."""
    root = read.root[0] if read.is_wrapped else read.root
    space = str(root.tag).partition("}")[0]
    if "docbook.org" in space or "tei-c.org" in space:
        return "docbook" if "docbook.org" in space else "tei"
    if local(root) in _ROOTS:
        return _ROOTS[local(root)]
    public = str(root.getroottree().docinfo.public_id).lower()
    declared = next((vocabulary for sign, vocabulary in _DECLARED if sign in public), "")
    suffix = PurePosixPath(name.lower()).suffix
    return declared or _SUFFIXES.get(suffix, "") or _by_signs(read.root)


def _by_signs(root: Node) -> str:
    """Tell a vocabulary by the names in the beginning of a file."""
    seen = [local(node) for node in islice(root.iter("*"), _MOST_LOOKED_AT)]
    votes = {vocabulary: sum(name in signs for name in seen) for vocabulary, signs in _SIGNS.items()}
    best = max(votes, key=lambda vocabulary: votes[vocabulary])
    return best if votes[best] and (seen[0] in _TEXTS or 20 * votes[best] >= len(seen)) else ""


class Xml:
    """Reads XML files."""

    name = "xml/1"
    media_types = frozenset(
        {
            "application/xml",
            "text/xml",
            "application/docbook+xml",
            "application/jats+xml",
            "application/tei+xml",
            "application/x-fictionbook+xml",
            "text/x-opml",
        }
    )

    def parse(self, path: Path, name: str) -> Document:
        """Read the file at ``path``; raises ParseFailed if it is no XML or has no words."""
        read = _read(tidy.read(path))
        entities = _Entities(read.root)
        vocabulary = _vocabulary(read, name)
        if not vocabulary:
            return _records(read, entities, name)
        words = Words(read.root, entities)
        elements = outline(read.root) if vocabulary == "opml" else Walk(read.root, vocabulary, words).walk()
        told = said(read.root, words.text)
        found = told.language if told.language is not None else language.detect(tidy.sample(elements))
        title = tidy.titled(told.titles, elements, name)
        return _document(elements, told._replace(language=found), read, title)


def _records(read: _Read, entities: _Entities, name: str) -> Document:
    """Read an unknown vocabulary as records."""
    root = tree(read.root, is_wrapped=read.is_wrapped, entity=entities)
    elements = records.elements(root, titles=True)
    top = root.children[0] if len(root.children) == 1 else root
    titles, metadata = data.said(top)
    told = Said(titles, metadata, language.detect(records.sentences(root)))
    return _document(elements, told, read, tidy.titled(titles, (), name))


def _document(elements: list[Element], told: Said, read: _Read, title: str) -> Document:
    if not elements:
        raise ParseFailed(f"it is damaged: {read.damage}") if read.damage else Textless("no text in it")
    return Document(
        title=title,
        elements=tuple(elements),
        metadata=told.metadata,
        language=told.language,
        unread=(f"perhaps a part of it: {read.damage}",) if read.damage else (),
    )


def fragment(page: str) -> Node | None:
    """Return the root of a piece of HTML that stands in another file; None if it is none."""
    try:
        return etree.fromstring(
            page, etree.HTMLParser(no_network=True, remove_comments=True, remove_pis=True)
        )
    except (etree.XMLSyntaxError, ValueError):
        return None


def load(rest: str) -> Parser:
    """Build the parser of XML; it takes no argument."""
    return Xml()
