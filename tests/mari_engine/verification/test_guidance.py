"""Rewrites that are wrong in a branch only, and the requests that are aimed at it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mari_engine import Certificate, InputLabel, Labels, Role, load, verify
from mari_engine.types import FROM_GRAPH, CandidateAxis
from support.builders import build

RNG = np.random.default_rng(3)
ROLES = {"u": Role.USER, "h": Role.USER, "length": Role.USER}
AXES: dict[str, CandidateAxis] = {"u": 0}
"""Rows that are equal, though a graph may reduce them."""
HELD: dict[str, Any] = {
    "W": RNG.standard_normal((4, 1)).astype(np.float32),
    "K": np.full((2, 3), 1.5, np.float32),
    "T": RNG.standard_normal((500, 2)).astype(np.float32),
    "at": np.arange(5)[None],
    "one": np.array([1]),
    "row": np.array([-1, 1]),
    "two": np.float32(2),
    "five": np.float32(5),
    "much": np.float32(777),
    "low": np.float32(-1e9),
    "none": np.float32(-np.inf),
    "id": np.int64(37),
    "long": np.int64(41),
    "right": np.full((1, 1), 1, np.float32),
    "wrong": np.full((1, 1), -1, np.float32),
}
SCORE = "c = Concat <axis = 1> (u, i) s = MatMul (c, W) "
INPUTS = "float[N, 2] u, float[N, 2] i"


def check(body: str, *, inputs: str, outputs: str = "float[N, 1] y") -> Certificate:
    """Compare a model with one that gives -1 for 1 in the branch named SIDE."""
    first, second = (
        load(build(body.replace("SIDE", side), inputs=inputs, outputs=outputs, weights=HELD))
        for side in ("right", "wrong")
    )
    names = [value.name or "" for value in first.ir.graph.inputs]
    roles = {name: ROLES.get(name, Role.ITEM) for name in names}
    axes = {name: AXES.get(name, FROM_GRAPH) for name in names}
    labels = Labels({name: InputLabel(role=role, axis=axes[name]) for name, role in roles.items()})
    assert verify(first, first, labels).passed
    return verify(first, second, labels)


BRANCHES = {
    "far above": (
        SCORE + "t = Mul (i, two) v = Add (t, five) m = ReduceMax <axes = [1]> (v) "
        "b = Greater (m, much) y = Where (b, SIDE, s)",
        INPUTS,
    ),
    "far above, in what the user sends": (
        SCORE + "t = Mul (u, two) v = Sub (five, t) m = ReduceMax <axes = [1]> (v) "
        "b = Greater (m, much) y = Where (b, SIDE, s)",
        INPUTS,
    ),
    "one id of many": (
        SCORE + "g = Gather (T, k) p = ReduceSum (g, one) d = Unsqueeze (k, one) "
        "b = Equal (d, id) q = Where (b, SIDE, p) y = Add (q, s)",
        f"{INPUTS}, int64[N] k",
    ),
    "no number": (
        SCORE + "b = IsNaN (i) x = Cast <to = 1> (b) m = ReduceMax <axes = [1]> (x) "
        "t = Cast <to = 9> (m) y = Where (t, SIDE, s)",
        INPUTS,
    ),
    "a history that is wholly masked": (
        SCORE + "b = Less (at, length) e = Cast <to = 1> (b) m = ReduceMax <axes = [1]> (e) "
        "t = Cast <to = 9> (m) y = Where (t, s, SIDE)",
        f"{INPUTS}, int64[N, 1] length",
    ),
    "a history that is longer than a number": (
        SCORE + "z = Shape (h) l = Gather (z, one) k = Reshape (l, row) b = Greater (k, long) "
        "p = ReduceMax <axes = [1, 2]> (h) t = Reshape (p, row) q = Add (t, s) "
        "y = Where (b, SIDE, q)",
        f"{INPUTS}, float[N, L, 3] h",
    ),
}  # fmt: skip


@pytest.mark.parametrize("which", BRANCHES)
def test_a_branch_that_is_seldom_taken_is_aimed_at(which: str) -> None:
    body, inputs = BRANCHES[which]
    found = check(body, inputs=inputs)
    assert not found.passed
    assert found.coverage is not None
    assert not [one for one in found.coverage.missed if one.branch in ("true", "false")]


def test_a_branch_of_a_conditional_is_aimed_at() -> None:
    body = (
        SCORE + "m = ReduceMax <keepdims = 0> (u) b = Greater (m, much) "
        "y = If (b) <then_branch = t () => (float[N, 1] a) { a = Mul (s, SIDE) }, "
        "else_branch = e () => (float[N, 1] a) { a = Identity (s) }>"
    )
    found = check(body, inputs=INPUTS)
    failed = [one.request for one in found.checks if not one.passed]
    assert len(failed) == 1
    assert failed[0].startswith("generated, aimed at ")
    assert failed[0].endswith(" (If: true)")


def compare(first: str, second: str, *, inputs: str = INPUTS) -> Certificate:
    """Compare two models with one output, y."""
    before, after = (
        load(build(body, inputs=inputs, outputs="float[N, 1] y", weights=HELD))
        for body in (first, second)
    )
    names = [value.name or "" for value in before.ir.graph.inputs]
    labels = Labels({name: InputLabel(role=ROLES.get(name, Role.ITEM)) for name in names})
    return verify(before, after, labels)


def test_a_branch_that_only_the_rewritten_model_has_is_aimed_at() -> None:
    far = (
        "d = MatMul (i, K) m = ReduceMax <axes = [1], keepdims = 1> (d) b = Greater (m, much) "
        "z = Neg (s) y = Where (b, z, s)"
    )
    found = compare(SCORE + "y = Identity (s)", SCORE + far)
    assert not found.passed
    failed = [one.request for one in found.checks if not one.passed]
    assert failed
    assert all(request.startswith("generated, aimed at ") for request in failed)


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("b = Greater (n, some)", "in float64 the results differ"),
        ("t = Min (n, some) b = Equal (t, some)", "in float64 the results differ"),
        ("b = Greater (n, many)", "none of the original's, and no request took that branch"),
        ("r = Mod (n, seven) b = Equal (r, zero)", "and no request took that branch"),
    ],
)
def test_a_number_of_candidates_that_only_the_rewritten_model_asks_for(
    condition: str, reason: str
) -> None:
    numbers = {"some": 200, "many": 5000, "seven": 7, "zero": 0}
    text = f"q = Shape (i) n = Gather (q, zero) {condition} z = Neg (s) y = Where (b, z, s)"
    first, second = (
        load(
            build(
                SCORE + body, inputs=INPUTS, outputs="float[N, 1] y",
                weights=HELD | {name: np.array(number) for name, number in numbers.items()},
            )
        )
        for body in ("y = Identity (s)", text)
    )  # fmt: skip
    labels = Labels({"u": InputLabel(role=Role.USER), "i": InputLabel(role=Role.ITEM)})
    assert reason in verify(first, second, labels).reason
    assert verify(second, second, labels).passed


def test_a_bound_that_counts_to_the_other_side_is_seen_at_the_bound() -> None:
    chosen = SCORE + "n = Neg (s) b = {} (k, id) y = Where (b, n, s)"
    inputs = f"{INPUTS}, int64[N, 1] k"
    right, wrong = (chosen.format(op) for op in ("Less", "LessOrEqual"))
    assert compare(right, right, inputs=inputs).passed
    assert not compare(right, wrong, inputs=inputs).passed


def test_the_same_requests_are_aimed_every_time() -> None:
    body, inputs = BRANCHES["one id of many"]
    first, second = (check(body, inputs=inputs) for _ in range(2))
    assert first == second
