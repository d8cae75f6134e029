"""Ops that compute each element from the elements at the same place.

Multidirectional broadcasting as in https://onnx.ai/onnx/repo-docs/Broadcasting.html.
"""

from __future__ import annotations

from collections.abc import Callable

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Linear,
    Pointwise,
    Spec,
    align,
    flat,
    is_one,
    positions,
)
from mari_engine.ops.rule import Call, Rule


def broadcast(operands: tuple[Axes | None, ...]) -> tuple[list[Axes | None], Axes]:
    """Return the operands' axes, refined to meet each other, and the broadcast result's."""
    rank = max((len(axes) for axes in operands if axes is not None), default=0)
    padded = [None if axes is None else ((),) * (rank - len(axes)) + axes for axes in operands]
    result: list[Axis] = []
    for at in range(rank):
        axis: Axis = ()
        for axes in padded:
            if axes is not None and not is_one(axes[at]):
                axis = axes[at] if is_one(axis) else align(axis, axes[at])
        result.append(axis)
    refined: list[Axes | None] = [
        None
        if axes is None
        else tuple(
            () if is_one(axes[at]) else result[at] for at in range(rank - len(original), rank)
        )
        for axes, original in zip(padded, [axes or () for axes in operands], strict=True)
    ]
    return refined, tuple(result)


def broadcast_map(operand: Axes | None, result: Axes) -> AxisLabels | None:
    """Return the result's position for each position of a broadcast operand."""
    if operand is None:
        return None
    places = positions(result)[len(result) - len(operand) :]
    return tuple(
        place for axis, group in zip(operand, places, strict=True) if axis for place in group
    )


def pointwise(weight: int, linear: Linear | None = None) -> Callable[[Call], Spec]:
    """Return the declaration of an elementwise op with this many FLOPs per element."""

    def declare(call: Call) -> Spec:
        axes = tuple(None if fact is None else fact.axes for fact in call.operands)
        refined, result = broadcast(axes)
        return Pointwise(
            operands=tuple(refined),
            results=(result,) * call.outputs,
            weight=weight,
            maps=tuple(broadcast_map(operand, result) for operand in refined),
            linear=linear if len(flat(result)) or linear is None else None,
        )

    return declare


_FREE = ("Cast", "CastLike", "IsNaN", "IsInf", "Not", "BitwiseNot", "Where")
_ONE = (
    "Abs", "Ceil", "Floor", "Round", "Sign", "Relu", "Reciprocal", "Sqrt", "Clip", "LeakyRelu",
    "PRelu", "ThresholdedRelu", "Shrink", "Pow", "Mod", "Max", "Min", "And", "Or", "Xor", "Equal",
    "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "BitShift", "BitwiseAnd", "BitwiseOr",
    "BitwiseXor",
)  # fmt: skip
_SEVERAL = (
    "Exp", "Log", "Sigmoid", "Tanh", "Erf", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan", "Sinh",
    "Cosh", "Asinh", "Acosh", "Atanh", "Softplus", "Softsign", "Elu", "Selu", "Celu", "Gelu",
    "HardSigmoid", "HardSwish", "Mish", "Swish",
)  # fmt: skip
_CONTRIB = ("FastGelu", "BiasGelu", "QuickGelu", "Gelu")

RULES = (
    *(Rule(op, pointwise(0)) for op in _FREE),
    *(Rule(op, pointwise(1)) for op in _ONE),
    *(Rule(op, pointwise(4)) for op in _SEVERAL),
    *(Rule(op, pointwise(4), domain="com.microsoft") for op in _CONTRIB),
    Rule("Add", pointwise(1, "add")),
    Rule("Sub", pointwise(1, "sub")),
    Rule("Mul", pointwise(1, "mul")),
    Rule("Div", pointwise(1, "div")),
    Rule("Neg", pointwise(1, "neg")),
    Rule("Sum", pointwise(1)),
    Rule("Mean", pointwise(1)),
)
