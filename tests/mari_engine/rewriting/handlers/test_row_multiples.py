"""Columns of both sides times one number a candidate: one row of the request is multiplied."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.interpreter import rewrite
from mari_engine.types import Action, Signature
from support.builders import build
from support.norm_models import actions, rewritten
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

USER, ITEM, HIDDEN, MANY = 64, 8, 96, 100_000
WIDTH = USER + ITEM
LABELS = roles(u="user", i="item", g="item")
GIVEN = requests(u=f"user N, {USER}", i=f"item N, {ITEM}", g="item N, 1")


def gated(body: str, *, kind: str = "float", outputs: str = "") -> bytes:
    """Return `x = Concat (u, i)` and a body, in which W meets y."""
    draw = np.random.default_rng(0)
    dtype = np.float16 if kind == "float16" else np.float32
    weights = {
        name: draw.integers(-2, 3, shape).astype(dtype)
        for name, shape in {"W": (WIDTH, HIDDEN), "V": (WIDTH, HIDDEN), "two": ()}.items()
    } | {"flat": np.array([-1])}
    return build(
        f"x = Concat <axis = 1> (u, i) {body}",
        inputs=f"{kind}[N, {USER}] u, {kind}[N, {ITEM}] i, {kind}[N, 1] g",
        outputs=f"{kind}[N, {HIDDEN}] y{outputs}",
        weights={name: array for name, array in weights.items() if name in body},
    )


@pytest.mark.parametrize("gate", ["Mul (x, g)", "Mul (g, x)"])
def test_a_product_behind_a_gate_of_whole_rows_is_split(gate: str) -> None:
    data = gated(f"a = {gate} y = MatMul (a, W)")
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0), candidates=MANY) == []
    (decision,) = plan(load(data, name="m"), LABELS, candidates=MANY).decisions
    assert decision.action == Action.SPLIT
    assert decision.flops_after.per_candidate <= 2 * (ITEM + 1) * HIDDEN + 2 * HIDDEN


def test_a_quotient_is_a_product_with_the_inverse() -> None:
    data = gated("e = Exp (g) a = Div (x, e) y = MatMul (a, W)")
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6), candidates=MANY) == []
    (decision,) = plan(load(data, name="m"), LABELS, candidates=MANY).decisions
    assert decision.action == Action.SPLIT


def test_a_divisor_is_not_split() -> None:
    data = gated("e = Exp (x) a = Div (g, e) y = MatMul (a, W)")
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6), candidates=MANY) == []
    (decision,) = plan(load(data, name="m"), LABELS, candidates=MANY).decisions
    assert decision.action == Action.KEPT


@pytest.mark.parametrize(
    ("body", "candidates"),
    [
        ("a = Mul (x, g) y = MatMul (a, W)", 1),
        ("a = Mul (x, g) r = Relu (a) y = MatMul (r, W)", MANY),
    ],
    ids=["few candidates", "no product"],
)
def test_where_it_does_not_pay_the_columns_are_computed(body: str, candidates: int) -> None:
    data = gated(body)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6), candidates=candidates) == []
    options = Options(signature=Signature.COMPACT, candidates=candidates)
    log = rewrite(load(data, name="m"), LABELS, options).log
    assert {entry.action for entry in log.entries.values()} == {Action.KEPT}


def test_columns_that_are_needed_in_full_too_are_computed_once() -> None:
    body = "a = Mul (x, g) r = Sigmoid (a) s = MatMul (r, W) t = MatMul (a, V) y = Add (s, t)"
    data = gated(body)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-6), candidates=MANY) == []
    made = rewritten(data, LABELS)
    assert actions(made) == {"s": Action.KEPT, "t": Action.SPLIT}
    sigmoid = next(node for node in made.model.graph if node.op_type == "Sigmoid")
    muls = [node.outputs[0] for node in made.model.graph if node.op_type == "Mul"]
    assert sigmoid.inputs[0] in muls


def test_halves_are_scaled_before_they_are_summed() -> None:
    model = load(gated("a = Mul (x, g) y = MatMul (a, W)", kind="float16"), name="m")
    options = Options(signature=Signature.COMPACT, candidates=MANY)
    (entry,) = rewrite(model, LABELS, options).log.entries.values()
    assert entry.action == Action.KEPT


def test_numbers_that_are_none_stay_so_in_their_row() -> None:
    data = gated("a = Mul (x, g) y = MatMul (a, W)")
    given = [dict(each) for each in GIVEN]
    for each in given:
        each["g"] = each["g"].copy()
        each["g"][0] = np.nan

    def same(truth: np.ndarray, other: np.ndarray) -> bool:
        return np.array_equal(truth, other, equal_nan=True)

    assert wrong_rewrites(data, LABELS, given, same, candidates=MANY) == []
