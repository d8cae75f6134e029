"""Branches that only the rewritten model has: seen, or of requests that the original dies of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace

import numpy as np
import pytest

from mari_engine import Certificate, Labels, certify, isolated, load, plan
from support.builders import build
from support.rewrite_checks import roles

Place = Callable[[], AbstractContextManager[object]]
RNG = np.random.default_rng(4)
LENGTH, WIDTH, STATE = 5, 4, 3
PICKED = """
    full = Greater (n, none) a = NonZero (full) at = Transpose <perm = [1, 0]> (a)
    x = GatherND (u, at) t = Transpose <perm = [1, 0, 2]> (x)
    states, h = GRU <hidden_size = 3> (t, w, r) f = Squeeze (h, zero)
    shape = Shape (n) wide = Concat <axis = 0> (shape, width) base = ConstantOfShape (wide)
    e = ScatterND (base, at, f) y = MatMul (e, m) v = Mul (y, i)
"""
"""Histories without a length are left out of the GRU, and their rows are zeros."""


GRU = "states, h = GRU <hidden_size = 3> (t, w, r) f = Squeeze (h, zero)"
MEAN = "means = ReduceMean <axes = [0], keepdims = 0> (t) f = MatMul (means, k)"


def encoder(body: str) -> bytes:
    return build(
        body,
        inputs=f"float[N, {LENGTH}, {WIDTH}] u, int64[N] n, float[N, 6] i",
        outputs="float[N, 6] v",
        weights={
            "w": RNG.normal(size=(1, 3 * STATE, WIDTH)).astype("f"),
            "r": RNG.normal(size=(1, 3 * STATE, STATE)).astype("f"),
            "m": RNG.normal(size=(STATE, 6)).astype("f"),
            "k": RNG.normal(size=(WIDTH, STATE)).astype("f"),
            "none": np.array(0), "zero": np.array([0]), "width": np.array([STATE]),
        },
        opset=16,
    )  # fmt: skip


def check(body: str) -> Certificate:
    given = roles(u="user", n="user", i="item").inputs
    labels = Labels({**given, "n": replace(given["n"], range=(1, LENGTH + 1))})
    return certify(plan(load(encoder(body), name="encoder"), labels))


def test_a_branch_that_only_a_request_takes_which_ends_the_original_is_named() -> None:
    """One user's histories are all there or all missing; a GRU without rows ends the process."""
    with isolated():
        found = check(PICKED)
    assert (found.passed, found.reason) == (True, "")
    (note,) = (note for note in found.notes if "was not seen" in note)
    assert note.startswith("node 'ScatterND/Where' (Where: false) of the optimized model was not")
    assert found.coverage is not None
    assert "ScatterND/Where" in {missed.node for missed in found.coverage.missed}


@pytest.mark.parametrize(
    ("body", "place"),
    [(PICKED.replace(GRU, MEAN), isolated), (PICKED, nullcontext)],
    ids=["the original answers", "nothing is tried in the caller's own process"],
)
def test_a_branch_that_the_original_may_answer_has_to_be_seen(body: str, place: Place) -> None:
    with place():
        found = check(body)
    assert not found.passed
    assert "no request took that branch; give a request file that does" in found.reason
