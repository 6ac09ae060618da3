"""How probable it is that what was found answers the question: a logistic model of a few signals.

The weights come from ``bench/calibrate.py``; LOG.md says on which set and how well they hold on
questions they were not fitted to.
"""

import math
from dataclasses import astuple, dataclass

WEIGHTS = (3.0, 4.0, 1.5, 2.0, 1.0, -1.0)
"""One for each of the signals, in their order."""
BIAS = -5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What the probability rests on; all 0 when nothing was found."""

    passage: float = 0.0
    """The best passage's cosine with the question."""
    sentence: float = 0.0
    """The best sentence's, read with its context."""
    sentence_words: float = 0.0
    """Share of the question's words, by rarity, in the best sentence."""
    together_words: float = 0.0
    """The same in all chosen sentences together."""
    passage_words: float = 0.0
    """The same in the best sentence's whole passage."""
    missing_numbers: float = 0.0
    """Numbers of the question that do not stand in that passage."""


def probability(signals: Signals) -> float:
    """Return the probability that evidence with these signals answers, 0 to 1."""
    if signals == Signals():
        return 0.0
    total = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, astuple(signals), strict=True))
    return 1 / (1 + math.exp(-total))
