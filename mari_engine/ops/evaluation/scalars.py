"""Arithmetic on single elements that are known before the model runs: numbers and extents."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from mari_engine.axes import Unsupported


def _divided(left: Any, right: Any) -> Any:
    if isinstance(left, (float, Fraction)) or isinstance(right, (float, Fraction)):
        return left / right
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)  # ONNX divides whole numbers towards zero
        return quotient if (left < 0) == (right < 0) else -quotient
    return left // right


PLACEWISE: Mapping[str, Callable[..., Any]] = {
    "Add": operator.add,
    "Sub": operator.sub,
    "Mul": operator.mul,
    "Div": _divided,
    "Neg": operator.neg,
    "Equal": operator.eq,
    "Less": operator.lt,
    "LessOrEqual": operator.le,
    "Greater": operator.gt,
    "GreaterOrEqual": operator.ge,
    "Not": operator.not_,
    "And": lambda a, b: a and b,
    "Or": lambda a, b: a or b,
    "Where": lambda c, a, b: a if c else b,
    "Max": lambda *xs: max(xs),
    "Min": lambda *xs: min(xs),
    "Abs": abs,
    "Identity": lambda x: x,
}
ARITHMETIC = {"Add", "Sub", "Mul", "Div"}
TRUTHS = {"Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Not", "And", "Or"}


def exactly(compute: Callable[..., Any]) -> Callable[..., Any]:
    """Return arithmetic that refuses to round: what it makes must be the same in any precision."""

    def computed(*operands: Any) -> Any:
        result = compute(*operands)
        if isinstance(result, float):
            exact = compute(*(Fraction(each) for each in operands))
            if exact != Fraction(result) or float(np.float32(result)) != result:
                raise Unsupported("a fraction that would be rounded")
        return result

    return computed
