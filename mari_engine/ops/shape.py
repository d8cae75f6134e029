"""Views: the same elements in another shape or order, `[N, A B] -> [N, A, B]`; nothing is computed.

Expand and Tile, which repeat elements, are in `broadcasting`.
"""

from __future__ import annotations

from collections import Counter

import numpy as np

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
from mari_engine.ops.call import Call, Fact, normal
from mari_engine.ops.column_trace import same_columns
from mari_engine.ops.evaluation import (
    filled,
    known,
    map_elements,
    same_progression,
    transpose_places,
)
from mari_engine.ops.rule import EXACT, Rule, Trait
from mari_engine.ops.shape_traces import (
    reshape_trace,
    squeeze_trace,
    transpose_trace,
    unsqueeze_trace,
)


def identity(call: Call) -> Spec:
    """Return the view of a value as it is."""
    axes = call.axes(0)
    return View(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(axes,),
        source=tuple(range(len(flat(axes)))),
    )


def dropout(call: Call) -> Spec:
    """Return the view of a value as it is: Dropout in inference.

    https://onnx.ai/onnx/operators/onnx__Dropout.html
    """
    if call.outputs > 1:
        raise Unsupported("the dropout mask is used")
    training = call.operands[2].uniform if call.given(2) and call.operands[2] else False
    if training is None or training:
        raise Unsupported("dropout runs in training mode")
    return identity(call)


def transpose(call: Call) -> Spec:
    """Return the view `[N, A, B] -> [N, B, A]`: the factors in another order.

    https://onnx.ai/onnx/operators/onnx__Transpose.html
    """
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
    """Return the factors, cut so that each target is a product of some, and those of each."""
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
    """Return `number` as a factor of `dim`, joined with its followers if need be."""
    while dim % number:
        if not pending or isinstance(pending[0], str):
            raise Unsupported(f"an extent of {number} cuts across axes")
        dim *= int(pending.pop(0))
    if dim != number:
        pending.insert(0, dim // number)
    return number


def reshape(call: Call) -> Spec:
    """Return the view `[N, A B] -> [N, A, B]`; 0 keeps an extent, -1 takes what is left.

    https://onnx.ai/onnx/operators/onnx__Reshape.html
    """
    axes = call.axes(0)
    wanted = call.known(1, "the shape's elements").ravel().tolist()
    targets: list[Size | None] = []
    for at, extent in enumerate(wanted):
        if not isinstance(extent, Size) and extent == 0 and not call.attribute("allowzero", 0):
            if at >= len(axes):
                raise Unsupported(f"it keeps axis {at}, which its operand does not have")
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
    """Return the view `[N, A, B] -> [N, A B]`.

    https://onnx.ai/onnx/operators/onnx__Flatten.html
    """
    axes = call.axes(0)
    axis = int(call.attribute("axis", 1))
    axis = axis + len(axes) if axis < 0 else axis
    return regroup(axes, [size(flat(axes[:axis])), size(flat(axes[axis:]))], 0)


def squeeze(call: Call) -> Spec:
    """Return the view `[N, 1, K] -> [N, K]`.

    https://onnx.ai/onnx/operators/onnx__Squeeze.html
    """
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
    """Return the view `[N, K] -> [N, 1, K]`.

    https://onnx.ai/onnx/operators/onnx__Unsqueeze.html
    """
    axes = call.axes(0)
    listed = call.listed("axes", 1) or []
    rank = len(axes) + len(listed)
    added = {normal(at, rank) for at in listed}
    rest = iter(axes)
    targets = [Size() if at in added else size(next(rest)) for at in range(rank)]
    return regroup(axes, targets, len(call.operands) - 1)


def _squeeze_known(call: Call) -> Fact:
    data, axes = call.known(0, "the data"), call.listed("axes", 1)
    return known(np.squeeze(data, None if axes is None else tuple(axes)), call.fact(0).dtype)


def _unsqueeze_known(call: Call) -> Fact:
    data, axes = call.known(0, "the data"), call.listed("axes", 1)
    return known(np.expand_dims(data, axes or []), call.fact(0).dtype)


def _reshape_known(call: Call) -> Fact:
    fact = call.fact(0)
    if fact.content is None and fact.fill is not None:
        return filled(reshape(call).results[0], fact.dtype, fact.fill)
    shape = [int(extent) for extent in call.known(1, "the extents").ravel()]
    return known(call.known(0, "the data").reshape(shape), fact.dtype)


RULES = (
    Rule(
        "Identity", identity, evaluate=(map_elements(lambda x: x), same_progression),
        trace=same_columns, traits=EXACT,
    ),
    Rule("Dropout", dropout, trace=same_columns, traits=frozenset({Trait.UNFOLDED})),
    Rule(
        "Transpose", transpose, evaluate=(transpose_places,), trace=transpose_trace, traits=EXACT,
    ),
    Rule(
        "Reshape", reshape, evaluate=(_reshape_known,), trace=reshape_trace,
        traits=EXACT | {Trait.TAKES_EXTENTS, Trait.INFERS_EXTENTS},
    ),
    Rule("Flatten", flatten, trace=reshape_trace, traits=EXACT | {Trait.FLATTENING}),
    Rule("Squeeze", squeeze, evaluate=(_squeeze_known,), trace=squeeze_trace, traits=EXACT),
    Rule(
        "Unsqueeze", unsqueeze, evaluate=(_unsqueeze_known,), trace=unsqueeze_trace, traits=EXACT
    ),
)  # fmt: skip
