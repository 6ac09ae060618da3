"""Evidence to the smallest things worth quoting: sentences, and rows of tables.

Knows nothing of the question.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cairn.types import Evidence

CELL = " | "
LONGEST = 600
"""Characters of a sentence; a longer one is cut at a blank, for it is no sentence."""

_END = re.compile(
    r"""
    (?<=[.!?…])["'”’)\]]*\s+(?=["'“‘(\[]*[\dA-ZÀ-ÖØ-ÞΑ-ΩА-Я])   # a full stop, then a capital or digit
    | (?<=[。！？])
    | \n+
    """,
    re.VERBOSE,
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Z]|Dr|Mr|Mrs|Ms|Prof|St|No|Nr|Art|Abs|Fig|Sec|vs|cf|al|approx|e\.g|i\.e|z\.B|d\.h|bzw|ca|Inc|Co|Ltd|Corp)"
    r"|^\s*\d{1,2})\.$"
)


class Unit(NamedTuple):
    """One quotable stretch ``start:end`` of an evidence's text."""

    evidence: int
    """Which of the evidence, by its place in the list."""
    start: int
    end: int
    text: str
    header: str
    """Of a table's row: its header line; else empty."""


def units(evidence: list[Evidence]) -> list[Unit]:
    """Return every sentence and row of the evidence, in order."""
    return [
        Unit(number, start, end, one.text[start:end], header)
        for number, one in enumerate(evidence)
        for start, end, header in _blocks(one.text)
    ]


def _blocks(text: str) -> Iterator[tuple[int, int, str]]:
    """Walk lines: runs with cells are a table, whose first line is its header; the rest is prose."""
    start = 0
    header = ""
    prose = 0
    for line in text.split("\n"):
        end = start + len(line)
        if CELL in line:
            yield from _sentences(text, prose, start)
            if header:
                yield start, end, header
            else:
                header = line
            prose = end + 1
        else:
            header = ""
        start = end + 1
    yield from _sentences(text, prose, len(text))


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if text[match.start() : match.end()].startswith("\n") or not _ABBREVIATION.search(
            text[begin : match.start()]
        ):
            yield from _trimmed(text, begin, match.start())
            begin = match.end()
    yield from _trimmed(text, begin, end)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int, str]]:
    while start < end:
        stop = end
        if end - start > LONGEST:
            blank = text.rfind(" ", start, start + LONGEST)
            stop = blank if blank > start else start + LONGEST
        piece = text[start:stop]
        left = start + len(piece) - len(piece.lstrip())
        right = left + len(piece.strip())
        if right > left:
            yield left, right, ""
        start = stop
