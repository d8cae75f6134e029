"""Small models of what the samples seldom have: masks, padding, free lengths, bounds, choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mari_engine import InputLabel, Labels, Role
from support.builders import build

_HEAD = """
    x = Concat <axis = 1> (pooled, item) h1 = Gemm (x, W1, b1) r1 = Relu (h1)
    h2 = Gemm (r1, W2, b2) score = Sigmoid (h2)
"""
_MASKED_SCORES = """
    e = Gather (T, history) q = Unsqueeze (item, one) p = Mul (e, q)
    s = ReduceSum <keepdims = 0> (p, two) pad = Equal (history, zero_id) h = Where (pad, low, s)
    a = Softmax <axis = 1> (h) a3 = Unsqueeze (a, two) w = Mul (e, a3)
    pooled = ReduceSum <keepdims = 0> (w, one)
"""
_ADDED_MASK = """
    e = Gather (T, history) real = Greater (history, zero_id) m = Cast <to = 1> (real)
    q = MatMul (e, WQ) k = MatMul (e, WK) t = Transpose <perm = [0, 2, 1]> (k) l = MatMul (q, t)
    c = Div (l, root) inv = Sub (unit, m) far = Mul (inv, low) row = Unsqueeze (far, one)
    b = Add (c, row) a = Softmax <axis = 2> (b) z = MatMul (a, e) real3 = Unsqueeze (real, two)
    kept = Where (real3, z, none) total = ReduceSum <keepdims = 0> (kept, one)
    n = ReduceSum <keepdims = 1> (m, one) some = Max (n, unit) pooled = Div (total, some)
"""
_BOUNDS = """
    adult = GreaterOrEqual (age, eighteen) new = Less (visits, three) many = Greater (visits, ten)
    old = LessOrEqual (days, seven)
    a1 = Unsqueeze (adult, one) n1 = Unsqueeze (new, one) m1 = Unsqueeze (many, one)
    o1 = Unsqueeze (old, one) u1 = MatMul (user, WU)
    u2 = Where (a1, u1, user) u3 = Neg (u2) u4 = Where (n1, u3, u2) u5 = Clip (u4, down, up)
    u6 = Where (m1, u5, u4) i1 = MatMul (item, WQ) i2 = Where (o1, i1, item)
    p = Mul (u6, i2) pooled = Add (p, u6)
"""
_CHOICE = """
    age_max = ReduceMax <keepdims = 0> (age) grown = GreaterOrEqual (age_max, eighteen)
    u1 = If (grown) <then_branch = t () => (float[N, 4] g) { g = MatMul (user, WU) },
    else_branch = f () => (float[N, 4] g) { g = MatMul (user, WQ) }>
    near = Greater (item, half) i1 = Mul (item, user) i2 = Where (near, i1, item)
    pooled = Mul (u1, i2)
"""
_RNG = np.random.default_rng(17)


def _normal(*shape: int) -> np.ndarray:
    return _RNG.standard_normal(shape).astype(np.float32)


_WEIGHTS: dict[str, Any] = {
    "T": _normal(40, 4), "W1": _normal(8, 6), "b1": _normal(6), "W2": _normal(6, 1),
    "b2": _normal(1), "WQ": _normal(4, 4), "WK": _normal(4, 4), "WU": _normal(4, 4),
    "one": np.array([1]), "two": np.array([2]), "zero_id": np.int64(0), "three": np.int64(3),
    "seven": np.int64(7), "ten": np.int64(10), "eighteen": np.int64(18),
    "low": np.float32(-1e9), "none": np.float32(0), "unit": np.float32(1),
    "half": np.float32(0.5), "root": np.float32(2), "down": np.float32(-1.5),
    "up": np.float32(1.5),
}  # fmt: skip
_ROLES = {
    "history": InputLabel(role=Role.USER),
    "user": InputLabel(role=Role.USER),
    "age": InputLabel(role=Role.USER, range=(0, 90), axis=0),
    "visits": InputLabel(role=Role.USER, range=(0, 30)),
    "item": InputLabel(role=Role.ITEM),
    "days": InputLabel(role=Role.ITEM, range=(0, 30)),
}
_WRITTEN: Mapping[str, tuple[str, str]] = {
    "masked_scores": (_MASKED_SCORES, "int64[N, 8] history, float[N, 4] item"),
    "added_mask": (_ADDED_MASK, "int64[N, 8] history, float[N, 4] item"),
    "free_length": (_MASKED_SCORES, "int64[N, L] history, float[N, 4] item"),
    "bounds": (
        _BOUNDS,
        "float[N, 4] user, int64[N] age, int64[N] visits, float[N, 4] item, int64[N] days",
    ),
    "choice": (_CHOICE, "float[N, 4] user, int64[N] age, float[N, 4] item"),
}
WRITTEN = tuple(_WRITTEN)
"""The models' names."""


def write(name: str) -> tuple[bytes, Labels]:
    """Return a model as file contents, and its labels."""
    body, inputs = _WRITTEN[name]
    graph = body + _HEAD
    words = set(graph.replace(",", " ").replace("(", " ").replace(")", " ").split())
    data = build(
        graph, inputs=inputs, outputs="float[N, 1] score",
        weights={key: array for key, array in _WEIGHTS.items() if key in words},
    )  # fmt: skip
    names = {declared.split()[-1] for declared in inputs.replace(", ", ",").split(",")}
    return data, Labels({key: label for key, label in _ROLES.items() if key in names})
