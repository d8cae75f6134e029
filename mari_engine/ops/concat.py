"""Ops that put columns together and take them apart."""

from __future__ import annotations

import numpy as np

from mari_engine.factors import Index, Join, Labels, Pick, Slices, Spec, View
from mari_engine.ops.call import Call, Rule, normal
from mari_engine.ops.shape import identity
from mari_engine.sizes import (
    Axes,
    Axis,
    Unsupported,
    flat,
    is_one,
    positions,
    static,
    told_by,
)


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
    fresh, terms, mixed = outer + inner + 1, list[Labels](), set[int]()
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


RULES = (
    Rule("Concat", concatenate),
    Rule("Split", split),
    Rule("Slice", slice_),
    Rule("Pad", pad),
)
