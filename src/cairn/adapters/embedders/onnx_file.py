"""Writes a model in the ONNX file format: nodes and constants to the bytes of a ModelProto.

It knows the few protobuf fields of onnx.proto3 that a feed-forward graph needs, which spares the core the
`onnx` package (30 MB). It checks no types or shapes: onnxruntime does when it loads the bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

IR_VERSION = 10
TENSOR_TYPES = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7}  # TensorProto.DataType
VARINT, BYTES, FIXED32 = 0, 2, 5  # protobuf's wire types
FLOAT, INT, STRING, INTS = 1, 2, 3, 7  # AttributeProto.AttributeType

Shape = Sequence[int | str]  # a name is a length known only at run time


@dataclass(kw_only=True)
class Graph:
    """Nodes and constants gathered so far."""

    nodes: list[bytes] = field(default_factory=list)
    constants: list[bytes] = field(default_factory=list)

    def add(self, op: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: Any) -> list[str]:
        """Append a node; the names of its outputs."""
        names = [f"{op}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self._append(op, inputs, names, domain, attributes)
        return names

    def constant(self, values: Any, dtype: str = "float32") -> str:
        """Name of a new constant holding `values`."""
        name = f"constant_{len(self.constants)}"
        array: NDArray[Any] = np.asarray(values, dtype=dtype)
        self.constants.append(
            _join(
                *(_number(1, length) for length in array.shape),
                _number(2, TENSOR_TYPES[dtype]),
                _text(8, name),
                _bytes(9, np.ascontiguousarray(array).tobytes()),
            )
        )
        return name

    def model(
        self,
        inputs: Mapping[str, tuple[str, Shape]],
        outputs: Mapping[str, tuple[str, str, Shape]],
        opsets: Mapping[str, int],
    ) -> bytes:
        """The whole file; an input is (type, shape), an output (a node's output, type, shape)."""
        for name, (made, _, _) in outputs.items():
            self._append("Identity", [made], [name], "", {})
        graph = _join(
            *(_bytes(1, node) for node in self.nodes),
            _text(2, "graph"),
            *(_bytes(5, constant) for constant in self.constants),
            *(_bytes(11, _value(name, *value)) for name, value in inputs.items()),
            *(_bytes(12, _value(name, dtype, shape)) for name, (_, dtype, shape) in outputs.items()),
        )
        return _join(
            _number(1, IR_VERSION),
            _bytes(7, graph),
            *(_bytes(8, _text(1, domain) + _number(2, version)) for domain, version in opsets.items()),
        )

    def _append(
        self,
        op: str,
        inputs: Sequence[str],
        outputs: Iterable[str],
        domain: str,
        attributes: Mapping[str, Any],
    ) -> None:
        self.nodes.append(
            _join(
                *(_text(1, name) for name in inputs),
                *(_text(2, name) for name in outputs),
                _text(4, op),
                *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
                _text(7, domain),
            )
        )


def _attribute(name: str, value: Any) -> bytes:
    match value:
        case float():
            kind, content = FLOAT, _key(2, FIXED32) + struct.pack("<f", value)
        case int():
            kind, content = INT, _number(3, value)
        case str():
            kind, content = STRING, _text(4, value)
        case _:
            kind, content = INTS, _join(*(_number(8, number) for number in value))
    return _text(1, name) + content + _number(20, kind)


def _value(name: str, dtype: str, shape: Shape) -> bytes:
    sizes = (_text(2, size) if isinstance(size, str) else _number(1, size) for size in shape)
    dimensions = _join(*(_bytes(1, size) for size in sizes))
    tensor = _number(1, TENSOR_TYPES[dtype]) + _bytes(2, dimensions)
    return _text(1, name) + _bytes(2, _bytes(1, tensor))


def _join(*parts: bytes) -> bytes:
    return b"".join(parts)


def _text(number: int, text: str) -> bytes:
    return _bytes(number, text.encode())


def _bytes(number: int, content: bytes) -> bytes:
    return _key(number, BYTES) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _key(number, VARINT) + _varint(value)


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; negative numbers as 64-bit two's complement."""
    value &= (1 << 64) - 1
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
