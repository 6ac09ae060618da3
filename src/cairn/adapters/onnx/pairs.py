"""A sequence classifier on onnxruntime that reads two texts together: where its files lie, and its logits.

Takes any that was exported to ONNX beside its tokenizer, as most cross-encoders on the Hugging Face hub are.
Knows nothing of what its classes mean, and runs none of the model's code.
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

if TYPE_CHECKING:
    import onnxruntime

MAX_TOKENS = 512
"""Of both texts together; the longer is cut."""
BATCH = 8
TOKENIZER = "tokenizer.json"
CONFIG = "config.json"
MODELS = ("model.onnx", "onnx/model.onnx")
HUB_SECONDS = 3

Floats = NDArray[np.float32]


class Pairs:
    """The model in ``folder``, loaded at the first use; thread-safe."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._model = next(folder / each for each in MODELS if (folder / each).is_file())
        self._tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None

    def logits(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return the logits of each pair, float32, shape (pairs, classes); of no pairs (0, 0)."""
        encodings = self._tokenizer.encode_batch([(_clean(one), _clean(other)) for one, other in pairs])
        # Texts of like length together, so that little is padded.
        order = sorted(range(len(pairs)), key=lambda i: len(encodings[i].ids))
        batches = [order[start : start + BATCH] for start in range(0, len(order), BATCH)]
        if not batches:
            return np.empty((0, 0), np.float32)
        found = np.concatenate([self._run([encodings[i] for i in batch]) for batch in batches])
        return found[np.argsort(order)]

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
        return np.asarray(logits, np.float32)

    def _ready(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        with self._lock:
            if self._session is None:
                options = onnxruntime.SessionOptions()
                options.log_severity_level = 3
                providers = ["CPUExecutionProvider"]
                self._session = onnxruntime.InferenceSession(str(self._model), options, providers=providers)
            return self._session


def find(name: str, *, home: Path, what: str, example: str) -> Pairs:
    """Return the model that ``name`` stands for: a folder, a name within ``home``/models, or one of the hub.

    Raises Invalid without a name, with an ``example`` of how to write it; Unavailable when it is nowhere.
    ``what`` is what a person calls it.
    """
    if not name:
        raise Invalid(f"Say which {what}: {example}.")
    for folder in _places(name, home):
        if (folder / TOKENIZER).is_file() and any((folder / each).is_file() for each in MODELS):
            return Pairs(folder)
    raise Unavailable(
        f"No {what} {name}: neither a folder with {TOKENIZER} and {MODELS[0]} or {MODELS[1]}, nor in "
        f"{home / 'models'}, nor (extra: hub) on the hub; put its files into {home / 'models' / name}."
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
            files = [TOKENIZER, CONFIG, *MODELS]
            found = snapshot_download(
                name, allow_patterns=files, etag_timeout=HUB_SECONDS, local_files_only=local
            )
        except (OSError, ValueError, RuntimeError):
            continue  # not in its cache, or no network: `find` says what to do
        yield Path(found)


def _clean(text: str) -> str:
    """Without lone surrogates, which damaged files yield and the tokenizer cannot take."""
    return text.encode("utf-8", "replace").decode("utf-8")
