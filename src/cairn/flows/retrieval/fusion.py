"""Words, meaning and names to one score, each on a scale of its own that is the same for every question.

The word score is the share of what is asked that a passage holds, so a question whose words no
passage covers gives words little weight by itself, and a precise one much: no weight is chosen per
question or collection. Rank fusion throws this away. LOG.md has the comparison.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Doubles = NDArray[np.float64]

WORDS = 0.6
MEANING = 0.4
NAME = 0.3
"""Added for a passage of the document the question names."""
FRESH = 0.1
"""Added for a passage of a document of this moment, where recency counts at all."""
FEEDBACK = 0.7
"""What the best passages count beside the question when meaning is judged again (Rocchio 1971)."""
BEST = 2
"""Passages taken as feedback."""


def at_best(words: Doubles, cosines: Doubles, named: bool) -> Doubles:
    """Return what candidates may score, feedback and recency apart; a cosine is the most one can have."""
    return WORDS * words + MEANING * cosines + NAME * named


def fuse(
    question: Floats,
    vectors: Floats,
    words: Sequence[float],
    names: Sequence[float],
    fresh: Sequence[float],
) -> Mapping[str, list[float]]:
    """Return by stage the candidates' scores, n each; they are ranked by ``rank``.

    ``question`` has shape (d,), ``vectors`` (n, d), both unit; a candidate without a vector is 0.
    """
    fixed = [
        WORDS * word + NAME * name + FRESH * age for word, name, age in zip(words, names, fresh, strict=True)
    ]
    cosines = (vectors @ question).tolist()
    first = [here + MEANING * cosine for here, cosine in zip(fixed, cosines, strict=True)]
    best = sorted(range(len(first)), key=lambda i: -first[i])[:BEST]
    turned = question + FEEDBACK * vectors[best].mean(axis=0) if best else question
    again = (vectors @ turned / (turned @ turned) ** 0.5).tolist()
    rank = [here + MEANING * cosine for here, cosine in zip(fixed, again, strict=True)]
    stages = {"words": list(words), "vectors": cosines, "name": list(names), "feedback": again}
    return stages | ({"fresh": list(fresh)} if any(fresh) else {}) | {"rank": rank}
