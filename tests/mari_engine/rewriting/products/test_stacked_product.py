"""Narrow products of one sum become one wide product; operands scaled often meet one weight."""

from __future__ import annotations

import numpy as np

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", v="user", i="item", j="item")
INPUTS = "float[N, 4] u, float[N, 4] v, float[N, 4] i, float[N, 4] j"
GIVEN = requests(u="user N, 4", v="user N, 4", i="item N, 4", j="item N, 4")
MANY = 1_000_000
PAIRS = (
    "a = Mul (u, i) b = Mul (i, v) c = Mul (u, j) d = Mul (v, j) "
    "w = MatMul (u, V) e = Mul (w, i) t = Concat <axis = 1> (a, u, c, b, d, e) "
)


def planned(body: str, *, wide: int = 40) -> Plan:
    draw = np.random.default_rng(5)
    weights = {
        "W": draw.integers(-2, 3, (24, wide)).astype(np.float32),
        "V": draw.integers(-2, 3, (4, 4)).astype(np.float32),
    }
    data = build(body, inputs=INPUTS, outputs="float[N, K] y", weights=weights)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0), candidates=MANY) == []
    return plan(load(data, name="m"), LABELS, candidates=MANY)


def test_candidate_values_scaled_by_many_of_the_request_meet_one_weight() -> None:
    made = planned(f"{PAIRS} y = MatMul (t, W)")
    # five scaled copies of two items, 20 columns: i and j alone, beside each other
    assert made.flops.after.flops.per_candidate == 2 * 8 * 40 + 40
    last = [node for node in made.optimized.ir.graph if node.op_type in ("MatMul", "Gemm")][-1]
    assert last.inputs[0] in {
        node.outputs[0] for node in made.optimized.ir.graph if node.op_type == "Concat"
    }


def test_values_scaled_once_stay_columns_of_their_side() -> None:
    made = planned("a = Mul (u, i) b = Mul (v, j) t = Concat <axis = 1> (a, b, u, v, i, j) "
                   "y = MatMul (t, W)", wide=400)  # fmt: skip
    assert made.flops.after.flops.per_candidate == 2 * 16 * 400 + 8 + 400


def test_scaled_values_that_something_else_reads_are_still_there() -> None:
    planned(
        f"{PAIRS} x = MatMul (t, W) r = Relu (a) s = MatMul (r, V) y = Concat <axis = 1> (x, s)"
    )


def test_numbers_times_a_row_ride_as_columns_beside_a_product() -> None:
    gated = "s = ReduceMax <axes = [1]> (j) a = Mul (s, u) t = Concat <axis = 1> (a, i) "
    draw = np.random.default_rng(6)
    weights = {
        "W": draw.integers(-2, 3, (8, 400)).astype(np.float32), "axes": np.array([1]),
    }  # fmt: skip
    data = build(
        f"{gated} y = MatMul (t, W)", inputs=INPUTS, outputs="float[N, 400] y", weights=weights
    )
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0), candidates=MANY) == []
    made = plan(load(data, name="m"), LABELS, candidates=MANY)
    assert made.flops.after.flops.per_candidate == 2 * (4 + 1) * 400 + 4
    last = [n for n in made.optimized.ir.graph if n.op_type in ("MatMul", "Gemm")][-1]
    assert last.outputs[0] is made.optimized.ir.graph.outputs[0]
