"""Late interaction with the embedder's own tokens: how well a passage matches each word of a question.

MaxSim of Khattab and Zaharia (2020, arXiv 2004.12832), with a model that was not trained for it. Knows
the embedder only as what gives tokens their vectors.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cairn.errors import Invalid
from cairn.protocols import Embedder


class MaxSim:
    """Scores by the embedder's tokens; see ``cairn.protocols.Reranker``."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = f"maxsim:{embedder.name}"
        self._embedder = embedder

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return for each text the mean, over the question's tokens, of the cosine with its likest token."""
        asked, *read = self._embedder.tokens([question, *texts])
        scores = np.zeros(len(texts), np.float32)
        for number, text in enumerate(read):
            if len(text.vectors) and len(asked.vectors):
                scores[number] = (asked.vectors @ text.vectors.T).max(axis=1).mean()
        return scores


def load(rest: str, *, home: Path, embedder: Embedder) -> MaxSim:
    """The reranker ``maxsim``, which takes nothing after its name; ``home`` is not used."""
    del home
    if rest:
        raise Invalid(f"maxsim takes nothing after its name, got {rest!r}; write: maxsim.")
    return MaxSim(embedder)
