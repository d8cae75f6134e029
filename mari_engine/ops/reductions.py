"""Reductions that are not sums, `[N, K] -> [N]`, and scans and sorts of a whole axis."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import replace
from math import prod

from mari_engine.axes import Merge, Reduce, Slices, Spec, Unsupported, flat, positions, static
from mari_engine.ops.call import Call, normal
from mari_engine.ops.contraction import kept_axes, reduced_axes, weighted_sum
from mari_engine.ops.evaluation import reduce_list
from mari_engine.ops.rule import EXACT, Rule, share
from mari_engine.ops.slice import one_axis


def reduction(weight: int = 1, merge: Merge | None = None) -> Callable[[Call], Reduce]:
    """Return the factors of a reduction over `axes`.

    `merge` is left out where results of pieces may be beyond a type's range though the whole's is
    not: a product, a sum of which the logarithm is taken.
    """

    def declare(call: Call) -> Reduce:
        axes, over = call.axes(0), reduced_axes(call)
        keepdims = bool(call.attribute("keepdims", 1))
        return Reduce(
            operands=(axes, *[None] * (len(call.operands) - 1)),
            results=(kept_axes(axes, over, keepdims),),
            weight=weight,
            over=tuple(place for at in sorted(over) for place in positions(axes)[at]),
            keepdims=keepdims,
            merge=merge,
        )

    return declare


def extreme(merge: Merge) -> Callable[[Call], Spec]:
    """Return the factors of a largest or least element: repeating the operand changes nothing."""
    declare = reduction(merge=merge)
    return lambda call: replace(declare(call), idempotent=True)


def mean(call: Call) -> Spec:
    """Return the factors of ReduceMean: a sum times a number, where its extents are numbers.

    Along an axis whose extent only the run knows it stays the op that it is: what it returns of
    an empty axis (0 in onnxruntime, NaN in the reference) is left to the runtime.
    https://onnx.ai/onnx/operators/onnx__ReduceMean.html
    """
    dims = [dim for at in reduced_axes(call) for dim in call.axes(0)[at]]
    extents = [dim for dim in dims if isinstance(dim, int)]
    if len(extents) < len(dims):
        return reduction()(call)
    return weighted_sum(call, 1.0 / prod(extents))


def extremum(call: Call) -> Spec:
    """Return the factors of ArgMax or ArgMin, `[N, K] -> [N]`, which mix K.

    https://onnx.ai/onnx/operators/onnx__ArgMax.html
    """
    axes, at = call.axes(0), call.axis(0)
    keepdims = bool(call.attribute("keepdims", 1))
    kept = tuple(place for a, group in enumerate(positions(axes)) if a != at for place in group)
    return Slices(
        operands=(axes,),
        results=(kept_axes(axes, {at}, keepdims),),
        weight=1,
        terms=(tuple(range(len(flat(axes)))),),
        outputs=(kept,),
        mixed=frozenset(positions(axes)[at]),
        work=flat(axes),
    )


def topk(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, k], [N, k]`, which mix K.

    https://onnx.ai/onnx/operators/onnx__TopK.html
    """
    at = call.axis(-1)
    amount = call.known(1, "the number of winners").ravel()[0]
    if static(call.axes(0)[at]) is None:
        raise Unsupported("winners along an axis whose extent only the run knows")
    return one_axis(call, at, (int(amount),), weight=1)


def cumulate(call: Call) -> Spec:
    """Return the factors of a cumulative sum, `[N, K] -> [N, K]`, which mix K.

    https://onnx.ai/onnx/operators/onnx__CumSum.html
    """
    at = normal(int(call.known(1, "the axis").ravel()[0]), len(call.axes(0)))
    return one_axis(call, at, call.axes(0)[at], weight=1)


def trilu(call: Call) -> Spec:
    """Return the factors of a triangular mask of `[N, K, K]`, which mix both K.

    https://onnx.ai/onnx/operators/onnx__Trilu.html
    """
    axes = call.axes(0)
    if call.given(1) and call.fact(1).uniform is None:
        raise Unsupported("the diagonal is computed at run time")
    places = positions(axes)
    own = tuple(range(len(flat(axes))))
    return Slices(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(axes,),
        terms=(own, *[None] * (len(call.operands) - 1)),
        outputs=(own,),
        mixed=frozenset(places[-1] + places[-2]),
    )


RULES = (
    Rule("ReduceMean", mean),
    Rule("ReduceMax", extreme("max"), evaluate=(reduce_list(max),), traits=EXACT),
    Rule("ReduceMin", extreme("min"), evaluate=(reduce_list(min),), traits=EXACT),
    Rule("ReduceProd", reduction(), evaluate=(reduce_list(operator.mul),)),
    Rule("ReduceL1", reduction(2, merge="add")),
    Rule("ReduceL2", reduction(2, merge="again")),
    Rule("ReduceSumSquare", reduction(2, merge="add")),
    Rule("ReduceLogSum", reduction()),
    Rule("ReduceLogSumExp", reduction(5, merge="again")),
    Rule("ArgMax", extremum, traits=EXACT),
    Rule("ArgMin", extremum, traits=EXACT),
    Rule("TopK", topk, traits=EXACT),
    Rule("CumSum", cumulate, element_cost=share(0.2)),
    Rule("Trilu", trilu, traits=EXACT),
)  # fmt: skip
