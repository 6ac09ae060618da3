"""XML that is no text: OPML outlines, and vocabularies nobody here knows as trees of named values.

Knows no schema. An element with words beside its children is running text if it is small.
"""

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.markup_tables import local
from cairn.adapters.parsers.records import Node as Value
from cairn.adapters.parsers.text import untagged
from cairn.types import Element, ElementKind, Locator

Node = Any
"""An lxml element; lxml has no types of its own."""
Entity = Callable[[Node], str]
"""Tells what an entity stands for."""

_MARKUP = re.compile(r"</\w|<(?:p|br|div|b|i|a|ul|li)\b")
_BLANK_LINE = re.compile(r"\n\s*\n")
_DEEPEST = 8
_NAMED = 120
_FEW = 200
_SENTENCE = 60
"""Elements within running text, at most."""


def outline(root: Node) -> list[Element]:
    """Return an OPML outline: what has something below it is a heading, the rest are items."""
    made: list[Element] = []
    path: list[str] = []
    stack = [(node, 1) for node in reversed(root) if local(node) == "body"]
    while stack:
        node, level = stack.pop()
        below = [child for child in node if local(child) in ("outline", "body")]
        del path[level - 1 :]
        text = _outlined(node)
        is_heading = bool(below) and len(text) <= _NAMED
        if text:
            at = Locator(heading=tuple(path), paragraphs=(len(made) + 1, len(made) + 1))
            kind: ElementKind = "heading" if is_heading else "list_item"
            made.append(tidy.whole(kind, text, at, level=level if is_heading else 0))
            path += [text] if is_heading else []
        for note in filter(None, map(tidy.flat, _BLANK_LINE.split(bare(node.get("_note", ""))))):
            at = Locator(heading=tuple(path), paragraphs=(len(made) + 1, len(made) + 1))
            made.append(tidy.whole("paragraph", note, at))
        deeper = min(len(path) + 1, _DEEPEST)
        stack.extend((child, deeper) for child in reversed(below))
    return made


def _outlined(node: Node) -> str:
    """Return an outline's words, with the address if it leads somewhere."""
    text = tidy.flat(bare(node.get("text", node.get("title", ""))))
    address = tidy.flat(next((node.get(key) for key in ("url", "htmlUrl", "xmlUrl") if node.get(key)), ""))
    return f"{text} ({address})" if text and address else text + address


def bare(text: str) -> str:
    """Return text without the HTML that some programs write into it."""
    return untagged(text) if _MARKUP.search(text) else text


def tree(top: Node, *, is_wrapped: bool, entity: Entity) -> Value:
    """Turn any XML into values: attributes and children by name, running text as a whole."""
    root = Value(tidy.flat(local(top)), "" if is_wrapped else f"/{_qualified(top)}")
    stack: list[tuple[Node, Value]] = [(top, root)]
    while stack:
        node, value = stack.pop()
        pieces = list(_pieces(node, entity))
        own = [_leaf(key, text) for key, text in _attributes(node) if _says(key, text)]
        if _is_sentence(node, pieces):
            words = _leaf("", bare(_words(node, entity)))
            value.text, value.children = ("", [*own, words]) if own else (words.text, ())
            continue
        repeated = _repeated(pieces)
        counts: dict[str, int] = {}
        for piece in pieces:
            if isinstance(piece, str):
                own.append(_leaf("", bare(piece)))
                continue
            name = _qualified(piece)
            counts[name] = counts.get(name, 0) + 1
            child = Value(
                tidy.flat(local(piece)), f"/{name}[{counts[name]}]" if name in repeated else f"/{name}"
            )
            own.append(child)
            stack.append((piece, child))
        value.children = own
    return root


def _leaf(name: str, text: str) -> Value:
    """Make a value of an attribute, or of words that have no name."""
    label = name[name.rfind("}") + 1 :]
    return Value(label, f"/@{label}" if label else "", text)


def _attributes(node: Node) -> list[tuple[str, str]]:
    """Return all attributes; lxml looks each up among all the others, so many are asked of XPath."""
    if len(node.attrib) < _FEW:
        return list(node.attrib.items())
    return [(text.attrname, str(text)) for text in node.xpath("@*")]


def _says(key: str, text: str) -> bool:
    return bool(text.strip()) and not key.endswith(("chemaLocation", "}space"))


def _qualified(node: Node) -> str:
    return f"{node.prefix}:{local(node)}" if node.prefix else local(node)


def _repeated(pieces: list[Any]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for name in (_qualified(piece) for piece in pieces if not isinstance(piece, str)):
        (twice if name in seen else seen).add(name)
    return twice


def _pieces(node: Node, entity: Entity) -> Iterator[Any]:
    """Yield what is in an element: strings that have words, and elements."""
    words = [node.text or ""]
    for child in node:
        if local(child):
            yield from filter(str.strip, ["".join(words)])
            yield child
            words = []
        else:
            words.append(entity(child))
        words.append(child.tail or "")
    yield from filter(str.strip, ["".join(words)])


def _is_sentence(node: Node, pieces: list[Any]) -> bool:
    """Tell running text, with words marked in it, from a container."""
    if not any(isinstance(piece, str) for piece in pieces):
        return False
    return sum(1 for _ in islice(node.iterdescendants("*"), _SENTENCE + 1)) <= _SENTENCE


def _words(node: Node, entity: Entity) -> str:
    words: list[str] = []
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        at, is_left = stack.pop()
        if not is_left:
            words.append((at.text or "") if local(at) else entity(at))
            stack.append((at, True))
            stack.extend((child, False) for child in reversed(at if local(at) else ()))
        elif at is not node:
            words.append(at.tail or "")
    return "".join(words)
