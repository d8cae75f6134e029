"""Matrix products and sums: linear in each operand, `[N, K], [K, M] -> [N, M]`, summed over K."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from itertools import count

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Contract,
    Spec,
    Unsupported,
    align,
    flat,
    is_one,
    positions,
)
from mari_engine.ops.call import Call
from mari_engine.ops.elementwise import broadcast, broadcast_map
from mari_engine.ops.evaluation import reduce_list
from mari_engine.ops.rule import PRODUCT, Rule, Trait, share


def _numbered(axis: Axis, labels: count[int]) -> AxisLabels:
    return tuple(next(labels) for _ in axis)


def matmul(call: Call) -> Spec:
    """Return the factors of `[..., N, K], [..., K, M] -> [..., N, M]`, summed over K.

    https://onnx.ai/onnx/operators/onnx__MatMul.html
    """
    left, right = call.axes(0), call.axes(1)
    if not left or not right:
        raise Unsupported("a scalar operand")
    a = left if len(left) > 1 else ((), *left)
    b = right if len(right) > 1 else (*right, ())
    inner = align(a[-1], b[-2])
    stacked, batch = broadcast((a[:-2], b[:-2]))
    fresh = count(len(flat(batch)))
    rows, columns, summed = (_numbered(axis, fresh) for axis in (a[-2], b[-1], inner))
    own = tuple(range(len(flat(batch))))
    result = (*batch, *(a[-2:-1] if len(left) > 1 else ()), *(b[-1:] if len(right) > 1 else ()))
    return Contract(
        operands=((*(stacked[0] or ()), a[-2], inner), (*(stacked[1] or ()), inner, b[-1])),
        results=(result,),
        weight=2,
        terms=(
            (*(broadcast_map(stacked[0], batch) or ()), *rows, *summed),
            (*(broadcast_map(stacked[1], batch) or ()), *summed, *columns),
        ),
        output=(*own, *rows, *columns),
    )


def _matrices(call: Call) -> tuple[Axes, Axes]:
    """Return the axes of a Gemm's operands, `[N, K]` and `[K, M]`: turned where it turns them."""
    a, b = call.axes(0), call.axes(1)
    if len(a) != 2 or len(b) != 2:
        raise Unsupported("an operand that is no matrix, which onnxruntime takes for a row")
    return (
        a[::-1] if call.attribute("transA", 0) else a,
        b[::-1] if call.attribute("transB", 0) else b,
    )


def gemm(call: Call) -> Spec:
    """Return the factors of `alpha [N, K] [K, M] + beta [M] -> [N, M]`, operands transposed or not.

    https://onnx.ai/onnx/operators/onnx__Gemm.html
    """
    scales = [call.attribute("alpha", 1.0)]
    scales += [call.attribute("beta", 1.0)] if call.given(2) else []
    if 0.0 in scales:
        raise Unsupported("a scale of 0, by which runtimes drop NaN and infinities")
    a, b = _matrices(call)
    inner = align(a[1], b[0])
    fresh = count()
    rows, columns, summed = (_numbered(axis, fresh) for axis in (a[0], b[1], inner))
    first, second = (rows, summed), (summed, columns)
    axes_a, axes_b = (a[0], inner), (inner, b[1])
    result = (a[0], b[1])
    addend: AxisLabels | None = None
    operands: list[Axes] = [
        axes_a[::-1] if call.attribute("transA", 0) else axes_a,
        axes_b[::-1] if call.attribute("transB", 0) else axes_b,
    ]
    if call.given(2):
        refined, whole = broadcast((call.axes(2), result))
        if tuple(() if is_one(axis) else axis for axis in result) != whole:
            raise Unsupported("the bias is larger than the product")
        addend = broadcast_map(refined[0], result)
        operands.append(refined[0] or ())
    return Contract(
        operands=tuple(operands),
        results=(result,),
        weight=2,
        terms=(
            sum(first[::-1] if call.attribute("transA", 0) else first, ()),
            sum(second[::-1] if call.attribute("transB", 0) else second, ()),
        ),
        output=rows + columns,
        scale=float(call.attribute("alpha", 1.0)),
        addend=addend,
        addend_scale=float(call.attribute("beta", 1.0)),
    )


def einsum(call: Call) -> Spec:
    """Return the factors of an equation such as "nk,km->nm"; no ellipsis, no diagonals.

    https://onnx.ai/onnx/operators/onnx__Einsum.html
    """
    equation = str(call.attribute("equation", "")).replace(" ", "")
    if "." in equation or "->" not in equation:
        raise Unsupported("an equation with an ellipsis or without '->'")
    inputs, output = equation.split("->")
    subscripts = inputs.split(",")
    extents = _letters(call, subscripts)
    fresh = count()
    labels = {letter: _numbered(axis, fresh) for letter, axis in extents.items()}
    if any(len(set(word)) != len(word) for word in [*subscripts, output]):
        raise Unsupported("a subscript that is repeated within one operand")

    def spelled(word: str) -> tuple[Axes, AxisLabels]:
        return tuple(extents[c] for c in word), tuple(at for c in word for at in labels[c])

    for at, word in enumerate(subscripts):
        if any(
            is_one(axis) != is_one(extents[c]) for axis, c in zip(call.axes(at), word, strict=True)
        ):
            raise Unsupported("an operand that is broadcast within the equation")
    return Contract(
        operands=tuple(spelled(word)[0] for word in subscripts),
        results=(spelled(output)[0],),
        weight=2,
        terms=tuple(spelled(word)[1] for word in subscripts),
        output=spelled(output)[1],
    )


def _letters(call: Call, subscripts: list[str]) -> Mapping[str, Axis]:
    extents: dict[str, Axis] = {}
    for at, word in enumerate(subscripts):
        if len(word) != len(call.axes(at)):
            raise Unsupported("an equation that does not fit the operands' ranks")
        for letter, axis in zip(word, call.axes(at), strict=True):
            known = extents.get(letter, ())
            extents[letter] = (
                axis if is_one(known) else known if is_one(axis) else align(known, axis)
            )
    return extents


def reduce_sum(call: Call) -> Spec:
    """Return the factors of ReduceSum: a product with ones, `[N, K] -> [N]`.

    https://onnx.ai/onnx/operators/onnx__ReduceSum.html
    """
    return weighted_sum(call, 1.0)


def weighted_sum(call: Call, weight: float) -> Contract:
    """Return the factors of a sum over `axes` of which each element is multiplied by a number."""
    axes = call.axes(0)
    over = reduced_axes(call)
    places = positions(axes)
    gone = {place for at in over for place in places[at]}
    own = tuple(range(len(flat(axes))))
    return Contract(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(kept_axes(axes, over, bool(call.attribute("keepdims", 1))),),
        weight=1,
        terms=(own,),
        output=tuple(place for place in own if place not in gone),
        scale=weight,
    )


def reduced_axes(call: Call) -> set[int]:
    """Return the axes that a reduction sums over."""
    rank = len(call.axes(0))
    listed = call.listed("axes", 1)
    if not listed:
        return set() if call.attribute("noop_with_empty_axes", 0) else set(range(rank))
    return {at % rank for at in listed}


def kept_axes(axes: Axes, over: set[int], keepdims: bool) -> Axes:
    """Return the axes of a reduction's result."""
    if keepdims:
        return tuple(() if at in over else axis for at, axis in enumerate(axes))
    return tuple(axis for at, axis in enumerate(axes) if at not in over)


RULES = (
    Rule("MatMul", matmul, traits=PRODUCT),
    Rule("Gemm", gemm, traits=PRODUCT),
    Rule("Einsum", einsum, element_cost=share(0.12), traits=PRODUCT | {Trait.SELDOM_EMPTY}),
    Rule(
        "ReduceSum", reduce_sum, evaluate=(reduce_list(operator.add),),
        traits=frozenset({Trait.SUM}),
    ),
)  # fmt: skip
