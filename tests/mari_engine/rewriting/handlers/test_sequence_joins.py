"""A target appended to a history, looked up flat; heads upon the batch; lengths told by a join."""

from __future__ import annotations

import numpy as np

from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.plan_types import Plan
from mari_engine.types import Action
from support.builders import build
from support.rewrite_checks import alike, requests, roles, stated, wrong_rewrites

DRAW = np.random.default_rng(11)


def whole(*shape: int) -> np.ndarray:
    return DRAW.integers(-2, 3, shape).astype(np.float32)


def at(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.int64)


WEIGHTS = {
    "items": whole(5, 4), "kinds": whole(5, 4), "W": whole(32, 6), "V": whole(4, 64),
    "flat": at(-1), "column": at(-1, 1), "steps": at(-1, 4, 8), "zero": at(0), "one": at(1),
    "two": at(2), "three": at(3), "last": np.array(3, np.int64), "rows": at(-1, 32),
    "X": whole(64, 64), "T": whole(6, 256), "tokens": at(-1, 4, 6),
    "S": whole(32, 64), "R": whole(32, 64), "H": whole(7, 2),
}  # fmt: skip
MANY = 5_000


def planned(body: str, inputs: str, output: str, labels: object, given: object) -> Plan:
    data = build(body, inputs=inputs, outputs=output, weights=WEIGHTS)
    wrong = wrong_rewrites(data, labels, given, alike(0), candidates=MANY)  # type: ignore[arg-type]
    assert wrong == []
    return plan(load(data, name="m"), labels, candidates=MANY)  # type: ignore[arg-type]


def per_candidate(made: Plan) -> int:
    return made.flops.after.flops.per_candidate


HISTORY = (
    "a = Reshape (item, column) b = Concat <axis = 1> (past, a) c = Reshape (b, flat) "
    "d = Reshape (kind, column) e = Concat <axis = 1> (pastkind, d) f = Reshape (e, flat) "
    "g = Gather (items, c) h = Gather (kinds, f) j = Concat <axis = 1> (g, h) "
    "k = Reshape (j, steps) t = Gather <axis = 1> (k, last) s = Slice (k, zero, three, one) "
)
SEQUENCES = "int64[N] item, int64[N] kind, int64[N, 3] past, int64[N, 3] pastkind"
SIDES = roles(item="item", kind="item", past="user", pastkind="user")
DRAWN = [
    {name: array.astype(np.int64) % 5 for name, array in feeds.items()}
    for feeds in requests(item="item N", kind="item N", past="user N, 3", pastkind="user N, 3")
]


def test_a_history_that_is_looked_up_with_its_target_stays_the_requests() -> None:
    body = f"{HISTORY} p = ReduceSum <keepdims = 0> (s, one) y = Concat <axis = 1> (p, t)"
    made = planned(body, SEQUENCES, "float[N, 16] y", SIDES, DRAWN)
    names = {node.op_type for node in made.optimized.ir.graph}
    assert names == names & {
        *("Slice", "Reshape", "Gather", "Concat", "ReduceSum", "ReduceProd", "Shape", "Expand")
    }
    assert per_candidate(made) == 0


def test_a_target_attention_of_such_a_history_meets_one_weight_of_the_request() -> None:
    body = (
        f"{HISTORY} u = Unsqueeze (t, one) q = Concat <axis = 1> (u, u, u) d1 = Sub (q, s) "
        "d2 = Mul (q, s) x = Concat <axis = 2> (q, s, d1, d2) r = Reshape (x, rows) "
        "z = Shape (x) zz = Cast <to = 7> (z) m = MatMul (r, W) y = Relu (m)"
    )
    made = planned(body, SEQUENCES, "float[M, 6] y", SIDES, DRAWN)
    assert per_candidate(made) == 2 * 8 * 3 * 6 + 3 * 6 + 3 * 6  # a Gemm with a row, and Relu


def test_heads_upon_the_batch_are_told_apart_again() -> None:
    body = (
        "p = MatMul (u, V) a, b = Split <axis = 1> (p) q = Concat <axis = 0> (a, b) "
        "r = Mul (q, q) c, d = Split <axis = 0> (r) s = Mul (c, i) y = Add (s, d)"
    )
    made = planned(
        body, "float[N, 4] u, float[N, 32] i", "float[N, 32] y",
        stated(roles(u="user", i="item"), u=0), requests(u="user N, 4", i="item N, 32"),
    )  # fmt: skip
    assert per_candidate(made) == 2 * 32
    assert next(each for each in made.decisions if each.op == "MatMul").action == Action.ONCE


def test_a_join_tells_a_length_that_only_the_run_knows() -> None:
    body = (
        "f = Flatten <axis = 0> (i) k = Abs (f) l = Where (w, k, k) n = NonZero (l) "
        "o = Transpose <perm = [1, 0]> (n) g = GatherND (l, o) r = Reshape (g, three_wide) "
        "t = Concat <axis = 1> (u, r) y = MatMul (t, H)"
    )
    weights = {**WEIGHTS, "three_wide": at(-1, 3), "w": np.array(True)}
    data = build(
        body, inputs="float[N, 4] u, float[N, 3] i", outputs="float[N, 2] y", weights=weights
    )
    sides, drawn = roles(u="user", i="item"), requests(u="user N, 4", i="item N, 3")
    shifted = [{**feeds, "i": np.abs(feeds["i"]) + 1} for feeds in drawn]
    assert wrong_rewrites(data, sides, shifted, alike(0), candidates=MANY) == []
    made = plan(load(data, name="m"), sides, candidates=MANY)
    product = next(each for each in made.decisions if each.op == "MatMul")
    assert product.action != Action.ONCE
    assert product.flops_before.per_candidate == 2 * 7 * 2


def test_a_join_tells_that_another_name_means_the_candidates() -> None:
    made = planned(
        "p = Concat <axis = 1> (u, i) y = MatMul (p, W)", "float[B, 20] u, float[N, 12] i",
        "float[N, 6] y", roles(u="user", i="item"), requests(u="user N, 20", i="item N, 12"),
    )  # fmt: skip
    assert made.flops.after.flops.per_request == 2 * 20 * 6
    assert per_candidate(made) == 2 * 12 * 6 + 6


def test_names_of_items_that_nothing_joins_mean_the_candidates() -> None:
    made = planned(
        "p = MatMul (u, V) q = Mul (p, i) r = Mul (q, j) s = MatMul (p, X) y = Mul (r, s)",
        "float[N, 4] u, float[N, 64] i, float[M, 64] j", "float[N, 64] y",
        roles(u="user", i="item", j="item"),
        requests(u="user N, 4", i="item N, 64", j="item N, 64"),
    )  # fmt: skip
    assert per_candidate(made) <= 3 * 64


def test_tokens_cut_across_features_stay_on_their_side() -> None:
    body = (
        "p = Concat <axis = 1> (u, v, i, j) r = Reshape (p, tokens) "
        "a, b, c, d = Split <axis = 1> (r) "
        "e = MatMul (a, T) f = MatMul (b, T) g = MatMul (c, T) h = MatMul (d, T) "
        "k = Add (e, f) l = Add (g, h) m = Relu (k) n = Relu (l) y = Add (m, n)"
    )
    made = planned(
        body, "float[N, 2] u, float[N, 10] v, float[N, 2] i, float[N, 10] j", "float[N, A, B] y",
        roles(u="user", v="user", i="item", j="item"),
        requests(u="user N, 2", v="user N, 10", i="item N, 2", j="item N, 10"),
    )  # fmt: skip
    products = [each for each in made.decisions if each.op == "MatMul"]
    assert [each.action == Action.ONCE for each in products] == [True, True, False, False]


def test_a_weight_made_of_weights_is_taken_apart_before_the_run() -> None:
    made = planned(
        "w = Mul (S, R) p = Concat <axis = 1> (u, i) y = MatMul (p, w)",
        "float[N, 20] u, float[N, 12] i", "float[N, 64] y", roles(u="user", i="item"),
        requests(u="user N, 20", i="item N, 12"),
    )  # fmt: skip
    assert per_candidate(made) == 2 * 12 * 64 + 64
