"""Columns are worked on apart where that pays, joined where they must be, and priced there."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from mari_engine import InputLabel, Labels, Plan, Role, load, plan
from mari_engine.analysis import survey_model
from mari_engine.analysis.consumers import Consumers
from support.builders import build
from support.rewrite_checks import alike, wrong_rewrites

RNG = np.random.default_rng(0)
FIELDS, WIDTH, HIDDEN = 24, 16, 4
ITEMS = range(0, FIELDS, 3)  # they lie between the user's
LABELS = Labels(
    {f"f{at}": InputLabel(role=Role.ITEM if at in ITEMS else Role.USER) for at in range(FIELDS)}
)
INPUTS = ", ".join(f"float[N, 1, {WIDTH}] f{at}" for at in range(FIELDS))
ALL = ", ".join(f"f{at}" for at in range(FIELDS))


def drawn(*shape: int) -> np.ndarray:
    return (RNG.normal(size=shape) / 4).astype("f")


def requests() -> list[dict[str, np.ndarray]]:
    made = []
    for batch in (1, 3):
        made.append(
            {f"f{at}": np.broadcast_to(drawn(batch if at in ITEMS else 1, 1, WIDTH),
                                       (batch, 1, WIDTH)).copy() for at in range(FIELDS)}
        )  # fmt: skip
    return made


def fields(body: str, outputs: str = "float[N, 1] y", **weights: np.ndarray) -> Plan:
    """Check a model of many fields of either side, in turn; return its plan."""
    data = build(body, inputs=INPUTS, outputs=outputs, weights=weights)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-5)) == []
    return plan(load(data), LABELS)


PAIRS = np.array(list(combinations(range(FIELDS), 2)))
MIXED = sum(1 for a, b in PAIRS.tolist() if a in ITEMS or b in ITEMS)
SIDES = ", ".join(f"f{at}" for at in PAIRS[:, 0]), ", ".join(f"f{at}" for at in PAIRS[:, 1])
PRODUCTS = f"a = Concat <axis = 1> ({SIDES[0]}) b = Concat <axis = 1> ({SIDES[1]}) p = Mul (a, b)"


def saved(made: Plan) -> float:
    """Return by how much fewer FLOPs a candidate takes."""
    flops = made.flops
    return flops.before.flops.per_candidate / flops.after.flops.per_candidate


def test_attention_over_pairs_keeps_the_sides_apart() -> None:
    made = fields(
        f"""
        {PRODUCTS} h = MatMul (p, w) r = Relu (h) s = MatMul (r, one) t = Softmax <axis = 1> (s)
        m = Mul (t, p) e = ReduceSum <keepdims = 0> (m, axes) y = MatMul (e, last)
        """,
        w=drawn(WIDTH, HIDDEN), one=drawn(HIDDEN, 1), axes=np.array([1]), last=drawn(WIDTH, 1),
    )  # fmt: skip
    assert saved(made) > len(PAIRS) / MIXED * 0.8  # all pairs are weighed for each candidate
    softmax = [node for node in made.optimized.ir.graph if node.op_type == "Softmax"]
    assert len(softmax) == 1  # scores of all pairs meet there


def test_an_outer_product_of_scattered_pairs_is_summed_before_it_is_taken_apart() -> None:
    made = fields(
        f"""
        {PRODUCTS} i = ReduceSum <keepdims = 0> (p, end)
        q = Unsqueeze (a, one) k = Mul (q, kernel) s = ReduceSum <keepdims = 0> (k, end)
        t = Transpose <perm = [0, 2, 1]> (s) o = Mul (t, b) z = ReduceSum <keepdims = 0> (o, end)
        j = Concat <axis = 1> (i, z) h = MatMul (j, w) r = Relu (h) y = MatMul (r, last)
        """,
        end=np.array([-1]), one=np.array([1]), kernel=drawn(WIDTH, len(PAIRS), WIDTH),
        w=drawn(2 * len(PAIRS), 64), last=drawn(64, 1),
    )  # fmt: skip
    assert saved(made) > len(PAIRS) / MIXED * 0.9


def test_a_whole_operand_makes_all_columns_whole() -> None:
    heads = "q = MatMul (x, wq) k = MatMul (x, wk) kt = Transpose <perm = [0, 2, 1]> (k)"
    made = fields(
        f"""
        x = Concat <axis = 1> ({ALL}) {heads} s = MatMul (q, kt) t = Softmax <axis = 2> (s)
        v = MatMul (x, wv) o = MatMul (t, v) r = MatMul (x, wr) a = Add (o, r) y = Relu (a)
        """,
        outputs=f"float[N, {FIELDS}, {WIDTH}] y",
        **{f"w{name}": drawn(WIDTH, WIDTH) for name in "qkvr"},
    )
    ops = [node.op_type for node in made.optimized.ir.graph]
    assert "Gather" not in ops  # nothing is picked out of what the attention made


def join_sites(body: str, outputs: str, **weights: np.ndarray) -> list[tuple[object, ...]]:
    """Return where the rows of `x` meet."""
    model = load(build(body, inputs="float[N, 6, 8] x", outputs=outputs, weights=weights))
    ahead = Consumers(model.ir.graph, survey_model(model, frozenset({"N"})))
    return [dims for dims, _ in ahead.join_sites(model.ir.graph.inputs[0], 1)]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("h = MatMul (x, w) r = Relu (h) z = MatMul (r, one) y = Softmax <axis = 1> (z)", ["N", 6]),
        ("h = MatMul (x, w) y = Softmax <axis = 1> (h)", ["N", 6, 4]),
        ("t = Transpose <perm = [1, 0, 2]> (x) y = Relu (t)", [6, "N", 8]),
    ],
)
def test_columns_meet_where_an_op_needs_them_all(body: str, where: list[object]) -> None:
    found = join_sites(body, "float[A, B, C] y", w=drawn(8, 4), one=drawn(4, 1))
    assert [list(dims) for dims in found] == [where]


def test_columns_that_weights_sum_never_meet() -> None:
    found = join_sites(
        "r = Reshape (x, flat) y = MatMul (r, w)", "float[N, 4] y",
        flat=np.array([-1, 48]), w=drawn(48, 4),
    )  # fmt: skip
    assert found == []
