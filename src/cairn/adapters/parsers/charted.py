"""Charts and diagrams in Office files: their cached values and words as tables and lists.

Knows the XML of charts (also of the newer kind, ``chartex``) and of diagrams; follows no link to the
workbook that a chart was made from.
"""

import math
import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from cairn.adapters.parsers import number_formats, tidy

Node = Any
"""An lxml element; lxml has no types of its own."""

_MOST_CELLS = 1_000_000
_MOST_LEVELS = 8


class Chart(NamedTuple):
    """A chart's title with the titles of its value axes, and its values: rows, the first their header."""

    title: str
    tables: list[list[list[str]]]


class _Series(NamedTuple):
    name: str
    labels: dict[int, str]
    values: dict[int, str]


def _shown(value: str, code: str) -> str:
    """Return a number as a reader sees it under a format code (``0.0%``, ``#,##0``, ``dd.mm.yyyy``)."""
    try:
        number = float(value)
    except ValueError:
        return value
    return number_formats.compiled(code).number(number) if math.isfinite(number) else value


def chart(root: Node) -> Chart:
    """Read a chart's part."""
    if next(root.iter("{*}chartData"), None) is not None:
        return Chart(_title(root.find("{*}chart/{*}title")), list(_newer(root)))
    plot = root.find("{*}chart/{*}plotArea")
    if plot is None:
        return Chart("", [])
    series = list(_series(plot))
    titles = [
        _title(root.find("{*}chart/{*}title")),
        *(_title(axis) for axis in plot.iterfind("{*}valAx/{*}title")),
    ]
    named = ", ".join(dict.fromkeys(filter(None, titles)))
    corner = next(
        (_title(node) for kind in ("catAx", "dateAx") for node in plot.iterfind(f"{{*}}{kind}/{{*}}title")),
        "",
    )
    return Chart(named, list(_tables(series, corner)))


def _title(node: Node | None) -> str:
    if node is None:
        return ""
    texts = [leaf.text for leaf in node.iter("{*}t", "{*}v") if leaf.text]
    return tidy.flat("".join(texts))


def _series(plot: Node) -> Iterator[_Series]:
    for node in plot.iter("{*}ser"):
        labels = node.find("{*}cat")
        values = node.find("{*}val")
        labels = node.find("{*}xVal") if labels is None else labels
        values = node.find("{*}yVal") if values is None else values
        yield _Series(_title(node.find("{*}tx")), _points(labels), _points(values))


def _points(node: Node | None) -> dict[int, str]:
    """Return cached values by their place, labels of several levels joined, the outermost first."""
    if node is None:
        return {}
    levels = list(node.iter("{*}lvl"))[:_MOST_LEVELS]
    if levels:
        return _joined([_cached(level, "General") for level in levels])
    cache = next(node.iter("{*}strCache", "{*}numCache", "{*}strLit", "{*}numLit"), None)
    if cache is None:
        return {}
    code = cache.findtext("{*}formatCode")
    return _cached(cache, code if code is not None else "General")


def _cached(cache: Node, code: str) -> dict[int, str]:
    found: dict[int, str] = {}
    is_number = cache.tag.endswith(("numCache", "numLit"))
    for point in cache.iterfind("{*}pt"):
        place = point.get("idx", "")
        text = point.findtext("{*}v")
        if text is not None and re.fullmatch("[0-9]{1,9}", place):
            own = point.get("formatCode", code)
            found[int(place)] = tidy.flat(_shown(text, own) if is_number else text)
    return found


def _joined(levels: Sequence[dict[int, str]]) -> dict[int, str]:
    """Join the levels, the first of them the innermost; an outer label holds until the next one."""
    inner = levels[0]
    joined = {place: [text] for place, text in inner.items()}
    for level in levels[1:]:
        last = ""
        for place in sorted(inner):
            last = level.get(place, last)
            joined[place].insert(0, last)
    return {place: ", ".join(filter(None, texts)) for place, texts in joined.items()}


def _tables(series: Sequence[_Series], corner: str) -> Iterator[list[list[str]]]:
    """Make one table of the series that share their labels."""
    groups: dict[tuple[tuple[int, str], ...], list[_Series]] = {}
    for one in series:
        groups.setdefault(tuple(sorted(one.labels.items())), []).append(one)
    for labels, group in groups.items():
        named = dict(labels)
        places = sorted({*named, *(place for one in group for place in one.values)})
        places = places[: _MOST_CELLS // len(group)]
        rows = [[named.get(at, ""), *(one.values.get(at, "") for one in group)] for at in places]
        if rows:
            yield [[corner, *(one.name for one in group)], *rows]


def _newer(root: Node) -> Iterator[list[list[str]]]:
    """Read the tables of a chart of the newer kind (waterfall, treemap, histogram)."""
    names = [_title(node) for node in root.iter("{*}series") for node in node.iterfind("{*}tx")]
    for at, data in enumerate(root.iter("{*}data")):
        columns = []
        for level in list(data.iter("{*}lvl"))[:_MOST_LEVELS]:
            code = level.get("formatCode", "General")
            is_number = level.getparent().tag.endswith("numDim")
            texts = [point.text if point.text else "" for point in level.iterfind("{*}pt")]
            columns.append([tidy.flat(_shown(text, code) if is_number else text) for text in texts])
        rows = [list(row) for row in zip_longest(*columns, fillvalue="")]
        if rows:
            head = [""] * (len(columns) - 1)
            yield [[*head, names[at] if at < len(names) else ""], *rows]


def diagram(root: Node) -> Iterator[str]:
    """Yield the words in the boxes of a diagram, each box before those below it."""
    words = {
        point.get("modelId", ""): point
        for point in root.iter("{*}pt")
        if point.get("type", "node") in ("node", "asst", "doc")
    }
    below = _below(root)
    tops = [key for key, point in words.items() if point.get("type") == "doc"]
    waiting = [*reversed(words), *reversed(tops)]
    seen: set[str] = set()
    while waiting:
        key = waiting.pop()
        if key in seen or key not in words:
            continue
        seen.add(key)
        waiting += reversed(below.get(key, []))
        for paragraph in words[key].iterfind("{*}t/{*}p"):
            text = tidy.flat("".join(leaf.text for leaf in paragraph.iter("{*}t") if leaf.text))
            if text:
                yield text


def _below(root: Node) -> dict[str, list[str]]:
    """Return the keys of the boxes directly below each box, in order."""
    links: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter("{*}cxn"):
        if link.get("type", "parOf") == "parOf":
            rank = link.get("srcOrd", "")
            place = int(rank) if re.fullmatch("[0-9]{1,9}", rank) else 0
            links.setdefault(link.get("srcId", ""), []).append((place, link.get("destId", "")))
    return {key: [child for _, child in sorted(found)] for key, found in links.items()}
