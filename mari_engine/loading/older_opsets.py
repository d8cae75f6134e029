"""Models of opsets 7 to 10 in the operators of opset 11, from which on rules know them.

    Slice(x, axes=[1], starts=[0], ends=[8])  ->  Slice(x, [0], [8], [1])

Clip, Pad, TopK and Slice take as operands what were attributes; an Upsample becomes a Resize. The
check runs the original from its own file, so that a conversion that changes a result is seen.
"""

from __future__ import annotations

import onnx

from mari_engine.errors import ModelError
from mari_engine.isolation import call
from mari_engine.native import convert_opset

OLDEST_OPSET = 7
"""The oldest that onnxruntime runs."""
KNOWN_OPSET = 11
"""The oldest whose operators the rules describe."""
_WEIGHTS_APART = 4
"""The IR version from which on weights need not be inputs."""


def convert_older(proto: onnx.ModelProto, opset: int, where: str) -> onnx.ModelProto:
    """Return a model of an older opset in a known one; a model of a later one as it is.

    Raises ModelError where it is too old, or cannot be converted.
    """
    if opset < OLDEST_OPSET:
        raise ModelError(
            f"{where}: opset {opset} is too old; export with opset {KNOWN_OPSET} or later"
        )
    if opset >= KNOWN_OPSET:
        return proto
    _list_weights_apart(proto)
    data, reason = call(
        convert_opset, proto.SerializeToString(), KNOWN_OPSET, about="converting its opset"
    )
    if reason:
        raise ModelError(
            f"{where}: opset {opset} cannot be converted to {KNOWN_OPSET} ({reason}); export with "
            f"opset {KNOWN_OPSET} or later"
        )
    return onnx.load_model_from_string(data)


def _list_weights_apart(proto: onnx.ModelProto) -> None:
    """Give a model whose weights are not all inputs the IR version that allows this.

    Older ones want each listed as an input, where it is a constant all the same. onnxruntime does
    without, and ONNX's converter does not.
    """
    weights = {weight.name for weight in proto.graph.initializer}
    inputs = list(proto.graph.input)
    if proto.ir_version >= _WEIGHTS_APART or weights <= {value.name for value in inputs}:
        return
    proto.ir_version = _WEIGHTS_APART
    del proto.graph.input[:]
    proto.graph.input.extend(value for value in inputs if value.name not in weights)
