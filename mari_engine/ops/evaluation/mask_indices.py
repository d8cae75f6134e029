"""Boolean indexing by a constant mask, which is a gather by constant indices.

Exporters write `x[:, mask]`, where x is `[N, F, F]` and the mask `[F, F]`, as the places of a mask
as large as x: `Expand(mask, Shape(x)) -> NonZero -> Transpose -> GatherND`. The mask repeats itself
along the free axis, so do its places, and none of them depends on the run.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Index, Pick, Size, Spec, Unsupported, flat, static
from mari_engine.ops.call import Call, Chosen, Content, Fact, axis_of


def repeat_slice(call: Call, content: Content, wanted: list[object]) -> Fact:
    """Return the fact of a constant that Expand repeats along free axes, `[K] -> [N, K]`."""
    extents = [Size.of(extent) for extent in wanted]
    outer = len(extents) - content.ndim
    inner = [extent.number for extent in extents[outer:] if not extent.symbols]
    if outer < 1 or any(one.symbols == () for one in extents[:outer]):
        raise Unsupported("elements that repeat along an axis of known extent")
    if tuple(inner) != content.shape:
        raise Unsupported("elements that repeat within a slice")
    axes = tuple(axis_of(extent) for extent in extents)
    return Fact(axes, call.fact(0).dtype, slice=content)


def true_places(call: Call) -> Fact:
    """Return the places where a repeated mask is true, one column a place (NonZero)."""
    fact = call.fact(0)
    if fact.slice is None:
        raise Unsupported("a mask that is computed at run time")
    index = np.flatnonzero(fact.slice)
    outer = len(fact.axes) - fact.slice.ndim
    if not len(index) or any(static(axis) is not None for axis in fact.axes[:outer]):
        raise Unsupported("an empty choice")
    leading = fact.axes[:outer]
    axes: Axes = ((len(fact.axes),), (*flat(leading), len(index)))
    return Fact(axes, ir.DataType.INT64, chosen=Chosen(leading, fact.slice.shape, index))


def transpose_places(call: Call) -> Fact:
    """Return the same places, one row a place (Transpose)."""
    fact = call.fact(0)
    if fact.chosen is None or list(call.attribute("perm", [1, 0])) != [1, 0]:
        raise Unsupported("not a list of places")
    return Fact(fact.axes[::-1], fact.dtype, chosen=fact.chosen)


def chosen_rows(call: Call, chosen: Chosen) -> Spec:
    """Return the factors of a GatherND at such places: a pick of constant columns."""
    data, outer = call.axes(0), len(chosen.leading)
    depth = outer + len(chosen.inner)
    if call.axes(1)[-1] != (depth,) or flat(data[:outer]) != flat(chosen.leading):
        raise Unsupported("places of another tensor")
    if tuple(static(axis) for axis in data[outer:depth]) != chosen.inner:
        raise Unsupported("places of a tensor of other extents")
    index: Index = chosen.index.astype(np.int64)
    return Pick(
        operands=((*data[:outer], (int(np.prod(chosen.inner)),), *data[depth:]), None),
        results=(((*flat(data[:outer]), len(index)), *data[depth:]),),
        position=len(flat(data[:outer])),
        indices=(index,),
    )
