"""Random blocks of ranking models over several values: fields, histories, experts, crosses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from graph_writer import Value, Writer
from random_rows import activate, dense, linear, normalized

# --- rows with rows


def gated(w: Writer, x: Value, y: Value) -> Value:
    """Two rows of one width, elementwise, either of which may be one row only."""
    width = w.below(5, 2)
    a, b = linear(w, x, width), linear(w, y, width)
    if w.whole:
        return w.binary(w.pick("Mul", "Add", "Sub", "Max"), a, b)
    if w.chance(0.2):
        return w.binary("Div", a, w.binary("Add", w.binary("Mul", b, b), w.const(1.0)))
    if w.chance(0.3):
        return w.binary("Mul", a, w.unary("Sigmoid", b))
    return w.binary(w.pick("Mul", "Add", "Sub"), a, b)


def crossed(w: Writer, x: Value) -> Value:
    """Cross layers: DCN v1 (a scalar a row) or v2 (a matrix)."""
    out, second = x, w.chance(0.6)
    for _ in range(w.below(3, 1)):
        gate = linear(w, out, x.width if second else 1)
        made = w.binary("Mul", *((x, gate) if w.chance(0.5) else (gate, x)))
        out = w.binary("Add", made, out)
    return out


def experts(w: Writer, x: Value, y: Value) -> Value:
    """Experts over one input, mixed by a gate over another (or the same)."""
    count, width = w.below(4, 2), w.below(4, 2)
    outs = [w.unsqueeze(activate(w, linear(w, x, width)), 1) for _ in range(count)]
    stacked = w.concat(outs, 1)
    gate = linear(w, y, count)
    if not w.whole and w.opset >= 13:
        gate = w.op("Softmax", [gate], gate.shape, axis=-1)
    if w.chance(0.5):
        mixed = w.matmul(w.unsqueeze(gate, 1), stacked)
        return w.reshape(mixed, [mixed.shape[0], width])
    scaled = w.binary("Mul", w.unsqueeze(gate, 2), stacked)
    return w.reduce("ReduceSum", scaled, 1, keepdims=False)


def conditional(w: Writer, x: Value, y: Value) -> Value:
    """Two towers over one input, one of which runs: chosen by a gate that is not an If."""
    width = w.below(4, 2)
    a, b = linear(w, x, width), linear(w, y, width)
    low = w.binary("Less", w.reduce("ReduceMax", x, 1), w.const(1.0))
    return w.op("Where", [low, a, b], [a.rows if a.rows == "N" else b.rows, width])


# --- fields [rows, F, E]


def factorized(w: Writer, fields: Value) -> Value:
    """The second-order sum of a factorization machine."""
    total = w.reduce("ReduceSum", fields, 1, keepdims=False)
    first = w.binary("Mul", total, total)
    squares = w.binary("Mul", fields, fields) if w.chance(0.5) else _square(w, fields)
    second = w.reduce("ReduceSum", squares, 1, keepdims=False)
    return w.binary("Mul", w.binary("Sub", first, second), w.const(0.5))


def _square(w: Writer, x: Value) -> Value:
    return w.binary("Pow", x, w.const(2.0))


def dotted(w: Writer, fields: Value) -> Value:
    """All pairs of fields multiplied; the upper ones picked by a constant index."""
    rows, count, width = fields.rows, int(fields.shape[1]), fields.width
    if w.chance(0.3):
        pairs = w.op("Einsum", [fields, fields], [rows, count, count], equation="bfe,bge->bfg")
    else:
        pairs = w.matmul(fields, w.transpose(fields, 0, 2, 1))
    row = w.reshape(pairs, [rows, count * count])
    upper = [i * count + j for i in range(count) for j in range(i + 1, count)]
    index = upper or [0]
    assert width
    return w.op("Gather", [row, w.ints(*index)], [rows, len(index)], axis=1)


def compressed(w: Writer, fields: Value) -> Value:
    """All pairs of fields, feature by feature, summed with weights (xDeepFM's interaction)."""
    rows, count, width = fields.rows, int(fields.shape[1]), fields.width
    made, last = fields, count
    for _ in range(w.below(3, 1)):
        shape = [rows, last, count, width]
        if w.chance(0.5):
            pairs = w.op("Einsum", [made, fields], shape, equation="bhd,bmd->bhmd")
        else:
            pairs = w.binary("Mul", w.unsqueeze(made, 2), w.unsqueeze(fields, 1))
        flat = w.reshape(pairs, [rows, last * count, width])
        made, last = w.matmul(w.weight(3, last * count), flat), 3
        if w.chance(0.5):
            made = w.unary("Relu", made)
    return w.reduce("ReduceSum", made, 2, keepdims=False)


def bilinear(w: Writer, fields: Value) -> Value:
    """Pairs of fields, the first through a matrix, elementwise, side by side."""
    rows, count, width = fields.rows, int(fields.shape[1]), fields.width
    picked = [w.op("Gather", [fields, w.ints(at)], [rows, 1, width], axis=1) for at in range(count)]
    turned = linear(w, fields, width) if w.chance(0.5) else fields
    first = [w.op("Gather", [turned, w.ints(at)], [rows, 1, width], axis=1) for at in range(count)]
    pairs = [
        w.binary("Mul", first[a], picked[b]) for a in range(count) for b in range(a + 1, count)
    ]
    joined = w.concat(pairs or picked, 1)
    return w.reshape(joined, [rows, int(joined.shape[1]) * width])


def flattened(w: Writer, fields: Value) -> Value:
    """Fields side by side."""
    count, width = int(fields.shape[1]), fields.width
    if w.chance(0.3):
        return w.op("Flatten", [fields], [fields.rows, count * width], axis=w.pick(1, -2))
    return w.reshape(fields, [fields.rows, count * width])


def pooled(w: Writer, fields: Value) -> Value:
    """One row of a value of several."""
    op = w.pick("ReduceSum", "ReduceMax", *([] if w.whole else ["ReduceMean"]))
    return w.reduce(op, fields, 1, keepdims=False)


def mixed_fields(w: Writer, fields: Value) -> Value:
    """Fields after a layer along the features, or along the fields."""
    count, face = int(fields.shape[1]), w.below(5)
    if face == 0:
        made = w.matmul(w.transpose(fields, 0, 2, 1), w.weight(count, 3))
        return w.transpose(made, 0, 2, 1)
    if face == 1:
        kernel = w.weight(fields.width, 2)
        shape = [fields.rows, count, 2]
        return w.op("Einsum", [fields, kernel], shape, equation="bfe,ek->bfk")
    if face == 2:
        return normalized(w, fields)
    if face == 3 and count > 1:
        index = w.rng.integers(0, count, count)
        picked = [fields.rows, count, fields.width]
        return w.op("Gather", [fields, w.ints(*index)], picked, axis=w.pick(1, -2))
    return dense(w, fields)


def interacting(w: Writer, fields: Value) -> Value:
    """AutoInt: every field attends to all fields, by several heads."""
    count, heads, size = int(fields.shape[1]), 2, w.below(3, 1)
    wide = heads * size

    def split(bare: bool) -> Value:
        made = w.matmul(fields, w.weight(fields.width, wide)) if bare else linear(w, fields, wide)
        shape = [made.rows, count, heads, size]
        return w.transpose(w.reshape(made, shape, w.extents([made.rows, *shape[1:]])), 0, 2, 1, 3)

    q, k, v = (split(w.chance(0.7)) for _ in range(3))
    scores = w.matmul(q, w.transpose(k, 0, 1, 3, 2))
    if not w.whole and w.opset >= 13:
        scores = w.op("Softmax", [scores], scores.shape, axis=-1)
    out = w.transpose(w.matmul(scores, v), 0, 2, 1, 3)
    out = w.reshape(out, [out.rows, count, wide], w.extents([out.rows, count, wide]))
    return w.unary("Relu", w.binary("Add", out, linear(w, fields, wide)))


# --- a target and a history


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


PAIR_BLOCKS = (gated, experts, conditional)
FIELD_BLOCKS = (
    factorized,
    dotted,
    compressed,
    bilinear,
    flattened,
    pooled,
    mixed_fields,
    interacting,
)


def fields_of(w: Writer, parts: Sequence[Value]) -> Value:
    """Rows of one width as fields [rows, F, E], each unsqueezed and then joined."""
    if w.chance(0.5):
        return w.concat([w.unsqueeze(part, 1) for part in parts], 1)
    wide = w.concat(parts, 1)
    return w.reshape(wide, [wide.rows, len(parts), parts[0].width])


def lookup(w: Writer, ids: Value, width: int, vocabulary: int) -> Value:
    """The rows of an embedding table."""
    table = w.weight(vocabulary, width)
    return w.op("Gather", [table, ids], [*ids.shape, width], axis=0)


def numbered(w: Writer, parts: Sequence[Value], vocabulary: int, width: int) -> Value:
    """One table for all fields: ids [rows, 1] joined, offsets added, one lookup."""
    ids = w.concat(parts, 1)
    offsets = w.const(np.arange(ids.width) * vocabulary, np.int64)
    return lookup(w, w.binary("Add", ids, offsets), width, vocabulary * ids.width)
