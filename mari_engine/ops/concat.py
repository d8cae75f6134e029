"""Concat and Split: joining columns, `[N, K], [N, M] -> [N, K + M]`, and taking them apart."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

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
    unify_axes,
)
from mari_engine.graph import constant_array
from mari_engine.ops.call import Call, Fact
from mari_engine.ops.column_trace import Trace, Traces, rank_of
from mari_engine.ops.evaluation import append_next, known
from mari_engine.ops.rule import EXACT, Rule
from mari_engine.ops.shape import identity
from mari_engine.ops.slice import pick


def concatenate(call: Call) -> Spec:
    """Return the factors of `[N, K], [N, M] -> [N, K + M]`: a join along one axis.

    https://onnx.ai/onnx/operators/onnx__Concat.html
    """
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
            out[at] = () if is_one(axis) else unify_axes(out[at], axis)
    return tuple(out)


def _repetition(shapes: list[Axes], at: int) -> Spec:
    """Return the view of a value joined with itself: a tile."""
    axes, count = shapes[0], len(shapes)
    place, total = len(flat(axes[:at])), len(flat(axes))
    return View(
        operands=(axes, *[None] * (count - 1)),
        results=((*axes[:at], (count, *axes[at]), *axes[at + 1 :]),),
        source=(*range(place), -1, *range(place, total)),
    )


def _stacked(before: Axes, joined: list[Axis], after: Axes) -> Spec:
    """Return the join of equal free extents: heads stacked on the batch, `[N] * H -> [H N]`."""
    count, own = len(joined), joined[0]
    return Join(
        operands=tuple((*before, (1, *own), *after) for _ in joined),
        results=((*before, (count, *own), *after),),
        position=len(flat(before)),
    )


def _joined_at_run_time(call: Call, before: Axes, joined: list[Axis], after: Axes) -> Spec:
    """Return the factors of a join along free extents, which mixes all of that axis."""
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
    """Return the factors of `[N, K + M] -> [N, K], [N, M]`: each result picks a range of columns.

    https://onnx.ai/onnx/operators/onnx__Split.html
    """
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
    """Return the pick of each of the equal extents that an axis was stacked from."""
    axes = call.axes(0)
    own = (*axes[:at], axes[at][1:], *axes[at + 1 :])
    return Pick(
        operands=(axes, *[None] * (len(call.operands) - 1)),
        results=(own,) * call.outputs,
        position=len(flat(axes[:at])),
        indices=tuple(np.array([part]) for part in range(call.outputs)),
    )


def _join_known(call: Call) -> Fact:
    parts = [call.known(at, "the parts") for at in range(len(call.operands))]
    boxed = [part.astype(object) for part in parts]
    joined = np.concatenate(boxed, axis=call.attribute("axis", 0))
    return known(joined, call.fact(0).dtype)


def _join_traces(node: ir.Node, traces: Traces) -> Traces:
    found = [trace for trace in traces if trace is not None]
    rank = rank_of(node.outputs[0])
    if len(found) < len(traces) or rank is None:
        return [None]
    axis = node.attributes.get_int("axis", 0) % rank
    parts = [_placed(trace, axis, value) for trace, value in zip(found, node.inputs, strict=True)]
    placed = [part for part in parts if part is not None]
    all_placed = len(placed) == len(found)
    joined = placed if all_placed else found
    return [
        Trace(
            np.concatenate([part.inputs for part in joined]),
            np.concatenate([part.columns for part in joined]),
            np.concatenate([part.offsets for part in joined]),
            axis if all_placed else None,
            any(part.partial for part in joined),
        )
    ]


def _placed(trace: Trace, axis: int, value: ir.Value | None) -> Trace | None:
    """Return the trace with one entry for each position along an axis, if that is known."""
    if trace.axis == axis:
        return trace
    if value is None or value.shape is None or len(trace.columns) != 1:
        return None
    extent = value.shape[axis]
    return trace.take(np.zeros(extent, np.int64)) if isinstance(extent, int) else None


def _split_trace(node: ir.Node, traces: Traces) -> Traces:
    trace, rank, parts = traces[0], rank_of(node.inputs[0]), len(node.outputs)
    if trace is None or trace.axis is None or rank is None:
        return [None if trace is None else trace.some()] * parts
    if node.attributes.get_int("axis", 0) % rank != trace.axis:
        return [trace] * parts
    width = len(trace.columns)
    given = constant_array(node.inputs[1]) if len(node.inputs) > 1 else None
    sizes = list(node.attributes.get_ints("split", ())) if given is None else list(given)
    if not sizes:
        piece = -(-width // parts)
        sizes = [min(piece, max(0, width - at * piece)) for at in range(parts)]
    stops = np.cumsum(sizes)
    return [
        trace.take(np.arange(stop - size, stop)) for size, stop in zip(sizes, stops, strict=True)
    ]


RULES = (
    Rule(
        "Concat", concatenate, evaluate=(_join_known, append_next), trace=_join_traces, traits=EXACT
    ),
    Rule("Split", split, trace=_split_trace, traits=EXACT),
)
