"""Tables of markup: CALS (DocBook), HTML (also in JATS and FictionBook) and TEI rows to a plain grid.

Knows nothing of what stands around a table. A cell that spans columns repeats its text in a header
and leaves the others empty in the body; a label that spans rows is repeated in each.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from cairn.adapters.parsers import tidy
from cairn.types import Element, Locator

Node = Any
"""An lxml element; lxml has no types of its own."""

_CELLS = frozenset({"td", "th", "entry", "entrytbl", "cell"})
_ROWS = frozenset({"tr", "row"})
_WIDEST = 200
_LABEL = 80


class _Cell(NamedTuple):
    """A cell's text, the column it says it begins in (0 for the next), and what it spans."""

    text: str
    column: int
    columns: int
    rows: int


def local(node: Node) -> str:
    """Return a tag without its namespace; empty for a comment or an entity."""
    tag = node.tag
    return tag[tag.rfind("}") + 1 :] if isinstance(tag, str) else ""


def grid(node: Node, text: Callable[[Node], str], locator: Locator) -> Element | None:
    """Make a table of the rows below ``node``; None if they have no words."""
    rows: list[list[str]] = []
    header = 0
    is_head = True
    hanging: dict[int, tuple[str, int]] = {}
    for row, columns in _rows(node):
        cells = [cell for cell in row if local(cell) in _CELLS]
        is_head = is_head and _heads(row, cells)
        header += is_head
        made = [_cell(cell, columns, text) for cell in cells]
        rows.append(_laid(made, hanging, is_head))
    mended, header = tidy.mend(rows, header if header < len(rows) else min(1, header))
    return tidy.table([tidy.Row(row, locator) for row in mended], header)


def _rows(table: Node) -> Iterator[tuple[Node, dict[str, int]]]:
    """Yield the rows, not those of tables in cells, each with the numbers of its named columns.

    A foot that stands before the body comes last, as it is shown.
    """
    feet: list[tuple[Node, dict[str, int]]] = []
    columns: dict[str, int] = {}
    stack: list[tuple[Node, bool]] = [(child, False) for child in reversed(table)]
    while stack:
        node, in_foot = stack.pop()
        name = local(node)
        if name in _ROWS:
            if in_foot:
                feet.append((node, columns))
            else:
                yield node, columns
        elif name == "tgroup":
            columns = _columns(node)
            stack.extend((child, in_foot) for child in reversed(node))
        elif name in ("thead", "tbody", "tfoot", "table"):
            stack.extend((child, in_foot or name == "tfoot") for child in reversed(node))
    yield from feet


def _columns(group: Node) -> dict[str, int]:
    """Number CALS columns by name, and spans by the name of their first and last column."""
    found: dict[str, int] = {}
    number = 0
    for node in group:
        if local(node) == "colspec":
            number = _number(node.get("colnum"), number + 1)
            found.setdefault(node.get("colname", ""), number)
    for node in group:
        if local(node) == "spanspec":
            first, last = (found.get(node.get(key, ""), 0) for key in ("namest", "nameend"))
            name = node.get("spanname", "")
            found[f"{name} first"], found[f"{name} last"] = first, last
    return found


def _number(text: str | None, otherwise: int) -> int:
    return min(int(text), _WIDEST) if text is not None and text.isdecimal() and len(text) < 9 else otherwise


def _cell(node: Node, columns: dict[str, int], text: Callable[[Node], str]) -> _Cell:
    span = node.get("spanname", "")
    first = columns.get(node.get("namest", node.get("colname", "")), columns.get(f"{span} first", 0))
    last = columns.get(node.get("nameend", ""), columns.get(f"{span} last", 0))
    wide = last - first + 1 if 0 < first <= last else _number(node.get("colspan", node.get("cols")), 1)
    tall = _number(node.get("rowspan", node.get("rows")), 1)
    more = _number(node.get("morerows"), 0)
    return _Cell(text(node), first, max(wide, 1), max(tall, 1) + more)


def _laid(cells: Sequence[_Cell], hanging: dict[int, tuple[str, int]], is_head: bool) -> list[str]:
    """Lay a row's cells out beside what hangs down from the rows above."""
    row: dict[int, str] = {}
    for column, (words, left) in list(hanging.items()):
        row[column] = words
        if left > 1:
            hanging[column] = (words, left - 1)
        else:
            del hanging[column]
    at = 1
    for cell in cells:
        at = max(at, cell.column)
        while at in row:
            at += 1
        for column in range(at, at + cell.columns):
            words = cell.text if column == at or is_head else ""
            row[column] = words
            if cell.rows > 1:
                repeated = words if is_head or (column == 1 and len(words) <= _LABEL) else ""
                hanging[column] = (repeated, cell.rows - 1)
        at += cell.columns
    return [row.get(column, "") for column in range(1, max(row, default=0) + 1)]


def _heads(row: Node, cells: Sequence[Node]) -> bool:
    """Tell a header row."""
    if local(row.getparent()) == "thead" or row.get("role") == "label":
        return True
    if local(row.getparent()) in ("tbody", "tfoot"):
        return False
    return bool(cells) and all(local(cell) == "th" or cell.get("role") == "label" for cell in cells)
