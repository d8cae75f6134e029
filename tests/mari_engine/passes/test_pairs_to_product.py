"""Pairs of fields as places of one product of all fields with all."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import onnx_ir as ir
import pytest

from mari_engine import load, optimize
from mari_engine.passes.pairs_to_product import PAIRS_TO_PRODUCT
from support.builders import build
from support.pass_checks import after, reasons
from support.rewrite_checks import alike, data_of, requests, roles, run, session, wrong_rewrites

FIELDS, WIDTH = 12, 4
PAIRS = list(combinations(range(FIELDS), 2))
NAMES = [f"f_{field}" for field in range(FIELDS)]
RNG = np.random.default_rng(0)
WEIGHTS = {
    "last": np.array([2]), "field": np.array([1]), "flat": np.array([-1, len(PAIRS)]),
    "first": np.array([a for a, _ in PAIRS]), "second": np.array([b for _, b in PAIRS]),
    "W": RNG.integers(-2, 3, (len(PAIRS), 1)).astype(np.float32),
    **{f"at_{f}": np.array([f * WIDTH]) for f in range(FIELDS + 1)},
}  # fmt: skip
"""Of a request's 12 fields of 4 numbers, half of them the user's."""
CUT = "".join(
    f"s_{f} = Slice (x, at_{f}, at_{f + 1}, field) f_{f} = Unsqueeze (s_{f}, field) "
    for f in range(FIELDS)
)
JOINED = f"""
    x = Concat <axis = 1> (u, i) {CUT}
    p = Concat <axis = 1> ({", ".join(NAMES[a] for a, _ in PAIRS)})
    q = Concat <axis = 1> ({", ".join(NAMES[b] for _, b in PAIRS)})
"""
PICKED = f"""
    x = Concat <axis = 1> (u, i) {CUT} all = Concat <axis = 1> ({", ".join(NAMES)})
    p = Gather <axis = 1> (all, first) q = Gather <axis = 1> (all, second)
"""
SUMMED = "m = Mul (p, q) s = ReduceSum <keepdims = 0> (m, last) "
KEPT = "m = Mul (q, p) t = ReduceSum <keepdims = 1> (m, last) s = Reshape (t, flat) "
READ = "y = MatMul (s, W)"
LABELS = roles(u="user", i="item")
HALF = FIELDS * WIDTH // 2
GIVEN = requests(u=f"user N, {HALF}", i=f"item N, {HALF}")  # whole numbers: equal in every bit


def model(body: str, outputs: str = "float[N, 1] y") -> bytes:
    inputs = f"float[N, {HALF}] u, float[N, {HALF}] i"
    return build(body, inputs=inputs, outputs=outputs, weights=WEIGHTS)


def ops(graph: ir.Graph) -> list[str]:
    return [node.op_type for node in graph]


@pytest.mark.parametrize("pairs", [JOINED, PICKED])
@pytest.mark.parametrize("summed", [SUMMED, KEPT])
def test_pairs_are_picked_from_one_product(pairs: str, summed: str) -> None:
    data = model(pairs + summed + READ)
    found = after(PAIRS_TO_PRODUCT, load(data)).model
    assert "Mul" not in ops(found.ir.graph)
    assert ops(found.ir.graph).count("MatMul") == 2
    for feeds in GIVEN:
        expected, result = (run(session(each), feeds) for each in (data, data_of(found)))
        assert (expected["y"] == result["y"]).all()
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0)) == []


@pytest.mark.parametrize("pairs", [JOINED, PICKED])
def test_pairs_of_the_users_fields_run_once(pairs: str) -> None:
    result = optimize(load(model(pairs + SUMMED + READ)), LABELS, candidates=500, autotune=False)
    assert result.certificate.passed
    before, after_it = (
        cost.at(500) for cost in (result.flops.before.flops, result.flops.after.flops)
    )
    assert after_it < before


def test_few_fields_and_few_pairs_stay_as_they_are() -> None:
    some, others = ", ".join(NAMES[:-1]), ", ".join(NAMES[1:])
    body = f"""
        x = Concat <axis = 1> (u, i) {CUT}
        p = Concat <axis = 1> ({some}) q = Concat <axis = 1> ({others})
        m = Mul (p, q) y = ReduceSum <keepdims = 0> (m, last)
    """
    assert reasons(PAIRS_TO_PRODUCT, load(model(body, f"float[N, {FIELDS - 1}] y"))) == []


def test_a_product_that_something_else_reads_and_a_sum_over_fields_stay() -> None:
    outputs = f"float[N, 1] y, float[N, {len(PAIRS)}, {WIDTH}] m"
    assert reasons(PAIRS_TO_PRODUCT, load(model(JOINED + SUMMED + READ, outputs))) == []
    body = JOINED + "m = Mul (p, q) y = ReduceSum <keepdims = 0> (m, field)"
    assert reasons(PAIRS_TO_PRODUCT, load(model(body, f"float[N, {WIDTH}] y"))) == []
