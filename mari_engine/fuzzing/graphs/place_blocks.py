"""Random self-attention over rows of both sides: a history with targets among its places."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mari_engine.fuzzing.graphs.graph_writer import Extent, Value, Writer
from mari_engine.fuzzing.graphs.row_blocks import activate, linear, normalized
from mari_engine.fuzzing.graphs.tile_faces import tiled
from mari_engine.types import Role

Shape = tuple[Extent, ...]
_LOW = (-np.inf, -np.inf, -1e9, -1e4)
"""What the scores of masked keys become."""
_LOWERED = (-np.inf, -np.inf, -1e4)
"""What they are lowered by: by -1e9, a row without keys keeps nothing of its scores' digits."""


def row_of_places(w: Writer, give: Callable[[Role, Shape], Value], rows: Extent) -> Value:
    """One row of a history, its first extent `rows`, and of targets, which attend to one another.

    `give` adds an input of a role and a shape.
    """
    width = w.below(6, 2)
    history = give(Role.USER, (rows, w.below(12, 4), width))
    targets = give(w.pick(Role.ITEM, Role.CROSS), ("N", w.below(4, 1), width))
    places = places_joined(w, history, targets)
    for _ in range(w.pick(1, 1, 2)):
        places = layer(w, places)
    return row_of(w, places)


def places_joined(w: Writer, history: Value, targets: Value) -> Value:
    """The places [N, S, E] of both, the targets behind, before or between those of the history."""
    history, face = tiled(w, history), w.below(4)
    if face == 0:
        return w.concat([targets, history], 1)
    if face > 1:
        return w.concat([history, targets], 1)
    count = int(history.shape[1])
    cut = w.below(count, 1)
    first, last = _cut(w, history, 0, cut), _cut(w, history, cut, count)
    return w.concat([first, targets, last], 1)


def _cut(w: Writer, x: Value, start: int, stop: int) -> Value:
    bounds = [w.ints(start), w.ints(stop), w.ints(1)]
    return w.op("Slice", [x, *bounds], [x.rows, stop - start, x.width])


def layer(w: Writer, x: Value) -> Value:
    """Self-attention of [N, S, E], read at every row; maybe projected, added to x, normed."""
    heads, size = w.pick(1, 2), w.below(4, 1)
    made = w.pick(_by_heads, _across, _by_equation)(w, x, heads, size)
    if w.chance(0.6):
        made = linear(w, made, x.width)
    if made.width == x.width and w.chance(0.5):
        made = w.binary("Add", *((made, x) if w.chance(0.5) else (x, made)))
    return normalized(w, made) if w.chance(0.3) else activate(w, made)


def row_of(w: Writer, x: Value) -> Value:
    """One row of a value of several: side by side, pooled, or the last alone."""
    count, face = int(x.shape[1]), w.below(4)
    if face == 0:
        return w.op("Gather", [x, w.const(w.pick(0, count - 1), np.int64)], [x.rows, x.width],
                    axis=1)  # fmt: skip
    if face == 1:
        return w.reduce(w.pick("ReduceSum", "ReduceMax"), x, 1, keepdims=False)
    flat = w.reshape(x, [x.rows, count * x.width])
    return linear(w, flat, 4) if w.chance(0.7) else flat


def _by_heads(w: Writer, x: Value, heads: int, size: int) -> Value:
    """Heads in front, `[N, heads, S, S]` scores."""
    count = int(x.shape[1])

    def split() -> Value:
        made = linear(w, x, heads * size)
        shape = [made.rows, count, heads, size]
        return w.transpose(w.reshape(made, shape, w.extents([-1, *shape[1:]])), 0, 2, 1, 3)

    q, k, v = (split() for _ in range(3))
    scores = _scaled(w, w.matmul(q, w.transpose(k, 0, 1, 3, 2)), size)
    out = w.matmul(_weights(w, scores, x), v)
    turned = w.transpose(out, 0, 2, 1, 3)
    return w.reshape(turned, [x.rows, count, heads * size], w.extents([-1, count, heads * size]))


def _across(w: Writer, x: Value, heads: int, size: int) -> Value:
    """The layout [S, N * heads, E], as nn.MultiheadAttention spells it."""
    count, across = int(x.shape[1]), w.transpose(x, 1, 0, 2)

    def split() -> Value:
        made = linear(w, across, heads * size)
        rows = "N" if heads == 1 else "?"
        stack = w.op("Reshape", [made, w.ints(count, -1, size)], [count, rows, size])
        return w.transpose(stack, 1, 0, 2)

    q, k, v = (split() for _ in range(3))
    scores = _scaled(w, w.matmul(q, w.transpose(k, 0, 2, 1)), size)
    weights = _weights(w, scores, x) if heads == 1 else _softmax(w, scores)
    turned = w.transpose(w.matmul(weights, v), 1, 0, 2)
    wide = w.op("Reshape", [turned, w.ints(count, -1, heads * size)], [count, "N", heads * size])
    return w.transpose(wide, 1, 0, 2)


def _by_equation(w: Writer, x: Value, _heads: int, size: int) -> Value:
    """Without heads, both products spelled as Einsum or as MatMul."""
    q, k, v = (linear(w, x, size) for _ in range(3))
    shape = [x.rows, int(x.shape[1]), int(x.shape[1])]
    if w.chance(0.5):
        scores = w.op("Einsum", [q, k], shape, equation="nqd,nkd->nqk")
    else:
        scores = w.matmul(q, w.transpose(k, 0, 2, 1))
    weights = _weights(w, _scaled(w, scores, size), x)
    if w.chance(0.5):
        return w.op("Einsum", [weights, v], v.shape, equation="nqk,nkd->nqd")
    return w.matmul(weights, v)


def _scaled(w: Writer, scores: Value, size: int) -> Value:
    if w.chance(0.5):
        return w.binary("Div", scores, w.const(float(np.sqrt(size))))
    return w.binary("Mul", scores, w.const(0.5)) if w.chance(0.5) else scores


def _weights(w: Writer, scores: Value, x: Value) -> Value:
    """Weights of scores [N, ..., S, S]: a softmax, masked or not, or elementwise as in HSTU."""
    if w.chance(0.2):
        weighed = w.binary("Mul", scores, w.unary("Sigmoid", scores))
        return w.binary("Mul", weighed, w.const(0.25)) if w.chance(0.5) else weighed
    for _ in range(w.below(3)):
        scores = w.pick(_biased, _masked_by_constant, _masked_by_places)(w, scores, x)
    return _softmax(w, scores)


def _softmax(w: Writer, scores: Value) -> Value:
    weights = w.op("Softmax", [scores], scores.shape, axis=w.pick(len(scores.shape) - 1, -1))
    if w.chance(0.3):
        broken = w.unary("IsNaN", weights)
        weights = w.op("Where", [broken, w.const(0.0), weights], weights.shape)
    return w.binary("Mul", weights, w.const(2.0)) if w.chance(0.2) else weights


def _biased(w: Writer, scores: Value, _x: Value) -> Value:
    """A bias for each pair of places."""
    return w.binary("Add", scores, w.weight(*(int(extent) for extent in scores.shape[-2:])))


def _masked_by_constant(w: Writer, scores: Value, _x: Value) -> Value:
    """A mask of pairs of places, of which a row may keep none of the history."""
    count = int(scores.shape[-1])
    sees = w.rng.random((count, count)) < w.pick(0.3, 0.7)
    if w.chance(0.7):
        sees |= np.eye(count, dtype=bool)
    return _lowered(w, scores, w.const(sees, np.bool_))


def _masked_by_places(w: Writer, scores: Value, x: Value) -> Value:
    """A mask of keys by what is in them: of both sides, those of a user without history too."""
    first = w.op("Slice", [x, w.ints(0), w.ints(1), w.ints(2)], [*x.shape[:2], 1])
    sees = w.op("Greater", [first, w.const(w.pick(-1.0, 0.0, 3.0))], first.shape)
    across = w.transpose(sees, 0, 2, 1)
    return _lowered(w, scores, w.unsqueeze(across, 1) if len(scores.shape) == 4 else across)


def _lowered(w: Writer, scores: Value, sees: Value) -> Value:
    """Scores lowered where a mask does not see: chosen, or added."""
    if w.chance(0.5):
        return w.op("Where", [sees, scores, w.const(w.pick(*_LOW))], scores.shape)
    lowered = w.op("Where", [sees, w.const(0.0), w.const(w.pick(*_LOWERED))], sees.shape)
    return w.binary("Add", scores, lowered)
