"""How a node of the new graph is spelled: the operator, its attributes, and its lists of integers.

Lists that tell an operator its axes or bounds have moved from attributes to inputs from opset to
opset; here is the only place that minds. Inputs that are tensors of the graph are given by whoever
writes the node. Operators: https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import onnx_ir as ir


@dataclass(frozen=True, eq=False)
class Spelling:
    """One node of the default domain with one output, but for its tensors."""

    op: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    lists: tuple[tuple[int, ...], ...] = ()
    """The inputs that follow the tensors: each a rank-1 int64 constant."""
    dtype: ir.DataType | None = None
    """The output's element type, where it is not the first tensor's."""


def reduced_axes(
    axes: Sequence[int], opset: int, *, input_since: int = 18
) -> tuple[dict[str, Any], tuple[tuple[int, ...], ...]]:
    """Return the axes of a reduction as attributes and as lists; the latter from an opset on."""
    if opset >= input_since:
        return {}, (tuple(axes),)
    return {"axes": list(axes)}, ()


def add() -> Spelling:
    """`a + b`, broadcast."""
    return Spelling("Add")


def subtract() -> Spelling:
    """`a - b`, broadcast."""
    return Spelling("Sub")


def multiply() -> Spelling:
    """`a * b`, broadcast."""
    return Spelling("Mul")


def divide() -> Spelling:
    """`a / b`, broadcast."""
    return Spelling("Div")


def maximum() -> Spelling:
    """The larger of `a` and `b`, broadcast."""
    return Spelling("Max")


def minimum() -> Spelling:
    """The smaller of `a` and `b`, broadcast."""
    return Spelling("Min")


def exponential() -> Spelling:
    """The exponential of each element."""
    return Spelling("Exp")


def square_root() -> Spelling:
    """The square root of each element."""
    return Spelling("Sqrt")


def remainder() -> Spelling:
    """What is left of `a` divided by `b`, whole numbers from 0 on, broadcast (opset 10)."""
    return Spelling("Mod")


def magnitude() -> Spelling:
    """`|a|`."""
    return Spelling("Abs")


def sign() -> Spelling:
    """-1, 0 or 1 for each element."""
    return Spelling("Sign")


def matmul() -> Spelling:
    """`[..., N, K] x [..., K, M] -> [..., N, M]`, stacks of matrices broadcast."""
    return Spelling("MatMul")


def gemm(*, alpha: float = 1.0, transposed: bool = False) -> Spelling:
    """`alpha * [N, K] x [K, M] + row [M] -> [N, M]`; the second is `[M, K]` when transposed."""
    attributes: dict[str, Any] = {"transB": 1} if transposed else {}
    return Spelling("Gemm", attributes | ({"alpha": alpha} if alpha != 1.0 else {}))


def reduce_sum(axes: Sequence[int], opset: int, *, keepdims: bool) -> Spelling:
    """The sum along some axes."""
    attributes, lists = reduced_axes(axes, opset, input_since=13)
    return Spelling("ReduceSum", {"keepdims": int(keepdims), **attributes}, lists)


def reduce_mean(axes: Sequence[int], opset: int, *, keepdims: bool) -> Spelling:
    """The mean along some axes."""
    attributes, lists = reduced_axes(axes, opset)
    return Spelling("ReduceMean", {"keepdims": int(keepdims), **attributes}, lists)


def reduce_max(axes: Sequence[int], opset: int, *, keepdims: bool) -> Spelling:
    """The largest element along some axes."""
    attributes, lists = reduced_axes(axes, opset)
    return Spelling("ReduceMax", {"keepdims": int(keepdims), **attributes}, lists)


def reduce_min(axes: Sequence[int], opset: int, *, keepdims: bool) -> Spelling:
    """The smallest element along some axes."""
    attributes, lists = reduced_axes(axes, opset)
    return Spelling("ReduceMin", {"keepdims": int(keepdims), **attributes}, lists)


def reduce_prod(axes: Sequence[int], opset: int, *, keepdims: bool) -> Spelling:
    """The product along some axes: one element itself, bit for bit, and 1 of none."""
    attributes, lists = reduced_axes(axes, opset)
    return Spelling("ReduceProd", {"keepdims": int(keepdims), **attributes}, lists)


def concat(axis: int) -> Spelling:
    """The tensors one behind the other along an axis."""
    return Spelling("Concat", {"axis": axis})


def cut(start: int, stop: int, axis: int) -> Spelling:
    """The elements from `start` up to `stop` along an axis (Slice, opset 10)."""
    return Spelling("Slice", lists=((start,), (stop,), (axis,)))


def gather(axis: int) -> Spelling:
    """`data, indices`: the elements of an axis that the indices name."""
    return Spelling("Gather", {"axis": axis})


def transpose(order: Sequence[int]) -> Spelling:
    """The dimensions in another order."""
    return Spelling("Transpose", {"perm": list(order)})


def reshape(shape: Sequence[int] | None = None, *, verbatim: bool = False) -> Spelling:
    """The elements, in their order, in another shape; one that is computed is the second tensor.

    An extent of 0 is the operand's own at this place, unless `verbatim` (opset 14).
    """
    attributes = {"allowzero": 1} if verbatim else {}
    return Spelling("Reshape", attributes, lists=() if shape is None else (tuple(shape),))


def expand() -> Spelling:
    """`data, shape`: broadcast to a shape."""
    return Spelling("Expand")


def extent_along(axis: int, opset: int) -> tuple[Spelling, ...]:
    """A tensor's extent along one axis, of shape `[1]`: one node after another, of one tensor."""
    if opset >= 15:
        return (Spelling("Shape", {"start": axis, "end": axis + 1}, dtype=ir.DataType.INT64),)
    return Spelling("Shape", dtype=ir.DataType.INT64), Spelling("Gather", lists=((axis,),))


def zeros() -> Spelling:
    """Zeros of int64, of a shape that is computed (ConstantOfShape, opset 9)."""
    return Spelling("ConstantOfShape", {"value": ir.tensor([0], ir.DataType.INT64)})


def put(*, added: bool = False) -> Spelling:
    """`list, places, numbers`: the list with numbers at these places, negative ones from its end.

    A place that occurs twice is for `added` alone: what is there counts, too (opset 16).
    """
    return Spelling("ScatterElements", {"axis": 0} | ({"reduction": "add"} if added else {}))


def cast(dtype: int) -> Spelling:
    """The elements in another type."""
    return Spelling("Cast", {"to": dtype}, dtype=ir.DataType(dtype))


def identity() -> Spelling:
    """The tensor itself, under another name."""
    return Spelling("Identity")


def count_up() -> Spelling:
    """`start, limit, delta`: `start`, `start + delta`, ... below `limit`, of scalars (opset 11)."""
    return Spelling("Range")


def running_sum() -> Spelling:
    """`a, axis`: the sums of the elements up to each one, itself included (opset 11)."""
    return Spelling("CumSum")


def places_that_hold() -> Spelling:
    """The places of truths that hold, `[K] -> [1, k]`, `[K, L] -> [2, k]` row by row (NonZero)."""
    return Spelling("NonZero", dtype=ir.DataType.INT64)


def choice() -> Spelling:
    """`condition`, with a body for each way, `then_branch` and `else_branch` (If)."""
    return Spelling("If")


def equal() -> Spelling:
    """Whether `a = b`, broadcast."""
    return Spelling("Equal", dtype=ir.DataType.BOOL)


def less() -> Spelling:
    """Whether `a < b`, broadcast."""
    return Spelling("Less", dtype=ir.DataType.BOOL)


def both() -> Spelling:
    """Whether two truths hold, broadcast."""
    return Spelling("And", dtype=ir.DataType.BOOL)


def where(dtype: ir.DataType) -> Spelling:
    """`condition, a, b`: of two tensors of a type, `a` where the condition holds, broadcast."""
    return Spelling("Where", dtype=dtype)
