"""An entailment model on onnxruntime: does a premise support a statement, contradict it, or neither?

Any cross-encoder trained on natural language inference whose ``config.json`` names its classes. Knows nothing
of claims; ``adapters/onnx/pairs.py`` finds and runs the model.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.onnx.pairs import CONFIG, Pairs, find
from cairn.errors import Invalid

SUPPORTS = ("entail", "support")
DENIES = ("contradict", "refute")
"""How the class that stands for it is called, at its beginning."""


class Onnx:
    """Judges by a model of pairs, loaded at the first use; see ``cairn.protocols.chat.Entailment``."""

    def __init__(self, name: str, model: Pairs) -> None:
        self.name = f"onnx:{name}"
        self._model = model
        self._supports, self._denies = _classes(self.name, model.folder / CONFIG)

    def score(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """Return the probabilities of support and contradiction of each (premise, statement): (n, 2)."""
        if not pairs:
            return np.empty((0, 2), np.float32)
        logits = self._model.logits(pairs)
        weights = np.exp(logits - logits.max(axis=1, keepdims=True))
        chosen: NDArray[np.float32] = (weights / weights.sum(axis=1, keepdims=True))[
            :, [self._supports, self._denies]
        ]
        return chosen


def load(rest: str, *, home: Path) -> Onnx:
    """The model ``onnx:MODEL``: a folder, a name within ``home``/models, or one of the hub.

    Raises Invalid without a name, or where its configuration does not say which class is which; Unavailable
    when it is nowhere.
    """
    return Onnx(
        rest, find(rest, home=home, what="entailment model", example="onnx:FOLDER or onnx:OWNER/NAME")
    )


def _classes(name: str, config: Path) -> tuple[int, int]:
    """Return the numbers of the classes that stand for support and for contradiction."""
    try:
        labels = json.loads(config.read_text(encoding="utf-8"))["id2label"]
        found = {str(label).lower(): int(number) for number, label in labels.items()}
    except (OSError, ValueError, KeyError, AttributeError):
        found = {}
    supports = [number for label, number in found.items() if label.startswith(SUPPORTS)]
    denies = [number for label, number in found.items() if label.startswith(DENIES)]
    if len(supports) != 1 or len(denies) != 1:
        raise Invalid(
            f"{name}: {config} does not say which class is entailment and which contradiction (id2label: "
            f"{', '.join(found) or 'none'}); add it."
        )
    return supports[0], denies[0]
