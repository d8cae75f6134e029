"""Ops that show the same elements in another shape: nothing is computed."""

from __future__ import annotations

from collections import Counter

from mari_engine.axes import (
    Axes,
    Axis,
    Dim,
    Size,
    Spec,
    Unsupported,
    View,
    flat,
    is_one,
    positions,
    show,
    size,
)
from mari_engine.ops.rule import Call, Rule, axis_of, normal


def identity(call: Call) -> Spec:
    """Identity, and Dropout in inference."""
    axes = call.axes(0)
    return View(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(axes,),
        source=tuple(range(len(flat(axes)))),
    )


def dropout(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Dropout.html"""
    if call.outputs > 1:
        raise Unsupported("the dropout mask is used")
    training = call.operands[2].uniform if call.given(2) and call.operands[2] else False
    if training is None or training:
        raise Unsupported("dropout runs in training mode")
    return identity(call)


def transpose(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Transpose.html"""
    axes = call.axes(0)
    order = [int(at) for at in call.attribute("perm", range(len(axes))[::-1])]
    places = positions(axes)
    return View(
        operands=(axes,),
        results=(tuple(axes[at] for at in order),),
        source=tuple(place for at in order for place in places[at]),
    )


def regroup(axes: Axes, targets: list[Size], rest: int) -> Spec:
    """Return the view of the same elements, in the same order, under new extents."""
    sequence, groups = match([dim for dim in flat(axes) if dim != 1], targets)
    return View(
        operands=(tuple((dim,) for dim in sequence), *[None] * rest),
        results=(tuple(groups),),
        source=tuple(range(len(sequence))),
    )


def match(dims: list[Dim], targets: list[Size]) -> tuple[list[Dim], list[Axis]]:
    """Return the factors, cut so that they fit the targets, and each target's share of them."""
    pending, sequence, groups = list(dims), [], []
    for target in targets:
        group = _take(pending, target)
        sequence += group
        groups.append(tuple(group))
    if pending:
        raise Unsupported(f"{show(tuple(pending))} elements are left over")
    return sequence, groups


def _take(pending: list[Dim], target: Size) -> list[Dim]:
    number, symbols, group = target.number, Counter(target.symbols), list[Dim]()
    while number != 1 or symbols.total():
        if not pending:
            raise Unsupported(f"too few elements for an extent of {target}")
        dim = pending.pop(0)
        if isinstance(dim, str):
            if not symbols[dim]:
                raise Unsupported(f"the axis {dim} is interleaved with others")
            symbols[dim] -= 1
        elif number % dim == 0:
            number //= dim
        else:
            dim = _cut(pending, dim, number)
            number = 1
            if symbols.total():
                raise Unsupported(f"an extent of {target} cuts across axes")
        group.append(dim)
    return group


def _cut(pending: list[Dim], dim: int, number: int) -> int:
    """Put back what remains of `dim`, joined with its followers if need be, after `number`."""
    while dim % number:
        if not pending or isinstance(pending[0], str):
            raise Unsupported(f"an extent of {number} cuts across axes")
        dim *= int(pending.pop(0))
    if dim != number:
        pending.insert(0, dim // number)
    return number


def reshape(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Reshape.html"""
    axes = call.axes(0)
    wanted = call.known(1, "the shape's elements").ravel().tolist()
    targets: list[Size | None] = []
    for at, extent in enumerate(wanted):
        if not isinstance(extent, Size) and extent == 0 and not call.attribute("allowzero", 0):
            targets.append(size(axes[at]))
        elif not isinstance(extent, Size) and extent == -1:
            targets.append(None)
        else:
            targets.append(Size.of(extent))
    rest: int | Size = size(flat(axes))
    for target in targets:
        rest = Size.of(rest) // target if target else rest
    whole = [Size.of(rest) if target is None else target for target in targets]
    return regroup(axes, whole, len(call.operands) - 1)


def flatten(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Flatten.html"""
    axes = call.axes(0)
    axis = int(call.attribute("axis", 1))
    axis = axis + len(axes) if axis < 0 else axis
    return regroup(axes, [size(flat(axes[:axis])), size(flat(axes[axis:]))], 0)


def squeeze(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Squeeze.html"""
    axes = call.axes(0)
    listed = call.listed("axes", 1)
    if listed is None:
        gone = {at for at, axis in enumerate(axes) if is_one(axis)}
    else:
        gone = {normal(at, len(axes)) for at in listed}
    if any(not is_one(axes[at]) for at in gone):
        raise Unsupported("an axis that is not of extent 1 is squeezed")
    kept = [size(axis) for at, axis in enumerate(axes) if at not in gone]
    return regroup(axes, kept, len(call.operands) - 1)


def unsqueeze(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Unsqueeze.html"""
    axes = call.axes(0)
    listed = call.listed("axes", 1) or []
    rank = len(axes) + len(listed)
    added = {normal(at, rank) for at in listed}
    rest = iter(axes)
    targets = [Size() if at in added else size(next(rest)) for at in range(rank)]
    return regroup(axes, targets, len(call.operands) - 1)


def expand(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Expand.html"""
    axes = call.axes(0)
    wanted = [Size.of(extent) for extent in call.known(1, "the shape's elements").ravel()]
    rank = max(len(axes), len(wanted))
    axes = ((),) * (rank - len(axes)) + tuple(() if is_one(axis) else axis for axis in axes)
    wanted = [Size()] * (rank - len(wanted)) + wanted
    results, source = list[Axis](), list[int]()
    for axis, extent, group in zip(axes, wanted, positions(axes), strict=True):
        if is_one(axis):
            results.append(axis_of(extent))
            source += [-1] * len(results[-1])
        elif extent.same(Size()) or extent.same(size(axis)):
            results.append(axis)
            source += group
        else:
            raise Unsupported(f"an axis of {show(axis)} is expanded to {extent}")
    return View(operands=(axes, None), results=(tuple(results),), source=tuple(source))


def tile(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Tile.html"""
    axes = call.axes(0)
    repeats = call.known(1, "the repeats").ravel().tolist()
    results, source = list[Axis](), list[int]()
    for axis, extent, group in zip(axes, repeats, positions(axes), strict=True):
        outer = axis_of(extent)
        results.append(outer + axis)
        source += [-1] * len(outer) + list(group)
    return View(operands=(axes, None), results=(tuple(results),), source=tuple(source))


RULES = (
    Rule("Identity", identity),
    Rule("Dropout", dropout),
    Rule("Transpose", transpose),
    Rule("Reshape", reshape),
    Rule("Flatten", flatten),
    Rule("Squeeze", squeeze),
    Rule("Unsqueeze", unsqueeze),
    Rule("Expand", expand),
    Rule("Tile", tile),
)
