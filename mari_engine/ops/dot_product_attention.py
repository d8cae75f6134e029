"""Scaled dot-product attention in standard ops: `softmax(c Q K^T + bias) V`.

Q is `[N, heads, R, D]`, K `[N, heads, L, D]`, V `[N, heads, L, E]`, and the result `[N, heads, R,
E]`. Spelled so, K and V of the request stay at one row, and the rules of products and of a softmax
do the rest. https://arxiv.org/abs/1706.03762
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.graph import constant_array
from mari_engine.ops.decomposition_writer import DecompositionWriter

_SOFTMAX = 6
"""FLOPs of each score beside the products: scaled, and weighed by a softmax."""
_LARGEST = 1 << 22
"""Elements of a causal mask beyond which it is not written as a constant."""


def score_flops(width: int) -> int:
    """Return the FLOPs of one score, of keys and values that are together so wide."""
    return 2 * width + _SOFTMAX


def width_of(value: ir.Value | None, axis: int, rank: int) -> int:
    """Return the extent of an axis of a value of this rank; Unsupported where it is not known."""
    shape = value.shape if value is not None else None
    extent = shape[axis] if shape is not None and len(shape) == rank else None
    if not isinstance(extent, int):
        raise Unsupported("the rank or the width of an operand is not known")
    return extent


def head_width(value: ir.Value | None, heads: int) -> int:
    """Return the elements of one head of `[N, heads, L, D]` or `[N, L, heads * D]`."""
    rank = len(value.shape) if value is not None and value.shape is not None else 0
    width = width_of(value, -1, rank)
    return width if rank == 4 else width // heads


def known_extent(value: ir.Value | None, axis: int) -> int | None:
    """Return the extent of an axis, None where only the run knows it."""
    shape = value.shape if value is not None else None
    extent = shape[axis] if shape is not None and len(shape) >= -axis else None
    return extent if isinstance(extent, int) else None


def usual_scale(width: int) -> float:
    """Return the factor of products of heads of a width; Unsupported where they have none."""
    if not width:
        raise Unsupported("more heads than there are elements")
    return float(1 / np.sqrt(width))


def split_heads(new: DecompositionWriter, value: ir.Value, heads: int, width: int) -> ir.Value:
    """Return `[N, L, heads * width]` as `[N, heads, L, width]`."""
    shape = new.integers(0, 0, heads, width)
    return new.emit("Transpose", new.emit("Reshape", value, shape), perm=[0, 2, 1, 3])


def join_heads(new: DecompositionWriter, value: ir.Value, width: int) -> ir.Value:
    """Return `[N, heads, R, E]` as `[N, R, heads * E]`."""
    turned = new.emit("Transpose", value, perm=[0, 2, 1, 3])
    return new.emit("Reshape", turned, new.integers(0, 0, width))


def repeat_heads(
    new: DecompositionWriter, value: ir.Value, heads: int, times: int, width: int
) -> ir.Value:
    """Return `[N, heads, L, width]` with each head so many times in a row."""
    if times == 1:
        return value
    turned = new.emit("Transpose", value, perm=[0, 2, 1, 3])
    single = new.emit("Reshape", turned, new.integers(0, 0, heads, 1, width))
    several = new.emit("Expand", single, new.integers(1, 1, 1, times, 1))
    shape = new.integers(0, 0, heads * times, width)
    return new.emit("Transpose", new.emit("Reshape", several, shape), perm=[0, 2, 1, 3])


def scaled_products(
    new: DecompositionWriter, query: ir.Value, key: ir.Value, scale: float
) -> ir.Value:
    """Return `scale * Q K^T`."""
    turned = new.emit("Transpose", key, perm=[0, 1, 3, 2])
    product = new.emit("MatMul", query, turned)
    return new.emit("Mul", product, new.number(scale, new.given(0)))


def capped_scores(new: DecompositionWriter, scores: ir.Value, cap: float) -> ir.Value:
    """Return `cap * tanh(scores / cap)`, the scores themselves where cap is 0."""
    if cap <= 0:
        return scores
    number = new.number(cap, new.given(0))
    return new.emit("Mul", new.emit("Tanh", new.emit("Div", scores, number)), number)


def additive(new: DecompositionWriter, seen: ir.Value, low: float) -> ir.Value:
    """Return a boolean mask as what is added to scores: 0 where it is True, else `low`."""
    array, like = constant_array(seen), new.given(0)
    if array is not None:
        return _floats(new, np.where(array, 0.0, low))
    return new.emit("Where", seen, new.number(0.0, like), new.number(low, like))


def causal_keys(new: DecompositionWriter, rows: int | None, columns: int | None) -> ir.Value:
    """Return `[R, L]`: True where the column is no later than the row."""
    if rows is None or columns is None or rows * columns > _LARGEST:
        raise Unsupported("a causal mask of lengths that only the run knows")
    return new.constant(np.tril(np.ones((rows, columns), bool)), ir.DataType.BOOL)


def _floats(new: DecompositionWriter, array: np.ndarray) -> ir.Value:
    """Return a constant of the operands' type."""
    like = new.given(0)
    return new.constant(array, (like.dtype if like is not None else None) or ir.DataType.FLOAT)


def places(new: DecompositionWriter, value: ir.Value) -> ir.Value:
    """Return `0, 1, ...` along the third axis of a value of four."""
    zero, one = new.integer(0), new.integer(1)
    return new.emit("Range", zero, extent_of(new, value), one)


def extent_of(new: DecompositionWriter, value: ir.Value) -> ir.Value:
    """Return the extent of the third axis of a value of four, as a scalar."""
    return new.emit("Gather", new.emit("Shape", value), new.integer(2))


def in_all(new: DecompositionWriter, masks: list[ir.Value]) -> ir.Value | None:
    """Return where all boolean masks are True, None of no mask; constants are joined before."""
    arrays = [array for mask in masks if (array := constant_array(mask)) is not None]
    others = [mask for mask in masks if constant_array(mask) is None]
    if len(arrays) > 1:
        joined = np.logical_and.reduce(np.broadcast_arrays(*arrays))
        others.append(new.constant(joined, ir.DataType.BOOL))
    elif arrays:
        others += [mask for mask in masks if mask not in others]
    found: ir.Value | None = None
    for mask in others:
        found = mask if found is None else new.emit("And", found, mask)
    return found


def total_bias(new: DecompositionWriter, biases: list[ir.Value]) -> ir.Value | None:
    """Return the sum of what is added to scores, None of nothing."""
    if not biases:
        return None
    arrays = [constant_array(bias) for bias in biases]
    held = [array for array in arrays if array is not None]
    total: ir.Value | None = None
    if len(held) > 1:
        total = _floats(new, sum(held[1:], held[0]))
    elif held:
        total = next(b for b, array in zip(biases, arrays, strict=True) if array is not None)
    for bias, array in zip(biases, arrays, strict=True):
        if array is None:
            total = bias if total is None else new.emit("Add", total, bias)
    return total


def softmax_weights(
    new: DecompositionWriter, scores: ir.Value, bias: ir.Value | None, precision: ir.DataType | None
) -> tuple[ir.Value, ir.Value]:
    """Return the biased scores, and the weights that a softmax in `precision` makes of them."""
    biased = scores if bias is None else new.emit("Add", scores, bias)
    held = biased if precision is None else new.emit("Cast", biased, to=int(precision))
    weights = new.emit("Softmax", held, axis=-1)
    if precision is not None:
        dtype = new.node.inputs[0].dtype if new.node.inputs[0] is not None else None
        if dtype is None:
            raise Unsupported("the type of an operand is not known")
        weights = new.emit("Cast", weights, to=int(dtype))
    return biased, weights


def rows_with_keys(new: DecompositionWriter, seen: ir.Value | None) -> ir.Value | None:
    """Return which rows `[.., R, 1]` see a key, by a mask `[.., R, L]`; None where all do.

    A softmax of -inf alone is no number.
    """
    array = constant_array(seen)
    if seen is None or (array is not None and array.any(axis=-1).all()):
        return None
    return new.emit("ReduceMax", seen, new.integers(-1), keepdims=1)


def rows_with_scores(new: DecompositionWriter, bias: ir.Value) -> ir.Value | None:
    """Return which rows `[.., R, 1]` have a score above -inf, by a bias; None where all do."""
    array = constant_array(bias)
    if array is not None and not np.isneginf(array.max(axis=-1)).any():
        return None
    most = new.emit("ReduceMax", bias, new.integers(-1), keepdims=1)
    return new.emit("Not", new.emit("Equal", most, new.number(-np.inf, new.given(0))))


def weighted_values(
    new: DecompositionWriter, weights: ir.Value, value: ir.Value, seeing: ir.Value | None
) -> ir.Value:
    """Return `weights V`, with weights of zero for rows that see no key.

    Their result is chosen, `0 V`, and not their weights: it is the request's where V is.
    """
    result = new.emit("MatMul", weights, value)
    if seeing is None:
        return result
    nothing = new.emit("Mul", value, new.number(0.0, new.given(0)))
    total = new.emit("ReduceSum", nothing, new.integers(2), keepdims=1)
    return new.emit("Where", seeing, result, total)
