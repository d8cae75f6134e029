"""An attention in which a history must not look at the target that is appended to it."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.passes.masked_attention import MASKED_ATTENTION
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Action
from support.builders import build
from support.pass_checks import reasons
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LENGTH, WIDTH = 6, 32
LABELS = roles(u="user", i="item", s="user")
INPUTS = f"float[N, {LENGTH}, {WIDTH}] u, float[N, 1, {WIDTH}] i, float[N, 1, {LENGTH + 1}] s"
GIVEN = requests(
    u=f"user N, {LENGTH}, {WIDTH}",
    i=f"item N, 1, {WIDTH}",
    s=f"user N, 1, {LENGTH + 1}",
    whole=False,
)
DRAW = np.random.default_rng(3)
CAUSAL = np.tril(np.ones((LENGTH + 1, LENGTH + 1), np.float32))
SEES_ALL = np.ones_like(CAUSAL)
WEIGHTS = {
    **{name: DRAW.standard_normal((WIDTH, WIDTH)).astype(np.float32) / 6 for name in "QKV"},
    "causal": CAUSAL, "sees": CAUSAL.astype(bool), "hidden": CAUSAL == 0, "all": SEES_ALL,
    "endless": np.where(CAUSAL > 0, 0, -np.inf).astype(np.float32),
    "low": np.where(CAUSAL > 0, 0, -1e9).astype(np.float32),
    "slight": np.where(CAUSAL > 0, 0, -10).astype(np.float32),
    "half": np.where(CAUSAL > 0, 0, -np.inf).astype(np.float16),
    "never": np.float32(-np.inf), "least": np.float32(-3e38), "none": np.float32(0),
    "blind": np.full_like(CAUSAL, -1e9), "last": np.array(LENGTH, np.int64),
}  # fmt: skip
START = (
    "x = Concat <axis = 1> (u, i) q = MatMul (x, Q) k = MatMul (x, K) v = MatMul (x, V) "
    "t = Transpose <perm = [0, 2, 1]> (k) c = MatMul (q, t) "
)
END = "o = MatMul (w, v) y = Add (o, x)"
APART = {
    "times the mask": "a = Sigmoid (c) w = Mul (a, causal)",
    "times the mask and a padding": "a = Sigmoid (c) m = Mul (causal, s) w = Mul (a, m)",
    "minus infinity added": "a = Add (c, endless) w = Softmax <axis = -1> (a)",
    "a low number added": "a = Add (c, low) w = Softmax <axis = -1> (a)",
    "minus infinity added in float16": "h = Cast <to = 10> (c) a = Add (h, half) "
    "b = Softmax <axis = -1> (a) w = Cast <to = 1> (b)",
    "minus infinity chosen": "a = Where (sees, c, never) w = Softmax <axis = -1> (a)",
    "the least number chosen": "a = Where (hidden, least, c) w = Softmax <axis = -1> (a)",
    "not a number mended": "a = Add (c, endless) b = Softmax <axis = -1> (a) n = IsNaN (b) "
    "w = Where (n, none, b)",
    "a padding of its own added": "a = Add (c, endless) b = Add (a, s) w = Softmax <axis = -1> (b)",
    "chosen by two": "h = Cast <to = 9> (s) m = And (sees, h) a = Where (m, c, none) "
    "w = Mul (a, c)",
}
WHOLE = {
    "no mask": "w = Softmax <axis = -1> (c)",
    "a mask that hides nothing": "a = Sigmoid (c) w = Mul (a, all)",
    "lowered too little": "a = Add (c, slight) w = Softmax <axis = -1> (a)",
    "zeros before a softmax": "a = Mul (c, causal) w = Softmax <axis = -1> (a)",
    "a low number and a padding": "a = Add (c, low) b = Add (a, s) w = Softmax <axis = -1> (b)",
    "rows that see nothing": "a = Add (c, blind) w = Softmax <axis = -1> (a)",
    "along the rows": "a = Add (c, endless) w = Softmax <axis = 1> (a)",
    "added after the softmax": "b = Softmax <axis = -1> (c) w = Add (b, endless)",
    "read elsewhere": "a = Sigmoid (c) w = Mul (a, causal) g = ReduceSum <keepdims = 1> (w)",
}
REASONS = {
    "no mask": "",
    "along the rows": "",  # no attention
    "read elsewhere": "its scores or weights are read elsewhere too",
}
"""Where it is another than that no mask is known."""


def planned(between: str, *, end: str = END) -> Plan:
    body = f"{START}{between} {end}"
    if " g = " in between:
        body = body.replace("y = Add (o, x)", "p = Add (o, x) y = Add (p, g)")
    data = build(body, inputs=INPUTS, outputs="float[N, A, B] y", weights=WEIGHTS)
    assert wrong_rewrites(data, LABELS, GIVEN, finite_alike, candidates=500) == []
    return plan(load(data, name="m"), LABELS, candidates=500)


def finite_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Hold what is a number to rounding in float32, and the rest to be no number in both."""
    told, others = np.isfinite(one), np.isfinite(other)
    if not np.array_equal(told, others):
        return False
    return bool(alike(1e-4)(np.where(told, one, 0), np.where(others, other, 0)))


def decided(made: Plan, node: str) -> str:
    (found,) = [each for each in made.decisions if each.node == node]
    return f"{found.action}: {found.reason}"


@pytest.mark.parametrize("between", APART.values(), ids=APART)
def test_rows_that_do_not_see_the_target_run_once(between: str) -> None:
    made = planned(between)
    products = [each for each in made.decisions if each.op == "MatMul"]
    assert len(products) == 5
    assert len([each for each in products if "a mask keeps" in each.reason]) == 2
    each = 2 * WIDTH * WIDTH + 2 * WIDTH * (LENGTH + 1)
    assert made.flops.after.flops.per_candidate < 5 * each
    assert made.flops.before.flops.per_candidate > 10 * each


@pytest.mark.parametrize("case", WHOLE)
def test_rows_that_a_mask_may_let_see_stay_together(case: str) -> None:
    made = planned(WHOLE[case])
    assert all("a mask keeps" not in each.reason for each in made.decisions)
    (reason,) = reasons(MASKED_ATTENTION, made.original) or [""]
    assert reason.startswith(REASONS.get(case, "no mask is known to keep rows"))


def test_a_target_that_alone_is_read_needs_no_row_of_the_history() -> None:
    end = "o = MatMul (w, v) z = Add (o, x) y = Gather <axis = 1> (z, last)"
    body = f"{START}{APART['times the mask']} {end}"
    data = build(body, inputs=INPUTS, outputs="float[N, B] y", weights=WEIGHTS)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-4), candidates=500) == []
    made = plan(load(data, name="m"), LABELS, candidates=500)
    assert any(each.action == Action.SPLIT for each in made.decisions)


def test_a_node_that_must_stay_keeps_its_attention_whole() -> None:
    body = f"{START}{APART['times the mask']} {END}"
    data = build(body, inputs=INPUTS, outputs="float[N, A, B] y", weights=WEIGHTS)
    model = load(data, name="m")
    scores = next(node.name or "" for node in model.ir.graph if node.outputs[0].name == "c")
    made = plan(model, LABELS, candidates=500, keep=[scores])
    assert decided(made, scores) == "kept: kept on request"


def test_a_join_whose_length_its_shape_does_not_state_is_not_cut() -> None:
    """Expand by a computed shape: inference calls the joined length by a name, the facts 4."""
    data = build(
        """
        s = Shape (k) g = Gather <axis = 0> (s, first) n = Unsqueeze <axes = [0]> (g)
        e = Concat <axis = 0> (n, one, one)
        x = Expand (u, e) c = Concat <axis = 1> (i, x) t = Transpose <perm = [0, 2, 1]> (c)
        q = MatMul (c, t) r = Relu (q) m = Mul (r, mask) y = MatMul (m, c)
        """,
        inputs="float[N] k, float[1, 1, 3] u, float[N, 3, 3] i",
        outputs="float[N, 4, 3] y",
        weights={
            "first": np.array(0),
            "one": np.array([1]),
            "mask": np.tril(np.ones((4, 4), np.float32)),
        },
        opset=12,
    )
    found = reasons(MASKED_ATTENTION, load(data, name="m"))
    assert found == ["the shape of a value that would be cut is unknown"]
    given = requests(k="item N", u="user 1, 1, 3", i="item N, 3, 3", whole=False)
    assert wrong_rewrites(data, roles(k="item", u="user", i="item"), given, alike(1e-5)) == []
