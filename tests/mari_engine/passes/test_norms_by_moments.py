"""Norms as TensorFlow spells them, by their moments, are differences from the mean."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.passes.norms_by_moments import NORMS_BY_MOMENTS
from mari_engine.types import Action
from support.builders import build
from support.norm_models import actions, rewritten
from support.pass_checks import after
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
RNG = np.random.default_rng(0)
WEIGHTS = {
    "flat": np.array([-1, 320]), "g": RNG.standard_normal(320).astype("f"),
    "b": RNG.standard_normal(320).astype("f"), "eps": np.array(1e-3, "f"),
    "W": RNG.standard_normal((320, 80)).astype("f"),
}  # fmt: skip
MOMENTS = """
    c = Concat <axis = 1> (u, i) x = Reshape (c, flat) mean = ReduceMean <axes = [1]> (x)
    d = Sub (x, mean) s = Mul (d, d) v = ReduceMean <axes = [1]> (s) e = Add (v, eps)
    r = Sqrt (e) o = Reciprocal (r) m = Mul (o, g) p = Mul (x, m) t = Mul (mean, m)
"""
SHIFTED = "q = Sub (b, t) n = Add (p, q)"
UNSHIFTED = "q = Neg (t) n = Add (q, p)"
BOTH = pytest.mark.parametrize("end", [SHIFTED, UNSHIFTED], ids=["shifted", "unshifted"])


def tower(end: str, *, moments: str = MOMENTS) -> bytes:
    """Return fields of both sides, flattened and normed, and a layer behind them."""
    body = f"{moments} {end} y = MatMul (n, W)"
    return build(
        body, inputs="float[N, 6, 32] u, float[N, 4, 32] i", outputs="float[N, 80] y", opset=17,
        weights={name: array for name, array in WEIGHTS.items()
                 if name in body.replace("(", " ").replace(")", " ").replace(",", " ").split()},
    )  # fmt: skip


@BOTH
def test_it_is_the_same_in_every_way(end: str) -> None:
    given = requests((1, 3), whole=False, u="user N, 6, 32", i="item N, 4, 32")
    assert wrong_rewrites(tower(end), LABELS, given, alike(1e-5), candidates=10_000) == []


@BOTH
def test_the_layer_behind_flattened_fields_is_split(end: str) -> None:
    made = rewritten(tower(end), LABELS)
    assert list(actions(made).values()) == [Action.SPLIT]
    assert any("fold" in entry.reason for entry in made.log.entries.values())


def kinds(data: bytes) -> Counter[str]:
    graph = after(NORMS_BY_MOMENTS, load(data)).model.ir.graph
    return Counter(node.op_type for node in graph)


def test_the_difference_is_made_once() -> None:
    assert kinds(tower(SHIFTED)) == {
        "Concat": 1, "Reshape": 1, "ReduceMean": 2, "Sub": 1, "Mul": 3, "Add": 2, "Sqrt": 1,
        "Reciprocal": 1, "MatMul": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new"),
    [("t = Mul (mean, m)", "t = Mul (e, m)"), ("t = Mul (mean, m)", "t = Mul (mean, o)")],
    ids=["no mean", "another factor"],
)
def test_other_sums_stay(old: str, new: str) -> None:
    data = tower(SHIFTED, moments=MOMENTS.replace(old, new))
    model = load(data)
    assert after(NORMS_BY_MOMENTS, model).model is model
