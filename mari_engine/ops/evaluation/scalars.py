"""Exact arithmetic on single elements that are known before the model runs: numbers and extents."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from mari_engine.axes import Unsupported


def divided(left: Any, right: Any) -> Any:
    """Return the quotient as ONNX has it: of whole numbers, rounded towards zero."""
    if isinstance(left, (float, Fraction)) or isinstance(right, (float, Fraction)):
        return left / right
    if isinstance(left, int) and isinstance(right, int):
        quotient = abs(left) // abs(right)
        return quotient if (left < 0) == (right < 0) else -quotient
    return left // right


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
