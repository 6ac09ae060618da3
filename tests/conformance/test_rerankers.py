"""What every reranker must do, run over each; the cross-encoder is a tiny one, made on the spot."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from cairn import registry
from cairn.adapters.embedders.onnx_file import Graph
from cairn.adapters.rerankers import cross_encoder
from cairn.errors import Invalid, Unavailable

QUESTION = "where does the otter sleep"
TEXTS = ["the heron waits by the brook", "the otter sleeps in the den", "where the otter does sleep", ""]
WORDS = sorted({word for text in [QUESTION, *TEXTS] for word in text.split()})
INT, FLOAT = "int64", "float32"
EMBEDDER = registry.load("embedders", "hash", home=None)


def make(folder: Path, classes: int = 1) -> Path:
    """Write a cross-encoder whose score is how many pairs of like words question and passage have."""
    specials = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3}
    vocabulary = specials | {word: number for number, word in enumerate(WORDS, len(specials))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()  # type: ignore[assignment]
    tokenizer.post_processor = processors.TemplateProcessing(  # type: ignore[assignment]
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    graph = Graph()
    one = graph.constant(1.0)
    real, second = (graph.add("Cast", name, to=1)[0] for name in ("attention_mask", "token_type_ids"))
    (first,) = graph.add("Mul", graph.add("Sub", one, second)[0], real)
    (passage,) = graph.add("Mul", second, real)
    column, row = graph.constant([2], INT), graph.constant([1], INT)
    (ids,) = graph.add("Cast", "input_ids", to=1)
    like = graph.add("Equal", *(graph.add("Unsqueeze", ids, axis)[0] for axis in (column, row)))[0]
    (pairs,) = graph.add("Cast", like, to=1)
    for mask, axis in ((first, column), (passage, row)):
        (pairs,) = graph.add("Mul", pairs, graph.add("Unsqueeze", mask, axis)[0])
    (sums,) = graph.add("ReduceSum", pairs, graph.constant([1, 2], INT), keepdims=0)
    (logit,) = graph.add("Unsqueeze", sums, row)
    logits = [graph.add("Neg", logit)[0]] * (classes - 1) + [logit]
    (joined,) = graph.add("Concat", *logits, axis=1)
    model = graph.model(
        inputs={
            name: (INT, ["texts", "tokens"]) for name in ("input_ids", "attention_mask", "token_type_ids")
        },
        outputs={"logits": (joined, FLOAT, ["texts", classes])},
        opsets={"": 20},
    )
    (folder / "onnx").mkdir(exist_ok=True)
    (folder / "onnx" / "model.onnx").write_bytes(model)
    return folder


@pytest.fixture(params=["cross-encoder", "maxsim"])
def reranker(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    spec = f"cross-encoder:{make(tmp_path / 'tiny')}" if request.param == "cross-encoder" else "maxsim"
    return registry.load("rerankers", spec, home=tmp_path, embedder=EMBEDDER)


def test_what_answers_scores_higher(reranker: Any) -> None:
    heron, otter, same, empty = reranker.score(QUESTION, TEXTS)
    assert same > otter > heron >= empty


def test_shape_and_repetition(reranker: Any) -> None:
    assert reranker.score(QUESTION, []).shape == (0,)
    scores = reranker.score(QUESTION, TEXTS * 10)
    assert scores.dtype == np.float32 and scores.shape == (40,) and np.isfinite(scores).all()
    assert np.allclose(scores, np.tile(reranker.score(QUESTION, TEXTS), 10))
    alone = [reranker.score(QUESTION, [text])[0] for text in TEXTS]
    assert np.allclose(alone, scores[:4], atol=1e-5), "one text's score does not depend on the others"


@pytest.mark.parametrize("text", ["", " ", "\ud800 broken", "otter " * 5000, "熊は眠る", "\0", "熊 " * 900])
def test_odd_texts(reranker: Any, text: str) -> None:
    assert np.isfinite(reranker.score(text, [text, "the otter"])).all()


def test_many_threads(reranker: Any) -> None:
    expected = reranker.score(QUESTION, TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(lambda _: reranker.score(QUESTION, TEXTS), range(12)):
            assert np.allclose(scores, expected)


def test_two_classes_are_one_score_and_three_are_refused(tmp_path: Path) -> None:
    two = cross_encoder.load(str(make(tmp_path / "two", classes=2)), home=tmp_path, embedder=EMBEDDER)
    one = cross_encoder.load(str(make(tmp_path / "one")), home=tmp_path, embedder=EMBEDDER)
    assert np.allclose(two.score(QUESTION, TEXTS), 2 * one.score(QUESTION, TEXTS))
    with pytest.raises(Invalid, match="3 classes"):
        cross_encoder.load(str(make(tmp_path / "three", classes=3)), home=tmp_path, embedder=EMBEDDER).score(
            QUESTION, TEXTS
        )


def test_it_is_found_among_the_librarys_models_or_said_to_be_missing(tmp_path: Path) -> None:
    make(tmp_path / "models" / "our" / "judge")
    assert cross_encoder.load("our/judge", home=tmp_path, embedder=EMBEDDER).name == "cross-encoder:our/judge"
    with pytest.raises(Unavailable, match=r"models"):
        cross_encoder.load("nowhere/at-all", home=tmp_path, embedder=EMBEDDER)
    with pytest.raises(Invalid, match="Say which"):
        cross_encoder.load("", home=tmp_path, embedder=EMBEDDER)
