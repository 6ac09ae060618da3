"""How probable it is that what was found answers the question: a logistic model of a few signals.

The weights come from ``bench/calibrate.py``; LOG.md says on which set and how well they hold on
questions they were not fitted to.
"""

import math
from dataclasses import astuple, dataclass

WEIGHTS = (3.15, 0.73, 3.08, 2.61, -1.02, 0.11, -1.2, 0.04, -0.17)
"""One for each of the signals, in their order."""
BIAS = -4.38


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What the probability rests on; all 0 when nothing was found."""

    sentence: float = 0.0
    """The best sentence's score."""
    passage: float = 0.0
    """Its passage's cosine with the question."""
    lead: float = 0.0
    """What the best passage scores more than the fifth: a question's own place stands out."""
    held: float = 0.0
    """Share of the question's words, by rarity, that stand in the best sentence's passage."""
    covered: float = 0.0
    """The same for the chosen sentences in their contexts."""
    terms: float = 0.0
    """How many words the question has that say something."""
    numbers: float = 0.0
    """Numbers of the question that do not stand by the best sentence."""
    row: float = 0.0
    """1 when the best sentence is a row of a table."""
    quantity: float = 0.0
    """1 when the question asks how much or how many: right places hold wrong numbers, too."""


def probability(signals: Signals) -> float:
    """Return the probability that evidence with these signals answers, 0 to 1."""
    if signals == Signals():
        return 0.0
    total = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, astuple(signals), strict=True))
    return 1 / (1 + math.exp(-total))
