"""Norms in the spellings of exporters: along axes that were reshaped, and made of other ops."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)


def test_a_norm_over_an_axis_made_of_two_is_understood() -> None:
    data = build(
        """
        t = Reshape (u, three) p = Transpose <perm = [0, 2, 1]> (t) f = Reshape (p, back)
        n = LayerNormalization <axis = -1> (f, scale, shift) y = Add (n, i)
        """,
        inputs="float[N, 6] u, float[N, 6] i",
        outputs="float[N, 6] y",
        weights={
            "three": np.array([-1, 2, 3]), "back": np.array([-1, 6]),
            "scale": RNG.normal(size=6).astype("f"), "shift": RNG.normal(size=6).astype("f"),
        },
        opset=17,
    )  # fmt: skip
    made = plan(load(data), LABELS)
    assert made.coloring.unknown == {}
    given = requests((1, 3), u="user N, 6", i="item N, 6")
    assert wrong_rewrites(data, LABELS, given, alike(1e-6)) == []


@pytest.mark.parametrize("length", [1, 4])
def test_the_batch_norm_over_rows_that_keras_makes_of_a_layer_norm(length: int) -> None:
    data = build(
        """
        c = Concat <axis = 1> (u, i) s = Shape (c) k = Slice (s, zero, two, zero)
        m = ReduceProd <axes = [0]> (k) e = Expand (one, m) z = Expand (nought, m)
        r = Reshape (c, image) mean = ReduceMean <axes = [0, 2, 3]> (r) d = Sub (r, mean)
        q = ReduceSumSquare <axes = [0, 2, 3], keepdims = 0> (d) v = Div (q, eight)
        w = Squeeze (mean, sides) b = BatchNormalization <epsilon = 0.001> (r, e, z, w, v)
        y = Reshape (b, s)
        """,
        inputs=f"float[N, {length}, 8] u, float[N, 1, 8] i",
        outputs="float[N, L, 8] y",
        weights={
            "zero": np.array([0]), "two": np.array([2]), "one": np.array(1, "f"),
            "nought": np.array(0, "f"), "eight": np.array(8, "f"),
            "image": np.array([1, -1, 8, 1]), "sides": np.array([0, 2, 3]),
        },
        opset=15,
    )  # fmt: skip
    made = plan(load(data), LABELS)
    assert made.coloring.unknown == {}
    given = requests((1, 3), u=f"user N, {length}, 8", i="item N, 1, 8")
    assert wrong_rewrites(data, LABELS, given, alike(1e-5)) == []
