"""What DocBook, JATS, FictionBook, TEI and OPML say of themselves: titles, authors, dates, keywords.

Knows nothing of the text below the header.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any, NamedTuple

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.markup_tables import local

Node = Any
"""An lxml element; lxml has no types of its own."""

Text = Callable[[Node], str]
"""Reads an element's words on one line."""

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_HEADERS = frozenset({"info", "articleinfo", "bookinfo", "front", "teiHeader", "description", "head"})
_ELSEWHERE = frozenset(
    {"document-info", "sourceDesc", "related-article", "product", "src-title-info", "abstract"}
)
_TITLES = frozenset({"title", "article-title", "book-title"})
_GIVEN = ("given-names", "firstname", "first-name", "forename", "middle-name", "othername")
_FAMILY = ("surname", "last-name")
_KINDS = {
    **dict.fromkeys(("pub-date", "pubdate", "date", "publicationdate", "dateCreated"), "created"),
    **dict.fromkeys(("dateModified", "revdate"), "modified"),
    **dict.fromkeys(("publisher-name", "publishername", "publisher"), "publisher"),
    **dict.fromkeys(("kwd", "keyword", "keywords"), "tags"),
    **dict.fromkeys(("author", "contrib", "ownerName"), "author"),
    **dict.fromkeys(("lang", "language"), "language"),
}
_NEAR = 300
_MOST = 20_000
_MOST_NAMED = 50


class Said(NamedTuple):
    """A file's own titles, metadata and language."""

    titles: list[str]
    metadata: dict[str, str]
    language: str | None


def said(root: Node, text: Text) -> Said:
    """Read the header of a file."""
    near = islice(root.iter("*"), _NEAR)
    header = next((node for node in near if local(node) in _HEADERS), None)
    titles = [text(node) for node in islice(root, 10) if local(node) == "title"]
    told: dict[str, list[str]] = {}
    for node in _members(header) if header is not None else ():
        name = local(node)
        if name in _TITLES and len(titles) < 3:
            titles.append(text(node))
        elif name in _KINDS:
            words = _value(node, _KINDS[name], text)
            if words and words not in (known := told.setdefault(_KINDS[name], [])):
                known.append(words)
    stated = root.get(_LANG, root.get("lang", next(iter(told.pop("language", [])), "")))
    return Said(list(filter(None, titles)), tidy.metadata(_joined(told)), _language(stated))


def _members(header: Node) -> Iterator[Node]:
    """Yield what is in a header, without what it says of other texts."""
    stack = [header]
    count = 0
    while stack and count < _MOST:
        node = stack.pop()
        count += 1
        if local(node) not in _ELSEWHERE:
            yield node
            stack.extend(reversed(node))


def _value(node: Node, kind: str, text: Text) -> str:
    if kind == "author":
        return _person(node, text)
    if kind in ("created", "modified"):
        return _date(node, text)
    if kind == "language":
        return str(node.get("ident", text(node)))
    if kind == "publisher":
        inner = next(
            (child for child in node.iter("*") if local(child) in ("publisher-name", "publishername")), node
        )
        return text(inner)
    terms = [text(child) for child in node.iter("*") if local(child) in ("term", "item")]
    return ", ".join(terms) if terms else text(node)


def _person(node: Node, text: Text) -> str:
    """Return a name, given names first."""
    if node.get("contrib-type", "author") != "author":
        return ""
    parts = {local(child): text(child) for child in reversed(list(islice(node.iter("*"), 100)))}
    given = [parts[name] for name in _GIVEN if parts.get(name)]
    family = [parts[name] for name in _FAMILY if parts.get(name)]
    whole = ("collab", "personname", "orgname", "string-name", "nickname")
    if given or family:
        return " ".join([*given, *family])
    named = next((parts[name] for name in whole if parts.get(name)), "")
    return named if named or len(node) else text(node)


def _date(node: Node, text: Text) -> str:
    """Return a date as ISO 8601 where it can be read as one."""
    stated = next((node.get(key) for key in ("when", "value", "iso-8601-date") if node.get(key)), None)
    if stated is not None:
        return tidy.iso_date(stated) or (stated if stated.isdecimal() and len(stated) == 4 else "")
    parts = {local(child): text(child) for child in node}
    if parts.get("year", "").isdecimal():
        more = (parts.get("month", ""), parts.get("day", ""))
        known = [part.zfill(2) for part in more if part.isdecimal() and int(part) <= 31]
        return "-".join([parts["year"], *known]) if len(known) in (0, 2) or more[1] == "" else parts["year"]
    words = text(node)
    found = tidy.iso_date(words)
    return found if found is not None else words if words.isdecimal() and len(words) == 4 else _posted(words)


def _posted(words: str) -> str:
    """Read a date as mail and feeds write it."""
    try:
        read: datetime = parsedate_to_datetime(words)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return read.isoformat()


def _joined(told: dict[str, list[str]]) -> Iterator[tuple[str, str]]:
    for kind, values in told.items():
        yield kind, _list(values) if kind in ("author", "tags") else values[0]


def _list(values: Sequence[str]) -> str:
    return ", ".join(values[:_MOST_NAMED])


def _language(stated: str) -> str | None:
    code = stated.strip().lower()[:2]
    return code if len(code) == 2 and code.isalpha() and stated.strip()[2:3] in ("", "-", "_") else None
