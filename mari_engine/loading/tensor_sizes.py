"""Tensors of a message held to what they state: as many elements as their extents ask for."""

from __future__ import annotations

import math
from collections.abc import Iterator

import onnx
import onnx_ir as ir

from mari_engine.errors import ModelError
from mari_engine.graph import list_proto_bodies

_FIELDS = {
    "float_data": ("FLOAT",),
    "double_data": ("DOUBLE",),
    "int64_data": ("INT64",),
    "uint64_data": ("UINT64", "UINT32"),
    "int32_data": ("INT32", "INT16", "INT8", "UINT16", "UINT8", "BOOL", "FLOAT16", "BFLOAT16"),
    "string_data": ("STRING",),
}
"""Where elements of a type lie, one an entry, unless they are raw."""


def check_sizes(proto: onnx.ModelProto, where: str) -> None:
    """Return if all tensors inside the file hold what they state; raises ModelError, naming one."""
    nodes = [*proto.graph.node, *(node for each in proto.functions for node in each.node)]
    tensors = [*proto.graph.initializer, *_tensors_of(nodes)]
    for tensor in tensors:
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            continue
        if (problem := _problem(tensor)) != "":
            name = tensor.name or "of an attribute"
            raise ModelError(f"{where}: tensor {name!r} {problem}; export it again")


def _tensors_of(nodes: list[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    left = list(nodes)
    while left:
        node = left.pop()
        for attribute in node.attribute:
            yield from attribute.tensors
            if attribute.HasField("t"):
                yield attribute.t
        for body in list_proto_bodies(node):
            yield from body.initializer
            left += body.node


def _problem(tensor: onnx.TensorProto) -> str:
    """Return what is wrong with a tensor, in words, or ""; of packed types, nothing is asked."""
    try:
        dtype = ir.DataType(tensor.data_type)
    except ValueError:
        return f"has the type {tensor.data_type}, which ONNX does not have"
    if dtype == ir.DataType.UNDEFINED:
        return "has no type"
    if any(extent < 0 for extent in tensor.dims):
        return f"has extents below zero ({list(tensor.dims)})"
    count = math.prod(tensor.dims)
    if tensor.HasField("raw_data") and dtype != ir.DataType.STRING:
        found, wanted = len(tensor.raw_data), -(-count * dtype.bitwidth // 8)
        return "" if found == wanted else f"holds {found} bytes, and its extents ask for {wanted}"
    field = next((name for name, types in _FIELDS.items() if dtype.name in types), None)
    held = count if field is None else len(getattr(tensor, field))
    return "" if held == count else f"holds {held} elements, and its extents ask for {count}"
