"""GroupQueryAttention of the runtime: causal, several heads of Q for each of K and V.

    softmax(c Q K^T + bias, over keys j <= P + i and j <= last) V    for row i, behind P of the past

https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md. Rows are numbered from
the end of the past, and `seqlens_k` says for each of the N slices which key is the last.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axis, Spec, Unsupported, flat, static
from mari_engine.ops.batched_labels import LEFT_OUT, BatchedLabels, as_slices
from mari_engine.ops.call import Call
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.dot_product_attention import (
    additive,
    capped_scores,
    causal_keys,
    join_heads,
    known_extent,
    places,
    repeat_heads,
    scaled_products,
    score_flops,
    softmax_weights,
    total_bias,
    usual_scale,
    weighted_values,
    width_of,
)
from mari_engine.ops.rotary_embedding import turned_pairs
from mari_engine.ops.rule import PRODUCT, Rule, Trait

_KNOWN = frozenset({
    "do_rotary", "kv_num_heads", "local_window_size", "num_heads", "rotary_interleaved", "scale",
    "smooth_softmax", "softcap",
})  # fmt: skip
_LAST, _TOTAL, _COSINES, _SINES, _BIAS = 5, 6, 7, 8, 10
_READ = frozenset({*range(_SINES + 1), _BIAS})
"""The operands that are understood: places, sinks of attention and scales of numbers are not."""


def grouped_heads(call: Call) -> Spec:
    """Return the factors of GroupQueryAttention: N is alone."""
    q = call.axes(0)
    heads, kv_heads = (int(call.attribute(name, 0)) for name in ("num_heads", "kv_num_heads"))
    whole = static(q[-1])
    if len(q) != 3 or not heads or not kv_heads or whole is None:
        raise Unsupported("heads of unknown number or width, or operands of another rank")
    labels = BatchedLabels(q[0])
    width = whole // (heads if call.given(1) else heads + 2 * kv_heads)
    whole_batch = (_TOTAL, _COSINES, _SINES, 11)  # the same for all of N
    operands = [
        LEFT_OUT if fact is None else labels.operand(fact.axes, batch=-(at in whole_batch))
        for at, fact in enumerate(call.operands)
    ]
    operands[_LAST] = labels.of_each_row(call.axes(_LAST))
    total = _stated_length(call)
    state = (labels.batch, (kv_heads,), total, (width,))
    scores = (labels.batch, (heads,), q[1], total)
    shapes = [(labels.batch, q[1], (heads * width,)), state, state, scores][: call.outputs]
    made = [labels.result(axes) for axes in shapes]
    return as_slices(operands, made, labels, weight=score_flops(2 * width), work=flat(scores))


def _stated_length(call: Call) -> Axis:
    """Return the number of keys that it is told, or of those that it has."""
    told = call.fact(_TOTAL).content
    past = static(call.axes(3)[2]) if call.given(3) else 0
    if told is None or past is None:
        return (call.fresh(),)
    return (max(past, int(told.ravel()[0])),)


# --- in standard ops


def write_grouped(new: DecompositionWriter) -> Results:
    """Return `Y`, and the keys and values of past and present, `[N, kv_heads, P + R, D]`."""
    _check(new)
    heads, groups = int(new.attribute("num_heads", 0)), int(new.attribute("kv_num_heads", 0))
    (query, key, value), width = _projections(new, heads, groups)
    past = _length_of_past(new)
    if new.attribute("do_rotary", 0):
        query = _rotated(new, query, (heads, width), past)
        key = _rotated(new, key, (groups, width), past)
    query, key, value = (
        new.emit("Transpose", each, perm=[0, 2, 1, 3]) for each in (query, key, value)
    )
    if past:
        key = new.emit("Concat", new.given(3), key, axis=2)
        value = new.emit("Concat", new.given(4), value, axis=2)
    keys, values = (
        repeat_heads(new, each, groups, heads // groups, width) for each in (key, value)
    )
    scale = float(new.attribute("scale", 0.0)) or usual_scale(width)
    scores = scaled_products(new, query, keys, scale)
    scores = capped_scores(new, scores, float(new.attribute("softcap", 0.0)))
    rows = known_extent(new.given(0), -2)
    ends, near = _ends(new, rows, past), _near(new, rows, past)
    seen = [_no_later(new, query, key) if rows is None else near]
    seen += [] if ends is None else [new.emit("LessOrEqual", places(new, key), ends)]
    biases = [None if each is None else additive(new, each, -np.inf) for each in seen]
    bias = total_bias(new, [each for each in (*biases, new.given(_BIAS)) if each is not None])
    _, weights = softmax_weights(new, scores, bias, None)
    joined = weighted_values(new, weights, values, _seeing(new, rows, ends))
    return [join_heads(new, joined, heads * width), key, value]


def _check(new: DecompositionWriter) -> None:
    unknown = set(new.node.attributes) - _KNOWN
    given = {at for at, value in enumerate(new.node.inputs) if value is not None}
    if unknown or not given <= _READ or new.attribute("smooth_softmax", 0):
        raise Unsupported("another softmax, stated places, or numbers of another kind")
    first = new.given(0)
    if first is None or first.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
        raise Unsupported("a type that is coarser than the one it computes in")


def _projections(new: DecompositionWriter, heads: int, groups: int) -> tuple[list[ir.Value], int]:
    """Return Q, K and V, `[N, R, heads, D]` each, and D."""
    counts, given = [heads, groups, groups], [new.given(at) for at in range(3)]
    whole = width_of(given[0], -1, 3)
    if not heads or not groups or heads % groups:
        raise Unsupported("the number of heads is not known")
    if given[1] is None:
        width = whole // sum(counts)
        ends = [0, *np.cumsum(counts).tolist()]
        given = [
            new.emit("Slice", given[0], *(new.integers(at) for at in (a * width, b * width, -1)))
            for a, b in pairwise(ends)
        ]
    else:
        width = whole // heads
    shapes = [new.integers(0, 0, count, width) for count in counts]
    return [new.emit("Reshape", *each) for each in zip(given, shapes, strict=True)], width


def _length_of_past(new: DecompositionWriter) -> int:
    """Return the number of keys of the past, all of which are read."""
    past = new.given(3)
    if past is None:
        return 0
    length, rows = known_extent(past, -2), known_extent(new.given(0), -2)
    told = [new.whole_number(at) for at in (_LAST, _TOTAL)]
    if length is None or rows != 1 or told != [length, length + 1]:
        raise Unsupported("a past of which only the run knows how much is read")
    return length


def _rotated(
    new: DecompositionWriter, value: ir.Value, sizes: tuple[int, int], past: int
) -> ir.Value:
    """Return Q or K turned by its places behind the past, of so many heads of a width."""
    rows = known_extent(new.given(0), -2)
    if rows is None:
        end = new.emit("Gather", new.emit("Shape", value), new.integers(1))
    else:
        end = new.integers(past + rows)
    bounds, turning = (
        (new.integers(past), end, new.integers(0)),
        2 * width_of(new.given(_COSINES), 1, 2),
    )
    caches = [new.emit("Slice", new.given(at), *bounds) for at in (_COSINES, _SINES)]
    angles = [new.emit("Unsqueeze", each, new.integers(1)) for each in caches]
    between = bool(new.attribute("rotary_interleaved", 0))
    return turned_pairs(new, value, angles, (*sizes, turning), between=between)


def _window(new: DecompositionWriter) -> int:
    """Return how many keys up to its own each row sees at most, 0 where it sees all of them."""
    return max(int(new.attribute("local_window_size", -1)), 0)


def _near(new: DecompositionWriter, rows: int | None, past: int) -> ir.Value | None:
    """Return `[R, P + R]`: True for keys no later than a row, and in its window; None for all."""
    window = _window(new)
    if rows is None and window:
        raise Unsupported("a window over rows whose number only the run knows")
    if rows is None or (rows == 1 and not window):
        return None
    if not window:
        return causal_keys(new, rows, rows)
    row, key = np.arange(rows)[:, None] + past, np.arange(past + rows)
    return new.constant((key <= row) & (key > row - window), ir.DataType.BOOL)


def _ends(new: DecompositionWriter, rows: int | None, past: int) -> ir.Value | None:
    """Return `[N, 1, 1, 1]`, the last key of each slice; None where it is the last of all."""
    last = new.whole_number(_LAST)
    if rows is not None and last is not None and last >= past + rows - 1:
        return None
    ends = new.emit("Cast", new.given(_LAST), to=int(ir.DataType.INT64))
    return new.emit("Reshape", ends, new.integers(-1, 1, 1, 1))


def _seeing(new: DecompositionWriter, rows: int | None, ends: ir.Value | None) -> ir.Value | None:
    """Return which rows see a key, None for all: the window of a row of padding may hold none."""
    if ends is None or rows is None or not _window(new):
        return None
    first = np.arange(rows)[:, None] - (_window(new) - 1)
    return new.emit("LessOrEqual", new.constant(first, ir.DataType.INT64), ends)


def _no_later(new: DecompositionWriter, query: ir.Value, key: ir.Value) -> ir.Value:
    """Return `[R, R]`: True where a key is no later than a row, of as many as the run has."""
    row = new.emit("Unsqueeze", places(new, query), new.integers(1))
    return new.emit("LessOrEqual", places(new, key), row)


RULES = (
    Rule(
        "GroupQueryAttention",
        grouped_heads,
        domain="com.microsoft",
        decompose=write_grouped,
        traits=PRODUCT | {Trait.COMPOSITE, Trait.FASTER_WHOLE, Trait.SELDOM_EMPTY},
    ),
)
