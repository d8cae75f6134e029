"""Whole numbers made of columns of both sides: buckets, hashes, offsets, one-hot codes."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.types import Column, InputLabel, Labels, Role
from support.builders import build
from support.rewrite_checks import alike, wrong_rewrites

USER, ITEM, WIDTH, HIDDEN = 20, 3, 8, 16
COLUMNS = USER + ITEM
RNG = np.random.default_rng(5)
PACKED = Labels(
    {
        "x": InputLabel(
            columns=(
                Column(start=0, stop=USER, role=Role.USER),
                Column(start=USER, stop=COLUMNS, role=Role.ITEM),
            )
        )
    }
)
WEIGHTS = {
    "bounds": np.linspace(-1, 1, 9).astype("f"),
    "last": np.array([2]),
    "first": np.array([1]),
    "two": np.array(2),
    "offsets": np.arange(COLUMNS) * 10,
    "spread": np.arange(COLUMNS) * 7919 + 13,
    "ten": np.array(10),
    "buckets": np.array(COLUMNS * 10),
    "codes": np.array([0.0, 1.0], "f"),
    "table": RNG.uniform(-1, 1, (COLUMNS * 10, WIDTH)).astype("f"),
    "flat": np.array([-1, COLUMNS * WIDTH]),
    "flat10": np.array([-1, COLUMNS * 10]),
    "W": RNG.uniform(-1, 1, (COLUMNS * WIDTH, HIDDEN)).astype("f"),
    "W10": RNG.uniform(-1, 1, (COLUMNS * 10, HIDDEN)).astype("f"),
}
EMBEDDED = """
    e = Gather (table, ids) r = Reshape (e, flat) y = MatMul (r, W)
"""
NUMBERS = "s = Mul (x, scale) n = Cast <to = 7> (s)"
WAYS = {
    **{
        compare: f"""
            t = Unsqueeze (x, last) g = {compare} (t, bounds) c = Cast <to = 7> (g)
            k = ReduceSum <keepdims = 0> (c, last) ids = Add (k, offsets) {EMBEDDED}
        """
        for compare in ("Greater", "GreaterOrEqual", "Less", "LessOrEqual")
    },
    "of int32": f"""
        t = Unsqueeze (x, last) g = Greater (t, bounds) c = Cast <to = 6> (g)
        k = ReduceSum <keepdims = 0> (c, last) w = Cast <to = 7> (k) ids = Add (w, offsets)
        {EMBEDDED}
    """,
    "turned": f"""
        b = Unsqueeze (bounds, last1) o = Unsqueeze (b, last2) t = Unsqueeze (x, first0)
        g = Less (o, t) c = Cast <to = 7> (g) z = ReduceSum <keepdims = 0> (c, first0)
        ids = Add (offsets, z) {EMBEDDED}
    """,
    "largest": f"""
        t = Unsqueeze (x, last) g = Greater (t, bounds) c = Cast <to = 7> (g)
        k = ArgMax <axis = -1, keepdims = 0> (c) ids = Add (k, offsets) {EMBEDDED}
    """,
    "hashed": f"""
        {NUMBERS} a = Mul (n, spread) b = Add (a, offsets) p = Abs (b) ids = Mod (p, buckets)
        {EMBEDDED}
    """,
    "floored": f"""
        s = Mul (x, scale) f = Floor (s) n = Cast <to = 7> (f) q = Mod (n, ten)
        ids = Add (q, offsets) {EMBEDDED}
    """,
    "one-hot": """
        t = Unsqueeze (x, last) g = Greater (t, bounds) c = Cast <to = 7> (g)
        k = ReduceSum <keepdims = 0> (c, last) h = OneHot <axis = -1> (k, ten, codes)
        r = Reshape (h, flat10) y = MatMul (r, W10)
    """,
    "cumulated": f"""
        t = Unsqueeze (x, last) g = Greater (t, bounds) c = Cast <to = 7> (g)
        m = CumSum (c, two) k = ReduceMax <axes = [2], keepdims = 0> (m) ids = Add (k, offsets)
        {EMBEDDED}
    """,
    "subtracted": f"""
        t = Unsqueeze (x, last) g = Greater (t, bounds) c = Cast <to = 7> (g)
        k = ReduceSum <keepdims = 0> (c, last) v = Sub (nine, k) ids = Add (v, offsets) {EMBEDDED}
    """,
}


def requests() -> list[dict[str, np.ndarray]]:
    made = []
    for batch in (1, 2, 5):
        x = RNG.uniform(-1.3, 1.3, (batch, COLUMNS)).astype("f")
        x[:, :USER] = x[:1, :USER]
        x[0, 0], x[0, -1] = -0.5, 0.25  # at a bound
        x[:, 1] = -0.5
        x[:, 0] = x[0, 0]
        made.append({"x": x})
    return made


@pytest.mark.parametrize("way", WAYS)
def test_ids_of_each_side_are_made_and_looked_up_apart(way: str) -> None:
    data = build(
        WAYS[way], inputs=f"float[N, {COLUMNS}] x", outputs=f"float[N, {HIDDEN}] y",
        weights={
            **WEIGHTS, "nine": np.array(9), "scale": np.array(50.0, "f"), "last1": np.array([1]),
            "last2": np.array([2]), "first0": np.array([0]),
        },
    )  # fmt: skip
    assert wrong_rewrites(data, PACKED, requests(), alike(1e-6)) == []
    made = plan(load(data), PACKED)
    (product,) = made.decisions
    assert product.action.value == "split", product.reason
    before, after = made.flops.before.flops, made.flops.after.flops
    assert after.per_candidate < before.per_candidate * 2 * ITEM / COLUMNS


def test_a_sum_over_columns_of_both_sides_is_exact() -> None:
    data = build(
        f"{NUMBERS} k = ReduceSum <keepdims = 0> (n, first) p = Abs (k) q = Mod (p, ten) "
        "y = Gather (table, q)",
        inputs=f"float[N, {COLUMNS}] x", outputs=f"float[N, {WIDTH}] y",
        weights={**WEIGHTS, "scale": np.array(1e6, "f")},
    )  # fmt: skip
    assert wrong_rewrites(data, PACKED, requests(), alike(0)) == []
