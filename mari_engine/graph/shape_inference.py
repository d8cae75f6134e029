"""Shape inference by ONNX, run on a skeleton of the model without its large tensors."""

from __future__ import annotations

from typing import TypeGuard

import onnx
import onnx_ir as ir

from mari_engine.graph.dtypes import stored_bytes
from mari_engine.isolation import call
from mari_engine.native import infer_shapes_of

_LARGEST_KEPT = 1 << 16
"""Bytes of an initializer that inference may want to look into (split sizes, shapes, axes)."""
_LONGEST_LIST = 4096


def infer_shapes(model: ir.Model) -> None:
    """Fill in the types and shapes of all values that ONNX's inference finds.

    Needs unique value names. What it does not find stays as it was; no large or external
    tensor is read. Raises LimitError. https://github.com/onnx/onnx/blob/main/docs/ShapeInference.md
    """
    skeleton = model.clone()
    for name, value in list(skeleton.graph.initializers.items()):
        tensor = value.const_value
        outside = isinstance(tensor, ir.ExternalTensor)
        if tensor is None or outside or stored_bytes(tensor) > _LARGEST_KEPT:
            value.const_value = None
            del skeleton.graph.initializers[name]
            skeleton.graph.inputs.append(value)
    for value in skeleton.graph.inputs:
        _hide_length(value)
    proto = ir.serde.serialize_model(skeleton)
    data = proto.SerializeToString()
    found = call(infer_shapes_of, data, _LONGEST_LIST, about="inferring its shapes")
    if found is None:  # a graph that inference chokes on is still a graph: values stay unknown
        return
    inferred = onnx.load_model_from_string(bytes(found)).graph
    inputs = (dim for value in model.graph.inputs for dim in value.shape or ())
    named = {dim.value for dim in inputs if _is_named(dim)}
    outputs = [(value, value.shape) for value in model.graph.outputs]
    _take_over(model.graph, inferred)
    for value, stated in outputs:
        _forget_invented(value, stated, named)


def _forget_invented(value: ir.Value, stated: ir.Shape | None, named: set[str | None]) -> None:
    """Leave extents of an output unknown that inference gave a name of its own.

    A caller would be promised a name that means nothing, and another one by the next inference.
    """
    if value.shape is None:
        return
    kept = named | {dim.value for dim in stated or () if _is_named(dim)}
    value.shape = ir.Shape(
        [None if _is_named(dim) and dim.value not in kept else dim for dim in value.shape]
    )


def _is_named(dim: int | ir.SymbolicDim) -> TypeGuard[ir.SymbolicDim]:
    return isinstance(dim, ir.SymbolicDim) and dim.value is not None


def _hide_length(value: ir.Value) -> None:
    """Forget the extent of a long list of whole numbers.

    Inference takes each such list for a shape and would follow every number of it.
    """
    extent = value.shape[0] if value.shape is not None and len(value.shape) == 1 else None
    if isinstance(extent, int) and extent > _LONGEST_LIST:
        value.shape = ir.Shape([None])


def forget_shapes(model: ir.Model) -> None:
    """Drop the shapes of everything that nodes compute; the types stay."""
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        for value in node.outputs:
            value.shape = None


def _take_over(graph: ir.Graph, inferred: onnx.GraphProto) -> None:
    """Copy types and shapes of one graph and, node by node, of the graphs inside it."""
    known = {info.name: info.type for info in (*inferred.value_info, *inferred.output)}
    for node, node_proto in zip(graph, inferred.node, strict=True):
        for value in node.outputs:
            if value.name in known:
                _describe_value(value, known[value.name])
        bodies = {item.name: item for item in node_proto.attribute}
        for attribute in node.attributes.values():
            if attribute.type == ir.AttributeType.GRAPH:
                _take_over(attribute.as_graph(), bodies[attribute.name].g)


def _describe_value(value: ir.Value, type_proto: onnx.TypeProto) -> None:
    found = ir.serde.deserialize_type_proto_for_type(type_proto)
    if found is not None:
        value.type = found
    shape = ir.serde.deserialize_type_proto_for_shape(type_proto)
    if shape is not None:
        value.shape = shape
