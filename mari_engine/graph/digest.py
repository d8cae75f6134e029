"""Structural hash of a graph: equal for graphs that differ in names and metadata only."""

from __future__ import annotations

import hashlib

import onnx_ir as ir

from mari_engine.graph.model import Model


def digest_graph(model: Model) -> str:
    """Return a digest of operators, attributes, weights and wiring; names do not count.

    The order of nodes does. External tensors count by file and place and are not read.
    """
    digest = hashlib.sha256()
    _digest_graph(model.ir.graph, digest, {})
    return digest.hexdigest()


def _digest_graph(graph: ir.Graph, digest: hashlib._Hash, known: dict[ir.Value, int]) -> None:
    for value in graph.inputs:
        known[value] = len(known)
        _add(digest, "input", value.dtype, value.shape)
    for node in graph:
        for item in node.inputs:
            if item is not None and item not in known:
                known[item] = len(known)
                _add_tensor(digest, item.const_value)
        wiring = [None if item is None else known[item] for item in node.inputs]
        _add(digest, node.domain, node.op_type, wiring, len(node.outputs))
        for name, attribute in sorted(node.attributes.items()):
            _add(digest, name)
            _add_attribute(digest, attribute, known)
        for value in node.outputs:
            known[value] = len(known)
    _add(digest, "outputs", [known.get(value, -1) for value in graph.outputs])


def _add_attribute(digest: hashlib._Hash, attribute: ir.Attr, known: dict[ir.Value, int]) -> None:
    if attribute.type == ir.AttributeType.GRAPH:
        _digest_graph(attribute.as_graph(), digest, known)
    elif attribute.type == ir.AttributeType.TENSOR:
        _add_tensor(digest, attribute.as_tensor())
    else:
        _add(digest, attribute.value)


def _add_tensor(digest: hashlib._Hash, tensor: ir.TensorProtocol | None) -> None:
    if tensor is None:
        _add(digest, "outer")
    elif isinstance(tensor, ir.ExternalTensor):
        _add(digest, tensor.path, tensor.offset, tensor.dtype, tensor.shape)
    else:
        _add(digest, tensor.dtype, tensor.shape)
        digest.update(tensor.tobytes())


def _add(digest: hashlib._Hash, *parts: object) -> None:
    digest.update(repr([str(part) for part in parts]).encode())
