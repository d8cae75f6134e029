"""Types and shapes of all values: by ONNX's inference, and by rules where that stops."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.graph import infer_shapes
from mari_engine.ops.rule_table import rule_of


def infer_types(model: ir.Model) -> None:
    """Fill in the types and shapes of all values that are found, in place.

    ONNX infers nothing behind some operators (most of ai.onnx.ml): where their rules know what
    they return, it is written down, and ONNX goes on from there.
    """
    infer_shapes(model)
    while sum(_is_described(node) for node in model.graph):
        infer_shapes(model)


def _is_described(node: ir.Node) -> bool:
    """Write down what a node returns; return whether any of that was not known before."""
    rule = rule_of(node)
    if rule is None or rule.infer is None:
        return False
    if any(value is not None and _untyped(value) for value in node.inputs):
        return False
    new = False
    for value, (dtype, shape) in zip(node.outputs, rule.infer(node), strict=False):
        if _untyped(value):
            value.type, new = ir.TensorType(dtype), True
        if value.shape is None and shape is not None:
            value.shape, new = shape, True
    return new


def _untyped(value: ir.Value) -> bool:
    return value.type is None or value.dtype == ir.DataType.UNDEFINED
