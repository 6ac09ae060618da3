"""How probable it is that what was found answers the question: a logistic model of a few signals.

The weights come from ``bench/calibrate.py``; LOG.md says on which set and how well they hold on
questions they were not fitted to.
"""

import math
from dataclasses import astuple, dataclass

WEIGHTS = (13.63, -3.42, -1.36, 0.83)
"""One for each of the signals, in their order."""
BIAS = -13.19


@dataclass(frozen=True, kw_only=True, slots=True)
class Signals:
    """What the probability rests on; all 0 when nothing was found."""

    matched: float = 0.0
    """How much of the question the best sentence's passage speaks of, 0 to 1."""
    year: float = 0.0
    """1 when a year is asked for that neither that passage nor its document's title or name holds."""
    number: float = 0.0
    """1 when a number is asked for and the best sentence tells none."""
    words: float = 0.0
    """The logarithm of 1 and the words asked with: of few a passage on something else soon speaks."""


def probability(signals: Signals) -> float:
    """Return the probability that evidence with these signals answers, 0 to 1."""
    if signals == Signals():
        return 0.0
    total = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, astuple(signals), strict=True))
    return 1 / (1 + math.exp(-total))
