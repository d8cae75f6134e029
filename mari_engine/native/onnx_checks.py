"""ONNX's own native code on strangers' graphs: shape inference, and the check of nodes."""

from __future__ import annotations

import onnx
import onnx.checker
import onnx.shape_inference


def infer_shapes_of(data: bytes) -> bytes | None:
    """Return the serialized model with the shapes that ONNX infers, or None where it cannot.

    https://github.com/onnx/onnx/blob/main/docs/ShapeInference.md
    """
    check_type, strict, follow_values = False, False, True
    try:
        return bytes(onnx.shape_inference.C.infer_shapes(data, check_type, strict, follow_values))
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        return None


def check_nodes(nodes: list[bytes], opset: int, ir_version: int) -> tuple[int, str] | None:
    """Return which of these serialized nodes is no operator's, and why; None where all are."""
    context = onnx.checker.C.CheckerContext()
    context.ir_version = ir_version
    context.opset_imports = {"": opset}
    for at, data in enumerate(nodes):
        try:
            onnx.checker.C.check_node(data, context, onnx.checker.C.LexicalScopeContext())
        except onnx.checker.ValidationError as error:
            return at, str(error).split("\n")[0].rstrip(".")
    return None
