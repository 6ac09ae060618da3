"""Text read again by lines: paragraphs, columns of prose, and tables that no lines are drawn for.

Knows nothing of PDF, of ruled lines, or of what a layout parser made of the page.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter

from cairn.adapters.parsers import tidy
from cairn.adapters.parsers.printed import Item, Page, by_line, extent, line, sentences, spans
from cairn.types import Box, Element, Locator

_FIGURE = re.compile(r"[^A-Za-z]*\d[^A-Za-z]*|[-$\u2013\u2014]")
_LARGER = 1.15
_LONGEST_HEADING = 14
_WORDY = 4
"""Words a line in a column of prose has at least, on the average."""
_LEAST_PROSE = 4
_TITLE_BLOCKS = 3
_TITLE_WORDS = 12


def read(items: Iterable[Item], page: Page, levels: Mapping[float, int]) -> list[Element]:
    """Read items again: columns of prose one after the other, rows of columns as tables, paragraphs."""
    rows = list(by_line(sorted(items, key=attrgetter("middle"))))
    gutter = _gutter(rows)
    if gutter is None:
        return _elements(rows, page, levels)
    elements: list[Element] = []
    for run in _runs(rows, gutter):
        for side in _sides(run, gutter):
            elements += _elements(list(by_line(sorted(side, key=attrgetter("middle")))), page, levels)
    return elements


def _gutter(rows: Sequence[Sequence[Item]]) -> float | None:
    """Return where two columns of prose part."""
    pairs = [parts for row in rows if len(parts := spans(row)) == 2 and not _is_figure(parts[1])]
    wordy = sum(len(item.text.split()) for parts in pairs for part in parts for item in part)
    if len(pairs) < _LEAST_PROSE or wordy < 2 * _WORDY * len(pairs):
        return None
    left, right = max(parts[0][-1].box.x1 for parts in pairs), min(parts[1][0].box.x0 for parts in pairs)
    return (left + right) / 2 if left < right else None


def _crosses(row: Sequence[Item], gutter: float) -> bool:
    return any(item.box.x0 < gutter < item.box.x1 for item in row)


def _runs(rows: Iterable[list[Item]], gutter: float) -> Iterator[list[list[Item]]]:
    """Group consecutive rows that run over the gutter, or do not."""
    run: list[list[Item]] = []
    for row in rows:
        if run and _crosses(run[-1], gutter) != _crosses(row, gutter):
            yield run
            run = []
        run.append(row)
    if run:
        yield run


def _sides(run: Sequence[Sequence[Item]], gutter: float) -> list[list[Item]]:
    items = [item for row in run for item in row]
    if _crosses(run[0], gutter):
        return [items]
    left = [item for item in items if item.box.x1 <= gutter]
    return [side for side in (left, [item for item in items if item.box.x1 > gutter]) if side]


def _elements(rows: Sequence[list[Item]], page: Page, levels: Mapping[float, int]) -> list[Element]:
    elements: list[Element] = []
    for block in _blocks(rows):
        made = table(block, page.number) if _is_columns(block) else _text(block, page, levels)
        elements += [made] if made is not None else []
    return elements


def _blocks(rows: Iterable[list[Item]]) -> Iterator[list[list[Item]]]:
    """Group rows to paragraphs and to runs that stand in the same columns."""
    block: list[list[Item]] = []
    for row in rows:
        if block and not _goes_on(block, row):
            yield block
            block = []
        block.append(row)
    if block:
        yield block


def _goes_on(block: Sequence[Sequence[Item]], row: Sequence[Item]) -> bool:
    above, below = spans(block[-1]), spans(row)
    if len(above) > 1 or len(below) > 1:
        return len(above) == len(below) and all(map(_share_edge, above, below))
    before, after = extent(block[-1]), extent(row)
    one, other = block[-1][-1], row[0]
    is_near = after.y0 - before.y1 <= 0.6 * min(before.y1 - before.y0, after.y1 - after.y0)
    is_alike = abs(one.size - other.size) <= 0.08 * max(one.size, other.size) and one.is_bold == other.is_bold
    return is_near and is_alike


def _share_edge(one: Sequence[Item], other: Sequence[Item]) -> bool:
    return abs(one[0].box.x0 - other[0].box.x0) <= 4 or abs(one[-1].box.x1 - other[-1].box.x1) <= 4


def _is_columns(block: Sequence[Sequence[Item]]) -> bool:
    return len(block) > 1 and len(spans(block[0])) > 1


def _text(block: Sequence[Sequence[Item]], page: Page, levels: Mapping[float, int]) -> Element | None:
    """Make a paragraph, or a heading, of printed lines."""
    lines = [text for row in block for part in sentences(row) if (text := line(part)).text]
    if not lines:
        return None
    parts = [
        tidy.Located(
            above.text + tidy.glue(above.text, after.text), Locator(page=page.number, boxes=(above.box,))
        )
        for above, after in pairwise(lines)
    ]
    parts.append(tidy.Located(lines[-1].text, Locator(page=page.number, boxes=(lines[-1].box,))))
    if _is_heading(block, lines, page.usual):
        return tidy.element("heading", parts, level=_level(block[0][0].size, levels))
    return tidy.element("paragraph", parts)


def _is_heading(block: Sequence[Sequence[Item]], lines: Sequence[tidy.Printed], usual: float) -> bool:
    text = " ".join(line.text for line in lines)
    if (
        len(text.split()) > _LONGEST_HEADING
        or text.endswith((".", ",", ";"))
        or not re.search(r"[^\W\d_]{2}", text)
    ):
        return False
    is_large = all(item.size >= _LARGER * usual for row in block for item in row)
    return is_large or (len(block) == 1 and all(item.is_bold for item in block[0]))


def _level(size: float, levels: Mapping[float, int]) -> int:
    """Return the level that the document's other headings of a size have, else that of the next smaller."""
    smaller = [known for known in levels if known <= size + 0.3]
    if smaller:
        return levels[max(smaller)]
    return min(6, max(levels.values(), default=0) + 1)


def _is_figure(items: Iterable[Item]) -> bool:
    return _FIGURE.fullmatch(" ".join(item.text.strip() for item in items)) is not None


def is_figures(rows: Iterable[Sequence[Item]]) -> bool:
    """Tell whether most of what stands in rows is figures."""
    parts = [part for row in rows for part in spans(row)]
    return 3 * sum(map(_is_figure, parts)) >= 2 * len(parts) > 0


def table(rows: Sequence[Sequence[Item]], page: int, header: int = 0) -> Element | None:
    """Make a table of printed rows, whose columns are where the rows of figures, or all, have text."""
    split = [spans(row) for row in rows]
    columns = _columns([parts for parts in split if len(parts) > 1])
    made = []
    for row, parts in zip(rows, split, strict=True):
        cells = [""] * max(len(columns), 1)
        for part in parts:
            at = _nearest(columns, extent(part))
            cells[at] = tidy.flat(" ".join([cells[at], *(item.text for item in part)]))
        made.append((cells, Locator(page=page, boxes=(extent(row),))))
    texts, header = tidy.mend([cells for cells, _ in made], header)
    return tidy.table([tidy.Row(cells, place) for cells, (_, place) in zip(texts, made, strict=True)], header)


def _columns(split: Sequence[Sequence[Sequence[Item]]]) -> list[Box]:
    """Return where columns stand: the parts of rows that lie over each other, taken together."""
    most = max((len(parts) for parts in split), default=0)
    boxes = sorted(extent(part) for parts in split if 2 * len(parts) > most for part in parts)
    columns: list[Box] = []
    for box in boxes:
        if columns and box.x0 < columns[-1].x1:
            columns[-1] = tidy.around([columns[-1], box])[0]
        else:
            columns.append(box)
    return columns


def _nearest(columns: Sequence[Box], box: Box) -> int:
    if not columns:
        return 0
    middle = (box.x0 + box.x1) / 2
    return min(range(len(columns)), key=lambda at: max(columns[at].x0 - middle, middle - columns[at].x1, 0.0))


def is_prose(rows: Sequence[Sequence[Item]]) -> bool:
    """Tell rows that are the lines of paragraphs: unbroken, long, some of them beginning in a sentence."""
    whole = [row for row in rows if len(spans(row)) == 1]
    texts = [" ".join(item.text for item in row) for row in whole]
    words = [word for text in texts for word in text.split()]
    return (
        len(rows) > 1
        and not any(map(_has_figures, texts))
        and 5 * len(whole) >= 4 * len(rows)
        and len(words) > 8 * len(whole)
        and any(text[:1].islower() for text in texts[1:])
    )


def _has_figures(text: str) -> bool:
    """Tell a line that is a table's row: three figures or more, each fourth word at least."""
    words = text.split()
    figures = sum(_FIGURE.fullmatch(word) is not None for word in words)
    return figures > 2 and 4 * figures >= len(words)


def beside(boxes: Sequence[Box | None], page: Page) -> list[list[int]]:
    """Return groups of boxes, by their places in the list: figures, and labels on their left."""
    groups: list[set[int]] = []
    for at, box in enumerate(boxes):
        left = [
            to
            for to, other in enumerate(boxes)
            if box is not None and other is not None and other.x1 <= box.x0 + 2
            if other.y0 < box.y1 and other.y1 > box.y0
        ]
        if box is None or not left or not _is_labelled(box, [boxes[to] for to in left], page):
            continue
        group = {at, *left}
        for known in [known for known in groups if known & group]:
            groups.remove(known)
            group |= known
        groups.append(group)
    return [sorted(group) for group in groups]


def _is_labelled(box: Box, left: Sequence[Box | None], page: Page) -> bool:
    """Tell figures whose lines share their heights with short labels to their left."""
    rows = page.rows(box)
    if len(rows) < 2 or not is_figures(rows) or not is_figures([[row[0]] for row in rows]):
        return False
    labels = [row for other in left if other is not None for row in page.rows(other)]
    heights = [row[0].middle for row in labels]
    words = sum(len(item.text.split()) for row in labels for item in row)
    matched = sum(any(abs(row[0].middle - height) <= 2 for height in heights) for row in rows)
    is_short = words <= 6 * len(labels) and not is_figures(labels)
    return (
        matched > 1
        and 10 * matched >= 7 * len(rows)
        and is_short
        and all(len(spans(row)) == 1 for row in labels)
    )


def labelled(boxes: Sequence[Box], page: Page) -> Element | None:
    """Make one table of all that stands in the boxes."""
    items = {id(item): item for box in boxes for item in page.within(box)}
    return table(list(by_line(sorted(items.values(), key=attrgetter("middle")))), page.number)


def titled(elements: list[Element]) -> list[Element]:
    """Make a heading of the short line that opens a page: liteparse sees a paragraph in
    "Consolidated Balance Sheets"."""
    for at, element in enumerate(elements[:_TITLE_BLOCKS]):
        if element.kind == "heading":
            break
        if element.kind == "paragraph" and _is_title(element.text):
            return [*elements[:at], replace(element, kind="heading", level=2), *elements[at + 1 :]]
    return elements


def _is_title(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    short = len(text.split()) <= _TITLE_WORDS and not text.endswith((".", ",", ";", ":"))
    return short and letters >= 0.6 * len(text)
