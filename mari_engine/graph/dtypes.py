"""Data types by name, and the bytes of tensors and elements."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx_ir as ir

_TEXT = 16
"""What a string is taken for where only its type is known."""


def stored_bytes(tensor: ir.TensorProtocol) -> int:
    """Return the bytes of a tensor's elements; of strings, those of their texts."""
    if tensor.dtype != ir.DataType.STRING:
        return int(tensor.nbytes)
    return sum(len(text) for text in tensor.numpy().ravel().tolist())


def element_bytes(dtype: ir.DataType | None) -> float:
    """Return the bytes of one element, a fraction for packed types; 4 where nothing is known."""
    if dtype is None or dtype == ir.DataType.UNDEFINED:
        return 4.0
    return float(_TEXT) if dtype == ir.DataType.STRING else dtype.bitwidth / 8


@cache
def name_dtype(dtype: ir.DataType | None) -> str:
    """Return a type as numpy spells it ("float32", "bool", "bfloat16"), "string", or "?"."""
    if dtype is None or dtype == ir.DataType.UNDEFINED:
        return "?"
    if dtype == ir.DataType.STRING:
        return "string"
    return np.dtype(dtype.numpy()).name


def list_extents(shape: ir.Shape | None) -> tuple[int | str, ...] | None:
    """Return the extents, symbols by name, "?" for an extent without one; None without a rank."""
    if shape is None:
        return None
    return tuple(
        extent if isinstance(extent, int) else str(extent.value or "?") for extent in shape
    )
