"""Evidence to the smallest things worth quoting: sentences, and rows of tables.

Knows nothing of the question.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from cairn.types import Evidence

TELLING = 8
"""Words from which a caption says something by itself."""
LONGEST = 600
"""Characters of a sentence; a longer one is cut at a blank, for it is no sentence."""

# It begins with a set of characters, which the engine looks for faster than for what stands behind a place.
_END = re.compile(
    r"""
    [.!?…。！？](?:
        (?<=[.!?…])["'”’)\]]?(?P<blank>\s+)(?=["'“‘(\[]*[\dA-ZÀ-ÖØ-ÞΑ-ΩА-Я])  # then a capital or digit
        | (?<=[。！？])
    )
    """,
    re.VERBOSE,
)
_ABBREVIATED = 8
"""Characters that the longest abbreviation has, and what stands before it."""
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|Art|Abs|Fig|Sec|vs|cf|al|approx|e\.g|i\.e|z\.B|d\.h|bzw|ca|Inc|Co|Ltd|Corp)"
    r"|(?:^|\s)\d{1,2})\.$"
)


class Unit(NamedTuple):
    """One quotable stretch ``start:end`` of an evidence's text."""

    evidence: int
    """Which of the evidence, by its place in the list."""
    start: int
    end: int
    text: str
    heading: str
    """The heading or caption above it within the passage, if any."""
    header: str
    """Of a table's row: its header row, if any."""


def units(evidence: list[Evidence]) -> list[Unit]:
    """Return every sentence and row of the evidence, in order, without headings and short captions."""
    return [unit for number, one in enumerate(evidence) for unit in _units(number, one)]


def abbreviated(text: str) -> bool:
    """Tell whether a text ends with a full stop that ends no sentence: ``Dr.``, ``e.g.``, ``on the 1.``"""
    return _ABBREVIATION.search(text, max(len(text) - _ABBREVIATED, 0)) is not None


def _units(number: int, evidence: Evidence) -> Iterator[Unit]:
    text, heading, header = evidence.text, "", ""
    edges = [anchor.start for anchor in evidence.anchors if text[anchor.start - 1 : anchor.start].isspace()]
    for kind, start, end in runs(evidence):
        if kind == "heading" or (kind == "caption" and len(text[start:end].split()) < TELLING):
            heading, header = text[start:end].strip(), ""
        elif kind == "header":
            header = text[start:end]
        else:
            above = header if kind == "table" else ""
            pieces = rows(text, start, end) if kind == "table" else _sentences(text, start, end, edges)
            for left, right in pieces:
                yield Unit(number, left, right, text[left:right], heading, above)


def runs(evidence: Evidence) -> Iterator[tuple[str, int, int]]:
    """Yield the stretches of one kind of element, in order: kind, start, end."""
    for kind, group in groupby(evidence.anchors, key=lambda anchor: anchor.kind):
        run = list(group)
        yield kind, run[0].start, run[-1].end


def rows(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield where each line that is not blank stands."""
    for line in text[start:end].split("\n"):
        if line.strip():
            yield start, start + len(line)
        start += len(line) + 1


def _sentences(text: str, start: int, end: int, edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    for begin, last in rows(text, start, end):
        for match in _END.finditer(text, begin, last):
            stop = match.end() if match["blank"] is None else match.start("blank")
            if not abbreviated(text[begin:stop]):
                yield from _trimmed(text, begin, stop, edges)
                begin = match.end()
        yield from _trimmed(text, begin, last, edges)


def _trimmed(text: str, start: int, end: int, edges: Sequence[int]) -> Iterator[tuple[int, int]]:
    while start < end:
        stop = end
        if end - start > LONGEST:
            at = bisect_right(edges, start + LONGEST) - 1  # at a line's end, so that it can be pointed at
            edge = edges[at] if at >= 0 else 0
            blank = text.rfind(" ", start, start + LONGEST)
            stop = edge if edge > start else blank if blank > start else start + LONGEST
        piece = text[start:stop]
        left = start + len(piece) - len(piece.lstrip())
        right = left + len(piece.strip())
        if right > left:
            yield left, right
        start = stop
