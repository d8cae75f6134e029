"""The structure of a model: which constants say what is computed, and which are its weights.

Trained numbers change from day to day; shapes, axes, indices and masks do not. So whole numbers,
truth values and texts count by their elements, numbers with fractions by type and shape alone. Of
whole numbers these are data as well: a table that ids look up, what quantized ops hold, types of
fewer than 32 bits, and whatever is larger than what loading reads of a table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.graph import Model, list_extents, name_dtype, operand_values, stored_bytes
from mari_engine.ops import Trait, has_trait
from mari_engine.types import Coloring, Structure, StructureConstant, StructureNode, TensorInfo

_LARGEST = 4096
"""Bytes of a constant that counts by its elements; loading leaves larger ones in their files."""
_FEW = 8
"""Elements that are written out; more are told by their digest."""
_DIGITS = 16
_STEERING = frozenset(
    {
        ir.DataType.BOOL,
        ir.DataType.INT32,
        ir.DataType.INT64,
        ir.DataType.UINT32,
        ir.DataType.UINT64,
        ir.DataType.STRING,
    }
)


@dataclass(frozen=True)
class _Reading:
    """How a graph and the bodies in it are read."""

    opsets: Mapping[str, int]
    fractions: bool
    """Whether single fractions among attributes count."""


def structure_of(
    model: Model, coloring: Coloring | None = None, *, fractions: bool = True
) -> Structure:
    """Return a model's structure, with the side of each node where a coloring is given.

    Without `fractions`, attributes such as a slope count by their type alone, as weights do: a
    rewrite writes weights there. Reads no weights.
    """
    return _structure_of(model.ir.graph, _Reading(model.ir.opset_imports, fractions), coloring)


def _structure_of(
    graph: ir.Graph, reading: _Reading, coloring: Coloring | None = None
) -> Structure:
    opsets = reading.opsets
    nodes = list(graph)
    return Structure(
        opsets={domain: opsets[domain] for domain in _domains(graph) if domain in opsets},
        inputs=tuple(_tensor(value) for value in graph.inputs),
        outputs=tuple(_tensor(value) for value in graph.outputs),
        constants=_constants(nodes, graph.outputs),
        nodes=tuple(_node(node, reading, coloring) for node in nodes),
    )


def _domains(graph: ir.Graph) -> list[str]:
    return sorted({node.domain for node in ir.traversal.RecursiveGraphIterator(graph)})


def _tensor(value: ir.Value) -> TensorInfo:
    return TensorInfo(value.name or "", name_dtype(value.dtype), list_extents(value.shape))


def _node(node: ir.Node, reading: _Reading, coloring: Coloring | None) -> StructureNode:
    outputs = tuple(value.name or "" for value in node.outputs)
    colors = {} if coloring is None else coloring.values
    first = next((colors[name] for name in outputs if name in colors), None)
    return StructureNode(
        name=node.name or "",
        op=node.op_type,
        domain=node.domain,
        inputs=tuple("" if at is None else at.name or "" for at in operand_values(node)),
        outputs=outputs,
        attributes={
            name: _attribute(item, reading) for name, item in sorted(node.attributes.items())
        },
        side=None if first is None else first.side,
    )


def _attribute(item: ir.Attr, reading: _Reading) -> str:
    """Return an attribute as a text; of a list of fractions, which is trained, only its length."""
    if item.type == ir.AttributeType.GRAPH:
        return _body(item.as_graph(), reading)
    if item.type == ir.AttributeType.GRAPHS:
        return " ".join(_body(graph, reading) for graph in item.as_graphs())
    if item.type == ir.AttributeType.TENSOR:
        return _tensor_text(item.as_tensor(), reading)
    if item.type == ir.AttributeType.FLOATS:
        return f"floats[{len(item.as_floats())}]"
    if item.type == ir.AttributeType.FLOAT:
        return str(np.float32(item.as_float())) if reading.fractions else "float"
    value = item.value
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return _text([str(each) for each in value])
    return str(value)


def _body(graph: ir.Graph, reading: _Reading) -> str:
    return f"graph of {len(graph)} nodes {_structure_of(graph, reading).digest[:_DIGITS]}"


def _tensor_text(tensor: ir.TensorProtocol, reading: _Reading) -> str:
    shape = ", ".join(str(extent) for extent in tensor.shape.numpy())
    head = f"{name_dtype(tensor.dtype)}[{shape}]"
    fraction = reading.fractions and tensor.size == 1 and tensor.dtype.is_floating_point()
    return f"{head} {_elements(tensor)}" if fraction or _steers(tensor) else head


def _constants(
    nodes: Sequence[ir.Node], outputs: Sequence[ir.Value]
) -> tuple[StructureConstant, ...]:
    uses = [(node, at, value) for node in nodes for at, value in enumerate(operand_values(node))]
    found: dict[ir.Value, bool] = {}
    for node, at, value in uses:
        if value is not None and value.const_value is not None and value.is_initializer():
            found[value] = found.get(value, False) or not _is_data(node, at)
    for value in outputs:
        if value.const_value is not None and value.is_initializer():
            found.setdefault(value, True)
    return tuple(_constant(value, counts) for value, counts in found.items())


def _is_data(node: ir.Node, at: int) -> bool:
    """Return True for an operand that holds data whatever its type."""
    looked_up = at == 0 and has_trait(node, Trait.LOOKUP)
    return looked_up or has_trait(node, Trait.QUANTIZING)


def _constant(value: ir.Value, counts: bool) -> StructureConstant:
    tensor = value.const_value
    assert tensor is not None
    shape = tuple(int(extent) for extent in tensor.shape.numpy())
    text = _elements(tensor) if counts and _steers(tensor) else ""
    return StructureConstant(value.name or "", name_dtype(tensor.dtype), shape, text)


def _steers(tensor: ir.TensorProtocol) -> bool:
    in_memory = not isinstance(tensor, ir.ExternalTensor)
    return in_memory and tensor.dtype in _STEERING and stored_bytes(tensor) <= _LARGEST


def _elements(tensor: ir.TensorProtocol) -> str:
    return _text([_spell(each) for each in np.ravel(tensor.numpy()).tolist()])


def _spell(element: object) -> str:
    return element.decode("utf-8", "replace") if isinstance(element, bytes) else str(element)


def _text(parts: Sequence[str]) -> str:
    if len(parts) <= _FEW:
        return f"[{', '.join(parts)}]"
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()
    return f"[{len(parts)} elements, {digest[:_DIGITS]}]"
