"""Content hash of a graph: what it computes of which inputs, wherever its files lie."""

from __future__ import annotations

import hashlib

import numpy as np
import onnx_ir as ir

from mari_engine.graph.subgraphs import list_captured

_CHUNK = 1 << 22
"""Elements of a weight that are read at a time."""


def digest_content(model: ir.Model) -> str:
    """Return the SHA-256, in hex, of operators, attributes, weights, types and wiring.

    Inputs count by name, since callers feed them by name, and outputs in their order; no other name
    counts, nor the order of nodes. Weights count by their elements, in the file or beside it.
    """
    opsets = sorted(model.opset_imports.items())
    return _Digest().graph(model.graph, opsets, named=True)


class _Digest:
    """The hash of each value that has been seen, by what it is computed from."""

    def __init__(self) -> None:
        self._known: dict[ir.Value, str] = {}

    def graph(self, graph: ir.Graph, opsets: object = (), *, named: bool) -> str:
        for at, value in enumerate(graph.inputs):
            label = value.name if named else at
            self._known[value] = _hash("input", label, value.dtype, _extents(value))
        for node in graph:
            made = self._node(node)
            for at, value in enumerate(node.outputs):
                self._known[value] = _hash(made, at)
        return _hash("graph", opsets, [self._value(value) for value in graph.outputs])

    def _value(self, value: ir.Value | None) -> str:
        if value is None:
            return ""
        if value not in self._known:
            self._known[value] = _hash_tensor(value.const_value)
        return self._known[value]

    def _node(self, node: ir.Node) -> str:
        attributes = [
            (name, self._attribute(attribute))
            for name, attribute in sorted(node.attributes.items())
        ]
        operands = [self._value(value) for value in node.inputs]
        called = (node.domain, node.op_type, node.overload)
        return _hash(*called, operands, attributes, len(node.outputs))

    def _attribute(self, attribute: ir.Attr) -> str:
        if attribute.type == ir.AttributeType.GRAPH:
            body = attribute.as_graph()
            captured = [self._value(value) for value in list_captured(body, set())]
            return _hash(self.graph(body, named=False), captured)
        if attribute.type == ir.AttributeType.TENSOR:
            return _hash_tensor(attribute.as_tensor())
        return _hash(attribute.type, attribute.value)


def _extents(value: ir.Value) -> list[int | None]:
    """Return the extents that are numbers: symbols are names."""
    return [extent if isinstance(extent, int) else None for extent in value.shape or ()]


def _hash_tensor(tensor: ir.TensorProtocol | None) -> str:
    if tensor is None:
        return _hash("none")
    digest = hashlib.sha256(repr((str(tensor.dtype), list(tensor.shape.numpy()))).encode())
    array = tensor.numpy()
    if array.dtype == object:
        digest.update(repr(array.ravel().tolist()).encode())
        return digest.hexdigest()
    elements = array.reshape(-1)
    for start in range(0, elements.size, _CHUNK):
        digest.update(np.ascontiguousarray(elements[start : start + _CHUNK]).view(np.uint8).data)
    return digest.hexdigest()


def _hash(*parts: object) -> str:
    return hashlib.sha256(repr([str(part) for part in parts]).encode()).hexdigest()
