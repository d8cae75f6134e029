"""Rows that are sorted or picked and put back are computed where they are."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.passes.row_permutations import ROW_PERMUTATIONS
from support.builders import build
from support.pass_checks import reasons
from support.rewrite_checks import alike, roles, stated, wrong_rewrites

RNG = np.random.default_rng(0)
LENGTH, WIDTH, STATE = 5, 4, 3
LABELS = roles(u="user", n="user", i="item")
WEIGHTS = {
    "w": RNG.normal(size=(1, 3 * STATE, WIDTH)).astype("f"),
    "r": RNG.normal(size=(1, 3 * STATE, STATE)).astype("f"),
    "none": np.array(0), "one": np.array([1]), "zero": np.array([0]), "all": np.array([-1]),
    "start": np.array(0), "step": np.array(1), "front": np.array([1, 2]),
    "m": RNG.normal(size=(STATE, 6)).astype("f"),
}  # fmt: skip
SORT = """
    s = Shape (l) sorted, o = TopK <axis = -1> (l, s) p = Gather <axis = 0> (x, o)
    c = Squeeze (s, zero) k = Range (start, c, step) z = ConstantOfShape <value = int64[1] {0}> (s)
    back = ScatterElements <axis = 0> (z, o, k)
"""
ENCODE = """
    t = Transpose <perm = [1, 0, 2]> (p) q = Cast <to = 6> (sorted)
    all_states, h = GRU <hidden_size = 3> (t, w, r, , q) f = Squeeze (h, zero)
"""
SORTED = f"x = Identity (u) l = Identity (n) {SORT} {ENCODE} e = Gather <axis = 0> (f, back)"
PICKED = f"""
    full = Greater (n, none) a = NonZero (full) at = Transpose <perm = [1, 0]> (a)
    x = GatherND (u, at) l = GatherND (n, at) {SORT} {ENCODE} g = Gather <axis = 0> (f, back)
    us = Shape (n) sz = Concat <axis = 0> (us, width) base = ConstantOfShape (sz)
    wide = Unsqueeze (full, one) every = Expand (wide, sz) b = NonZero (every)
    places = Transpose <perm = [1, 0]> (b) row = Reshape (g, all)
    bs = Shape (places) many = Slice (bs, zero, one) some = Slice (row, zero, many)
    e = ScatterND (base, places, some)
"""
ONE_BY_ONE = (
    PICKED.replace(
        "x = GatherND (u, at)",
        """
    tall = Reshape (full, cube) shape = Shape (u) each = Expand (tall, shape) c = NonZero (each)
    ct = Transpose <perm = [1, 0]> (c) listed = GatherND (u, ct) x = Reshape (listed, histories)
    """,
    )
    .replace("c = Squeeze", "count = Squeeze")
    .replace("(start, c, step)", "(start, count, step)")
)
HEAD = "y = MatMul (e, m) v = Mul (y, i)"


BODIES = pytest.mark.parametrize(
    "body", [SORTED, PICKED, ONE_BY_ONE], ids=["sorted", "picked", "picked one by one"]
)


def encoder(body: str) -> bytes:
    return build(
        f"{body} {HEAD}",
        inputs=f"float[N, {LENGTH}, {WIDTH}] u, int64[N] n, float[N, 6] i",
        outputs="float[N, 6] v",
        weights=WEIGHTS
        | {
            "width": np.array([STATE]),
            "three": np.array([STATE]),
            "cube": np.array([-1, 1, 1]),
            "histories": np.array([-1, LENGTH, WIDTH]),
        },
        opset=16,
    )


def requests(*, per_candidate: bool = False) -> list[dict[str, np.ndarray]]:
    """Return histories of one length, or of any, none among them."""
    out = []
    for batch in (1, 2, 5):
        lengths = RNG.integers(1, LENGTH + 1, batch)
        history = RNG.normal(size=(batch, LENGTH, WIDTH)).astype("f")
        if per_candidate:
            lengths[batch // 2 :] = np.arange(batch - batch // 2) % (LENGTH + 1)
            lengths[0] = LENGTH
        else:
            lengths[:], history[:] = lengths[0], history[0]
        out.append({"u": history, "n": lengths, "i": RNG.normal(size=(batch, 6)).astype("f")})
    return out


@BODIES
def test_an_encoder_of_a_packed_history_runs_once(body: str) -> None:
    data = encoder(body)
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    made = plan(load(data), LABELS)
    gru = next(decision for decision in made.decisions if decision.op == "GRU")
    assert gru.action == "once"
    assert "TopK" not in [node.op_type for node in made.optimized.ir.graph]


def test_a_sort_of_which_only_the_order_is_read_is_not_needed() -> None:
    body = SORTED.replace("l = Identity (n)", "").replace("(l, s)", "(n, s)")
    body = body.replace("Shape (l)", "Shape (n)").replace("q = Cast <to = 6> (sorted)", "")
    data = encoder(body.replace("w, r, , q)", "w, r)"))
    assert wrong_rewrites(data, LABELS, requests(), alike(1e-6)) == []
    ops = [node.op_type for node in plan(load(data), LABELS).optimized.ir.graph]
    assert "GRU" in ops
    assert "TopK" not in ops


@BODIES
def test_histories_of_the_candidates_come_back_to_their_rows(body: str) -> None:
    labels = roles(u="item", n="item", i="item")
    given = requests(per_candidate=True)
    assert wrong_rewrites(encoder(body), labels, given, alike(1e-6)) == []


BACK = "e = Gather <axis = 0> (f, back)"
FIRST = "f = Squeeze (h, zero)"


@pytest.mark.parametrize(
    ("what", "other", "reason"),
    [
        (FIRST, "g = Squeeze (h, zero) f = CumSum (g, start)", "CumSum"),
        (FIRST, "g = Squeeze (h, zero) f = Mul (g, d)", "Mul"),
        (BACK, "e = Identity (f)", "do not return"),
        (BACK, "g = Gather <axis = 0> (f, back) e = Add (g, f)", "Add"),
        (BACK, "e = Gather <axis = 0> (f, o)", "do not return"),
    ],
    ids=["rows are mixed", "rows of another order", "never back", "also read there", "not back"],
)
def test_rows_stay_where_they_went_unless_each_is_alone_and_comes_back(
    what: str, other: str, reason: str
) -> None:
    means = "mean = ReduceMean <axes = [1], keepdims = 0> (u) d = Slice (mean, zero, three, one)"
    model = load(encoder(f"{means} {SORTED.replace(what, other)}"))
    found = reasons(ROW_PERMUTATIONS, model)
    assert reason in " ".join(found), found


OTHER_AXIS = """
    list = ReduceMean <axes = [0, 2], keepdims = 0> (u)
    s = Shape (list) sorted, o = TopK <axis = -1> (list, s) p = Gather <axis = 1> (u, o)
    c = Squeeze (s, zero) k = Range (start, c, step) z = ConstantOfShape <value = int64[1] {0}> (s)
    back = ScatterElements <axis = 0> (z, o, k) g = CumSum (p, step) q = Gather <axis = 1> (g, back)
    f = ReduceSum <keepdims = 0> (q, one) e = Slice (f, zero, three, one)
"""
AS_A_NUMBER = PICKED.replace(
    "g = Gather <axis = 0> (f, back)",
    """
    h2 = Gather <axis = 0> (f, back) ps = Shape (x) pn = Gather (ps, zero) pf = Cast <to = 1> (pn)
    g = Mul (h2, pf)
    """,
)
OTHER_ROWS = PICKED.replace("Gather <axis = 0> (x, o)", "Gather <axis = 0> (u, o)")


@pytest.mark.parametrize(
    ("body", "reason"),
    [(OTHER_AXIS, "a use of the order"), (AS_A_NUMBER, "Mul"), (OTHER_ROWS, "Identity")],
    ids=["axis", "number of rows", "other rows"],
)
def test_what_is_sorted_or_picked_must_be_those_rows_and_nothing_else(
    body: str, reason: str
) -> None:
    found = reasons(ROW_PERMUTATIONS, load(encoder(body)))
    assert reason in " ".join(found), found


def test_nodes_that_are_kept_stay() -> None:
    model = load(encoder(SORTED))
    (sort,) = (node for node in model.ir.graph if node.op_type == "TopK")
    found = reasons(ROW_PERMUTATIONS, model, keep=[sort.name or ""])
    assert found == ["kept on request"]


def test_lengths_in_whole_numbers_are_summed_once() -> None:
    data = build(
        """
        k = Greater (u, none) c = Cast <to = 7> (k) l = ReduceSum <keepdims = 0> (c, one)
        d = Cast <to = 1> (l) e = Unsqueeze (d, one) y = Mul (e, i)
        """,
        inputs="int64[N, 8] u, float[N, 3] i",
        outputs="float[N, 3] y",
        weights={"none": np.array(0), "one": np.array([1])},
        opset=16,
    )
    labels = stated(roles(u="user", i="item"), i=0)
    given = []
    for batch in (1, 3):
        ids = np.broadcast_to(RNG.integers(-3, 4, (1, 8)), (batch, 8)).copy()
        given.append({"u": ids, "i": RNG.normal(size=(batch, 3)).astype("f")})
    assert wrong_rewrites(data, labels, given, alike(0)) == []
    made = plan(load(data), labels, signature="compact")
    sums = next(node for node in made.optimized.ir.graph if node.op_type == "ReduceSum")
    assert sums.outputs[0].shape is None or "N" not in str(sums.outputs[0].shape)
    assert "Expand" not in [node.op_type for node in made.optimized.ir.graph]
