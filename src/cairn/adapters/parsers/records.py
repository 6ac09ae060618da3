"""Structured data as text: a tree of named values becomes paragraphs, tables and headings.

Knows no file format: JSON, YAML, TOML and unknown XML are turned into nodes elsewhere. A record is
one paragraph of ``name: value`` lines, like records are a table, what is large gets headings, and
what is null or empty is left out. Nothing here recurses, and places and headings are bounded.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.types import Element, Locator

LONG = 300
"""Characters from which a value is a paragraph of its own."""
_RECORD = 1200
"""Characters of a record that is still one paragraph."""
_FIELDS = 40
_TINY = 100
"""Characters of a group that stands among its owner's own values, without a heading."""
_COLUMNS = 12
_CELL = 120
_ROW = 600
_FILLED = 0.75
_DEEPEST = 8
_NAMED = 200
_PATH = 400
_TITLES = ("title", "heading", "headline", "name", "label", "caption", "subject", "id")
_SHOWN_AS_TITLE = frozenset({"title", "heading", "headline"})
_UNNAMED = frozenset({"", "p", "para", "paragraph"})
_PROSE = _UNNAMED | {"text", "content", "body"}
_SENTENCE = 60
"""Characters from which text that needs no name is a paragraph of its own."""
_BLANK_LINE = re.compile(r"\n\s*\n")


@dataclass(slots=True)
class Node:
    """A value with its name: a leaf has text, a group has children."""

    label: str
    step: str
    """What its path has more than its parent's: ``.name``, ``[3]``, ``/book[2]``."""
    text: str = ""
    children: Sequence["Node"] = ()
    lines: tuple[int, int] | None = None
    is_item: bool = False
    """Its label is but its number in a list."""
    chars: int = 0
    leaves: int = 0
    longest: int = 0
    holds_records: bool = False
    """Somewhere in it are several groups in a list or of one name."""

    def copy(self, label: str, step: str, lines: tuple[int, int] | None) -> "Node":
        """Return the same value, children shared, under another name."""
        return replace(self, label=label, step=step, lines=lines, is_item=False)


class _Place(NamedTuple):
    """A node and where it stands."""

    node: Node
    path: str
    heading: tuple[str, ...]
    lines: tuple[int, int] | None

    def below(self, child: Node) -> "_Place":
        path = self.path + child.step
        lines = child.lines if child.lines is not None else self.lines
        return _Place(child, path if len(path) <= _PATH else self.path, self.heading, lines)

    def headed(self, text: str) -> "_Place":
        return self._replace(heading=(*self.heading[: _DEEPEST - 1], text))

    def locator(self) -> Locator:
        return Locator(path=self.path, heading=self.heading, lines=self.lines)


class _Line(NamedTuple):
    """A value on one line, under the names that lead to it."""

    label: str
    text: str
    at: _Place


def elements(root: Node, *, titles: bool = False) -> list[Element]:
    """Return a tree's text in order; with ``titles`` what has a title is always headed by it."""
    measure(root)
    writer = _Writer(titles)
    made: list[Element] = []
    stack = [writer.content(_Place(root, root.step, (), root.lines))]
    while stack:
        step = next(stack[-1], None)
        if step is None:
            stack.pop()
        elif isinstance(step, Element):
            made.append(step)
        else:
            stack.append(writer.content(step))
    return made


def measure(root: Node) -> None:
    """Tell every node its size, and drop what is empty."""
    stack = [(root, False)]
    while stack:
        node, is_left = stack.pop()
        if not node.children:
            node.chars = node.longest = len(node.text)
            node.leaves = 1 if node.text else 0
        elif is_left:
            is_row = _is_list_of_values(node) and any(child.leaves for child in node.children)
            kept = [child for child in node.children if child.leaves or is_row]
            node.children = kept
            node.leaves = sum(child.leaves for child in kept)
            node.chars = sum(child.chars + len(child.label) + 3 for child in kept)
            node.longest = max((child.longest for child in kept), default=0)
            groups = ["" if child.is_item else child.label for child in kept if child.children]
            is_repeated = len(set(groups)) < len(groups)
            node.holds_records = is_repeated or any(child.holds_records for child in kept)
        else:
            stack.append((node, True))
            stack.extend((child, False) for child in node.children)


def sentences(root: Node, limit: int = 20_000) -> str:
    """Return the beginning of what in it is running text, of which the language can be told."""
    texts: list[str] = []
    stack = [root]
    while stack and limit > 0:
        node = stack.pop()
        if node.text.count(" ") > 2:
            texts.append(node.text[:2000])
            limit -= len(texts[-1])
        stack.extend(reversed(node.children))
    return "\n".join(texts)


def value(node: Node) -> str | None:
    """Return what stands on one line: a leaf's text, or a short list; None of anything else."""
    if not node.children:
        return node.text
    if not _is_list_of_values(node) or node.chars > _RECORD:
        return None
    return ", ".join(child.text for child in node.children if child.text)


def title(node: Node) -> Node | None:
    """Return the child that names a group best."""
    named = {
        child.label.lower(): child
        for child in reversed(node.children)
        if not child.children and not child.is_item and 0 < len(child.text) <= _NAMED
    }
    return next((named[name] for name in _TITLES if name in named), None)


def _lines(at: _Place, label: str = "") -> Iterator[_Line]:
    """Yield a group's values, one a line; call it of small groups only."""
    stack = [(at, label)]
    while stack:
        here, names = stack.pop()
        text = value(here.node)
        if text is not None:
            yield _Line(names, tidy.flat(text), here)
            continue
        for child in reversed(here.node.children):
            stack.append((here.below(child), " > ".join(filter(None, (names, child.label)))))


def _paragraph(lines: Iterable[_Line]) -> Iterator[Element]:
    """Yield a paragraph of lines, each with its own place."""
    told = [
        (f"{line.label}: {line.text}" if line.label else line.text, line.at) for line in lines if line.text
    ]
    if told:
        joints = ["\n" if text[-1] in ".!?;:" else ";\n" for text, _ in told[:-1]] + [""]
        parts = zip(told, joints, strict=True)
        yield tidy.element(
            "paragraph", [tidy.Located(text + joint, at.locator()) for (text, at), joint in parts]
        )


def _prose(at: _Place) -> Iterator[Element]:
    """Yield a long text's paragraphs."""
    label = "" if at.node.label.lower() in _PROSE or at.node.is_item else f"{at.node.label}: "
    for text in map(tidy.flat, _BLANK_LINE.split(tidy.clean(at.node.text))):
        if text:
            yield tidy.whole("paragraph", label + text, at.locator())
            label = ""


class _Writer:
    """Decides what is a table, a record, a heading."""

    def __init__(self, titles: bool) -> None:
        self._titles = titles

    def content(self, at: _Place) -> Iterator[Element | _Place]:
        """Yield a node's elements, and in between the places whose content comes next."""
        node = at.node
        if not node.children:
            yield from _prose(at) if node.longest > LONG else _paragraph(_lines(at))
        elif (made := _keyed_table(at)) is not None:
            yield made
        elif _is_list_of_values(node):
            yield from _list(at)
        elif len(node.children) == 1 and node.children[0].is_item:
            yield at.below(node.children[0])
        elif self._is_record(node) and (node.is_item or not node.holds_records):
            yield from _paragraph(_lines(at))
        else:
            yield from self._group(at)

    def _group(self, at: _Place) -> Iterator[Element | _Place]:
        """Yield a large group: its own values in paragraphs, its runs of records, its groups headed."""
        own: list[_Line] = []
        size = 0
        shown = self._title(at.node) if at.heading else None
        for _, run in groupby(at.node.children, lambda child: "" if child.is_item else child.label):
            members = [at.below(child) for child in run if child is not shown]
            made = _table(members, at.locator(), keyed=False)
            if made is not None:
                yield from _paragraph(own)
                own, size = [], 0
                yield from self._headed(made, at, members[0].node)
                continue
            for member in members:
                lines = self._own(member, is_one=len(members) == 1)
                if lines is None or size > _RECORD:
                    yield from _paragraph(own)
                    own, size = [], 0
                if lines is None:
                    yield from self._part(member)
                else:
                    own += lines
                    size += sum(len(line.label) + len(line.text) for line in lines)
        yield from _paragraph(own)

    def _headed(self, made: Element, at: _Place, first: Node) -> Iterator[Element]:
        """Yield a table of a run, under what its rows are if they have a name."""
        if not first.is_item and self._titles and at.node.children[0] is not first:
            yield tidy.whole("caption", first.label, at.below(first).locator())
        yield made

    def _own(self, at: _Place, *, is_one: bool) -> list[_Line] | None:
        """Return the lines of what stands among its owner's own values; None if it stands apart.

        A group stands among them if it is a tiny one, and the only one of its name.
        """
        node = at.node
        text = value(node)
        if text is not None:
            limit = _SENTENCE if not node.children and node.label.lower() in _PROSE else LONG
            label = "" if node.is_item or node.label.lower() in _UNNAMED else node.label
            return [_Line(label, tidy.flat(text), at)] if len(text) <= limit else None
        is_small = node.chars <= _TINY and node.leaves <= 4 and not node.holds_records
        if not is_one or node.is_item or not is_small or self._is_written_out(node):
            return None
        return list(_lines(at, node.label))

    def _part(self, at: _Place) -> Iterator[Element | _Place]:
        """Yield what stands apart: long text, a record, or a heading and then the group below it."""
        node = at.node
        if not node.children:
            yield from _prose(at)
        elif (node.is_item or self._titles) and self._is_record(node):
            yield from _paragraph(_lines(at, "" if node.is_item or node.leaves > 1 else node.label))
        else:
            named = self._title(node)
            text = tidy.flat(named.text if named is not None else _name(at))[:_NAMED]
            if text:
                place = at.below(named) if named is not None else at
                level = min(len(at.heading) + 1, _DEEPEST)
                above = place._replace(heading=at.heading[: level - 1])
                yield tidy.whole("heading", text, above.locator(), level=level)
                at = at.headed(text)
            yield at

    def _title(self, node: Node) -> Node | None:
        """Return the child that heads a group: of a named group of data, its name does."""
        found = title(node) if node.is_item or self._titles else None
        is_shown = found is not None and (node.is_item or found.label.lower() in _SHOWN_AS_TITLE)
        return found if is_shown else None

    def _is_record(self, node: Node) -> bool:
        is_short = node.chars <= _RECORD and node.leaves <= _FIELDS and node.longest <= LONG
        return is_short and not self._is_written_out(node)

    def _is_written_out(self, node: Node) -> bool:
        """Tell a group that reads like a text: it has a title or paragraphs."""
        if not self._titles:
            return False
        is_text = any(
            len(child.text) > _SENTENCE and child.label.lower() in _PROSE for child in node.children
        )
        return is_text or self._title(node) is not None


def _name(at: _Place) -> str:
    """Name an item of a list by the list and its number."""
    return f"{at.heading[-1] if at.heading else 'item'} {at.node.label}" if at.node.is_item else at.node.label


def _is_list_of_values(node: Node) -> bool:
    return all(child.is_item and not child.children for child in node.children)


def _list(at: _Place) -> Iterator[Element]:
    """Yield a list of values: short ones run on in paragraphs, others are items."""
    node = at.node
    text = value(node)
    if text is not None and node.chars <= LONG:
        yield tidy.whole("paragraph", tidy.flat(text), at.locator())
        return
    if node.chars <= 25 * node.leaves:
        for group in _chunks(child.text for child in node.children if child.text):
            yield tidy.whole("paragraph", tidy.flat(", ".join(group)), at.locator())
        return
    for child in node.children:
        text = tidy.flat(child.text)
        if text:
            yield tidy.whole("list_item", text, at.below(child).locator())


def _chunks(texts: Iterable[str]) -> Iterator[list[str]]:
    group: list[str] = []
    size = 0
    for text in texts:
        group.append(text)
        size += len(text)
        if size > _RECORD:
            yield group
            group, size = [], 0
    if group:
        yield group


def _keyed_table(at: _Place) -> Element | None:
    """Make a table of a group whose members are like records with names of their own."""
    children = at.node.children
    labels = {child.label for child in children}
    if len(children) < 3 or len(labels) < len(children) or any(child.is_item for child in children):
        return None
    return _table([at.below(child) for child in children], at.locator(), keyed=True)


def _table(run: Sequence[_Place], above: Locator, *, keyed: bool) -> Element | None:
    """Make a table of records that have the same few short fields; None of any others."""
    if len(run) < 2 or not all(_fits(place.node) for place in run):
        return None
    if all(map(_is_list_of_values, (place.node for place in run))):
        return _matrix(run) if not keyed else None
    if any(map(_is_list_of_values, (place.node for place in run))):
        return None
    rows: list[dict[str, str]] = []
    columns: dict[str, None] = {}
    for place in run:
        row: dict[str, str] = {}
        for label, text, _ in _lines(place):
            row[label] = f"{row[label]}, {text}" if label in row else text
        columns.update(dict.fromkeys(row))
        rows.append(row)
        if len(columns) > _COLUMNS:
            return None
    if sum(map(len, rows)) < _FILLED * len(rows) * len(columns) or len(columns) < 2:
        return None
    first = [[tidy.flat(place.node.label)] if keyed else [] for place in run]
    made = [
        tidy.Row([*key, *(row.get(column, "") for column in columns)], place.locator())
        for key, row, place in zip(first, rows, run, strict=True)
    ]
    head = tidy.Row([*([""] if keyed else []), *columns], above)
    return tidy.table([head, *made], 1)


def _fits(node: Node) -> bool:
    return (
        bool(node.children) and node.leaves <= 2 * _COLUMNS and node.longest <= _CELL and node.chars <= _ROW
    )


def _matrix(run: Sequence[_Place]) -> Element | None:
    """Make a table of lists of values of about the same length."""
    widths = [len(place.node.children) for place in run]
    if max(widths) < 2 or sum(widths) < _FILLED * len(run) * max(widths):
        return None
    cells = [[tidy.flat(child.text) for child in place.node.children] for place in run]
    rows, header = tidy.mend(cells, 0)
    made = [tidy.Row(row, place.locator()) for row, place in zip(rows, run, strict=True)]
    return tidy.table(made, header)
