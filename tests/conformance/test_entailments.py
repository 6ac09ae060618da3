"""What every entailment model must do; the one on onnxruntime is a tiny one, made on the spot."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conformance.test_rerankers import QUESTION, TEXTS, make

from cairn import registry
from cairn.errors import Invalid, Unavailable

LABELS = {"0": "contradiction", "1": "neutral", "2": "entailment"}


def model(folder: Path, labels: dict[str, str]) -> Any:
    """Write a model whose last class grows with the words that premise and statement share."""
    make(folder, classes=3)
    (folder / "config.json").write_text(json.dumps({"id2label": labels}), encoding="utf-8")
    return registry.load("entailments", f"onnx:{folder}", home=folder)


def test_probabilities_of_support_and_contradiction(tmp_path: Path) -> None:
    made = model(tmp_path / "tiny", LABELS)
    scores = made.score([(text, QUESTION) for text in TEXTS])
    assert scores.shape == (4, 2)
    assert (scores >= 0).all() and (scores.sum(axis=1) <= 1 + 1e-6).all()
    heron, otter, same, _ = scores[:, 0]
    assert same > otter > heron
    assert scores[2, 1] < 0.1
    assert made.score([]).shape == (0, 2)


def test_classes_are_told_by_their_names_not_their_order(tmp_path: Path) -> None:
    straight = model(tmp_path / "one", LABELS).score([(TEXTS[2], QUESTION)])
    turned = model(tmp_path / "two", {"0": "ENTAILMENT", "1": "NEUTRAL", "2": "CONTRADICTION"})
    assert np.allclose(turned.score([(TEXTS[2], QUESTION)]), straight[:, ::-1])


def test_a_model_that_does_not_say_which_class_is_which_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="id2label: label_0"):
        model(tmp_path / "unnamed", {"0": "LABEL_0"})


def test_a_model_that_is_nowhere_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="models"):
        registry.load("entailments", "onnx:nowhere/at-all", home=tmp_path)
    with pytest.raises(Invalid, match="Say which"):
        registry.load("entailments", "onnx", home=tmp_path)
