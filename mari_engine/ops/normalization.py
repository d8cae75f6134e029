"""Normalizations: they mix their own axes, and treat slices along all others alone."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import onnx_ir as ir

from mari_engine.axes import (
    Affine,
    Along,
    Arithmetic,
    Divisor,
    FactorAndShift,
    Norm,
    Slices,
    Spec,
    Unsupported,
    V,
    Weights,
    flat,
    positions,
    size,
    static,
)
from mari_engine.ops.call import Call, normal
from mari_engine.ops.rule import NEVER, Rule

_HUGE = 2.0**127
"""About the largest number of a float32."""


def softmax(call: Call) -> Spec:
    """Return the factors of a softmax, `[N, K] -> [N, K]` along K.

    https://onnx.ai/onnx/operators/onnx__Softmax.html
    """
    spec = over_one_axis(call)
    return Weights(spec.operands, spec.results, spec.weight, spec.along, spec.last)


def over_one_axis(call: Call) -> Along:
    """Return the factors of an op along one axis; before opset 13, of all axes from it on.

    https://onnx.ai/onnx/operators/onnx__LogSoftmax.html
    https://onnx.ai/onnx/operators/onnx__Hardmax.html
    """
    axes = call.axes(0)
    old = call.version < 13
    at = normal(int(call.attribute("axis", 1 if old else -1)), len(axes))
    groups = positions(axes)[at:] if old else positions(axes)[at : at + 1]
    return Along(
        operands=(axes,),
        results=(axes,),
        weight=5,
        along=tuple(place for group in groups for place in group),
        last=old,
    )


def layer_norm(call: Call, *, centered: bool = True) -> Spec:
    """Return the factors of `[N, K], [K], [K] -> [N, K]`, normalized along K.

    https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
    """
    axes = call.axes(0)
    own = tuple(range(len(flat(axes))))
    if call.outputs > 1:
        raise Unsupported("the norm's statistics are used")
    at = normal(int(call.attribute("axis", -1)), len(axes))
    along = tuple(place for group in positions(axes)[at:] for place in group)
    inner = axes[at:]
    for extra in range(1, len(call.operands)):
        given = [size(axis) for axis in call.axes(extra)] if call.given(extra) else None
        if given not in (None, [size(axis) for axis in inner]):
            raise Unsupported("a scale that is not given per normalized element")
    return Norm(
        operands=(axes, *[inner if fact else None for fact in call.operands[1:]]),
        results=(axes,),
        weight=8,
        along=along,
        last=True,
        terms=(own, *[along if fact else None for fact in call.operands[1:]]),
        centered=centered,
        divisor=root_with(float(call.attribute("epsilon", 1e-5))),
    )


def rms_norm(call: Call) -> Spec:
    """Return the factors of `[N, K], [K] -> [N, K]`, divided by the root of the mean square.

    https://onnx.ai/onnx/operators/onnx__RMSNormalization.html
    """
    return layer_norm(call, centered=False)


def root_with(epsilon: float) -> Divisor:
    """Return the divisor `sqrt(mean square + epsilon)`."""

    def divisor(arithmetic: Arithmetic[V], mean_square: V) -> V:
        number = arithmetic.number(epsilon, mean_square)
        return arithmetic.square_root(arithmetic.add(mean_square, number))

    return divisor


def batch_norm(call: Call) -> Spec:
    """Return the factors of `x * a + b` with a, b `[C]` for x `[N, C, ...]`: inference only.

    https://onnx.ai/onnx/operators/onnx__BatchNormalization.html
    """
    axes = call.axes(0)
    if call.outputs > 1 or call.attribute("training_mode", 0):
        raise Unsupported("the norm runs in training mode")
    if len(axes) < 2 or any(
        [size(a) for a in call.axes(at)] != [size(axes[1])] for at in range(1, 5)
    ):
        raise Unsupported("channels that are not one axis")
    own = tuple(range(len(flat(axes))))
    channel = positions(axes)[1]
    if len(channel) != 1 or static(axes[1]) is None:  # statistics of rows: a LayerNorm of Keras
        return Slices(
            operands=(axes, *[axes[1:2]] * 4),
            results=(axes,),
            weight=2,
            terms=(own, *[channel] * 4),
            outputs=(own,),
        )
    return Affine(
        operands=(axes, *[axes[1:2]] * 4),
        results=(axes,),
        weight=2,
        terms=(own, *[channel] * 4),
        outputs=(own,),
        position=channel[0],
        factor_and_shift=_folded(float(call.attribute("epsilon", 1e-5))),
    )


def _folded(epsilon: float) -> FactorAndShift:
    def factor_and_shift(arithmetic: Arithmetic[V], operands: Sequence[V]) -> tuple[V, V]:
        """Return scale / sqrt(variance + epsilon), and bias - mean * factor."""
        scale, bias, mean, variance = operands
        number = arithmetic.number(epsilon, scale)
        spread = arithmetic.square_root(arithmetic.add(variance, number))
        factor = arithmetic.divide(scale, spread)
        return factor, arithmetic.subtract(bias, arithmetic.multiply(mean, factor))

    return factor_and_shift


def lp_norm(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, K]`, each row divided by its norm.

    https://onnx.ai/onnx/operators/onnx__LpNormalization.html
    """
    axes, at = call.axes(0), call.axis(-1)
    along, count = positions(axes)[at], static(axes[at])
    if int(call.attribute("p", 2)) != 2 or count is None:
        return Along(operands=(axes,), results=(axes,), weight=3, along=along)
    return Norm(
        operands=(axes,),
        results=(axes,),
        weight=3,
        along=along,
        terms=(tuple(range(len(flat(axes)))),),
        centered=False,
        divisor=_length(count),
    )


def _length(count: int) -> Divisor:
    def divisor(arithmetic: Arithmetic[V], mean_square: V) -> V:
        """Return the length of each row; more than any float32 for one of length 0, which stays."""
        number = arithmetic.number
        length = arithmetic.square_root(
            arithmetic.multiply(mean_square, number(count, mean_square))
        )
        void = arithmetic.subtract(number(1.0, length), arithmetic.sign(length))
        return arithmetic.add(length, arithmetic.multiply(void, number(_HUGE, length)))

    return divisor


class NormStep(Enum):
    """A step of a LayerNorm that is spelled out, and the ops that may do it.

    `(x - mean(x)) / sqrt(mean((x - mean(x))^2) + epsilon) * weight + bias`
    """

    MEAN = ("ReduceMean",)
    CENTER = ("Sub",)
    SQUARE = ("Pow", "Mul")
    ROOT = ("Sqrt",)
    DIVIDE = ("Div", "Reciprocal")
    SCALE = ("Mul",)
    """By the inverse of the root, or by a weight."""
    SHIFT = ("Add",)
    """By epsilon, or by a bias."""

    def done_by(self, node: ir.Node) -> bool:
        """Return True for a node of the standard domain whose op may do this step."""
        return not node.domain and node.op_type in self.value


_ALONE = "normalise the columns of each side alone, before they are joined"


RULES = (
    Rule("Softmax", softmax),
    Rule("LogSoftmax", over_one_axis),
    Rule("Hardmax", over_one_axis),
    Rule("LpNormalization", lp_norm, remedy=_ALONE),
    Rule("BatchNormalization", batch_norm),
    Rule("LayerNormalization", layer_norm, runtime_until=17, remedy=_ALONE),
    Rule("RMSNormalization", rms_norm, remedy=_ALONE),
    Rule("SimplifiedLayerNormalization", rms_norm, runtime_until=NEVER, remedy=_ALONE),
)
