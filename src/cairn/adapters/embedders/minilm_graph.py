"""The MiniLM encoder as an ONNX graph, written from its safetensors and reduced to int8.

It knows the layout of all-MiniLM-L6-v2 (a BERT of six layers) and nothing of tokenizers, sessions, caches or
where weights come from. `onnx` is needed only while a graph is built, so importing this file costs nothing.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnx import ModelProto

LAYERS = 6
HEADS = 12
WIDTH = 384
EPSILON = 1e-12
OPSET = 20

Tensors = dict[str, NDArray[np.float32]]


def int8_model(weights: bytes) -> bytes:
    """Serialised int8 model (about 21 MB) of the bytes of a safetensors file.

    Input `ids`, int64 (texts, tokens); output `vectors`, float32 (texts, 384), unit length. There is no mask:
    texts of one run are of one length. Weights are quantised per output channel: mean cosine to fp32 .993,
    against .941 per tensor.
    """
    # Quantising brings all of onnx (0.3 s) with it, and is needed once per machine.
    from onnxruntime.quantization import quantize_dynamic

    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "int8.onnx"
        quantize_dynamic(float_model(weights), target, per_channel=True)
        return target.read_bytes()


def float_model(weights: bytes) -> ModelProto:
    """The same model in float32, unquantised: what the int8 one is measured against."""
    # onnx is needed only to build; see the module docstring.
    from onnx import TensorProto, checker, helper

    graph = _Graph(read_safetensors(weights))
    vectors = _pool(graph, _encoder(graph))
    model = helper.make_model(
        helper.make_graph(
            [*graph.nodes, helper.make_node("Identity", [vectors], ["vectors"])],
            "minilm",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, ["texts", "tokens"])],
            [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=10,
    )
    # Tells quantize_dynamic that the graph is ready as it is; otherwise it warns on every build.
    helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    checker.check_model(model)
    return model


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


class _Graph:
    """Nodes and constants gathered so far, over the tensors of the checkpoint."""

    def __init__(self, tensors: Tensors) -> None:
        self.tensors = tensors
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def add(self, op: str, *inputs: str, outputs: int = 0, **attributes: Any) -> Any:
        """Append a node; the name of its output, or the list of names if `outputs` says how many."""
        from onnx import helper  # needed only to build

        names = [f"{op}_{len(self.nodes)}_{i}" for i in range(max(outputs, 1))]
        self.nodes.append(helper.make_node(op, list(inputs), names, name=names[0], **attributes))
        return names if outputs else names[0]

    def constant(self, values: Any, dtype: type[np.generic] = np.float32) -> str:
        """Name of a new constant holding `values`."""
        from onnx import numpy_helper  # needed only to build

        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values, dtype=dtype), name))
        return name

    def linear(self, x: str, weight: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """x · weightᵀ + bias, weight (out, in) as PyTorch keeps it."""
        product: str = self.add("MatMul", x, self.constant(weight.T))
        return str(self.add("Add", product, self.constant(bias)))

    def named_linear(self, x: str, name: str) -> str:
        return self.linear(x, self.tensors[name + ".weight"], self.tensors[name + ".bias"])

    def norm(self, x: str, name: str) -> str:
        scale, bias = (self.constant(self.tensors[f"{name}.{part}"]) for part in ("weight", "bias"))
        return str(self.add("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON))


def _encoder(graph: _Graph) -> str:
    hidden = _embeddings(graph)
    for layer in range(LAYERS):
        hidden = _layer(graph, hidden, f"encoder.layer.{layer}.")
    return hidden


def _embeddings(graph: _Graph) -> str:
    """Word + position + segment; every text is one segment, so its vector is folded into the positions."""
    prefix = "embeddings."
    words = graph.constant(graph.tensors[prefix + "word_embeddings.weight"])
    positions = graph.constant(
        graph.tensors[prefix + "position_embeddings.weight"]
        + graph.tensors[prefix + "token_type_embeddings.weight"][0]
    )
    zero, one = graph.constant([0], np.int64), graph.constant([1], np.int64)
    length = graph.add("Slice", graph.add("Shape", "ids"), one, graph.constant([2], np.int64))
    used = graph.add("Slice", positions, zero, length)
    return graph.norm(graph.add("Add", graph.add("Gather", words, "ids"), used), prefix + "LayerNorm")


def _layer(graph: _Graph, hidden: str, prefix: str) -> str:
    attended = graph.named_linear(_attention(graph, hidden, prefix), prefix + "attention.output.dense")
    hidden = graph.norm(graph.add("Add", attended, hidden), prefix + "attention.output.LayerNorm")
    inner = graph.add("Gelu", graph.named_linear(hidden, prefix + "intermediate.dense"))
    outer = graph.named_linear(inner, prefix + "output.dense")
    return graph.norm(graph.add("Add", outer, hidden), prefix + "output.LayerNorm")


def _attention(graph: _Graph, hidden: str, prefix: str) -> str:
    """Queries, keys and values in one product: one quantisation of `hidden` instead of three."""
    size = WIDTH // HEADS
    parts = [prefix + f"attention.self.{part}" for part in ("query", "key", "value")]
    # The 1/sqrt(size) of the scores goes into the queries' weights; free with int8 per channel.
    scale = np.repeat(np.array([size**-0.5, 1.0, 1.0], dtype=np.float32), WIDTH)
    weight = np.concatenate([graph.tensors[part + ".weight"] for part in parts]) * scale[:, None]
    bias = np.concatenate([graph.tensors[part + ".bias"] for part in parts]) * scale
    thirds = graph.add("Split", graph.linear(hidden, weight, bias), outputs=3, axis=-1, num_outputs=3)
    heads = graph.constant([0, 0, HEADS, size], np.int64)
    query, key, value = (graph.add("Reshape", third, heads) for third in thirds)
    query, value = (graph.add("Transpose", x, perm=[0, 2, 1, 3]) for x in (query, value))
    scores = graph.add("MatMul", query, graph.add("Transpose", key, perm=[0, 2, 3, 1]))
    shares = graph.add("Softmax", scores, axis=-1)
    mixed = graph.add("Transpose", graph.add("MatMul", shares, value), perm=[0, 2, 1, 3])
    return str(graph.add("Reshape", mixed, graph.constant([0, 0, WIDTH], np.int64)))


def _pool(graph: _Graph, hidden: str) -> str:
    """Mean over the tokens, scaled to unit length."""
    mean = graph.add("ReduceMean", hidden, graph.constant([1], np.int64), keepdims=0)
    return str(graph.add("LpNormalization", mean, axis=-1, p=2))
