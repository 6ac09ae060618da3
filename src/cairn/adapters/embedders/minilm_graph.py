"""The MiniLM encoder as an ONNX graph, written from its safetensors, in int8 or float32.

It knows the layout of all-MiniLM-L6-v2 (a BERT of six layers) and nothing of tokenizers, sessions, caches or
where weights come from. Operators of the domain "com.microsoft" are onnxruntime's own: products that quantise
their input on the way, and attention in one piece.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cairn.adapters.embedders.onnx_file import Graph

LAYERS = 6
HEADS = 12
WIDTH = 384
EPSILON = 1e-12
OPSETS = {"": 20, "com.microsoft": 1}
FUSED = "com.microsoft"

Tensor = NDArray[np.float32]
Tensors = dict[str, Tensor]


def int8_model(weights: bytes, basis: Tensor) -> bytes:
    """Serialised int8 model (about 23 MB) of the bytes of a safetensors file.

    Input `ids`, int64 (texts, tokens); outputs, float32: `vectors` (texts, 384), unit length; `states`
    (texts, tokens, 384), of which they are the mean; `tokens`, unit length: these in `basis` (384, n).
    There is no mask: texts of one run are of one length.
    Weights are quantised per output channel, the words' vectors per word:
    mean cosine to fp32 .992.
    """
    return _Encoder(read_safetensors(weights), basis, int8=True).model()


def float_model(weights: bytes, basis: Tensor) -> bytes:
    """The same model in float32, unquantised: what the int8 one is measured against."""
    return _Encoder(read_safetensors(weights), basis, int8=False).model()


def read_safetensors(weights: bytes) -> Tensors:
    """Every float32 tensor by name; the format: 8 bytes of header length, a JSON header, raw numbers."""
    start = 8 + int.from_bytes(weights[:8], "little")
    header: dict[str, dict[str, Any]] = json.loads(weights[8:start])
    return {
        name: np.frombuffer(weights[start + a : start + b], dtype="<f4").reshape(entry["shape"])
        for name, entry in header.items()
        if entry.get("dtype") == "F32"
        for a, b in [entry["data_offsets"]]
    }


class _Encoder:
    """The graph over the tensors of the checkpoint; each method appends nodes and names what they make."""

    def __init__(self, tensors: Tensors, basis: Tensor, *, int8: bool) -> None:
        self.tensors = tensors
        self.basis = basis
        self.int8 = int8
        self.graph = Graph()

    def model(self) -> bytes:
        hidden = self.embeddings()
        for layer in range(LAYERS):
            hidden = self.layer(hidden, f"encoder.layer.{layer}.")
        return self.graph.model(
            inputs={"ids": ("int64", ["texts", "tokens"])},
            outputs={
                "vectors": (self.pool(hidden), "float32", ["texts", WIDTH]),
                "states": (hidden, "float32", ["texts", "tokens", WIDTH]),
                "tokens": (self.reduce(hidden), "float32", ["texts", "tokens", self.basis.shape[1]]),
            },
            opsets=OPSETS,
        )

    def embeddings(self) -> str:
        """Word + position + segment: every text is one segment, whose vector is added to the positions."""
        prefix = "embeddings."
        positions = self.constant(
            self.tensors[prefix + "position_embeddings.weight"]
            + self.tensors[prefix + "token_type_embeddings.weight"][0]
        )
        zero, one, two = (self.constant([n], "int64") for n in range(3))
        length = self.add("Slice", self.add("Shape", "ids"), one, two)
        used = self.add("Slice", positions, zero, length)
        words = self.words(self.tensors[prefix + "word_embeddings.weight"])
        return self.norm(self.add("Add", words, used), prefix + "LayerNorm")

    def words(self, table: Tensor) -> str:
        if not self.int8:
            return self.add("Gather", self.constant(table), "ids")
        scales = _positive(np.abs(table).max(axis=1, keepdims=True) / 127)
        rows = np.rint(table / scales).astype(np.int8)
        row = self.add("Cast", self.add("Gather", self.constant(rows, "int8"), "ids"), to=1)
        return self.add("Mul", row, self.add("Gather", self.constant(scales), "ids"))

    def layer(self, hidden: str, prefix: str) -> str:
        attended = self.named_linear(self.attention(hidden, prefix), prefix + "attention.output.dense")
        hidden = self.norm(self.add("Add", attended, hidden), prefix + "attention.output.LayerNorm")
        inner = self.add("Gelu", self.named_linear(hidden, prefix + "intermediate.dense"))
        outer = self.named_linear(inner, prefix + "output.dense")
        return self.norm(self.add("Add", outer, hidden), prefix + "output.LayerNorm")

    def attention(self, hidden: str, prefix: str) -> str:
        """Queries, keys and values in one product: one quantisation of `hidden` instead of three."""
        parts = [prefix + f"attention.self.{part}" for part in ("query", "key", "value")]
        weight = np.concatenate([self.tensors[part + ".weight"] for part in parts])
        bias = np.concatenate([self.tensors[part + ".bias"] for part in parts])
        thirds = self.graph.add("Split", self.linear(hidden, weight, bias), outputs=3, axis=-1, num_outputs=3)
        return self.add("MultiHeadAttention", *thirds, domain=FUSED, num_heads=HEADS)

    def pool(self, hidden: str) -> str:
        """Mean over the tokens, scaled to unit length."""
        mean = self.add("ReduceMean", hidden, self.constant([1], "int64"), keepdims=0)
        return self.add("LpNormalization", mean, axis=-1, p=2)

    def reduce(self, hidden: str) -> str:
        """Each token in fewer dimensions, scaled to unit length."""
        reduced = self.add("MatMul", hidden, self.constant(self.basis))
        return self.add("LpNormalization", reduced, axis=-1, p=2)

    def linear(self, x: str, weight: Tensor, bias: Tensor) -> str:
        """x · weightᵀ + bias, weight (out, in) as PyTorch keeps it."""
        if not self.int8:
            return self.add("Add", self.add("MatMul", x, self.constant(weight.T)), self.constant(bias))
        columns, scales = _paired(weight.T)
        constants = self.constant(columns, "int8"), self.constant(scales[0]), "", self.constant(bias)
        return self.add("DynamicQuantizeMatMul", x, *constants, domain=FUSED)

    def named_linear(self, x: str, name: str) -> str:
        return self.linear(x, self.tensors[name + ".weight"], self.tensors[name + ".bias"])

    def norm(self, x: str, name: str) -> str:
        scale, bias = (self.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def add(self, op: str, *inputs: str, **rest: Any) -> str:
        return self.graph.add(op, *inputs, **rest)[0]

    def constant(self, values: Any, dtype: str = "float32") -> str:
        return self.graph.constant(values, dtype)


def _paired(matrix: Tensor) -> tuple[NDArray[np.int8], Tensor]:
    """Symmetric int8 of weights (in, out), even in number, with one scale for each output, (1, out).

    No two neighbours add up to more than 128. Processors without VNNI add a pair's products, each by up to
    255, in 16 bits and cut off what is more; with 127 for each a text has another vector there.
    """
    largest = np.abs(matrix).max(axis=0, keepdims=True) / 127
    sums = np.abs(matrix[::2] + matrix[1::2]).max(axis=0, keepdims=True) / 127.4  # both may be rounded up
    scales = _positive(np.maximum(largest, sums))
    return np.rint(matrix / scales).astype(np.int8), scales


def _positive(scales: Tensor) -> Tensor:
    return np.maximum(scales, np.float32(1e-12)).astype(np.float32)
