"""The tables of AsciiDoc: cells that begin with a sign, anywhere on a line, and fill rows as they come.

Knows no table within a table.
"""

import csv
import re
from collections.abc import Iterator, Sequence

from cairn.adapters.parsers.lightmarkup import Cells
from cairn.adapters.parsers.text import SourceLine

_CELL = re.compile(r"(?:(?<!\S)((?:\d+\*|\d*(?:\.\d+)?\+)?[<^>.]*[aehlmsv]?))?(?<!\\)\|")


def table(source: str, block: Sequence[SourceLine], style: str, sign: str) -> tuple[list[Cells], int]:
    """Return the rows of a table's lines and how many are header; ``style`` are its attributes."""
    texts = [source[line.start : line.end] for line in block]
    blank = next((at for at, text in enumerate(texts) if not text.strip()), len(texts))
    is_implied = len(texts) > 1 and blank == 1 and "noheader" not in style
    header = 1 if is_implied or re.search(r"%[\w%]*header|options=\"?[\w,]*header", style) else 0
    separated = {",": ",", ":": ":"}.get(sign, "," if "format=csv" in style else "")
    if separated:
        rows = [
            Cells(next(csv.reader([text], delimiter=separated, strict=False)), line, line)
            for text, line in zip(texts, block, strict=True)
            if text.strip() and len(text) < 100_000
        ]
        return rows, header
    width = _columns(style)
    if not width:
        first = next((text for text in texts if text.strip()), "")
        width = max(1, sum(span for _, span, _, _ in _line_cells(first)))
    return list(_rows(block, texts, width)), header


def _columns(style: str) -> int:
    """Count the columns that ``cols=`` says; 0 where it says nothing."""
    found = re.search(r"cols=(?:\"([^\"]*)\"|([\w*%<>^.]+))", style)
    if found is None:
        return 0
    said = found[1] if found[1] is not None else found[2]
    count = 0
    for column in re.split("[,;]", said):
        many = re.match(r"\s*(\d{1,3})\*", column)
        count += int(many[1]) if many is not None else 1
    return min(count - (said.endswith(",") and count > 1 and "," not in said[:-1]), 1000)


def _line_cells(text: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield the cells a line begins: the text, columns and rows it spans, how often it is repeated."""
    marks = list(_CELL.finditer(text))
    for at, mark in enumerate(marks):
        end = marks[at + 1].start() if at + 1 < len(marks) else len(text)
        said = mark[1] if mark[1] is not None else ""
        many = re.match(r"(\d{1,3})\*", said)
        spans = re.match(r"(\d{0,3})(?:\.(\d{1,3}))?\+", said)
        columns = int(spans[1]) if spans is not None and spans[1] else 1
        deep = int(spans[2]) if spans is not None and spans[2] else 1
        times = min(int(many[1]), 100) if many is not None else 1
        yield text[mark.end() : end].strip().replace("\\|", "|"), min(columns, 100), deep, times


def _rows(block: Sequence[SourceLine], texts: Sequence[str], width: int) -> Iterator[Cells]:
    """Fill rows of ``width`` cells, cells that span leave empty ones beside and below."""
    row: list[str] = []
    below = [0] * width
    first = last = None
    for line, text in zip(block, texts, strict=True):
        lead = text[: found.start()] if (found := _CELL.search(text)) else text
        if lead.strip() and row:
            row[-1] = f"{row[-1]} {lead.strip()}".strip()
            last = line
        for cell, columns, deep, times in _line_cells(text):
            for _ in range(times):
                if len(row) >= width and first is not None and last is not None:
                    yield Cells(row, first, last)
                    row, first = [], None
                first, last = line if first is None else first, line
                _fill(row, below)
                row += [cell] + [""] * (columns - 1)
                for at in range(max(0, len(row) - columns), min(len(row), width)):
                    below[at] = deep - 1
    if row and first is not None and last is not None:
        yield Cells(row, first, last)


def _fill(row: list[str], below: list[int]) -> None:
    """Leave the cells empty that a cell above reaches into."""
    while len(row) < len(below) and below[len(row)] > 0:
        below[len(row)] -= 1
        row.append("")
