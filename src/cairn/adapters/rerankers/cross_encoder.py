"""A cross-encoder on onnxruntime: a model that reads question and passage together and gives one score.

Takes any sequence classifier that was exported to ONNX beside its tokenizer, as most cross-encoders on
the Hugging Face hub are. Knows nothing of where the passages come from, and runs none of the model's code.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from cairn.errors import Invalid, Unavailable
from cairn.protocols import Embedder

if TYPE_CHECKING:
    import onnxruntime

MAX_TOKENS = 512
"""Of question and passage together; the longer is cut."""
QUESTION_CHARACTERS = 1000
BATCH = 8
TOKENIZER = "tokenizer.json"
MODELS = ("model.onnx", "onnx/model.onnx")
HUB_SECONDS = 3

Floats = NDArray[np.float32]


class CrossEncoder:
    """Scores by the model in ``folder``, loaded at the first use; see ``cairn.protocols.Reranker``."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name = f"cross-encoder:{name}"
        self._model = next(folder / each for each in MODELS if (folder / each).is_file())
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None

    def score(self, question: str, texts: Sequence[str]) -> Floats:
        """Return a score for each text, float32: the logit of its being relevant.

        A model with two classes scores by the second's advantage over the first. Raises Invalid for
        one with more.
        """
        scores = np.empty(len(texts), np.float32)
        asked = _clean(question[:QUESTION_CHARACTERS])
        encodings = self._tokenizer.encode_batch([(asked, _clean(text)) for text in texts])
        # Texts of like length together, so that little is padded.
        order = sorted(range(len(texts)), key=lambda i: len(encodings[i].ids))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            scores[batch] = self._run([encodings[i] for i in batch])
        return scores

    def _run(self, encodings: Sequence[Encoding]) -> Floats:
        session = self._ready()
        longest = max(len(encoding.ids) for encoding in encodings)
        padded = {
            "input_ids": [encoding.ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
        }
        inputs = {
            one.name: np.array([[*row, *[0] * (longest - len(row))] for row in padded[one.name]], np.int64)
            for one in session.get_inputs()
        }
        (logits, *_) = session.run(None, inputs)
        if logits.shape[1] > 2:
            raise Invalid(f"{self.name} tells {logits.shape[1]} classes apart; a reranker has one or two.")
        scores: Floats = logits[:, -1] - (logits[:, 0] if logits.shape[1] == 2 else 0)
        return scores

    def _ready(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        with self._lock:
            if self._session is None:
                options = onnxruntime.SessionOptions()
                options.log_severity_level = 3
                providers = ["CPUExecutionProvider"]
                self._session = onnxruntime.InferenceSession(str(self._model), options, providers=providers)
            return self._session


def load(rest: str, *, home: Path, embedder: Embedder) -> CrossEncoder:
    """The reranker ``cross-encoder:MODEL``: a folder, a name within ``home``/models, or one of the hub.

    Raises Invalid without a name, Unavailable when it is nowhere. The ``embedder`` is not used.
    """
    del embedder
    if not rest:
        raise Invalid("Say which cross-encoder: cross-encoder:FOLDER or cross-encoder:cross-encoder/NAME.")
    for folder in _places(rest, home):
        if (folder / TOKENIZER).is_file() and any((folder / each).is_file() for each in MODELS):
            return CrossEncoder(rest, folder)
    raise Unavailable(
        f"No cross-encoder {rest}: neither a folder with {TOKENIZER} and {MODELS[0]} or {MODELS[1]}, nor in "
        f"{home / 'models'}, nor (extra: hub) on the hub; put its files into {home / 'models' / rest}."
    )


def _places(name: str, home: Path) -> Iterator[Path]:
    yield Path(name)
    yield home / "models" / name
    try:
        from huggingface_hub import snapshot_download
    except ImportError:
        return  # the extra `hub` is not installed
    for local in (True, False):
        try:
            files = [TOKENIZER, *MODELS]
            found = snapshot_download(
                name, allow_patterns=files, etag_timeout=HUB_SECONDS, local_files_only=local
            )
        except (OSError, ValueError, RuntimeError):
            continue  # not in its cache, or no network: `load` says what to do
        yield Path(found)


def _clean(text: str) -> str:
    """Without lone surrogates, which damaged files yield and the tokenizer cannot take."""
    return text.encode("utf-8", "replace").decode("utf-8")
