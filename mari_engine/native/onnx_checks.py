"""ONNX's own native code on strangers' graphs: shape inference, and the check of nodes."""

from __future__ import annotations

import onnx
import onnx.checker
import onnx.shape_inference


def infer_shapes_of(data: bytes, longest: int) -> bytes | None:
    """Return the serialized model with the shapes that ONNX infers, or None where it cannot.

    Shapes are read off computed lists, too, unless a list has more than `longest` elements: ONNX
    would write down every one of them, of a small file that asks for 10^12.
    https://github.com/onnx/onnx/blob/main/docs/ShapeInference.md
    """
    check_type, strict = False, False
    try:
        found = bytes(onnx.shape_inference.C.infer_shapes(data, check_type, strict, False))
        if not _has_longer_list(onnx.load_model_from_string(found).graph, longest):
            found = bytes(onnx.shape_inference.C.infer_shapes(data, check_type, strict, True))
    except (onnx.shape_inference.InferenceError, RuntimeError, ValueError):
        return None
    return found


def _has_longer_list(graph: onnx.GraphProto, longest: int) -> bool:
    for value in graph.value_info:
        dims = value.type.tensor_type.shape.dim
        if len(dims) == 1 and dims[0].dim_value > longest:
            return True
    bodies = (item.g for node in graph.node for item in node.attribute if item.HasField("g"))
    return any(_has_longer_list(body, longest) for body in bodies)


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
