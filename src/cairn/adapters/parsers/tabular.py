"""From a block of rows, as they show, to elements: its title, its table with its header, its remarks.

Knows no file format and no sheet. What a row is gets told from how its cells look: figures stand under
words, words of one row head the columns below. A row costs what its own cells cost, wherever they stand.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from cairn.adapters.parsers import tidy
from cairn.types import Element, ElementKind, Locator, cell_range

_MOST_HEADER = 4
_CAPTION = 120
"""Characters of a line right above a table up to which it is the table's caption."""
_FEW = 200
"""Rows of one column up to which they may be lines of text; more are a table."""
SAMPLE = 40
"""Rows that tell what a column holds."""
LONG = 200
"""Characters of a text that is not repeated over merged cells and heads nothing."""

_FIGURE_SIGNS = str.maketrans("", "", "0123456789 .,:'/()+-−–—%‰$€£¥₹<>~≈*†")
_UNIT = re.compile(r"[A-Za-zµ°²³]{0,4}")
_YEARLIKE = re.compile(r"\(?(?:19|20)\d\d(?:\s?[/–-]\s?(?:\d\d|(?:19|20)\d\d))?\)?[*†]?")
_DATELIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}|(?:19|20)\d\d-\d\d|\d{1,2}/(?:19|20)\d\d")
_REMARK = re.compile(r"(?:note|source|quelle|hinweis|remark|anmerkung|\*|†|\(?\d\))", re.IGNORECASE)


class Line(NamedTuple):
    """A row's cells that show something: the row's number from 1, their columns from 1, rising, and texts."""

    number: int
    columns: tuple[int, ...]
    texts: list[str]
    bold: bool = False


Where = Callable[[Line], Locator]


@lru_cache(maxsize=4096)
def letters(column: int) -> str:
    """Return a column's name: A for 1."""
    return cell_range([(1, column)]).rstrip("1")


def cells(line: Line) -> str:
    """Name the range that a row's cells span: ``B4:F4``."""
    first, last = line.columns[0], line.columns[-1]
    begin = f"{letters(first)}{line.number}"
    return begin if first == last else f"{begin}:{letters(last)}{line.number}"


# --- what a cell says -----------------------------------------------------------------------


@lru_cache(maxsize=4096)
def is_figure(text: str) -> bool:
    """Tell a number, an amount, a date in figures or a time from words."""
    if len(text) > 40 or not any(map(str.isdigit, text)):
        return False
    rest = text.translate(_FIGURE_SIGNS)
    return not rest or (len(rest) <= 4 and text[0].isascii() and _is_amount(text, rest))


def _is_amount(text: str, rest: str) -> bool:
    """Tell ``1,250 EUR``, ``12.5 kg`` and ``1.2E+05`` from ``B12`` and ``Q1 2024``."""
    if _UNIT.fullmatch(rest) is None:
        return False
    return text.endswith(rest) or (text.startswith(rest) and len(rest) == 3 and rest.isupper()) or rest == "E"


def is_label(text: str) -> bool:
    """Tell what may head a column: words, years and dates."""
    if len(text) > LONG:
        return False
    return not is_figure(text) or bool(_YEARLIKE.fullmatch(text) or _DATELIKE.fullmatch(text))


def used_columns(lines: Iterable[Line]) -> list[int]:
    """Return the columns in which any of the rows has a cell, rising."""
    return sorted(set().union(*{line.columns for line in lines}))


def figured(lines: Sequence[Line]) -> set[int]:
    """Return the columns that mostly hold figures."""
    counts: dict[int, list[int]] = {}
    for line in lines:
        for column, text in zip(line.columns, line.texts, strict=True):
            count = counts.setdefault(column, [0, 0])
            count[0] += 1
            count[1] += is_figure(text)
    return {column for column, (every, figures) in counts.items() if 2 * figures >= every}


# --- from a block to elements ---------------------------------------------------------------


def block_elements(
    lines: Sequence[Line],
    where: Where,
    *,
    spans: Mapping[int, Mapping[int, int]] = {},
    headers: Mapping[int, int] = {},
) -> list[Element]:
    """Return a block's title, its table or paragraphs, and its closing remarks."""
    if all(len(line.texts) == 1 for line in lines) and not _is_list(lines):
        return [_text(line, where, "paragraph") for line in lines]
    start = _first_of_table(lines)
    end = _end_of_table(lines, start)
    made = [_text(line, where, "paragraph") for line in lines[:start]]
    if made and len(made[-1].text) <= _CAPTION:
        made[-1] = _text(lines[start - 1], where, "caption")
    body = lines[start:end]
    header = _header(body, spans, headers)
    made += _table(body, header, where, spans)
    made += [_text(line, where, "paragraph") for line in lines[end:]]
    return made


def _text(line: Line, where: Where, kind: ElementKind) -> Element:
    return tidy.whole(kind, line.texts[0], where(line))


def _is_list(lines: Sequence[Line]) -> bool:
    """Tell rows of one column that are a column of a table from lines of text."""
    if len({line.columns for line in lines}) > 1:
        return len(lines) > _FEW
    words = sum(len(line.texts[0].split()) for line in lines)
    return len(lines) > _FEW or (len(lines) > 3 and words <= 3 * len(lines))


def _first_of_table(lines: Sequence[Line]) -> int:
    """Return how many first lines stand above the table: lone texts at its left."""
    at = next((at for at, line in enumerate(lines) if len(line.texts) > 1), 0)
    if not at:
        return 0
    left = used_columns(lines[at : at + SAMPLE])[0]
    for lone, line in enumerate(lines[:at]):
        if line.columns[0] > left or is_figure(line.texts[0]):
            return lone
    return at


def _end_of_table(lines: Sequence[Line], start: int) -> int:
    """Return where closing remarks begin: lone lines of several words or with a sign of a remark."""
    end = len(lines)
    first = lines[start].columns[0]
    while end > start + 1 and len(lines[end - 1].texts) == 1:
        line = lines[end - 1]
        text = line.texts[0]
        is_remark = _REMARK.match(text) is not None or len(text.split()) > 5
        if line.columns[0] > first or is_figure(text) or not is_remark:
            break
        end -= 1
    return end if any(len(line.texts) > 1 for line in lines[start:end]) else len(lines)


def _header(lines: Sequence[Line], spans: Mapping[int, Mapping[int, int]], headers: Mapping[int, int]) -> int:
    """Count the first rows that head the columns: as the file says, labels over figures, bold ones."""
    for at, line in enumerate(lines[:_MOST_HEADER]):
        if line.number in headers:
            return min(at + headers[line.number], len(lines) - 1, 10)
    if len(lines) < 2:
        return 0
    width = len(used_columns(lines[:SAMPLE]))
    count = 0
    for line in lines[: min(_MOST_HEADER, len(lines) - 1)]:
        is_one = len(line.texts) > 1 or (count == 0 and width > 2 and line.number in spans)
        if not is_one or not (all(map(is_label, line.texts)) or _heads_numbered(line, lines[count + 1 :])):
            break
        if count and not (line.bold or len(lines[count - 1].texts) < width):
            break
        count += 1
    if not count:
        return 0
    below = figured(lines[count : count + SAMPLE])
    is_above = any(column in below for line in lines[:count] for column in line.columns)
    if is_above or (lines[0].bold and not lines[count].bold):
        return count
    return _guessed(lines, width)


def _heads_numbered(line: Line, below: Sequence[Line]) -> bool:
    """Tell a header of which the first cell is a number, over rows that are numbered, from another row."""
    figures = figured(below[:SAMPLE]) - {line.columns[0]}
    over = figures.intersection(line.columns)
    return len(line.texts) > 2 and len(over) > 1 and all(map(is_label, line.texts[1:]))


def _guessed(lines: Sequence[Line], width: int) -> int:
    """Count the header rows of a table all of words: a first row that is full, short and not repeated."""
    first = lines[0]
    is_full = len(first.texts) == width > 2 or (width == 2 and len(lines) > 12 and len(first.texts) == 2)
    is_short = all(len(text) <= 60 for text in first.texts)
    return 1 if is_full and is_short and len(set(first.texts)) == len(first.texts) and len(lines) > 1 else 0


def _table(
    lines: Sequence[Line], header: int, where: Where, spans: Mapping[int, Mapping[int, int]]
) -> list[Element]:
    """Make a table; text over merged columns of the header is repeated in each."""
    used = tuple(used_columns(lines))
    is_aligned = len(used) * len(lines) <= 8 * sum(len(line.texts) for line in lines) + 1_000_000
    parts: list[tidy.Located] = []
    for at, line in enumerate(lines):
        if at < header and line.number in spans:
            shown = _spread(line, spans[line.number], used)
        elif line.columns == used or not is_aligned:
            shown = " | ".join(line.texts)
        else:
            own = dict(zip(line.columns, line.texts, strict=True))
            shown = " | ".join([own.get(column, "") for column in used]).rstrip(" |")
        if shown:
            parts.append(tidy.Located(shown + "\n", where(line)))
    if not parts:
        return []
    parts[-1] = tidy.Located(parts[-1].text[:-1], parts[-1].locator)
    return [tidy.element("table", parts, header=min(header, len(parts)))]


def _spread(line: Line, spans: Mapping[int, int], used: Sequence[int]) -> str:
    own = dict(zip(line.columns, line.texts, strict=True))
    text, until = "", 0
    shown = []
    for column in used:
        if column in own:
            text, until = own[column], spans.get(column, 0)
        shown.append(text if column in own or column <= until else "")
    return " | ".join(shown).rstrip(" |")
