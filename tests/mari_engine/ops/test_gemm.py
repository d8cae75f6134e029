"""Gemm as exporters write it that fuse every product: turned, scaled, with or without an addend."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.types import Action
from support.builders import build
from support.norm_models import actions, rewritten
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)
WEIGHTS = {
    "W": RNG.standard_normal((40, 80)).astype("f"), "b": RNG.standard_normal((40, 1)).astype("f")
}  # fmt: skip


def turned(addend: str) -> bytes:
    """Return `W [40, 80] x [80, N]`, TensorFlow's product of weights and a column of each row."""
    return build(
        f"x = Concat <axis = 1> (u, i) g = Gemm <beta = 0.0, transB = 1> (W, x{addend}) "
        "y = Transpose <perm = [1, 0]> (g)",
        inputs="float[N, 64] u, float[N, 16] i", outputs="float[N, 40] y", opset=17,
        weights={name: array for name, array in WEIGHTS.items() if name in f"W{addend}"},
    )  # fmt: skip


def test_a_scale_of_an_addend_that_is_not_there_changes_nothing() -> None:
    data = turned("")
    given = requests((1, 3), whole=False, u="user N, 64", i="item N, 16")
    assert wrong_rewrites(data, LABELS, given, alike(1e-5)) == []
    assert list(actions(rewritten(data, LABELS)).values()) == [Action.SPLIT]


@pytest.mark.parametrize("scale", ["alpha", "beta"])
def test_a_scale_of_zero_keeps_what_runtimes_drop(scale: str) -> None:
    data = build(
        f"x = Concat <axis = 1> (u, i) y = Gemm <{scale} = 0.0, transB = 1> (x, W, r)",
        inputs="float[N, 64] u, float[N, 16] i", outputs="float[N, 40] y", opset=17,
        weights={"W": WEIGHTS["W"], "r": np.ones(40, "f")},
    )  # fmt: skip
    assert list(actions(rewritten(data, LABELS)).values()) == [Action.KEPT]
