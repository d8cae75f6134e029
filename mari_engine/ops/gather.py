"""Lookups: rows of a table `[V, K]` at ids `[N]`, or columns at constant indices; one-hot codes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import count

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Index,
    Pick,
    Size,
    Slices,
    Spec,
    Unsupported,
    View,
    align,
    flat,
    is_one,
    positions,
    static,
)
from mari_engine.graph import constant_array
from mari_engine.ops.branches import LOOKUP
from mari_engine.ops.call import Call, Content, Fact
from mari_engine.ops.column_trace import Trace, Traces, rank_of
from mari_engine.ops.evaluation import check_count, chosen_rows, known
from mari_engine.ops.id_bounds import Bound, traced, within_steps, within_table
from mari_engine.ops.rule import EXACT, Rule, Trait
from mari_engine.ops.slice import pick

_FEW_CLASSES = 6
"""What a request draws at most where an input gives the number of classes."""


def look_up(call: Call) -> Spec:
    """Return the factors of `[V, K], [N] -> [N, K]`; constant indices pick columns instead.

    https://onnx.ai/onnx/operators/onnx__Gather.html
    """
    at = call.axis(0)
    data, index = call.axes(0), call.fact(1)
    width = static(data[at])
    if index.uniform is not None and width == 1:
        return _repeated(call, at, index.axes)
    if index.content is not None and width is not None:
        return _columns(call, at, width)
    return _lookup(data, at, index.axes)


def _repeated(call: Call, at: int, index: Axes) -> Spec:
    """Return the view of the one row of an axis of extent 1, repeated: a tile."""
    data = call.axes(0)
    squeezed = data[:at] + data[at + 1 :]
    count_before, fresh = len(flat(data[:at])), len(flat(index))
    own = tuple(range(len(flat(squeezed))))
    return View(
        operands=(squeezed, None),
        results=((*data[:at], *index, *data[at + 1 :]),),
        source=(*own[:count_before], *[-1] * fresh, *own[count_before:]),
    )


def _columns(call: Call, at: int, width: int) -> Spec:
    content = call.known(1, "the indices")
    if any(isinstance(element, Size) for element in content.ravel().tolist()):
        raise Unsupported("indices that are extents")
    index = np.asarray(content, dtype=np.int64)
    if not index.size or index.min() < -width or index.max() >= width:
        raise Unsupported("no index, or one outside its axis")
    if index.ndim == 1:
        return pick(call, at, [index % width])
    return pick(call, at, [index.ravel() % width], inner=tuple((e,) for e in index.shape))


def _lookup(data: Axes, at: int, index: Axes) -> Spec:
    places, fresh = positions(data), count(len(flat(data)))
    own = tuple(range(len(flat(data))))
    ids = tuple(next(fresh) for _ in flat(index))
    before = tuple(label for group in places[:at] for label in group)
    after = tuple(label for group in places[at + 1 :] for label in group)
    return Slices(
        operands=(data, index),
        results=((*data[:at], *index, *data[at + 1 :]),),
        terms=(own, ids),
        outputs=((*before, *ids, *after),),
        mixed=frozenset(places[at]),
    )


def gather_elements(call: Call) -> Spec:
    """Return the factors of `[N, V], [N, K] -> [N, K]`: it mixes the axis that is looked up.

    https://onnx.ai/onnx/operators/onnx__GatherElements.html
    """
    at = call.axis(0)
    data, index = call.axes(0), call.axes(1)
    axes_data, axes_index = list[Axis](), list[Axis]()
    terms_data, terms_index = list[int](), list[int]()
    fresh, mixed = count(), set[int]()
    for axis, (left, right) in enumerate(zip(data, index, strict=True)):
        if axis == at:
            ours, theirs = (tuple(next(fresh) for _ in side) for side in (left, right))
            mixed |= set(ours)
        elif is_one(left) and is_one(right):
            left = right = ours = theirs = ()
        elif is_one(right) or is_one(left):
            raise Unsupported("data and indices of different extents")
        else:
            left = right = align(left, right)
            ours = theirs = tuple(next(fresh) for _ in left)
        axes_data.append(left)
        axes_index.append(right)
        terms_data += ours
        terms_index += theirs
    return Slices(
        operands=(tuple(axes_data), tuple(axes_index)),
        results=(tuple(axes_index),),
        terms=(tuple(terms_data), tuple(terms_index)),
        outputs=(tuple(terms_index),),
        mixed=frozenset(mixed),
    )


def gather_nd(call: Call) -> Spec:
    """Return the factors of `[V, W, K], [N, 2] -> [N, K]`; constant places pick columns instead.

    https://onnx.ai/onnx/operators/onnx__GatherND.html
    """
    index, data = call.fact(1), call.axes(0)
    depth = static(index.axes[-1])
    if call.attribute("batch_dims", 0) or depth is None:
        raise Unsupported("batched indices")
    if index.chosen is not None:
        return chosen_rows(call, index.chosen)
    widths = [width for axis in data[:depth] if (width := static(axis)) is not None]
    if index.content is not None and len(index.axes) == 2 and len(widths) == depth:
        return _places(data, np.asarray(index.content, dtype=np.int64), widths)
    places, fresh = positions(data), count(len(flat(data)))
    labels: AxisLabels = tuple(next(fresh) for _ in flat(index.axes))
    kept = len(flat(index.axes[:-1]))
    rest = tuple(label for group in places[depth:] for label in group)
    taken = frozenset(label for group in places[:depth] for label in group)
    return Slices(
        operands=(data, index.axes),
        results=((*index.axes[:-1], *data[depth:]),),
        terms=(tuple(range(len(flat(data)))), labels),
        outputs=((*labels[:kept], *rest),),
        mixed=taken | frozenset(labels[kept:]),
    )


def _places(data: Axes, index: Index, widths: list[int]) -> Pick:
    """Return the pick at constant places along several axes, seen as one axis."""
    if not len(index) or (index < np.negative(widths)).any() or (index >= widths).any():
        raise Unsupported("no index, or one outside its axis")
    columns = np.ravel_multi_index(tuple((index % widths).T), tuple(widths))
    rest = data[len(widths) :]
    return Pick(
        operands=(((math.prod(widths),), *rest), None),
        results=(((len(columns),), *rest),),
        indices=(columns.astype(np.int64),),
    )


def one_hot(call: Call) -> Spec:
    """Return the factors of `[N] -> [N, depth]`, one class a column, along the last axis only.

    https://onnx.ai/onnx/operators/onnx__OneHot.html
    """
    if call.attribute("axis", -1) not in (-1, len(call.axes(0))):
        raise Unsupported("classes along an axis that is not the last")
    depth = int(call.known(1, "the number of classes").ravel()[0])
    index = call.axes(0)
    own = tuple(range(len(flat(index))))
    values = tuple(range(len(own) + 1, len(own) + 1 + len(flat(call.axes(2)))))
    return Slices(
        operands=(index, None, call.axes(2)),
        results=((*index, (depth,)),),
        terms=(own, None, values),
        outputs=((*own, len(own)),),
        mixed=frozenset(values),
    )


def _gather_known(call: Call) -> Fact:
    index = np.asarray(call.known(1, "the indices"), dtype=np.int64)
    data, axis = call.known(0, "the data"), call.attribute("axis", 0)
    check_count(index.size * data.size / max(1, data.shape[axis]))
    return known(np.take(data, index, axis=axis), call.fact(0).dtype)


def _one_hot_known(call: Call) -> Fact:
    indices = np.asarray(call.known(0, "the indices"), dtype=np.int64)
    depth = int(call.known(1, "the depth").item())
    off, on = call.known(2, "the values").ravel().tolist()
    check_count(depth * indices.size)
    places = np.where(indices < 0, indices + depth, indices)
    hot = np.arange(depth) == places[..., None]
    out = np.where(hot, _boxed(on), _boxed(off))
    return known(np.moveaxis(out, -1, call.attribute("axis", -1)), call.fact(2).dtype)


def _boxed(element: object) -> Content:
    """Return one element as an array of objects; numpy would unwrap it."""
    out = np.empty((), dtype=object)
    out[()] = element
    return out


def _gather_trace(node: ir.Node, traces: Traces) -> Traces:
    trace, index, rank = traces[0], constant_array(node.inputs[1]), rank_of(node.inputs[0])
    if trace is None:
        return [None]
    if trace.axis is None or rank is None:
        return [trace.some()]
    axis = node.attributes.get_int("axis", 0) % rank
    if axis == trace.axis:
        return [trace.some() if index is None else _take(trace, index)]
    index_rank = rank_of(node.inputs[1])
    if index_rank is None:
        return [trace.without_places()]
    moved = trace.axis + index_rank - 1 if axis < trace.axis else trace.axis
    return [replace(trace, axis=moved)]


def _take(trace: Trace, index: np.ndarray) -> Trace:
    width = len(trace.columns)
    valid = index[(index >= -width) & (index < width)].astype(np.int64)
    picked = trace.take(valid.reshape(-1))
    return picked if index.ndim == 1 else picked.without_places()


def _gather_nd_trace(node: ir.Node, traces: Traces) -> Traces:
    trace, index = traces[0], constant_array(node.inputs[1])
    if trace is None or index is None or node.attributes.get_int("batch_dims", 0) != 0:
        return [None if trace is None else trace.some()]
    if trace.axis == 0 and index.ndim == 2 and index.shape[1] == 1:
        return [_take(trace, index[:, 0])]
    return [trace.some()]


def _ids_in_table(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield `[0, V)` for ids of a table with V rows along the axis that is looked up."""
    table, trace = node.inputs[0], traced(node, 1, traces)
    if trace is None or table is None or table.shape is None or len(table.shape) == 0:
        return
    rows = table.shape[node.attributes.get_int("axis", 0) % len(table.shape)]
    if isinstance(rows, int):
        yield trace, *within_table(trace.offsets, rows)


def _ids_in_depth(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield `[0, depth)` for the classes of a one-hot code."""
    trace, depth = traced(node, 0, traces), constant_array(node.inputs[1])
    if trace is not None and depth is not None:
        yield trace, *within_table(trace.offsets, int(depth.reshape(-1)[0]))


def _few_classes(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
    """Yield a few for the number of classes, where an input gives it: it is a whole number."""
    trace = traced(node, 1, traces)
    if trace is not None:
        yield trace, *within_steps(trace, _FEW_CLASSES)


_LOOKUP = EXACT | {Trait.LOOKUP}

RULES = (
    Rule(
        "Gather", look_up, evaluate=(_gather_known,), trace=_gather_trace, id_bounds=_ids_in_table,
        branches=LOOKUP, traits=_LOOKUP | {Trait.ROW_LOOKUP},
    ),
    Rule(
        "GatherElements", gather_elements, id_bounds=_ids_in_table, branches=LOOKUP, traits=_LOOKUP
    ),
    Rule("GatherND", gather_nd, trace=_gather_nd_trace, traits=_LOOKUP),
    Rule(
        "OneHot", one_hot, evaluate=(_one_hot_known,), id_bounds=_ids_in_depth,
        usual_ids=_few_classes, traits=EXACT,
    ),
    Rule("ScatterElements", traits=EXACT),
    Rule("ScatterND", traits=EXACT),
)  # fmt: skip
