"""Exact arithmetic on single elements that are known before the model runs: numbers and extents."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import ml_dtypes
import numpy as np
import onnx_ir as ir

from mari_engine.axes import Size, Unsupported

_FREE_BITS = 16
"""What the free extents of a request come to together, at most, is a number of so many bits."""


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
            if exact != Fraction(result):
                raise Unsupported("a fraction that would be rounded")
        return result

    return computed


def held(element: Any, dtype: ir.DataType | None) -> Any:
    """Return an element as a type holds it; raises Unsupported where the type would change it.

    Whole numbers wrap around at the end of their type, and floating types round them. An extent is
    held if it is where the free extents come to 65,536.
    """
    if dtype is None or dtype == ir.DataType.STRING:
        return element
    if isinstance(element, Size):
        most = max(element.number, -element.number if dtype.is_signed() else 0)
        if most << _FREE_BITS > _largest_whole(dtype) or (element.number < 0 and not most):
            raise Unsupported(f"the extent {element} may be more than its type holds")
        return element
    converted = as_type(element, dtype)
    if converted != element and element == element:
        raise Unsupported(f"{element} is no number of its type")
    return converted


def as_type(element: Any, dtype: ir.DataType) -> Any:
    """Return a number cast to a type; Unsupported where runtimes disagree about the cast."""
    if isinstance(element, float) and dtype.is_integer():
        ends = ml_dtypes.iinfo(dtype.numpy())  # type: ignore[no-untyped-call]
        if not ends.min <= element <= ends.max:
            raise Unsupported(f"{element} is cast to whole numbers that end before it")
    return np.asarray(element).astype(dtype.numpy()).item()


def _largest_whole(dtype: ir.DataType) -> int:
    """Return the number up to which a type holds every whole number."""
    if dtype == ir.DataType.BOOL:
        return 1
    if dtype.is_integer():
        return int(ml_dtypes.iinfo(dtype.numpy()).max)  # type: ignore[no-untyped-call]
    return 2 << int(ml_dtypes.finfo(dtype.numpy()).nmant)  # type: ignore[no-untyped-call]
