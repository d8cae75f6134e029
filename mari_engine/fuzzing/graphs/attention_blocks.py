"""Random blocks of fused attention: of a target to a history, of a history, of both together."""

from __future__ import annotations

from typing import Any

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Extent, Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import dense, linear

_RUNTIME = {"domain": "com.microsoft"}


def attending_target(w: Writer, target: Value, history: Value) -> Value:
    """One row of a target that attends to a history, `[rows, E]`."""
    query = _of_all_rows(w, w.unsqueeze(target, 1), history)
    keys = _of_all_rows(w, history, target)
    return w.squeeze(_attended(w, query, keys), 1)


def attending_history(w: Writer, history: Value) -> Value:
    """A history that attends to itself, `[rows, L, E]`."""
    return _attended(w, history, history)


def attending_together(w: Writer, target: Value, history: Value) -> Value:
    """A history with a target behind it, twice attended, and read at one place, `[rows, E]`."""
    length, width = history.shape[1], history.width
    if not isinstance(length, int):
        return attending_target(w, target, history)
    last = w.unsqueeze(linear(w, target, width), 1)
    x = w.concat([_of_all_rows(w, history, last), _of_all_rows(w, last, history)], 1)
    causal = w.chance(0.6)
    for _ in range(w.below(3, 1)):
        made = linear(w, _attended(w, x, x, causal=causal), x.width)
        x = w.binary("Add", x, made) if w.chance(0.7) else dense(w, made)
    at = w.below(length + 1) if w.chance(0.3) else length
    if w.chance(0.2):
        return w.reduce("ReduceSum", x, 1, keepdims=False)
    return w.op("Gather", [x, w.const(at, np.int64)], [x.rows, x.width], axis=1)


def _of_all_rows(w: Writer, x: Value, other: Value) -> Value:
    """Return a value as many times as another has rows: the op does not broadcast them."""
    if x.rows == "N" or other.rows != "N":
        return x
    return w.op("Expand", [x, w.extents(["N", 1, 1])], ["N", *x.shape[1:]])


def _attended(w: Writer, query: Value, keys: Value, *, causal: bool = False) -> Value:
    """Return `[rows, R, E]`: projections of a query that attend to projections of keys."""
    groups, times, width = w.pick(1, 2), w.pick(1, 1, 2), w.pick(1, 4)
    if w.dtype != np.float64:
        width = w.pick(2, 3, 4)
        if causal and w.dtype == np.float32 and w.chance(0.3):
            return _in_groups(w, keys, groups, times)
        if w.chance(0.3):
            return _by_the_runtime(w, query, keys, groups, width, causal=causal)
    heads = groups * times
    q = linear(w, query, heads * width)
    k, v = linear(w, keys, groups * width), linear(w, keys, groups * width)
    flat = w.chance(0.5)
    if w.chance(0.3) and width == 4 and w.dtype == np.float32:
        q, k = _rotated(w, q, heads), _rotated(w, k, groups)
    rows, length = query.shape[1], keys.shape[1]
    mask = _mask(w, keys, rows, length) if w.chance(0.5) else None
    given: dict[str, Any] = {"is_causal": 1} if causal else {}
    given |= {"softcap": 2.0} if w.chance(0.2) else {}
    if w.chance(0.3) or (w.dtype == np.float64 and width > 1):
        given["scale"] = 0.25  # whose root onnxruntime's float64 kernel does not round
    operands: list[Value | None] = [q, k, v, mask]
    if not flat:
        operands[:3] = [_split(w, q, heads), _split(w, k, groups), _split(w, v, groups)]
        shape = [query.rows, heads, rows, width]
    else:
        given |= {"q_num_heads": heads, "kv_num_heads": groups}
        shape = [query.rows, rows, heads * width]
    while operands[-1] is None:
        operands.pop()
    made = w.op("Attention", operands, shape, **given)
    return made if flat else _joined(w, made)


def _by_the_runtime(
    w: Writer, query: Value, keys: Value, heads: int, width: int, *, causal: bool
) -> Value:
    """Return the same by an op of onnxruntime: its heads are not grouped."""
    q, k, v = (linear(w, each, heads * width) for each in (query, keys, keys))
    given: dict[str, Any] = {"num_heads": heads, **_RUNTIME}
    if causal:
        given["unidirectional"] = 1
    if w.chance(0.3) and width == 4:
        q, k = _rotated(w, q, heads), _rotated(w, k, heads)
    bias = w.weight(3 * heads * width) if w.chance(0.4) else None
    operands: list[Value | None] = [q, k, v, *([bias] if bias is not None else [])]
    made = w.op("MultiHeadAttention", operands, [*query.shape[:2], heads * width], **given)
    if w.chance(0.5):
        return made
    scale = w.const(np.ones(made.width))
    return w.op("SkipLayerNormalization", [made, q, scale], made.shape, epsilon=0.01, **_RUNTIME)


def _in_groups(w: Writer, x: Value, groups: int, times: int) -> Value:
    """Return the same of a value over itself, causal, as onnxruntime's decoders have it."""
    heads, length, width = groups * times, int(x.shape[1]), w.pick(8, 16)
    operands: list[Value | None] = [
        linear(w, x, heads * width), linear(w, x, groups * width), linear(w, x, groups * width),
    ]  # fmt: skip
    if w.chance(0.3):
        operands = [linear(w, x, (heads + 2 * groups) * width), None, None]
    last = w.op("Expand", [w.const([length - 1], np.int32), w.extents([x.rows])], [x.rows])
    operands += [None, None, last, w.const(length, np.int32)]
    given: dict[str, Any] = {"num_heads": heads, "kv_num_heads": groups, **_RUNTIME}
    given |= w.pick({}, {}, {"softcap": 2.0}, {"local_window_size": 2}, {"scale": 0.25})
    if width == 16 and w.chance(0.5):
        angles = np.arange(20)[:, None] / 10.0 ** np.arange(8)
        operands += [w.const(np.cos(angles)), w.const(np.sin(angles))]
        given |= {"do_rotary": 1, "rotary_interleaved": w.below(2)}
    return w.op("GroupQueryAttention", operands, [*x.shape[:2], heads * width], **given)


def _split(w: Writer, x: Value, heads: int) -> Value:
    shape = [x.rows, x.shape[1], heads, x.width // heads]
    target = w.ints(0, 0, heads, x.width // heads) if w.chance(0.5) else w.extents(shape)
    return w.transpose(w.op("Reshape", [x, target], shape), 0, 2, 1, 3)


def _joined(w: Writer, x: Value) -> Value:
    turned = w.transpose(x, 0, 2, 1, 3)
    width = int(turned.shape[2]) * turned.width
    return w.op("Reshape", [turned, w.ints(0, 0, width)], [*turned.shape[:2], width])


def _mask(w: Writer, keys: Value, rows: Extent, length: Extent) -> Value:
    """A mask by the history, `[rows, 1, R, L]`: some rows may see nothing; or a constant one."""
    if isinstance(rows, int) and isinstance(length, int) and w.chance(0.4):
        drawn = w.rng.random((rows, length)) < 0.6
        if w.chance(0.5):
            return w.const(drawn, np.bool_)
        return w.const(np.where(drawn, 0.25, w.pick(-np.inf, -1e4)))
    first = w.op("Slice", [keys, w.ints(0), w.ints(1), w.ints(2)], [*keys.shape[:2], 1])
    positive = w.op("Greater", [w.squeeze(first, 2), w.const(0.0)], keys.shape[:2])
    sees = w.unsqueeze(w.unsqueeze(positive, 1), 1)
    shape = [keys.rows, 1, rows, length]
    sees = w.op("Expand", [sees, w.extents([1, 1, rows, 1])], shape)
    if w.chance(0.5):
        return sees
    return w.op("Where", [sees, w.const(0.0), w.const(w.pick(-np.inf, -50.0))], shape)


def _rotated(w: Writer, x: Value, heads: int) -> Value:
    """Return `[rows, L, heads * width]` turned by its places, of extents up to 20."""
    half = x.width // heads // 2
    angles = np.arange(20)[:, None] / 10.0 ** np.arange(half)
    caches = [w.const(np.cos(angles)), w.const(np.sin(angles))]
    end = w.op("Reshape", [w.extents([x.shape[1]]), w.ints()], [])
    places = w.op("Range", [w.const(0, np.int64), end, w.const(1, np.int64)], [x.shape[1]])
    ids = w.op("Expand", [places, w.extents(list(x.shape[:2]))], x.shape[:2])
    given: dict[str, Any] = {"num_heads": heads, "interleaved": w.below(2)}
    if w.chance(0.5):
        return w.op("RotaryEmbedding", [x, ids, *caches], x.shape, **given, **_RUNTIME)
    return w.op("RotaryEmbedding", [x, *caches, ids], x.shape, **given)


ATTENDING_TARGETS = (attending_target, attending_together)
