"""Words, meaning and names to one score, each on a scale of its own that is the same for every question.

The word score is the share of what is asked that a passage holds, so a question whose words no
passage covers gives words little weight by itself, and a precise one much: no weight is chosen per
question or collection. Rank fusion throws this away. LOG.md has the comparison.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

WORDS = 0.6
MEANING = 0.4
NAME = 0.3
"""Added for a passage of the document the question names."""
FEEDBACK = 0.7
"""What the best passages count beside the question when meaning is judged again (Rocchio 1971)."""
BEST = 2
"""Passages taken as feedback."""

Floats = NDArray[np.float32]


def fuse(question: Floats, vectors: Floats, words: Floats, names: Floats) -> Mapping[str, Floats]:
    """Return by stage the candidates' scores, each of shape (n,); they are ranked by ``rank``.

    ``question`` has shape (d,), ``vectors`` (n, d), both unit; a candidate without a vector is 0.
    """
    cosines = vectors @ question
    first = WORDS * words + MEANING * cosines + NAME * names
    best = np.argsort(-first, kind="stable")[:BEST]
    turned = question + FEEDBACK * vectors[best].mean(axis=0) if len(best) else question
    again = vectors @ (turned / np.linalg.norm(turned))
    return {
        "words": words,
        "vectors": cosines,
        "name": names,
        "feedback": again,
        "rank": WORDS * words + MEANING * again + NAME * names,
    }
