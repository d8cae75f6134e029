"""Random blocks of ranking models over several values: fields, histories, experts, crosses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import activate, dense, linear, normalized

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
    if len(pairs) > 1 and w.chance(0.4):  # two vectors of each pair, end to end
        joined = w.concat([joined, w.concat(pairs[::-1], 1)], 2)
    return flattened(w, joined)


def flattened(w: Writer, fields: Value) -> Value:
    """Fields side by side."""
    count, width = int(fields.shape[1]), fields.width
    if w.chance(0.3):
        return w.op("Flatten", [fields], [fields.rows, count * width], axis=w.pick(1, -2))
    return w.reshape(fields, [fields.rows, count * width])


def pooled(w: Writer, fields: Value) -> Value:
    """One row of a value of several."""
    exact = ("ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1")
    others = ("ReduceMean", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp")
    return w.reduce(w.pick(*exact, *(() if w.whole else others)), fields, 1, keepdims=False)


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
