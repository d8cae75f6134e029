"""Slice and Pad: constant ranges of columns are picks; ranges of a free extent mix that axis."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    CANDIDATES,
    Axes,
    Axis,
    Index,
    Pick,
    Slices,
    Spec,
    Unsupported,
    View,
    flat,
    positions,
    static,
)
from mari_engine.graph import constant_array
from mari_engine.ops.branches import CUT
from mari_engine.ops.call import Call, Fact, normal
from mari_engine.ops.column_trace import Traces, rank_of
from mari_engine.ops.evaluation import drop_first, known
from mari_engine.ops.rule import EXACT, Rule
from mari_engine.ops.shape import identity

_TO_THE_END = 10**9
"""A stop that no tensor reaches, as TensorFlow spells one that is left out."""


def pick(call: Call, at: int, indices: list[Index], inner: Axes | None = None) -> Spec:
    """Return the pick of columns `indices[r]` along axis `at` of the first operand, for result r.

    `inner` shows the picked columns under several axes, or under none for a single column.
    """
    axes = call.axes(0)
    before, after = axes[:at], axes[at + 1 :]
    width = static(axes[at]) or 1
    if len(indices) == 1 and inner is None and (regular := _repeated(call, at, indices[0], width)):
        return regular
    return Pick(
        operands=((*before, (width,), *after), *[None] * (len(call.operands) - 1)),
        results=tuple(
            (*before, *(((len(index),),) if inner is None else inner), *after) for index in indices
        ),
        position=len(flat(before)),
        indices=tuple(indices),
    )


def _repeated(call: Call, at: int, index: Index, width: int) -> Spec | None:
    """Return the view of columns that are repeated regularly, `0 0 1 1` or `0 1 0 1`, or None.

    The two sides of all pairs of fields are picked so.
    """
    times = len(index) // width
    if times < 2 or width < 2 or len(index) % width:
        return None
    columns, axes = np.arange(width), call.axes(0)
    if (index == np.repeat(columns, times)).all():
        new, own = (width, times), (0, -1)
    elif (index == np.tile(columns, times)).all():
        new, own = (times, width), (-1, 0)
    else:
        return None
    axes = (*axes[:at], (width,), *axes[at + 1 :])
    place, count = len(flat(axes[:at])), len(flat(axes))
    return View(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=((*axes[:at], new, *axes[at + 1 :]),),
        source=(
            *range(place), *(-1 if other else place for other in own), *range(place + 1, count)
        ),
    )  # fmt: skip


def slice_(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, stop - start]`: a pick of columns, if K is known.

    https://onnx.ai/onnx/operators/onnx__Slice.html
    """
    axes = call.axes(0)
    starts, stops = call.listed("starts", 1), call.listed("ends", 2)
    if starts is None or stops is None:
        raise Unsupported("a slice without bounds")
    at = [normal(a, len(axes)) for a in call.listed("axes", 3) or range(len(starts))]
    steps = call.listed("steps", 4) or [1] * len(starts)
    cuts = {
        a: slice(start, stop if step > 0 or stop > -(2**31) else None, step)
        for a, start, stop, step in zip(at, starts, stops, steps, strict=True)
        if (start, step) != (0, 1) or stop < (static(axes[a]) or _TO_THE_END)
    }
    if not cuts:
        return identity(call)
    if len(cuts) > 1:
        raise Unsupported("several axes are sliced at once")
    ((a, cut),) = cuts.items()
    width = static(axes[a])
    if width is None:
        return _cut_at_run_time(call, a, cut)
    index = np.arange(width)[cut]
    if not len(index):
        raise Unsupported("an empty slice")
    return pick(call, a, [index])


def _cut_at_run_time(call: Call, at: int, cut: slice) -> Spec:
    """Return the factors of a slice of a free extent, which mixes that axis.

    The first or last of a free length is no row where the length may be 0, as of an empty history;
    it is one row of candidates, of which there are some, and where the model's shapes say so.
    """
    shape = call.inferred[0]
    stated = shape is not None and shape[at] == ()
    some = stated or CANDIDATES in call.axes(0)[at]
    one = some and (cut == slice(0, 1, 1) or (cut.start, cut.step) == (-1, 1))
    return one_axis(call, at, () if one else (call.fresh(),))


def one_axis(call: Call, at: int, result: Axis, weight: int = 0) -> Spec:
    """Return the factors of an op that mixes axis `at` and treats all other slices alone."""
    axes = call.axes(0)
    places = positions(axes)
    count = len(flat(axes))
    own = tuple(range(count))
    new = tuple(range(count, count + len(result)))
    kept = [new if a == at else group for a, group in enumerate(places)]
    return Slices(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(tuple(result if a == at else axis for a, axis in enumerate(axes)),) * call.outputs,
        weight=weight,
        terms=(own, *[None] * (len(call.operands) - 1)),
        outputs=(tuple(label for group in kept for label in group),) * call.outputs,
        mixed=frozenset(places[at]),
    )


def pad(call: Call) -> Spec:
    """Return the factors of `[N, K] -> [N, K + before + after]`, along one axis only.

    https://onnx.ai/onnx/operators/onnx__Pad.html
    """
    axes = call.axes(0)
    amounts = call.listed("pads", 1) or []
    if call.given(3):
        raise Unsupported("a padding with a list of axes")
    changed = [a for a in range(len(axes)) if amounts[a] or amounts[a + len(axes)]]
    if not changed:
        return identity(call)
    width = static(axes[changed[0]])
    if len(changed) > 1 or width is None:
        raise Unsupported("several axes, or one of unknown extent, are padded")
    at = changed[0]
    return one_axis(call, at, (width + amounts[at] + amounts[at + len(axes)],))


def _slice_known(call: Call) -> Fact:
    data = call.known(0, "the data")
    starts, stops = call.listed("starts", 1) or [], call.listed("ends", 2) or []
    at = call.listed("axes", 3) or list(range(len(starts)))
    steps = call.listed("steps", 4) or [1] * len(starts)
    cuts = [slice(None)] * data.ndim
    for axis, start, stop, step in zip(at, starts, stops, steps, strict=True):
        cuts[axis] = slice(start, stop if step > 0 or stop > -(2**31) else None, step)
    return known(data[tuple(cuts)], call.fact(0).dtype)


def _slice_trace(node: ir.Node, traces: Traces) -> Traces:
    trace, bounds = traces[0], [constant_array(value) for value in node.inputs[1:]]
    if trace is None:
        return [None]
    rank = rank_of(node.inputs[0])
    if trace.axis is None or rank is None or len(bounds) < 2:
        return [trace.some()]
    if bounds[0] is None or bounds[1] is None:
        return [trace.some()]
    count = bounds[0].size
    if any(array is not None and array.shape != (count,) for array in bounds):
        return [trace.some()]
    axes = _numbers(bounds, 2, np.arange(count)) % rank
    steps = _numbers(bounds, 3, np.ones(count, np.int64))
    for axis, start, stop, step in zip(axes, bounds[0], bounds[1], steps, strict=True):
        if axis == trace.axis:
            chosen = np.arange(len(trace.columns))[int(start) : int(stop) : int(step)]
            return [trace.take(chosen)]
    return [trace]


def _numbers(arrays: list[np.ndarray | None], at: int, default: np.ndarray) -> np.ndarray:
    found = arrays[at] if at < len(arrays) else None
    return default if found is None else found


RULES = (
    Rule(
        "Slice",
        slice_,
        evaluate=(_slice_known, drop_first),
        trace=_slice_trace,
        branches=CUT,
        traits=EXACT,
    ),
    Rule("Pad", pad, traits=EXACT),
)
