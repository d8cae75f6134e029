"""A conditional that always goes the same way is its branch."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.passes.fold_conditionals import FOLD_CONDITIONALS
from support.builders import build
from support.pass_checks import reasons
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")
GIVEN = requests((1, 3), u="item 1, 4", i="item N, 3")
WEIGHTS = {
    "zero": np.array([0]), "one": np.array([1]), "four": np.array([4]), "five": np.array([5]),
    "w": np.arange(12, dtype=np.float32).reshape(4, 3) % 5 - 2,
}  # fmt: skip
TILED = "s = Shape (i) n = Gather (s, zero) k = Concat <axis = 0> (n, one) t = Tile (u, k)"


def choice(extent: str) -> bytes:
    """Return a model that squeezes, or not, by an extent that only its own arithmetic tells."""
    return build(
        f"""
        {TILED} d = Shape (t) e = Gather (d, one) q = Equal (e, {extent})
        r = If (q) <
            then_branch = yes () => (float[M, 4] a) {{ a = Relu (t) }},
            else_branch = no () => (float[M, 4] b) {{ b = Neg (t) }}
        >
        h = MatMul (r, w) y = Mul (h, i)
        """,
        inputs="float[1, 4] u, float[N, 3] i",
        outputs="float[N, 3] y",
        weights=WEIGHTS,
    )


@pytest.mark.parametrize(("extent", "op"), [("four", "Relu"), ("five", "Neg")])
def test_a_choice_that_is_always_the_same_is_its_branch(extent: str, op: str) -> None:
    data = choice(extent)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(0)) == []
    made = plan(load(data), LABELS, signature="compact")
    ops = [node.op_type for node in made.optimized.ir.graph]
    assert op in ops
    assert "If" not in ops


def test_a_choice_that_is_kept_stays() -> None:
    model = load(choice("four"))
    (name,) = (node.name for node in model.ir.graph if node.op_type == "If")
    made = plan(model, LABELS, signature="compact", keep=[name or ""])
    assert "If" in [node.op_type for node in made.optimized.ir.graph]


def test_a_choice_that_only_the_run_makes_stays() -> None:
    data = build(
        """
        b = ReduceMax <keepdims = 0> (i) q = Greater (b, half)
        y = If (q) <
            then_branch = yes () => (float[N, 3] a) { a = Relu (i) },
            else_branch = no () => (float[N, 3] b2) { b2 = Neg (i) }
        >
        """,
        inputs="float[N, 3] i",
        outputs="float[N, 3] y",
        weights={"half": np.array(0.5, np.float32)},
    )
    assert reasons(FOLD_CONDITIONALS, load(data)) == ["its condition is known only at run time"]


def test_a_choice_that_the_graph_returns_stays() -> None:
    data = build(
        f"""
        {TILED} d = Shape (t) e = Gather (d, one) q = Equal (e, four)
        y = If (q) <
            then_branch = yes () => (float[M, 4] a) {{ a = Relu (t) }},
            else_branch = no () => (float[M, 4] b) {{ b = Neg (t) }}
        >
        """,
        inputs="float[1, 4] u, float[N, 3] i",
        outputs="float[N, 4] y",
        weights=WEIGHTS,
    )
    (reason,) = reasons(FOLD_CONDITIONALS, load(data))
    assert reason.startswith("the graph returns its result")
