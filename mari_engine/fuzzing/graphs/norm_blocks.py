"""Random norms over columns of both sides, in the spellings of exporters, and what reads them."""

from __future__ import annotations

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import Block, activate, dense, linear


def normed(w: Writer, x: Value) -> Value:
    """A norm of rows, one op or spelled out."""
    norm: Block = w.pick(_one_op, _layer, _root_mean_square, _length, _of_fields)
    return norm(w, x)


def read_normed(w: Writer, joined: Value, made: Value) -> list[Value]:
    """Return what reads a norm of joined columns: one product or several, or each column."""
    face = w.below(6)
    if face == 0:
        return [dense(w, made) for _ in range(w.below(7, 2))]
    if face == 1:
        return [dense(w, made), linear(w, activate(w, made), 3)]
    if face == 2:  # a residual: what was normed, or the norm, beside what was made of it
        beside = w.pick(joined, made)
        return [dense(w, w.binary("Add", beside, linear(w, dense(w, made), made.width)))]
    if face == 3:
        gate = w.unary("Sigmoid", linear(w, made, w.pick(1, made.width)))
        return [dense(w, w.binary("Mul", made, gate))]
    if face == 4:
        return [dense(w, w.concat([made, dense(w, made)], 1)), dense(w, made)]
    return [dense(w, made)]


def _one_op(w: Writer, x: Value) -> Value:
    axis = w.pick(-1, len(x.shape) - 1)
    face = w.below(3)
    if face == 0 and w.opset >= 23:
        return w.op("RMSNormalization", [x, w.weight(x.width)], x.shape, axis=axis, epsilon=1e-3)
    if face == 1 and w.opset >= 22:
        return w.op("LpNormalization", [x], x.shape, axis=axis, p=2)
    if w.opset < 17:
        return _layer(w, x)
    inputs = [x, w.weight(x.width), w.weight(x.width)][: w.pick(2, 3)]
    return w.op("LayerNormalization", inputs, x.shape, axis=axis, epsilon=w.pick(1e-5, 1e-1))


def _layer(w: Writer, x: Value) -> Value:
    centred = w.binary("Sub", x, w.reduce("ReduceMean", x, len(x.shape) - 1))
    return _scaled(w, _over_root(w, centred))


def _root_mean_square(w: Writer, x: Value) -> Value:
    return _scaled(w, _over_root(w, x))


def _over_root(w: Writer, x: Value) -> Value:
    square = w.binary("Mul", x, x) if w.chance(0.5) else w.binary("Pow", x, w.const(2.0))
    mean = w.reduce("ReduceMean", square, len(x.shape) - 1)
    root = w.unary("Sqrt", w.binary("Add", mean, w.const(w.pick(1e-5, 1e-1))))
    face = w.below(3)
    if face == 0:
        return w.binary("Div", x, root)
    over = w.unary("Reciprocal", root) if face == 1 else w.binary("Div", w.const(1.0), root)
    return w.binary("Mul", x, over)


def _scaled(w: Writer, x: Value) -> Value:
    if w.chance(0.7):
        x = w.binary("Mul", x, w.weight(x.width))
    return w.binary("Add", x, w.weight(x.width)) if w.chance(0.6) else x


def _length(w: Writer, x: Value) -> Value:
    """Each row over its length, but for short ones, as `normalize` and cosines have it."""
    length = w.reduce("ReduceL2", x, len(x.shape) - 1)
    if w.chance(0.5):
        length = w.op("Clip", [length, w.const(1e-6)], length.shape)
    else:
        length = w.op("Max", [length, w.const(1e-6)], length.shape)
    if w.chance(0.5):
        length = w.op("Expand", [length, w.op("Shape", [x], [len(x.shape)])], x.shape)
    return w.binary("Div", x, length)


def _of_fields(w: Writer, x: Value) -> Value:
    """A norm over fields and their columns at once, or over each group of fields."""
    if x.width % 2 or w.opset < 18:
        return _layer(w, x)
    half = x.width // 2
    fields = w.reshape(x, [x.rows, 2, half], w.ints(-1, 2, half))
    face = w.below(3)
    if face == 0:
        scales = [w.weight(2, half), w.weight(2, half)]
        made = w.op("LayerNormalization", [fields, *scales], fields.shape, axis=1, epsilon=1e-3)
    elif face == 1 and w.opset < 22 and w.dtype == np.float32:
        scales = [w.const(np.ones(2)), w.const(np.zeros(2))]
        made = w.op("InstanceNormalization", [fields, *scales], fields.shape, epsilon=1e-3)
    else:
        made = _layer(w, fields)
    return w.reshape(made, list(x.shape), w.ints(-1, x.width))
