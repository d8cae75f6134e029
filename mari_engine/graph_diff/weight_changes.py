"""How far weights of two graphs differ, element by element, in blocks that fit a cache."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import onnx_ir as ir

from mari_engine.errors import ModelError
from mari_engine.graph import Model
from mari_engine.graph_diff.alignment import Alignment
from mari_engine.graph_diff.graph_changes import constant_pairs
from mari_engine.types import WeightChange, WeightDifference

_BLOCK = 1 << 18
"""Elements of a block."""


def compare_weights(found: Alignment, models: tuple[Model, Model], of: str) -> WeightDifference:
    """Return which weights that both graphs read at one place have other elements.

    Tables in files are mapped, not read into memory. Raises ModelError where they cannot be read.
    """
    pairs = {
        one.name: other.name
        for one, other in constant_pairs(found)
        if not one.value and (one.dtype, one.shape) == (other.dtype, other.shape)
    }
    changed = [
        change
        for name, other in pairs.items()
        if (change := _compare(name, _tensor(models[0], name), _tensor(models[1], other)))
    ]
    changed.sort(key=lambda each: -1.0 if each.relative is None else -each.relative)
    return WeightDifference(len(pairs), of, tuple(changed))


def _tensor(model: Model, name: str) -> ir.TensorProtocol:
    tensor = model.ir.graph.initializers[name].const_value
    assert tensor is not None
    return tensor


def _compare(name: str, first: ir.TensorProtocol, second: ir.TensorProtocol) -> WeightChange | None:
    """Return how two tensors of one type and shape differ; None where they are the same."""
    try:
        one, other = np.ravel(first.numpy()), np.ravel(second.numpy())
    except (OSError, ValueError) as error:
        raise ModelError(f"{name}: its data cannot be read ({error}); mend the file") from error
    shape = tuple(int(extent) for extent in first.shape.numpy())
    dtype = str(one.dtype)
    if one.dtype == object:
        count = int(np.count_nonzero(one != other))
        share = count / max(1, one.size)
        return WeightChange(name, "string", shape, share, None, None) if count else None
    return _compare_numbers(name, dtype, shape, _blocks(one, other))


def _blocks(one: np.ndarray, other: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for start in range(0, one.size, _BLOCK):
        part = slice(start, start + _BLOCK)
        yield one[part].astype(np.float64), other[part].astype(np.float64)


def _compare_numbers(
    name: str, dtype: str, shape: tuple[int, ...], blocks: Iterator[tuple[np.ndarray, np.ndarray]]
) -> WeightChange | None:
    count, elements, norm, moved, largest = 0, 0, 0.0, 0.0, 0.0
    for a, b in blocks:
        unlike = ~((a == b) | (np.isnan(a) & np.isnan(b)))
        gap = np.where(unlike, b - np.where(unlike, a, 0.0), 0.0)
        count, elements = count + int(np.count_nonzero(unlike)), elements + a.size
        norm, moved = norm + float(a @ a), moved + float(gap @ gap)
        largest = max(largest, float(np.max(np.abs(gap), initial=0.0)))
    if not count:
        return None
    relative = math.sqrt(moved / norm) if norm > 0 else None
    return WeightChange(name, dtype, shape, count / max(1, elements), relative, largest)
