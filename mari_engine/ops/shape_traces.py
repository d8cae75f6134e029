"""How columns pass through operators of shape: which axis holds them afterwards."""

from __future__ import annotations

import math
from dataclasses import replace

import onnx_ir as ir

from mari_engine.graph import constant_array
from mari_engine.ops.column_trace import Traces, rank_of


def transpose_trace(node: ir.Node, traces: Traces) -> Traces:
    """Return the trace with its axis where the permutation puts it."""
    trace, rank = traces[0], rank_of(node.inputs[0])
    if trace is None or trace.axis is None or rank is None:
        return [trace]
    order = list(node.attributes.get_ints("perm", tuple(reversed(range(rank)))))
    return [replace(trace, axis=order.index(trace.axis))]


def reshape_trace(node: ir.Node, traces: Traces) -> Traces:
    """Find the axis again: the one of its extent with nothing but ones behind or before it."""
    trace, before, after = traces[0], node.inputs[0], node.outputs[0].shape
    if trace is None or before is None or before.shape is None:
        return [trace]
    if after is None:
        return [trace.without_places()]
    extents, width = _extents(before.shape, after), len(trace.columns)
    if trace.axis is None:
        new = [at for at, extent in enumerate(extents) if extent == 1 and after[at] != 1]
        return [replace(trace, axis=new[0]) if new and width == 1 else trace]
    behind = [extent for extent in before.shape[trace.axis + 1 :] if extent != 1]
    for at in reversed(range(len(extents))):
        tail = [extent for extent in extents[at + 1 :] if extent != 1]
        if extents[at] == width and not tail and not behind:
            return [replace(trace, axis=at)]
    return [trace.without_places()]


def _extents(before: ir.Shape, after: ir.Shape) -> list[int | ir.SymbolicDim]:
    """Return the extents after a reshape, the one that takes what is left as a number.

    `[N, 3, 4] -> [N, ?]` is `[N, 12]`: ONNX's inference multiplies no extents that have names, and
    exporters compute a target from the operand's number of rows.
    """
    left, extents = list(before), list(after)
    open_places = list(range(len(after)))
    for at, extent in enumerate(after):
        if (isinstance(extent, int) or extent.value is not None) and extent in left:
            left.remove(extent)
            open_places.remove(at)
    rest = [extent for extent in left if isinstance(extent, int)]
    if len(open_places) == 1 and len(rest) == len(left):
        extents[open_places[0]] = math.prod(rest)
    return extents


def squeeze_trace(node: ir.Node, traces: Traces) -> Traces:
    """Return the trace with its axis among those that are left."""
    trace, before = traces[0], node.inputs[0]
    axes = _listed_axes(node)
    if trace is None or trace.axis is None:
        return [trace]
    if before is None or before.shape is None:
        return [trace.without_places()]
    rank = len(before.shape)
    if axes is None:
        axes = [at for at, extent in enumerate(before.shape) if extent == 1]
    gone = [axis % rank for axis in axes]
    if trace.axis in gone:
        return [trace.without_places()]
    return [replace(trace, axis=trace.axis - sum(axis < trace.axis for axis in gone))]


def unsqueeze_trace(node: ir.Node, traces: Traces) -> Traces:
    """Return the trace with its axis among the new ones."""
    trace, rank, axes = traces[0], rank_of(node.inputs[0]), _listed_axes(node)
    if trace is None or trace.axis is None:
        return [trace]
    if axes is None or rank is None:
        return [trace.without_places()]
    new = {axis % (rank + len(axes)) for axis in axes}
    kept = [at for at in range(rank + len(axes)) if at not in new]
    return [replace(trace, axis=kept[trace.axis])]


def _listed_axes(node: ir.Node) -> list[int] | None:
    if len(node.inputs) > 1:
        given = constant_array(node.inputs[1])
        return None if given is None else [int(axis) for axis in given.reshape(-1)]
    given_attribute = node.attributes.get_ints("axes", None)
    return None if given_attribute is None else list(given_attribute)
