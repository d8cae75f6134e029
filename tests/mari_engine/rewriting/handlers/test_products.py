"""Products: scales, biases, shared and turned weights, columns that stand twice."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Action, Flops
from support.builders import build
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

LABELS = stated(roles(u="user", i="item"), i=0)
INPUTS = "float[N, 4] u, float[N, 3] i"
JOINED = "c = Concat <axis = 1> (u, i) "
MANY = 1_000_000


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(list(shape)).integers(-2, 3, shape).astype(np.float32)


WEIGHTS = {
    "W": numbers(7, 5), "b": numbers(5), "row": numbers(1, 5), "turned": numbers(5, 7),
    "one": np.array(2, np.float32), "vector": numbers(7), "three": numbers(3, 7),
    "V": numbers(5, 7),
}  # fmt: skip


def check(body: str, *, outputs: str = "float[N, K] y", limit: float = 0) -> Plan:
    """Rewrite in every way, for very many candidates, and return the plan."""
    data = build(body, inputs=INPUTS, outputs=outputs, weights=WEIGHTS)
    given = requests(u="user N, 4", i="item N, 3")
    assert wrong_rewrites(data, LABELS, given, alike(limit), candidates=MANY) == []
    return plan(load(data, name="m"), LABELS, candidates=MANY)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1.0, 0.25, 3.0])
@pytest.mark.parametrize("beta", [0.0, 1.0, -2.0])
@pytest.mark.parametrize("bias", ["b", "row", "one", "i2"])
def test_gemm_is_scaled_as_declared(alpha: float, beta: float, bias: str) -> None:
    first = "z = Constant <value_ints = [0, 0, 1, 2, 1]> () i2 = Gather <axis = 1> (i, z) "
    check(f"{first} {JOINED} y = Gemm <alpha = {alpha}, beta = {beta}> (c, W, {bias})")


def test_a_scale_that_no_attribute_holds_is_multiplied() -> None:
    weights = {"W": WEIGHTS["W"].astype(np.float64), "row": WEIGHTS["row"].astype(np.float64)}
    data = build(
        JOINED + "g = Gemm <alpha = 0.3, beta = 0.7> (c, W, row) y = Gemm <alpha = 0.7> (g, R)",
        inputs="double[N, 4] u, double[N, 3] i", outputs="double[N, 2] y",
        weights=weights | {"R": numbers(5, 2).astype(np.float64)},
    )  # fmt: skip
    given = [
        {name: array.astype(np.float64) for name, array in each.items()}
        for each in requests(u="user N, 4", i="item N, 3", whole=False)
    ]
    assert wrong_rewrites(data, LABELS, given, alike(1e-12), candidates=MANY) == []


def test_differences_of_doubles_are_scaled_in_doubles() -> None:
    data = build(
        "k = Add (u, u) a = Unsqueeze (k, one) d = Sub (i, a) s = Neg (d) y = MatMul (s, W)",
        inputs="double[N, 4] u, double[N, 2, 4] i", outputs="double[N, 2, 3] y",
        weights={"one": np.array([1]), "W": numbers(4, 3).astype(np.float64)},
    )  # fmt: skip
    given = [
        {name: array.astype(np.float64) for name, array in each.items()}
        for each in requests(u="user N, 4", i="item N, 2, 4")
    ]
    assert wrong_rewrites(data, LABELS, given, alike(0), candidates=MANY) == []


@pytest.mark.parametrize(
    "product",
    [
        "Gemm <transB = 1> (c, turned)",
        "MatMul (c, W)",
        'Einsum <equation = "ni,ij->nj"> (c, W)',
        'Einsum <equation = "ij,ni->nj"> (W, c)',
    ],
)
def test_each_spelling_of_a_product_is_split(product: str) -> None:
    found = check(f"{JOINED} y = {product}").decisions[-1]
    assert found.action == Action.SPLIT
    assert found.flops_before == Flops(0, 2 * 7 * 5)
    assert found.flops_after.per_request == 2 * 4 * 5


@pytest.mark.parametrize(
    ("body", "outputs"),
    [
        ("y = MatMul (c, vector)", "float[N] y"),
        ("t = Transpose (c) y = MatMul (three, t)", "float[3, N] y"),
        ("t = Transpose (c) y = MatMul (vector, t)", "float[N] y"),
        ("t = Transpose (c) y = Gemm <transA = 1> (t, W)", "float[N, 5] y"),
        ("y = Mul (c, one)", "float[N, 7] y"),
        ("g = MatMul (c, W) y = MatMul (g, V)", "float[N, 7] y"),
    ],
)
def test_vectors_and_turned_operands_agree(body: str, outputs: str) -> None:
    check(JOINED + body, outputs=outputs)


def test_shared_weights_are_split_for_some_and_whole_for_another() -> None:
    made = check(
        "c = Concat <axis = 1> (u, i) d = Concat <axis = 1> (i, u) e = Concat <axis = 1> (i, i, x) "
        "p = MatMul (c, W) q = MatMul (d, W) r = MatMul (e, W) s = Add (p, q) y = Add (s, r)"
        .replace("e = ", "k = Constant <value_ints = [0]> () x = Gather <axis = 1> (i, k) e = "),
    )  # fmt: skip
    *split, whole = made.decisions
    assert [each.action for each in split] == [Action.SPLIT, Action.SPLIT]
    assert "all of its input depends on the candidates" in whole.reason
    assert whole.flops_after.per_request == 0


def test_a_join_that_is_also_an_output_is_still_whole() -> None:
    made = check(JOINED + "y = MatMul (c, W)", outputs="float[N, 7] c, float[N, 5] y")
    assert [each.name for each in made.interface.outputs] == ["c", "y"]


@pytest.mark.parametrize("axis", [1, -1])
def test_columns_that_stand_twice_meet_their_own_weights(axis: int) -> None:
    check(
        f"a = Concat <axis = {axis}> (u, i) k = Constant <value_ints = [6, 0, 0, -1, 4, 2, 6]> () "
        f"c = Gather <axis = {axis}> (a, k) y = MatMul (c, W)"
    )


def test_a_join_within_a_join_within_itself_is_split_twice() -> None:
    made = check(
        JOINED + "h = MatMul (c, W) d = Concat <axis = 1> (h, u, i, c) "
        "big = Concat <axis = 0> (W, W, turned2) y = MatMul (d, big2)"
        .replace("big = Concat <axis = 0> (W, W, turned2) y = MatMul (d, big2)",
                 "w2 = Concat <axis = 0> (W, W, W) z = Constant <value_ints = "
                 "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]> () "
                 "w3 = Gather <axis = 0> (w2, z) y = MatMul (d, w3)")
    )  # fmt: skip
    assert made.decisions[0].action in (Action.SPLIT, Action.FUSED)


@pytest.mark.parametrize("length", [1, 2, 3])
def test_columns_of_one_operand_are_no_columns_of_the_other(length: int) -> None:
    """Scores of a query of two halves with keys of both sides; with two, L = D = 4."""
    data = build(
        "q = Concat <axis = 2> (u, v) k = Concat <axis = 1> (p, i) "
        "t = Transpose <perm = [0, 2, 1]> (k) y = MatMul (q, t)",
        inputs=f"float[N, 1, 2] u, float[N, 1, 2] v, float[N, {length}, 4] p, float[N, 2, 4] i",
        outputs=f"float[N, 1, {length + 2}] y",
    )  # fmt: skip
    labels = roles(u="user", v="user", p="user", i="item")
    given = requests(
        u="user N, 1, 2", v="user N, 1, 2", p=f"user N, {length}, 4", i="item N, 2, 4"
    )  # fmt: skip
    assert wrong_rewrites(data, labels, given, alike(0)) == []
