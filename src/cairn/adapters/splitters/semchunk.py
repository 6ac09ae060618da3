"""Over-long text to pieces at its most natural breaks (paragraph, sentence, clause, word)."""

from typing import cast

from semchunk.semchunk import chunk

from cairn.protocols import Splitter


def split(text: str, characters: int) -> list[tuple[int, int]]:
    """Return half-open ranges of at most ``characters`` each; blanks between may be left out."""
    # Characters instead of tokens: counting tokens of every candidate would take minutes on a
    # file that is one long line.
    found = chunk(text, characters, len, memoize=False, offsets=True)
    return cast(list[tuple[int, int]], found[1])  # with offsets it returns (pieces, ranges)


def load(rest: str) -> Splitter:
    """Return the splitter; it has no options."""
    return split
