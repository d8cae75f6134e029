"""Ops that read extents or make tensors of given extents: Shape, Size, ConstantOfShape, Range.

What they make is known before the model runs, with symbols for free extents: the Shape of
`[N, 8]` is `[N, 8]`. Where it is, no factors are needed.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Size, Unsupported, flat, size
from mari_engine.ops.call import Call, Fact, axis_of
from mari_engine.ops.evaluation import (
    boxed,
    check_count,
    computed_elements,
    filled,
    known,
    range_progression,
    true_places,
)
from mari_engine.ops.rule import EXACT, Rule, Trait


def _shape_known(call: Call) -> Fact:
    extents = [size(axis).plain() for axis in call.axes(0)]
    cut = slice(call.attribute("start", 0), call.attribute("end"))
    return known(boxed(extents[cut]))


def _size_known(call: Call) -> Fact:
    return computed_elements([size(flat(call.axes(0))).plain()], (), ir.DataType.INT64)


def _constant_of_shape_known(call: Call) -> Fact:
    value = call.attribute("value")
    scalar: object = 0.0 if value is None else value.numpy().ravel()[0].item()
    dtype = ir.DataType.FLOAT if value is None else value.dtype
    axes = tuple(axis_of(extent) for extent in call.known(0, "the extents").ravel().tolist())
    return filled(axes, dtype, scalar)


def _range_known(call: Call) -> Fact:
    bounds = [call.known(at, "the bounds").item() for at in range(3)]
    if any(isinstance(bound, Size) for bound in bounds):
        raise Unsupported("a range whose length only the run knows")
    start, stop, step = bounds
    check_count((stop - start) / step)
    return known(np.arange(start, stop, step), call.fact(0).dtype)


def _state_value(node: ir.Node) -> None:
    if "value" not in node.attributes:
        zero = ir.tensor(np.zeros(1, np.float32))
        node.attributes["value"] = ir.AttrTensor("value", zero)


def is_shape(node: ir.Node) -> bool:
    """Return True for a node that reads its operand's shape: it belongs to no side."""
    return node.op_type == "Shape"


_SHAPE_ONLY = frozenset({Trait.SHAPE_ONLY})

RULES = (
    Rule("Shape", evaluate=(_shape_known,), traits=_SHAPE_ONLY),
    Rule("Size", evaluate=(_size_known,), traits=_SHAPE_ONLY),
    Rule(
        "ConstantOfShape", evaluate=(_constant_of_shape_known,), state_type=_state_value,
        traits=EXACT | {Trait.FILLING},
    ),
    Rule("EyeLike", traits=EXACT),
    Rule(
        "Range",
        evaluate=(_range_known, range_progression),
        traits=frozenset({Trait.TAKES_SCALARS}),
    ),
    Rule("NonZero", evaluate=(true_places,)),
)  # fmt: skip
