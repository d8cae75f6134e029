"""Random blocks of later opsets and models: newer ops, gates, masks by lengths, sizes in floats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import dense, linear

Block = Callable[[Writer, Value], Value]

# --- rows


def activated(w: Writer, x: Value) -> Value:
    """An activation of a later opset, those without a float64 kernel in float32 alone."""
    names = ["LogSoftmax", "Sigmoid", "Tanh"]
    if w.dtype == np.float32:
        names += ["Mish", "PRelu", "Gelu", "HardSwish", "Elu", "Softplus", "Erf", "Celu"]
    op = w.pick(*names)
    if op == "PRelu":
        return w.op(op, [x, w.weight(w.pick(1, x.width))], x.shape)
    if op == "Gelu":
        return w.unary(op, x, approximate=w.pick("none", "tanh"))
    return w.unary(op, x)


def scaled_norm(w: Writer, x: Value) -> Value:
    """RMSNormalization, whole or unfolded, LpNormalization, or GroupNormalization of columns."""
    face, axis = w.below(4), len(x.shape) - 1
    if face == 0 and w.opset >= 23:
        scale = w.weight(x.width)
        return w.op("RMSNormalization", [x, scale], x.shape, axis=w.pick(-1, axis), epsilon=1e-3)
    if face == 1 and w.opset >= 22:
        return w.op("LpNormalization", [x], x.shape, axis=w.pick(-1, axis), p=w.pick(1, 2))
    if face == 2 and w.opset >= 21 and x.width % 2 == 0:
        image = w.unsqueeze(x, 2)
        scales = [w.weight(x.width), w.weight(x.width)]
        made = w.op("GroupNormalization", [image, *scales], image.shape, num_groups=2, epsilon=0.01)
        return w.squeeze(made, 2)
    square = w.reduce("ReduceMean", w.binary("Mul", x, x), axis)
    root = w.unary("Sqrt", w.binary("Add", square, w.const(1e-3)))
    return w.binary("Mul", w.binary("Mul", x, w.unary("Reciprocal", root)), w.weight(x.width))


def gated_by_itself(w: Writer, x: Value) -> Value:
    """A gate: halves of one layer (GLU), a squeeze of all columns (SENet), twice a sigmoid."""
    face = w.below(3)
    if face == 0:
        wide = linear(w, x, 2 * w.below(4, 1))
        half = wide.width // 2
        count = {"num_outputs": 2} if w.opset >= 18 else {}
        a, b = w.ops("Split", [wide], [(x.rows, half)] * 2, axis=-1, **count)
        return w.binary("Mul", a, w.unary("Sigmoid", b))
    if face == 1:
        squeezed = w.unary("Relu", linear(w, x, 2))
        return w.binary("Mul", x, w.unary("Sigmoid", linear(w, squeezed, x.width)))
    return w.binary("Mul", x, w.binary("Mul", w.const(2.0), w.unary("Sigmoid", linear(w, x, 1))))


def measured(w: Writer, x: Value) -> Value:
    """Norms of rows beside the rows, and what is picked by computed places."""
    op = w.pick("ReduceL1", "ReduceL2", "ReduceSumSquare")
    size = w.reduce(op, x, 1)
    if w.chance(0.5):
        return w.concat([x, size], 1)
    best, _ = w.ops("TopK", [x, w.ints(1)], [(x.rows, 1)] * 2, axis=1)
    return w.binary("Sub", w.binary("Div", x, w.binary("Add", size, w.const(1.0))), best)


def sized(w: Writer, x: Value) -> Value:
    """Sizes computed in floats: a share of the number of candidates, a width, a count of cells."""
    face = w.below(3)
    count = w.cast(w.measure("N"), w.dtype)
    if face == 0:
        return w.binary("Div", x, w.binary("Add", count, w.const(1.0)))
    if face == 1:
        half = w.cast(w.binary("Mul", w.cast(w.ints(2 * x.width), np.float32),
                               w.const(0.5, np.float32)), np.int64)  # fmt: skip
        target = w.op("Concat", [w.ints(-1), half], [2], axis=0)
        return w.op("Reshape", [x, target], x.shape)
    cells = w.unary("Log", w.binary("Add", w.cast(w.op("Size", [x], []), w.dtype), w.const(2.0)))
    return w.binary("Mul", x, w.unary("Reciprocal", cells))


RECENT_ROWS: tuple[Block, ...] = (activated, scaled_norm, gated_by_itself, measured, sized)

# --- histories


def masked_mean(w: Writer, history: Value) -> Value:
    """The mean of the places before a length that the history's first column gives."""
    mask = _before_length(w, history)
    kept = w.binary("Mul", history, w.unsqueeze(mask, 2))
    total = w.reduce("ReduceSum", kept, 1, keepdims=False)
    count = w.reduce("ReduceSum", mask, 1)
    return w.binary("Div", total, w.binary("Add", count, w.const(1e-3)))


def _before_length(w: Writer, history: Value) -> Value:
    """Return `[rows, L]`: 1 where a place lies before the rounded sum of the history, else 0."""
    rows, length = history.rows, history.shape[1]
    end = w.op("Reshape", [w.extents([length]), w.ints()], [])
    places = w.op("Range", [w.const(0, np.int64), end, w.const(1, np.int64)], [length])
    total = w.unary("Abs", w.reduce("ReduceSum", w.reduce("ReduceSum", history, 2), 1))
    limit = w.reshape(total, [rows, 1], w.extents([rows, 1]))
    return w.cast(w.op("Less", [w.cast(places, w.dtype), limit], [rows, length]), w.dtype)


def mean_by_size(w: Writer, history: Value) -> Value:
    """A sum over the history, divided by its length as a float."""
    total = w.reduce("ReduceSum", history, 1, keepdims=False)
    length = w.cast(w.extents([history.shape[1]]), w.dtype)
    return w.binary("Div", total, w.binary("Add", length, w.const(1e-3)))


def masked_attention(w: Writer, target: Value, history: Value) -> Value:
    """Attention of a target, its scores lowered behind a length: added, or chosen."""
    q = w.unsqueeze(linear(w, target, history.width), 1)
    k, v = linear(w, history, history.width), dense(w, history)
    scores = w.matmul(q, w.transpose(k, 0, 2, 1))
    mask = w.unsqueeze(_before_length(w, history), 1)
    lowest = w.const(w.pick(-1e9, -1e4))
    if w.chance(0.5):
        lowered = w.binary("Mul", w.binary("Sub", w.const(1.0), mask), lowest)
        scores = w.binary("Add", scores, lowered)
    else:
        sees = w.op("Greater", [mask, w.const(0.5)], mask.shape)
        scores = w.op("Where", [sees, scores, lowest], scores.shape)
    weights = w.op("Softmax", [scores], scores.shape, axis=-1)
    return w.squeeze(w.matmul(weights, v), 1)


def whole_attention(w: Writer, target: Value, history: Value) -> Value:
    """The Attention of opset 23, a target as the query, its heads along the columns."""
    if w.opset < 23:
        return masked_attention(w, target, history)
    heads = w.pick(1, 2)
    width = heads * w.below(3, 1)
    rows = "N" if "N" in (target.rows, history.rows) else 1
    q, k, v = (
        linear(w, part, width) for part in (w.unsqueeze(target, 1), history, history)
    )  # fmt: skip
    q, k, v = (_for_all(w, part, rows) for part in (q, k, v))
    counts = {"q_num_heads": heads, "kv_num_heads": heads}
    return w.squeeze(w.op("Attention", [q, k, v], [rows, 1, width], **counts), 1)


def _for_all(w: Writer, x: Value, rows: int | str) -> Value:
    if x.rows == rows:
        return x
    return w.op("Expand", [x, w.extents([rows, 1, 1])], [rows, *x.shape[1:]])


RECENT_POOLS: tuple[Block, ...] = (masked_mean, mean_by_size)
RECENT_TARGETS = (masked_attention, whole_attention)
