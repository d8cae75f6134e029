"""Expand and Tile: a value repeated along axes, `[1, K] -> [N, K]`; nothing is computed.

A repeated axis is one along which the result is constant, so what reads it need not be repeated.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    Axis,
    Size,
    Spec,
    Unsupported,
    View,
    is_one,
    positions,
    show,
    size,
)
from mari_engine.graph import constant_array
from mari_engine.ops.call import Call, Fact, axis_of
from mari_engine.ops.column_trace import Traces, rank_of
from mari_engine.ops.evaluation import filled, known, repeat_slice
from mari_engine.ops.rule import EXACT, Rule, Trait


def expand(call: Call) -> Spec:
    """Return the view `[1, K] -> [N, K]`: axes of extent 1 are repeated.

    https://onnx.ai/onnx/operators/onnx__Expand.html
    """
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
    """Return the view `[N, K] -> [N, R K]`: each axis is repeated as a whole, R outermost.

    https://onnx.ai/onnx/operators/onnx__Tile.html
    """
    axes = call.axes(0)
    repeats = call.known(1, "the repeats").ravel().tolist()
    results, source = list[Axis](), list[int]()
    for axis, extent, group in zip(axes, repeats, positions(axes), strict=True):
        outer = axis_of(extent)
        results.append(outer + axis)
        source += [-1] * len(outer) + list(group)
    return View(operands=(axes, None), results=(tuple(results),), source=tuple(source))


def _expand_known(call: Call) -> Fact:
    fact = call.fact(0)
    wanted = call.known(1, "the extents").ravel().tolist()
    if fact.uniform is not None:
        rank = max(len(wanted), len(fact.axes))
        wanted = [1] * (rank - len(wanted)) + wanted
        held = ((),) * (rank - len(fact.axes)) + fact.axes
        axes = tuple(
            axis_of(extent) if size(axis) == Size() else axis
            for axis, extent in zip(held, wanted, strict=True)
        )
        return filled(axes, fact.dtype, fact.uniform)
    content = call.known(0, "the data")
    if any(isinstance(extent, Size) for extent in wanted):
        return repeat_slice(call, content, wanted)
    shape = np.broadcast_shapes(content.shape, [int(extent) for extent in wanted])
    return known(np.broadcast_to(content, shape), fact.dtype)


def _tile_known(call: Call) -> Fact:
    fact = call.fact(0)
    repeats = call.known(1, "the extents").ravel().tolist()
    if fact.uniform is None:
        raise Unsupported("different elements are repeated")
    pairs = zip(fact.axes, repeats, strict=True)
    axes = tuple((*axis_of(times), *axis) for axis, times in pairs)
    return filled(axes, fact.dtype, fact.uniform)


def _expand_trace(node: ir.Node, traces: Traces) -> Traces:
    trace, before = traces[0], rank_of(node.inputs[0])
    after = rank_of(node.outputs[0])
    if trace is None or trace.axis is None:
        return [trace]
    if before is None or after is None:
        return [trace.without_places()]
    return [replace(trace, axis=trace.axis + after - before)]


def _tile_trace(node: ir.Node, traces: Traces) -> Traces:
    trace = traces[0]
    if trace is None or trace.axis is None:
        return [trace]
    once = _element(node.inputs[1], trace.axis) == 1
    return [trace if once else trace.without_places()]


def _element(value: ir.Value | None, at: int) -> int | None:
    """Return one element of a rank-1 constant, also of one that is constant only there."""
    array = constant_array(value)
    if array is not None:
        return int(array.reshape(-1)[at])
    producer = value.producer() if value is not None else None
    if producer is None or producer.op_type != "Concat" or at >= len(producer.inputs):
        return None
    pieces = producer.inputs[: at + 1]
    if any(piece is None or piece.shape != (1,) for piece in pieces):
        return None
    return _element(pieces[at], 0)


def _tile_cost(spec: Spec | None) -> float:
    """Return the cost of an element, none where whole rows are repeated: that is a copy."""
    return 0.15 if not isinstance(spec, View) or spec.source[-1:] == (-1,) else 0.0


_REPEATING = EXACT | {Trait.REPEATING}

RULES = (
    Rule(
        "Expand", expand, evaluate=(_expand_known,), trace=_expand_trace,
        traits=_REPEATING | {Trait.TAKES_EXTENTS},
    ),
    Rule(
        "Tile", tile, evaluate=(_tile_known,), trace=_tile_trace, element_cost=_tile_cost,
        traits=_REPEATING,
    ),
)  # fmt: skip
