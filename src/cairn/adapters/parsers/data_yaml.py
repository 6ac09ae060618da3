"""YAML events to nodes: lines kept, aliases bounded, tags not acted upon, merge keys merged.

Knows nothing of what the values mean; no object is built.
"""

from collections.abc import Sequence
from typing import Any

import yaml

from cairn.adapters.parsers.data_nodes import DEEP, DEEPEST, item, named
from cairn.adapters.parsers.records import Node
from cairn.errors import ParseFailed

_MOST_ALIASED = 5_000_000
"""Characters that a file's aliases may unfold to."""


class _Open:
    """A list or mapping that is being read."""

    __slots__ = ("anchor", "key", "names", "node", "values", "weight")

    def __init__(self, node: Node, anchor: str | None, names: bool, weight: int) -> None:
        self.node, self.anchor, self.names, self.weight = node, anchor, names, weight
        self.key: Node | None = None
        self.values: list[Node] = []


class _Composer:
    """Turns YAML events into nodes; an alias shares the children of what it stands for."""

    def __init__(self) -> None:
        self.documents: list[Node] = []
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Node, int]] = {}
        self._weight = 0
        self._aliased = 0
        self._last = 0

    def take(self, event: yaml.Event) -> None:
        """Go on by one event; raises ParseFailed."""
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(self._open) >= DEEPEST:
                raise ParseFailed(DEEP)
            line = _line(event.start_mark)
            names = isinstance(event, yaml.MappingStartEvent)
            self._open.append(_Open(Node("", "", lines=(line, line)), event.anchor, names, self._weight))
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._end()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors = {}

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        first, end = _line(event.start_mark), _line(event.end_mark, ends=True)
        is_null = event.implicit[0] and event.value in ("~", "null", "Null", "NULL")
        node = Node("", "", "" if is_null else event.value, lines=(first, max(first, end)))
        self._weight += 1 + len(node.text)
        self._last = max(first, end)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, 1 + len(node.text))
        self._add(node)

    def _end(self) -> None:
        done = self._open.pop()
        done.node.children = done.values
        if done.node.lines is not None:
            done.node.lines = (done.node.lines[0], max(done.node.lines[0], self._last))
        self._weight += 1
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.node, self._weight - done.weight)
        self._add(done.node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        if event.anchor not in self._anchors:
            raise ParseFailed(f"it is damaged: nothing is called {event.anchor} that an alias refers to")
        node, weight = self._anchors[event.anchor]
        self._weight += weight
        self._aliased += weight
        if self._aliased > _MOST_ALIASED:
            raise ParseFailed("its aliases unfold to more than a file may hold")
        line = _line(event.start_mark)
        self._last = max(self._last, line)
        self._add(node.copy("", "", node.lines))

    def _add(self, node: Node) -> None:
        """Give a value to the list or mapping it stands in."""
        if not self._open:
            self.documents.append(node)
            return
        above = self._open[-1]
        if not above.names:
            at = len(above.values)
            above.values.append(_renamed(node, item(at), node.lines))
        elif above.key is None:
            above.key = node
        else:
            key, above.key = above.key, None
            lines = (
                (key.lines[0], node.lines[1]) if key.lines is not None and node.lines is not None else None
            )
            if key.text == "<<" and node.children:
                above.values += _merged(node, above.values)
                return
            if lines is not None and lines[0] > lines[1]:
                lines = key.lines
            above.values.append(_renamed(node, Node(*named(_key(key))), lines))


def _line(mark: Any, *, ends: bool = False) -> int:
    """Return the line of a mark; what ends before a line's first column ends on the line above."""
    return int(mark.line) + (not ends or mark.column > 0)


def _renamed(node: Node, name: Node, lines: tuple[int, int] | None) -> Node:
    made = node.copy(name.label, name.step, lines)
    made.is_item = name.is_item
    return made


def _key(node: Node) -> str:
    """Name a key; one that is a list is named by its values."""
    return node.text if not node.children else ", ".join(child.text for child in node.children)


def _merged(node: Node, own: Sequence[Node]) -> list[Node]:
    """Return the members that a merge key brings in."""
    sources = node.children if all(child.is_item for child in node.children) else [node]
    known = {child.label for child in own}
    found: dict[str, Node] = {}
    for child in (child for source in sources for child in source.children):
        if child.label not in known:
            found.setdefault(child.label, child)
    return list(found.values())


def compose(text: str) -> tuple[Node, tuple[str, ...]]:
    """Read YAML documents up to what is damaged."""
    composer = _Composer()
    loader = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader
    unread: tuple[str, ...] = ()
    try:
        for event in yaml.parse(text, Loader=loader):
            composer.take(event)
    except (yaml.YAMLError, ValueError) as error:
        reason = _told(error)
        if not composer.documents:
            raise ParseFailed(f"it is damaged: {reason}") from error
        unread = (f"what follows the first {len(composer.documents)} documents: {reason}",)
    if len(composer.documents) == 1:
        root = composer.documents[0]
        root.step = "$"
        return (root, unread)
    documents = [_renamed(one, item(at), one.lines) for at, one in enumerate(composer.documents)]
    return (Node("", "$", children=documents), unread)


def _told(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None)
    told = str(problem) if problem else str(getattr(error, "reason", error)).split("\n")[0]
    return f"{told} in line {mark.line + 1}" if mark is not None else told
