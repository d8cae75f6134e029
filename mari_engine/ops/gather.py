"""Ops that look rows up."""

from __future__ import annotations

import math
from itertools import count

import numpy as np

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
from mari_engine.ops.evaluation import chosen_rows
from mari_engine.ops.rule import Call, Rule
from mari_engine.ops.slice import pick


def look_up(call: Call) -> Spec:
    """https://onnx.ai/onnx/operators/onnx__Gather.html"""
    at = call.axis(0)
    data, index = call.axes(0), call.fact(1)
    width = static(data[at])
    if index.uniform is not None and width == 1:
        return _repeated(call, at, index.axes)
    if index.content is not None and width is not None:
        return _columns(call, at, width)
    return _lookup(data, at, index.axes)


def _repeated(call: Call, at: int, index: Axes) -> Spec:
    """The one row of an axis of extent 1, over and over: a tile."""
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
    """https://onnx.ai/onnx/operators/onnx__GatherElements.html"""
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
    """https://onnx.ai/onnx/operators/onnx__GatherND.html: constant places, or one index tuple."""
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
    """Constant places along several axes: columns of the one axis that these would be together."""
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
    """https://onnx.ai/onnx/operators/onnx__OneHot.html, along the last axis."""
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


RULES = (
    Rule("Gather", look_up),
    Rule("GatherElements", gather_elements),
    Rule("GatherND", gather_nd),
    Rule("OneHot", one_hot),
)
