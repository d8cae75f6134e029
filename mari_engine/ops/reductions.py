"""Reductions that are not sums, `[N, K] -> [N]`, and scans and sorts of a whole axis."""

from __future__ import annotations

import operator
from collections.abc import Callable

from mari_engine.axes import Reduce, Slices, Spec, Unsupported, flat, positions, static
from mari_engine.ops.call import Call, normal
from mari_engine.ops.contraction import kept_axes, reduced_axes
from mari_engine.ops.evaluation import reduce_list
from mari_engine.ops.rule import EXACT, Rule, share
from mari_engine.ops.slice import one_axis


def reduction(idempotent: bool, weight: int = 1) -> Callable[[Call], Spec]:
    """Return the factors of a reduction over `axes`."""

    def declare(call: Call) -> Spec:
        axes, over = call.axes(0), reduced_axes(call)
        keepdims = bool(call.attribute("keepdims", 1))
        return Reduce(
            operands=(axes, *[None] * (len(call.operands) - 1)),
            results=(kept_axes(axes, over, keepdims),),
            weight=weight,
            over=tuple(place for at in sorted(over) for place in positions(axes)[at]),
            keepdims=keepdims,
            idempotent=idempotent,
        )

    return declare


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


def pooled(call: Call) -> Spec:
    """Return the factors of pooling over all axes but two, `[N, C, H, W] -> [N, C, 1, 1]`.

    https://onnx.ai/onnx/operators/onnx__GlobalAveragePool.html
    """
    axes, places = call.axes(0), positions(call.axes(0))
    over = frozenset(place for group in places[2:] for place in group)
    return Slices(
        operands=(axes,),
        results=((*axes[:2], *[()] * len(axes[2:])),),
        weight=1,
        terms=(tuple(range(len(flat(axes)))),),
        outputs=(places[0] + places[1],),
        mixed=over,
        work=flat(axes),
        once=over,
    )


RULES = (
    Rule("ReduceMax", reduction(idempotent=True), evaluate=(reduce_list(max),)),
    Rule("ReduceMin", reduction(idempotent=True), evaluate=(reduce_list(min),)),
    Rule("ReduceProd", reduction(idempotent=False), evaluate=(reduce_list(operator.mul),)),
    Rule("ReduceL1", reduction(idempotent=False, weight=2)),
    Rule("ReduceL2", reduction(idempotent=False, weight=2)),
    Rule("ReduceSumSquare", reduction(idempotent=False, weight=2)),
    Rule("ReduceLogSum", reduction(idempotent=False)),
    Rule("ReduceLogSumExp", reduction(idempotent=False, weight=5)),
    Rule("ArgMax", extremum),
    Rule("ArgMin", extremum),
    Rule("GlobalAveragePool", pooled),
    Rule("GlobalMaxPool", pooled),
    Rule("TopK", topk),
    Rule("CumSum", cumulate, element_cost=share(0.2)),
    Rule("Trilu", trilu, traits=EXACT),
)
