"""Random blocks of ranking models over rows of features, [N, width] or one row [1, width]."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value, Writer

Block = Callable[[Writer, Value], Value]


def activate(w: Writer, x: Value) -> Value:
    """Return an activation of a value, or the value."""
    op = w.pick("", "Relu", "Abs") if w.whole else w.pick("", "Relu", "Sigmoid", "Tanh", "Swish")
    if op == "Swish":
        return w.binary("Mul", x, w.unary("Sigmoid", x))
    return w.unary(op, x) if op else x


def linear(w: Writer, x: Value, width: int) -> Value:
    """Return x · W + b, as Gemm or as MatMul and Add, the weight turned or not."""
    bias = w.weight(*w.pick((width,), (1, width)))
    face = w.below(5) if len(x.shape) == 2 else 4
    if face == 0:
        scales = {} if w.whole else {"alpha": 0.3, "beta": 0.7}
        return w.op("Gemm", [x, w.weight(x.width, width), bias], [x.rows, width], **scales)
    if face == 1:
        return w.op("Gemm", [x, w.weight(width, x.width), bias], [x.rows, width], transB=1)
    if face == 2:
        return w.op("Gemm", [x, w.weight(x.width, width)], [x.rows, width], alpha=2.0)
    if face == 3:
        kernel = w.transpose(w.weight(width, x.width), 1, 0)
        return w.binary("Add", bias, w.matmul(x, kernel))
    product = w.matmul(x, w.weight(x.width, width))
    return w.binary(w.pick("Add", "Sub"), product, bias) if w.chance(0.7) else product


def dense(w: Writer, x: Value) -> Value:
    """A layer."""
    return activate(w, linear(w, x, w.below(6, 2)))


def tower(w: Writer, x: Value) -> Value:
    """Two layers with a norm between."""
    return dense(w, affine(w, linear(w, x, w.below(6, 2))))


def affine(w: Writer, x: Value) -> Value:
    """A norm that is one factor and one shift a column, whole or unfolded."""
    width = x.width
    face = w.below(4)
    if w.whole or face == 0:
        return w.binary("Add", w.binary("Mul", x, w.weight(width)), w.weight(1, width))
    spread = np.abs(w.rng.standard_normal(width)) + 0.5
    if face == 1 and len(x.shape) == 2:
        scale = [w.weight(width), w.weight(width), w.weight(width), w.const(spread)]
        return w.op("BatchNormalization", [x, *scale], x.shape, epsilon=1e-3)
    moved = w.binary("Sub", x, w.weight(width))
    over = w.binary("Div", moved, w.unary("Sqrt", w.const(spread)))
    return w.binary("Add", w.binary("Mul", over, w.weight(width)), w.weight(width))


def normalized(w: Writer, x: Value) -> Value:
    """LayerNormalization, whole or unfolded, or Softmax."""
    axis, small = len(x.shape) - 1, w.const(1e-3)
    face = w.below(3)
    if w.whole:
        return affine(w, x)
    if face == 0 and w.opset >= 17:
        inputs = [x, w.weight(x.width), w.weight(x.width)]
        return w.op("LayerNormalization", inputs, x.shape, axis=w.pick(-1, axis), epsilon=1e-3)
    if face == 1 and (w.opset >= 13 or axis == 1):
        return w.op("Softmax", [x], x.shape, axis=w.pick(-1, axis) if w.opset >= 13 else axis)
    centred = w.binary("Sub", x, w.reduce("ReduceMean", x, axis))
    variance = w.reduce("ReduceMean", w.binary("Pow", centred, w.const(2.0)), axis)
    scaled = w.binary("Div", centred, w.unary("Sqrt", w.binary("Add", variance, small)))
    return w.binary("Add", w.binary("Mul", scaled, w.weight(x.width)), w.weight(x.width))


def columns(w: Writer, x: Value) -> Value:
    """Some columns, in some order, some of them twice."""
    width, face = x.width, w.below(4)
    if face == 0:
        index = w.rng.integers(-width, width, w.below(width + 2, 1))
        return w.op("Gather", [x, w.ints(*index)], [x.rows, len(index)], axis=w.pick(1, -1))
    if face == 1 and width > 1:
        cut = w.below(width, 1)
        sizes, shapes = [cut, width - cut], [(x.rows, cut), (x.rows, width - cut)]
        if w.opset >= 13:
            a, b = w.ops("Split", [x, w.ints(*sizes)], shapes, axis=w.pick(1, -1))
        else:
            a, b = w.ops("Split", [x], shapes, axis=1, split=sizes)
        return w.concat([b, a] if w.chance(0.5) else [b, a, b], 1)
    if face == 2:
        ends = [w.ints(-1), w.ints(-(width + 1)), w.ints(1), w.ints(-1)]
        return w.op("Slice", [x, *ends], x.shape)
    start = w.below(width)
    stop = w.below(width + 1, start + 1)
    bounds = [w.ints(start), w.ints(stop), w.ints(w.pick(1, -1))]
    return w.op("Slice", [x, *bounds], [x.rows, stop - start])


def padded(w: Writer, x: Value) -> Value:
    """A padding whose columns are then divided in even chunks."""
    more = x.width % 2
    wide = w.op("Pad", [x, w.ints(0, 1, 0, 1 + more)], [x.rows, x.width + 2 + more])
    half = wide.width // 2
    shapes = [(x.rows, half)] * 2
    count = {"num_outputs": 2} if w.opset >= 18 else {}
    a, b = w.ops("Split", [wide], shapes, axis=-1, **count)
    return w.binary(w.pick("Add", "Sub", "Mul"), a, b)


def turned(w: Writer, x: Value) -> Value:
    """A layer that is applied from the left, the candidates along the last axis."""
    across = w.transpose(x, 1, 0)
    width = w.below(5, 2)
    made = w.matmul(w.weight(width, x.width), across)
    made = w.binary("Add", made, w.weight(width, 1))
    if w.chance(0.4):
        made = w.concat([made, across], 0)
    return w.transpose(activate(w, made), 1, 0)


def folded(w: Writer, x: Value) -> Value:
    """Columns that pass through a finer shape, some rows of it beside the candidates."""
    if x.width % 2:
        x = w.concat([x, x], 1)
    half = x.width // 2
    a, b = w.pick((2, half), (half, 2))
    cut = w.reshape(x, [x.rows, a, b])
    face = w.below(4)
    if face == 0:
        return w.reshape(w.transpose(cut, 0, 2, 1), [x.rows, a * b])
    if face == 1:
        stacked = w.op("Reshape", [cut, w.ints(-1, b)], ["?", b])
        made = dense(w, stacked)
        return w.reshape(made, [x.rows, a * made.width], w.extents([x.rows, -1]))
    if face == 2:
        made = dense(w, cut)
        return w.op("Flatten", [made], [x.rows, a * made.width], axis=1)
    first = w.transpose(cut, 1, 0, 2)
    made = w.matmul(first, w.weight(a, b, 3))
    return w.reshape(w.transpose(made, 1, 0, 2), [x.rows, a * 3])


def chosen(w: Writer, x: Value) -> Value:
    """Elementwise choices."""
    face = w.below(4)
    if face == 0:
        mask = w.const(w.rng.random(x.width) < 0.5, np.bool_)
        return w.op("Where", [mask, x, w.const(1.0)], x.shape)
    if face == 1:
        more = w.op("Greater", [x, w.const(0.5)], x.shape)
        return w.op("Where", [more, x, w.unary("Neg", x)], x.shape)
    if face == 2:
        return w.op("Clip", [x, w.const(-3.0), w.const(4.0)], x.shape)
    return w.op(w.pick("Max", "Min"), [x, w.weight(x.width), w.const(0.0)], x.shape)


def over_features(w: Writer, x: Value) -> Value:
    """A reduction over the columns, kept beside them."""
    names = ["ReduceSum", "ReduceMax", "ReduceMin"]
    names += [] if w.whole else ["ReduceMean", "ReduceLogSumExp", "ReduceProd"]
    total = w.reduce(w.pick(*names), x, 1, keepdims=w.chance(0.5))
    if len(total.shape) == 1:
        total = w.unsqueeze(total, 1)
    return w.concat([x, total], 1) if w.chance(0.5) else w.binary("Sub", x, total)


def bucketed(w: Writer, x: Value) -> Value:
    """Columns put into buckets, each with a row of its own for each column."""
    if w.dtype != np.float64:  # what is rounded otherwise may be in another bucket
        return affine(w, x)
    bounds = w.const(np.sort(w.rng.integers(-4, 5, 3)) + (0.5 if w.whole else 0.4718))
    compare = w.pick("Greater", "Less", "GreaterOrEqual", "LessOrEqual")
    over = w.op(compare, [w.unsqueeze(x, 2), bounds], [x.rows, x.width, 3])
    count = w.reduce("ReduceSum", w.cast(over, np.int64), 2, keepdims=False)
    spread = w.const(np.arange(x.width) * w.pick(4, 7, 31), np.int64)
    ids = w.binary("Add", count, spread)
    ids = w.op("Mod", [ids, w.const(4 * x.width, np.int64)], ids.shape)
    found = w.op("Gather", [w.weight(4 * x.width, 2), ids], [*x.shape, 2], axis=0)
    return w.reshape(found, [x.rows, 2 * x.width])


def over_candidates(w: Writer, x: Value) -> Value:
    """Ops that mix the rows: nothing may be compact for them."""
    face = w.below(6)
    if face == 0 and w.opset >= 13 and not w.whole:
        return w.op("Softmax", [x], x.shape, axis=w.pick(0, -2))
    if face == 1 and w.dtype != np.float16:
        return w.op("CumSum", [x, w.const(w.pick(0, -2), np.int64)], x.shape)
    if face == 2:
        best, _ = w.ops("TopK", [x, w.ints(1)], [(1, x.width)] * 2, axis=0)
        return w.binary("Sub", x, best)
    if face == 3 and not w.whole:
        return w.binary("Sub", x, w.reduce("ReduceMean", x, 0))
    return w.binary("Add", x, w.reduce(w.pick("ReduceSum", "ReduceMax"), x, 0))


def opaque(w: Writer, x: Value) -> Value:
    """Ops that no rule describes."""
    face = w.below(5)
    if face == 0:
        index = w.const(np.zeros((1, 1)), np.int64)
        return w.op("ScatterElements", [x, index, w.weight(1, 1)], x.shape, axis=1)
    if face == 1:
        image = w.unsqueeze(w.unsqueeze(w.concat([x, x], 1), 1), 1)
        deep = w.op("SpaceToDepth", [w.concat([image, image], 2)], [x.rows, 4, 1, x.width],
                    blocksize=2)  # fmt: skip
        return w.reshape(deep, [x.rows, 4 * x.width])
    if face == 2:
        lengths = w.op("Expand", [w.ints(x.width), w.extents([x.rows])], [x.rows])
        turned_x = w.transpose(x, 1, 0)
        back = w.op("ReverseSequence", [turned_x, lengths], turned_x.shape,
                    time_axis=0, batch_axis=1)  # fmt: skip
        return w.transpose(back, 1, 0)
    if face == 3 and not w.whole:
        y, scale, zero = w.ops("DynamicQuantizeLinear", [w.cast(x, np.float32)], [x.shape, (), ()])
        return w.cast(w.op("DequantizeLinear", [y, scale, zero], x.shape), w.dtype)
    places = w.op("Range", [w.const(0, np.int64), w.op("Size", [x], []), w.const(1, np.int64)],
                  ["?"])  # fmt: skip
    return w.binary("Add", x, w.reshape(w.cast(places, w.dtype), x.shape, w.extents(list(x.shape))))


ROW_BLOCKS: tuple[tuple[Block, int], ...] = (
    (dense, 6), (tower, 2), (affine, 3), (normalized, 2), (columns, 4), (padded, 1), (turned, 2),
    (folded, 3), (chosen, 2), (over_features, 2), (over_candidates, 1), (opaque, 1),
    (bucketed, 2),
)  # fmt: skip
"""Blocks, and how often each is drawn."""
