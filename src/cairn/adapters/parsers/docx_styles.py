"""Styles of Word documents: what a paragraph is by its style, through all that the style is based on.

Knows a heading by its outline level, else by its style's name; knows no looks, so that a bold line
is no heading.
"""

import re
from collections.abc import Iterator

from cairn.adapters.parsers.flowing import Style, kind_named, level_named, plain_name
from cairn.adapters.parsers.zipped import Node

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MOST_BASES = 30


def value(node: Node | None, path: str) -> str | None:
    """Return ``w:val`` of the child at a path of names (``pPr/pStyle``); None where there is none."""
    found = child(node, path)
    return found.get(W + "val") if found is not None else None


def child(node: Node | None, path: str) -> Node | None:
    """Return the child at a path of names (``pPr/numPr``)."""
    for name in path.split("/"):
        node = node.find(W + name) if node is not None else None
    return node


def is_on(node: Node | None, path: str) -> bool | None:
    """Tell a switch that is on from one that is off; None where it is not set."""
    found = child(node, path)
    return found.get(W + "val") not in ("0", "false", "off") if found is not None else None


def level(node: Node | None) -> int | None:
    """Return the heading level that paragraph properties set, 0 for body text; None if they set none."""
    text = value(node, "outlineLvl")
    if text is None or not re.fullmatch(r"\d{1,3}", text):
        return None
    return int(text) + 1 if int(text) < 9 else 0


def is_listed(node: Node | None) -> bool | None:
    """Tell whether paragraph properties make a list item; None if they do not say."""
    number = value(node, "numPr/numId")
    return number != "0" if number is not None else None


class Styles:
    """The styles of one document by id."""

    def __init__(self, root: Node | None) -> None:
        self._nodes: dict[str, Node] = {}
        self._read: dict[str, Style] = {}
        for node in root.iterfind(W + "style") if root is not None else ():
            self._nodes.setdefault(node.get(W + "styleId", ""), node)

    def of(self, style: str | None) -> Style:
        """Return what a style makes of a paragraph or run; one that is not defined goes by its id."""
        if style is None:
            return Style()
        if style not in self._read:
            self._read[style] = self._resolved(style)
        return self._read[style]

    def _resolved(self, style: str) -> Style:
        steps = [(plain_name(name), node) for name, node in self._bases(style)]
        levels = (_stated_level(name, node) for name, node in steps)
        return Style(
            kind=next((kind for name, _ in steps if (kind := kind_named(name))), ""),
            level=next((found for found in levels if found is not None), 0),
            is_listed=_first(is_listed(child(node, "pPr")) for _, node in steps),
            is_hidden=_first(is_on(node, "rPr/vanish") for _, node in steps),
        )

    def _bases(self, style: str) -> Iterator[tuple[str, Node | None]]:
        """Yield a style's name and node, then those it is based on, nearest first."""
        for _ in range(_MOST_BASES):
            node = self._nodes.get(style)
            name = value(node, "name")
            yield name if name is not None else style, node
            base = value(node, "basedOn")
            if base is None:
                return
            style = base


def _stated_level(name: str, node: Node | None) -> int | None:
    stated = level(child(node, "pPr"))
    return level_named(name) if stated is None else stated


def _first(said: Iterator[bool | None]) -> bool:
    """Return the first that says anything; False if none does."""
    return next((one for one in said if one is not None), False)
