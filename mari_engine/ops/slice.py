"""DOC."""

from __future__ import annotations

import numpy as np

from mari_engine.axes import (
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
from mari_engine.ops.rule import Call, normal
from mari_engine.ops.shape import identity


def pick(call: Call, at: int, indices: list[Index], inner: Axes | None = None) -> Spec:
    """Return the declaration of results that hold columns of axis `at` of the first operand.

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
    """All columns, each several times over, or all of them over and over: a view, if it is one.

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
    """https://onnx.ai/onnx/operators/onnx__Slice.html"""
    axes = call.axes(0)
    starts, stops = call.listed("starts", 1), call.listed("ends", 2)
    if starts is None or stops is None:
        raise Unsupported("a slice without bounds")
    at = [normal(a, len(axes)) for a in call.listed("axes", 3) or range(len(starts))]
    steps = call.listed("steps", 4) or [1] * len(starts)
    cuts = {
        a: slice(start, stop if step > 0 or stop > -(2**31) else None, step)
        for a, start, stop, step in zip(at, starts, stops, steps, strict=True)
        if (start, step) != (0, 1) or stop < (static(axes[a]) or 2**31 - 1)
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
    """A slice of an axis whose extent only the run knows: it needs all of that axis."""
    one = cut == slice(0, 1, 1) or (cut.start, cut.step) == (-1, 1)
    return one_axis(call, at, () if one else (call.fresh(),))


def one_axis(call: Call, at: int, result: Axis, weight: int = 0) -> Spec:
    """Return the declaration of an op that needs all of axis `at`, the rest being parallel."""
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
    """https://onnx.ai/onnx/operators/onnx__Pad.html, along one axis."""
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
