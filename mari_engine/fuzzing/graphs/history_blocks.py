"""Random blocks of ranking models over a target and a history."""

from __future__ import annotations

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import dense, linear, normalized


def repeated(w: Writer, target: Value, length: int | str) -> Value:
    """The target [rows, E] as [rows, L, E]."""
    one = w.unsqueeze(target, 1)
    shape = [target.rows, length, target.width]
    if w.chance(0.5):
        return w.op("Expand", [one, w.extents([1, length, 1])], shape)
    return w.op("Tile", [one, w.extents([1, length, 1])], shape)


def interest(w: Writer, target: Value, history: Value) -> Value:
    """DIN: the history weighed by a small network over q, k, q - k and q * k."""
    length, width = history.shape[1], history.width
    rows = "N" if "N" in (target.rows, history.rows) else 1
    q = repeated(w, linear(w, target, width), length)
    if q.rows != rows:
        q = _widened(w, q, rows)
    k = history if history.rows == rows else _widened(w, history, rows)
    pieces = [q, k, w.binary("Sub", q, k), w.binary("Mul", q, k)]
    joined = w.concat(pieces[: w.below(5, 2)] if w.chance(0.3) else pieces, 2)
    if w.chance(0.5):
        flat = w.op("Reshape", [joined, w.ints(-1, joined.width)], ["?", joined.width])
        scores = linear(w, dense(w, flat), 1)
        scores = w.op("Reshape", [scores, w.extents([-1, length])], [rows, length])
    else:
        scores = linear(w, dense(w, joined), 1)
        scores = w.squeeze(scores, 2)
    return _weighed(w, scores, k)


def _widened(w: Writer, x: Value, rows: int | str) -> Value:
    shape = [rows, *x.shape[1:]]
    return w.op("Expand", [x, w.extents([rows, *[1] * (len(x.shape) - 1)])], shape)


def _weighed(w: Writer, scores: Value, k: Value) -> Value:
    """The sum of the history, each place by its score [rows, L]."""
    if not w.whole and w.chance(0.6) and w.opset >= 13:
        scores = w.op("Softmax", [scores], scores.shape, axis=w.pick(1, -1))
    if w.chance(0.4):
        first = w.op("Slice", [k, w.ints(0), w.ints(1), w.ints(2)], [*k.shape[:2], 1])
        mask = w.op("Greater", [w.squeeze(first, 2), w.const(0.0)], k.shape[:2])
        scores = w.op("Where", [mask, scores, w.const(-3.0)], scores.shape)
    rows = scores.rows if scores.rows == "N" else k.rows
    if w.chance(0.5):
        total = w.matmul(w.unsqueeze(scores, 1), k)
        return w.squeeze(total, 1)
    weighed = w.binary("Mul", w.unsqueeze(scores, 2), k)
    total = w.reduce("ReduceSum", weighed, 1, keepdims=False)
    assert total.rows == rows
    return total


def attended(w: Writer, target: Value, history: Value) -> Value:
    """Attention with heads in 4-D; the target or the history may be one row only."""
    heads, size, length = 2, w.below(3, 1), history.shape[1]

    def split(x: Value, axis: int | str) -> Value:
        shape = [x.rows, axis, heads, size]
        return w.transpose(w.reshape(x, shape, w.extents([x.rows, -1, heads, size])), 0, 2, 1, 3)

    wide = heads * size
    q = split(w.unsqueeze(linear(w, target, wide), 1), 1)
    k, v = (split(linear(w, history, wide), length) for _ in range(2))
    scores = w.matmul(q, w.transpose(k, 0, 1, 3, 2))
    if not w.whole and w.opset >= 13:
        scores = w.binary("Div", scores, w.unary("Sqrt", w.const(float(size))))
        scores = w.op("Softmax", [scores], scores.shape, axis=-1)
    out = w.transpose(w.matmul(scores, v), 0, 2, 1, 3)
    return w.reshape(out, [out.shape[0], wide])


def recalled(w: Writer, target: Value, history: Value) -> Value:
    """Self-attention of a history and the target after it, at which the history may not look."""
    length, width = history.shape[1], history.width
    if not isinstance(length, int):
        return attended(w, target, history)
    last, rows = linear(w, target, width), "N" if "N" in (target.rows, history.rows) else 1
    parts = [history, w.unsqueeze(last, 1)]
    x = w.concat([each if each.rows == rows else _widened(w, each, rows) for each in parts], 1)
    q, k, v = (linear(w, x, width) for _ in range(3))
    scores = w.matmul(q, w.transpose(k, 0, 2, 1))
    total = w.matmul(_masked(w, scores, length + 1) if w.chance(0.5) else scores, v)
    while not w.whole and w.chance(0.6):  # whole numbers would grow beyond what is exact
        total = w.binary("Add", linear(w, dense(w, normalized(w, total)), total.width), total)
    if w.chance(0.3):
        return w.reduce("ReduceSum", total, 1, keepdims=False)
    return _read_at(w, total, w.below(length + 1) if w.chance(0.3) else length)


def _read_at(w: Writer, x: Value, at: int) -> Value:
    """One row of [rows, L, E] as [rows, E], or a few of them side by side."""
    rows, length, width = x.rows, int(x.shape[1]), x.width
    face = w.below(4)
    if face == 0:
        return w.op("Gather", [x, w.const(at, np.int64)], [rows, width], axis=1)
    if face == 1:
        one = w.op("Slice", [x, w.ints(at), w.ints(at + 1), w.ints(1)], [rows, 1, width])
        return w.squeeze(one, 1)
    if face == 2:
        few = w.op("Gather", [x, w.ints(at, (at + 2) % length)], [rows, 2, width], axis=1)
        return w.reshape(few, [rows, 2 * width])
    turned = w.transpose(x, 1, 0, 2)
    return w.op("Gather", [turned, w.const(at - length, np.int64)], [rows, width], axis=0)


def _masked(w: Writer, scores: Value, extent: int) -> Value:
    sees = np.tril(np.ones((extent, extent)))
    face = w.below(3) if not w.whole and w.opset >= 13 else 0
    if face == 0:
        return w.binary("Mul", w.unary("Relu", scores), w.const(sees))
    if face == 1:
        lowered = w.binary("Add", scores, w.const(np.where(sees > 0, 0.0, -np.inf)))
    else:
        chosen = [w.const(sees > 0, np.bool_), scores, w.const(-1e30)]
        lowered = w.op("Where", chosen, scores.shape)
    return w.op("Softmax", [lowered], scores.shape, axis=w.pick(2, -1))


def encoded(w: Writer, history: Value) -> Value:
    """Self-attention in the layout [L, rows, E], as nn.MultiheadAttention spells it."""
    rows, length = history.shape[:2]
    across = w.transpose(history, 1, 0, 2)
    width = w.below(4, 2)
    q, k, v = (w.transpose(linear(w, across, width), 1, 0, 2) for _ in range(3))
    scores = w.matmul(q, w.transpose(k, 0, 2, 1))
    if not w.whole and w.opset >= 13:
        scores = w.op("Softmax", [scores], [rows, length, length], axis=-1)
    return w.matmul(scores, v)
