"""A cross-encoder on onnxruntime: a model that reads question and passage together and gives one score.

Knows nothing of where the passages come from; ``adapters/onnx/pairs.py`` finds and runs the model.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.onnx.pairs import Pairs, find
from cairn.errors import Invalid
from cairn.protocols import Embedder

QUESTION_CHARACTERS = 1000

Floats = NDArray[np.float32]


class CrossEncoder:
    """Scores by a model of pairs, loaded at the first use; see ``cairn.protocols.Reranker``."""

    def __init__(self, name: str, model: Pairs) -> None:
        self.name = f"cross-encoder:{name}"
        self._model = model

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """Return a score for each text, float32: the logit of its being relevant.

        A model with two classes scores by the second's advantage over the first. Raises Invalid for
        one with more.
        """
        if not texts:
            return np.empty(0, np.float32)
        asked = question[:QUESTION_CHARACTERS]
        logits = self._model.logits([(asked, text) for text in texts])
        if logits.shape[1] > 2:
            raise Invalid(f"{self.name} tells {logits.shape[1]} classes apart; a reranker has one or two.")
        scores: Floats = logits[:, -1] - (logits[:, 0] if logits.shape[1] == 2 else 0)
        return scores


def load(rest: str, *, home: Path, embedder: Embedder) -> CrossEncoder:
    """The reranker ``cross-encoder:MODEL``: a folder, a name within ``home``/models, or one of the hub.

    Raises Invalid without a name, Unavailable when it is nowhere. The ``embedder`` is not used.
    """
    del embedder
    example = "cross-encoder:FOLDER or cross-encoder:cross-encoder/NAME"
    return CrossEncoder(rest, find(rest, home=home, what="cross-encoder", example=example))
