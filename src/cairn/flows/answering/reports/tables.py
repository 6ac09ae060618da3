"""From a citation that leads into a table to the rows of that table, as they stand there.

Knows nothing of where the table came from.
"""

from itertools import groupby

from cairn.results.reports import Cells, Excerpt
from cairn.types import Anchor, Citation, Evidence

Lines = list[tuple[int, str]]
"""Lines of a text, each with where it begins."""
BETWEEN = " | "
"""Between the cells of a row, as it is read."""
WHOLE = 12
"""A table with at most so many rows is shown whole; of a longer one, the cited rows."""
ROW = 2
"""Cells from which a line is a row."""


def excerpt(citation: Citation, evidence: Evidence) -> Excerpt | None:
    """Return the table that a citation leads into; None where it leads into prose."""
    start = evidence.text.find(citation.quote)
    found = _table(evidence, start, start + len(citation.quote)) if start >= 0 else None
    if found is None:
        return None
    header, rows = found
    cited = [number for number, (at, row) in enumerate(rows) if _meets(at, row, start, len(citation.quote))]
    if not cited or len(cells(rows[cited[0]][1])) < ROW:
        return None
    shown = list(range(len(rows))) if len(rows) <= WHOLE else cited
    return Excerpt(
        caption=evidence.context,
        header=tuple(cells(row) for _, row in header),
        rows=tuple(cells(rows[number][1]) for number in shown),
        cited=tuple(shown.index(number) for number in cited),
        left_out=len(rows) - len(shown),
        citation=citation,
    )


def cells(row: str) -> Cells:
    """Return a row's cells."""
    return tuple(row.split(BETWEEN))


def joined(one: Excerpt, other: Excerpt) -> Excerpt | None:
    """Return two excerpts of one table as one; None where they are of two."""
    same = one.citation.evidence == other.citation.evidence and one.header == other.header
    if not same or one.left_out + len(one.rows) != other.left_out + len(other.rows):
        return None
    rows = one.rows + tuple(row for row in other.rows if row not in one.rows)
    cited = {one.rows[number] for number in one.cited} | {other.rows[number] for number in other.cited}
    return Excerpt(
        caption=one.caption,
        header=one.header,
        rows=rows,
        cited=tuple(number for number, row in enumerate(rows) if row in cited),
        left_out=one.left_out + len(one.rows) - len(rows),
        citation=one.citation,
    )


def _table(evidence: Evidence, start: int, end: int) -> tuple[Lines, Lines] | None:
    """Return header and rows of the table around characters ``start:end``."""
    header: Lines = []
    for kind, group in groupby(evidence.anchors, key=lambda anchor: anchor.kind):
        run = list(group)
        if kind == "table" and run[0].start < end and run[-1].end > start:
            return header, _lines(evidence.text, run)
        header = _lines(evidence.text, run) if kind == "header" else []
    return None


def _lines(text: str, run: list[Anchor]) -> Lines:
    found, at = [], run[0].start
    for line in text[run[0].start : run[-1].end].split("\n"):
        if line.strip():
            found.append((at, line))
        at += len(line) + 1
    return found


def _meets(at: int, row: str, start: int, length: int) -> bool:
    return at < start + length and at + len(row) > start
