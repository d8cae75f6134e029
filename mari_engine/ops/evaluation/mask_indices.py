"""Choices by a mask that is the same for every candidate: they are choices by index.

Exporters write `x[:, mask]`, with a mask of fields by fields, as places of a mask as large as x:
`Expand(mask, Shape(x)) → NonZero → Transpose → GatherND`. Where the mask repeats itself along the
free axes, so do the places, and nothing about them depends on the run.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Index, Pick, Size, Spec, Unsupported, flat, static
from mari_engine.ops.rule import Call, Chosen, Content, Fact, axis_of


def repeated(call: Call, content: Content, wanted: list[object]) -> Fact:
    """Return what is known of elements that Expand repeats along leading axes of free extent."""
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
    """https://onnx.ai/onnx/operators/onnx__NonZero.html"""
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


def turned(call: Call) -> Fact:
    """The places of `true_places`, one row a place."""
    fact = call.fact(0)
    if fact.chosen is None or list(call.attribute("perm", [1, 0])) != [1, 0]:
        raise Unsupported("not a list of places")
    return Fact(fact.axes[::-1], fact.dtype, chosen=fact.chosen)


def chosen_rows(call: Call, chosen: Chosen) -> Spec:
    """Return the declaration of a GatherND at such places."""
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
