"""Ops that put columns together and take them apart."""

from __future__ import annotations

import numpy as np

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Join,
    Pick,
    Slices,
    Spec,
    Unsupported,
    View,
    flat,
    is_one,
    static,
    told_by,
)
from mari_engine.ops.rule import Call, Rule
from mari_engine.ops.shape import identity
from mari_engine.ops.slice import pad, pick, slice_


def concatenate(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Concat.html"""
    if len(call.operands) == 1:
        return identity(call)
    shapes = [call.axes(at) for at in range(len(call.operands))]
    at = call.axis(0)
    others = _common([axes[:at] + axes[at + 1 :] for axes in shapes])
    widths = [static(axes[at]) for axes in shapes]
    before, after = others[:at], others[at:]
    if call.same:
        return _repetition(shapes, at)
    if widths[0] is None and len({axes[at] for axes in shapes}) == 1:
        return _stacked(before, [axes[at] for axes in shapes], after)
    if any(width is None for width in widths):
        return _joined_at_run_time(call, before, [axes[at] for axes in shapes], after)
    parts = tuple((*before, (int(width or 0),), *after) for width in widths)
    total = sum(int(width or 0) for width in widths)
    return Join(operands=parts, results=((*before, (total,), *after),), position=len(flat(before)))


def _common(shapes: list[Axes]) -> Axes:
    out = list(shapes[0])
    for axes in shapes[1:]:
        for at, axis in enumerate(axes):
            if is_one(out[at]) != is_one(axis):
                raise Unsupported("operands of different extents are joined")
            out[at] = () if is_one(axis) else told_by(out[at], axis)
    return tuple(out)


def _repetition(shapes: list[Axes], at: int) -> Spec:
    """A join of one value with itself: a tile."""
    axes, count = shapes[0], len(shapes)
    place, total = len(flat(axes[:at])), len(flat(axes))
    return View(
        operands=(axes, *[None] * (count - 1)),
        results=((*axes[:at], (count, *axes[at]), *axes[at + 1 :]),),
        source=(*range(place), -1, *range(place, total)),
    )


def _stacked(before: Axes, joined: list[Axis], after: Axes) -> Spec:
    """A join of equal extents that only the run knows: heads that are put upon the batch, say."""
    count, own = len(joined), joined[0]
    return Join(
        operands=tuple((*before, (1, *own), *after) for _ in joined),
        results=((*before, (count, *own), *after),),
        position=len(flat(before)),
    )


def _joined_at_run_time(call: Call, before: Axes, joined: list[Axis], after: Axes) -> Spec:
    """A join along an axis whose extent only the run knows: it needs all of that axis."""
    outer, inner = len(flat(before)), len(flat(after))
    own = tuple(range(outer)), tuple(range(outer, outer + inner))
    fresh, terms, mixed = outer + inner + 1, list[AxisLabels](), set[int]()
    for axis in joined:
        labels = tuple(range(fresh, fresh + len(axis)))
        fresh += len(axis)
        mixed |= set(labels)
        terms.append((*own[0], *labels, *own[1]))
    return Slices(
        operands=tuple((*before, axis, *after) for axis in joined),
        results=((*before, (call.fresh(),), *after),),
        terms=tuple(terms),
        outputs=((*own[0], outer + inner, *own[1]),),
        mixed=frozenset(mixed),
    )


def split(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Split.html"""
    at = call.axis(0)
    axis = call.axes(0)[at]
    width = static(axis)
    sizes = call.listed("split", 1)
    if width is None and sizes is None and len(axis) > 1 and axis[0] == call.outputs:
        return _unstacked(call, at)
    if width is None:
        raise Unsupported("an axis whose extent only the run knows is split")
    if sizes is None:
        chunk = -(-width // call.outputs)
        sizes = [min(chunk, width - chunk * part) for part in range(call.outputs)]
    if min(sizes) <= 0 or sum(sizes) != width:
        raise Unsupported("an empty part")
    stops = np.cumsum(sizes)
    return pick(
        call, at, [np.arange(stop - part, stop) for part, stop in zip(sizes, stops, strict=True)]
    )


def _unstacked(call: Call, at: int) -> Spec:
    """Equal parts of an axis that so many equal extents were put upon."""
    axes = call.axes(0)
    own = (*axes[:at], axes[at][1:], *axes[at + 1 :])
    return Pick(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(own,) * call.outputs,
        position=len(flat(axes[:at])),
        indices=tuple(np.array([part]) for part in range(call.outputs)),
    )


RULES = (
    Rule("Concat", concatenate),
    Rule("Split", split),
    Rule("Slice", slice_),
    Rule("Pad", pad),
)
