"""Pooling over all axes but two, as tf2onnx writes means and maxima."""

from __future__ import annotations

import numpy as np

from mari_engine.loading import load
from mari_engine.rewriting.planning import survey_labeled
from mari_engine.types import Action
from support.builders import build
from support.norm_models import actions, rewritten
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)
INPUTS = "float[N, 6, 16] u, float[N, 2, 16] i"
GIVEN = requests((1, 3), whole=False, u="user N, 6, 16", i="item N, 2, 16")


def behind(pooled: str, **more: np.ndarray) -> bytes:
    """Return rows of both sides, `n` made of them in some way, and a product behind it."""
    return build(
        f"x = Concat <axis = 1> (u, i) {pooled} f = Reshape (n, flat) y = MatMul (f, W)",
        inputs=INPUTS, outputs="float[N, 30] y", opset=17,
        weights={"flat": np.array([-1, 128]), "W": RNG.standard_normal((128, 30)).astype("f"),
                 **more},
    )  # fmt: skip


CENTERED = "m = GlobalAveragePool (x) n = Sub (x, m)"
BELOW_THE_MOST = "m = GlobalMaxPool (x) n = Sub (x, m)"


def test_pooled_rows_are_the_same_in_every_way() -> None:
    for pooled in (CENTERED, BELOW_THE_MOST):
        found = wrong_rewrites(behind(pooled), LABELS, GIVEN, alike(1e-5), candidates=10_000)
        assert found == []


def test_rows_by_side_are_pooled_by_side() -> None:
    for pooled in (CENTERED, BELOW_THE_MOST):
        assert Action.KEPT not in actions(rewritten(behind(pooled), LABELS)).values()


def kinds(data: bytes) -> set[str]:
    form = survey_labeled(load(data, name="m"), LABELS).form
    return {node.op_type for node in form.model.ir.graph}


def test_it_is_a_reduction() -> None:
    assert kinds(behind(CENTERED)) >= {"ReduceMean"}
    assert kinds(behind(BELOW_THE_MOST)) >= {"ReduceMax"}


def test_places_that_only_the_run_counts_are_pooled_as_they_were() -> None:
    data = build("y = GlobalMaxPool (x)", inputs="float[N, 3, L] x", outputs="float[N, 3, 1] y")
    form = survey_labeled(load(data, name="m"), roles(x="item")).form
    assert [node.op_type for node in form.model.ir.graph] == ["GlobalMaxPool"]
