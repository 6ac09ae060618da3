"""Lists, mappings and scalars, as JSON and TOML give them, to nodes with their paths.

Knows no syntax.
"""

import functools
import re
from typing import Any

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.records import Node

DEEP = "it is nested too deeply"
DEEPEST = 1000
_PLAIN_NAME = re.compile(r"[^\W\d][\w-]*")


class Pairs(list[tuple[str, Any]]):
    """A mapping: its members in order, those that repeat a name included."""


def tree(data: Any) -> Node:
    """Turn nested lists, mappings and scalars into nodes, without recursion."""
    root = Node("", "$")
    stack: list[tuple[Node, Any]] = [(root, data)]
    while stack:
        node, held = stack.pop()
        if isinstance(held, Pairs | dict):
            pairs = held.items() if isinstance(held, dict) else held
            below = [(Node(*named(str(key))), one) for key, one in pairs]
        elif isinstance(held, list):
            below = [(item(at), one) for at, one in enumerate(held)]
        else:
            node.text = _written(held)
            continue
        node.children = [child for child, _ in below]
        stack += below
    return root


@functools.lru_cache(maxsize=4096)
def named(key: str) -> tuple[str, str]:
    """Return the label of a key and its step in a path."""
    label = tidy.flat(key)
    quoted = label.replace("\\", "\\\\").replace("'", "\\'")
    return label, f".{label}" if _PLAIN_NAME.fullmatch(label) else f"['{quoted}']"


def item(at: int) -> Node:
    """Begin the node of a list's member."""
    return Node(str(at), f"[{at}]", is_item=True)


def _written(scalar: Any) -> str:
    if scalar is None:
        return ""
    return str(scalar).lower() if isinstance(scalar, bool) else str(scalar)
