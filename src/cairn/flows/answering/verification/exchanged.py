"""Does a claim put another name where the sentence that it is from has one?

The words of both are laid side by side; what one has in the place of the other is compared. Knows nothing of
whether a name stands elsewhere in the evidence.
"""

import re
from collections import Counter
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from cairn.flows.answering.verification.names import Name, names
from cairn.flows.answering.verification.parts import Parts

LONGEST = 150
"""Words of a claim; a longer one is no sentence."""

_WORD = re.compile(r"\w+")


class Exchange(NamedTuple):
    """A name in the place of another."""

    mine: str
    """What the claim names."""
    theirs: str
    """What the sentence names there, and the claim less often than the sentence."""


def exchanged(claim: Parts, sentence: str) -> Exchange | None:
    """Return the first name that a claim has in the place of one that it leaves out."""
    mine, theirs = list(_WORD.finditer(claim.text)), list(_WORD.finditer(sentence))
    left_out = _left_out(mine, theirs, names(sentence))
    if not left_out or len(mine) > LONGEST:
        return None
    for start, end, first, last in _replaced(mine, theirs):
        instead = [word.group() for word in mine[start:end] if _capital(word, claim)]
        for name in left_out if instead else ():
            own = [one.group() for one in theirs[first:last] if name.start <= one.start() < name.end]
            if own and not {*own} & {*instead}:
                return Exchange(" ".join(instead), name.text)
    return None


def _left_out(
    mine: Sequence[re.Match[str]], theirs: Sequence[re.Match[str]], held: Sequence[Name]
) -> list[Name]:
    """Return the names of which some word stands less often in the claim, with its capital."""
    fewer = Counter(word.group() for word in theirs)
    fewer.subtract(word.group() for word in mine)
    return [one for one in held if any(fewer[word] > 0 for word in _WORD.findall(one.text))]


def _replaced(
    mine: Sequence[re.Match[str]], theirs: Sequence[re.Match[str]]
) -> list[tuple[int, int, int, int]]:
    """Return which words of one stand in the place of which of the other."""
    left, right = ([word.group().casefold() for word in side] for side in (mine, theirs))
    laid = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
    return [(a, b, c, d) for kind, a, b, c, d in laid if kind == "replace"]


def _capital(word: re.Match[str], claim: Parts) -> bool:
    """Tell whether a word may be of a name: with a capital, not the first, and of no date."""
    dated = any(date.start <= word.start() < date.end for date in claim.dates)
    return word.group()[0].isupper() and word.start() > 0 and not dated
