"""How much of a claim's words a sentence says, and which sentence a claim is from.

By words alone, numbers and dates left out. Knows nothing of whether they are used to say the same.
"""

from collections.abc import Collection

from cairn.flows.answering.verification.parts import LIGHT, Parts
from cairn.flows.answering.verification.statements import Reading, Statement

SOURCE = 0.7
"""From this share of its words on a claim is sure to be from a sentence."""
PREFERRED = 0.1
"""What it is worth, among sentences that are about as like, that a number of the claim stands there."""
NEARLY = 0.9
"""Sentences that say this part of what the likest one says are as likely to be meant."""
FEW = 3
"""Words below which nothing can be said of likeness."""


def share(claim: Parts, statement: Statement) -> float:
    """Return the share of a claim's telling words that a statement says, 0 to 1."""
    mine = set(claim.words) - LIGHT
    return len(statement.words & mine) / max(len(mine), 1)


def source(claim: Parts, reading: Reading, least: float, bound: Collection[int] = ()) -> int | None:
    """Return the sentence that says most of a claim's words, if it says so many; rather one of ``bound``."""
    best = max(
        sentences(reading),
        key=lambda n: share(claim, reading.statements[n]) + PREFERRED * (n in bound),
        default=None,
    )
    return best if best is not None and share(claim, reading.statements[best]) >= least else None


def alike(claim: Parts, reading: Reading, bound: Collection[int]) -> list[int]:
    """Return the sentences that say about as much of a claim as its source; ``bound`` ones, if any are."""
    likest = source(claim, reading, SOURCE)
    if likest is None:
        return []
    nearly = NEARLY * share(claim, reading.statements[likest])
    found = [number for number in sentences(reading) if share(claim, reading.statements[number]) >= nearly]
    held = [number for number in found if number in bound]
    return held if held else found


def sentences(reading: Reading) -> list[int]:
    """Return which statements are no rows."""
    return [number for number, one in enumerate(reading.statements) if one.table < 0]


def telling(claim: Parts) -> bool:
    """Tell whether a claim has words enough for a sentence to be like it."""
    return len(set(claim.words) - LIGHT) >= FEW


def says_number(claim: Parts, statement: Statement) -> bool:
    """Tell whether a sentence says a number of the claim."""
    held = [mention.quantity for mention in statement.mentions]
    return any(told.quantity.states(other.value, other.bound) for told in claim.told for other in held)
