"""Products made place by place and then summed are products."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.analysis import survey_model
from mari_engine.passes.contract import Refusal
from mari_engine.passes.mul_sum_to_einsum import WeightedSum, find_weighted_sums
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
PLACES, WIDTH = 20, 16
LABELS = roles(u="user", i="item")
INPUTS = f"float[N, {PLACES}, {WIDTH}] u, float[N, {PLACES}, {WIDTH}] i"
GIVEN = requests(
    u=f"user N, {PLACES}, {WIDTH}", i=f"item N, {PLACES}, {WIDTH}"
)  # whole numbers: equal in every bit
SCORED = "p = MatMul (i, w) s = Relu (p)"
WEIGHTS = {
    "w": RNG.integers(-2, 3, (WIDTH, 1)).astype("f"), "axes": np.array([1]),
    "last": RNG.integers(-2, 3, (WIDTH, 1)).astype("f"), "flat": np.array([-1, WIDTH]),
}  # fmt: skip


def pooled(total: str, *, opset: int = 17) -> bytes:
    body = f"{SCORED} {total} f = Reshape (r, flat) y = MatMul (f, last)"
    return build(body, inputs=INPUTS, outputs="float[N, 1] y", weights=WEIGHTS, opset=opset)


@pytest.mark.parametrize("opset", [11, 12, 13, 17])
@pytest.mark.parametrize("keepdims", [0, 1])
@pytest.mark.parametrize("values", ["i", "u"])
def test_a_history_pooled_by_scores_is_a_product(values: str, keepdims: int, opset: int) -> None:
    axes, attribute = (", axes", "") if opset >= 13 else ("", ", axes = [1]")
    total = f"m = Mul (s, {values}) r = ReduceSum <keepdims = {keepdims}{attribute}> (m{axes})"
    data = pooled(total, opset=opset)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0)) == []
    made = plan(load(data), LABELS, signature="compact")
    ops = [node.op_type for node in made.optimized.ir.graph]
    assert ("ReduceSum" in ops) == (opset < 12)


def found(body: str, inputs: str, **weights: np.ndarray) -> list[WeightedSum | Refusal]:
    data = build(body, inputs=inputs, outputs="float[N, M] y", weights=weights)
    model = load(data)
    return list(find_weighted_sums(model.ir.graph, survey_model(model, frozenset({"N"}))))


def equations(body: str, inputs: str, **weights: np.ndarray) -> list[str]:
    matches = found(body, inputs, **weights)
    return [each.equation for each in matches if isinstance(each, WeightedSum)]


def reasons(body: str, inputs: str) -> list[str]:
    matches = found(body, inputs, axes=np.array([1]))
    assert all(isinstance(each, Refusal) for each in matches)
    return [each.reason for each in matches if isinstance(each, Refusal)]


def test_one_that_is_spread_meets_the_other_everywhere() -> None:
    body = "m = Mul (a, b) y = ReduceSum <keepdims = 0> (m, axes)"
    given = {"axes": np.array([1])}
    assert equations(body, "float[N, 20, 1] a, float[N, 20, 16] b", **given) == ["abd,abc->ac"]
    assert equations(body, "float[1, 20, 1] a, float[N, 20, 16] b", **given) == ["dbe,abc->ac"]


SUM = "y = ReduceSum <keepdims = 0> (m, axes)"


@pytest.mark.parametrize(
    ("op", "inputs", "reason"),
    [
        ("Mul (a, b)", "float[N, 2, 1] a, float[N, 2, 3] b", "so small"),
        ("Mul (a, a)", "float[N, 20, 16] a", "sums squares"),
        ("Mul (a, b)", "int64[N, 20, 1] a, int64[N, 20, 16] b", "two floating-point tensors"),
        ("Mul (a, b)", "float[N, 1, 16] a, float[N, 20, 1] b", "no axis that both factors have"),
    ],
    ids=["few elements", "squares", "whole numbers", "nothing shared is summed"],
)
def test_other_sums_stay(op: str, inputs: str, reason: str) -> None:
    (found,) = reasons(f"m = {op} {SUM}", inputs)
    assert reason in found


def test_a_sum_of_another_op_is_no_match() -> None:
    assert reasons(f"m = Add (a, b) {SUM}", "float[N, 20, 1] a, float[N, 20, 16] b") == []


def test_a_product_that_others_read_too_stays() -> None:
    body = "m = Mul (a, b) z = ReduceMax <axes = [1], keepdims = 0> (m)"
    body += " s = ReduceSum <keepdims = 0> (m, axes) y = Add (s, z)"
    (found,) = reasons(body, "float[N, 20, 1] a, float[N, 20, 16] b")
    assert found == "the elementwise product is read elsewhere too"


def test_a_sum_that_must_stay_does() -> None:
    data = pooled("m = Mul (s, i) r = ReduceSum <keepdims = 0> (m, axes)")
    model = load(data)
    (name,) = (node.name or "" for node in model.ir.graph if node.op_type == "ReduceSum")
    made = plan(model, LABELS, signature="compact", keep=[name])
    assert "ReduceSum" in [node.op_type for node in made.optimized.ir.graph]
