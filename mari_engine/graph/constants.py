"""Whole numbers that nodes of a canonical graph read as an operand: shapes, axes, bounds."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir


def list_numbers(model: ir.Model, name: str, numbers: list[int]) -> ir.Value:
    """Return int64 numbers, of rank 1, as a new initializer of the model."""
    tensor = ir.tensor(numbers, dtype=ir.DataType.INT64, name=name)
    value = ir.Value(
        name=name,
        type=ir.TensorType(ir.DataType.INT64),
        shape=ir.Shape([len(numbers)]),
        const_value=tensor,
    )
    model.graph.register_initializer(value)
    return value


def constant_array(value: ir.Value | None) -> np.ndarray | None:
    """Return the value's numbers if it is a constant that is in memory, else None."""
    if value is None or value.const_value is None or not value.is_initializer():
        return None
    if isinstance(value.const_value, ir.ExternalTensor):
        return None
    return np.asarray(value.const_value.numpy())
