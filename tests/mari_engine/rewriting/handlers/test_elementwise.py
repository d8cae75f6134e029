"""Elementwise ops: scalars stay scalars, choices and broadcasts agree, sums wait."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Signature
from support.builders import build
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

LABELS = stated(roles(u="user", i="item"), u=0)
WEIGHTS = {"K": np.arange(12, dtype=np.float32).reshape(4, 3) % 5 - 2, "one": np.array([1])}


@pytest.mark.parametrize(
    "body",
    [
        "m = ReduceMin <keepdims = 0> (u) c = Concat <axis = 1> (u, i) y = Clip (c, m)",
        "m = ReduceMax <keepdims = 0> (i) c = Concat <axis = 1> (i, u) y = Clip (c, , m)",
        "m = ReduceMin <keepdims = 0> (i) y = Clip (u, m)",
        "m = ReduceMax <keepdims = 0> (u) y = Mul (i, m)",
        "a = MatMul (u, K) g = Greater (i, a) y = Where (g, a, i)",
        "a = MatMul (u, K) b = Sub (i, a) d = Neg (b) y = Max (d, a, i)",
        ("a = MatMul (u, K) b = Unsqueeze (a, one) d = Unsqueeze (i, one) e = Sub (b, d) "
        "y = Reshape (e, shape)"),
    ],
)  # fmt: skip
def test_results_agree_in_every_bit(body: str) -> None:
    data = build(
        body, inputs="float[N, 4] u, float[N, 3] i", outputs="float[M, D] y",
        weights=WEIGHTS | {"shape": np.array([-1, 3])},
    )  # fmt: skip
    given = requests(u="user N, 4", i="item N, 3")
    for candidates in (1, 10**6):
        assert wrong_rewrites(data, LABELS, given, alike(0), candidates=candidates) == []


def test_a_norm_works_where_its_columns_lie() -> None:
    weights = {"s": np.array([2, 1, -1, 3], np.float32), "b": np.array([0, 1, 2, -1], np.float32),
               "m": np.array([1, 0, -2, 1], np.float32), "v": np.ones(4, np.float32),
               "at": np.array([1])}  # fmt: skip
    body = (
        "h = Unsqueeze (i, at) x = Mul (u, h) t = Transpose <perm = [0, 2, 1]> (x) "
        "n = BatchNormalization <epsilon = 0.0> (t, s, b, m, v) r = Relu (n) "
        "y = Transpose <perm = [0, 2, 1]> (r)"
    )
    data = build(
        body, inputs="float[N, 3, 4] u, float[N, 4] i", outputs="float[N, 3, 4] y", weights=weights
    )
    given = requests(u="user N, 3, 4", i="item N, 4")
    assert wrong_rewrites(data, LABELS, given, alike(0), candidates=10**6) == []
    made = rewrite(
        load(data, name="m"), LABELS, Options(signature=Signature.DROP_IN, candidates=500)
    )
    assert "Transpose" not in [node.op_type for node in made.model.graph]
