"""Rows that nothing reads are not computed, and rows that something reads are."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from mari_engine.analysis import survey_model
from mari_engine.analysis.column_liveness import Liveness
from mari_engine.types import Action
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

RNG = np.random.default_rng(0)
LENGTH, WIDTH, WIDE = 12, 8, 32
ROWS = LENGTH + 1
LABELS = roles(h="user", t="item")
INPUTS = f"float[N, {LENGTH}, {WIDTH}] h, float[N, 1, {WIDTH}] t"
GIVEN = requests(h=f"user N, {LENGTH}, {WIDTH}", t=f"item N, 1, {WIDTH}", whole=False)


def drawn(*shape: int) -> np.ndarray:
    return (RNG.normal(size=shape) / 4).astype("f")


WEIGHTS = {
    **{name: drawn(WIDTH, WIDTH) for name in ("q", "k", "v", "o")},
    "up": drawn(WIDTH, WIDE), "bias": drawn(WIDE), "down": drawn(WIDE, WIDTH),
    "scale": drawn(WIDTH), "shift": drawn(WIDTH), "last": drawn(WIDTH, 1),
    "at": np.array(LENGTH), "before": np.array(-2), "few": np.array([LENGTH, 0]),
    "start": np.array([LENGTH]), "stop": np.array([ROWS]), "one": np.array([1]),
    "side": np.array([-1, 2 * WIDTH]), "long": drawn(2 * WIDTH, 1),
}  # fmt: skip
LAYER = """
    x = Concat <axis = 1> (h, t)
    qs = MatMul (x, q) ks = MatMul (x, k) vs = MatMul (x, v)
    kt = Transpose <perm = [0, 2, 1]> (ks) s = MatMul (qs, kt) p = Softmax <axis = 2> (s)
    a = MatMul (p, vs) b = MatMul (a, o) c = Add (x, b)
    n = LayerNormalization <axis = -1> (c, scale, shift)
    u = MatMul (n, up) w = Add (u, bias) r = Relu (w) d = MatMul (r, down) e = Add (n, d)
"""
READ = {
    "at a place": "f = Gather <axis = 1> (e, at) y = MatMul (f, last)",
    "as a slice": "g = Slice (e, start, stop, one) f = Squeeze (g, one) y = MatMul (f, last)",
    "turned": """
        m = Transpose <perm = [1, 0, 2]> (e) f = Gather <axis = 0> (m, at) y = MatMul (f, last)
    """,
    "at two places": "m = Gather <axis = 1> (e, few) f = Reshape (m, side) y = MatMul (f, long)",
    "at two places, each": """
        f = Gather <axis = 1> (e, at) g = Gather <axis = 1> (e, before) m = Add (f, g)
        y = MatMul (m, last)
    """,
}


def layer(read: str) -> bytes:
    """Return a transformer's layer over a history and the target after it, and what reads it."""
    return build(LAYER + read, inputs=INPUTS, outputs="float[N, 1] y", weights=WEIGHTS)


@pytest.mark.parametrize("read", READ)
def test_only_the_rows_that_are_read_are_computed(read: str) -> None:
    data = layer(READ[read])
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-5)) == []
    flops = plan(load(data), LABELS).flops
    rows = 2 if "two" in read else 1
    before, after = flops.before.flops.per_candidate, flops.after.flops.per_candidate
    assert after < before * (rows + 3) / ROWS


def test_a_decision_says_which_rows_are_computed() -> None:
    made = plan(load(layer(READ["at a place"])), LABELS)
    told = [each.reason for each in made.decisions if each.action == Action.SPLIT]
    assert any(reason.startswith("1 of 13 rows is read, and computed: ") for reason in told)


@pytest.mark.parametrize(
    "reads_all",
    [
        "f = ReduceMean <axes = [1], keepdims = 0> (e) y = MatMul (f, last)",
        "m = Softmax <axis = 1> (e) f = Gather <axis = 1> (m, at) y = MatMul (f, last)",
        "m = CumSum (e, one_axis) f = Gather <axis = 1> (m, at) y = MatMul (f, last)",
    ],
)
def test_rows_that_are_mixed_are_all_read(reads_all: str) -> None:
    weights = WEIGHTS | {"one_axis": np.array(1)}
    data = build(LAYER + reads_all, inputs=INPUTS, outputs="float[N, 1] y", weights=weights)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-5)) == []
    hidden = 2 * 2 * WIDTH * WIDE
    assert plan(load(data), LABELS).flops.after.flops.per_candidate > ROWS * hidden


def test_a_value_that_is_an_output_too_is_read_whole() -> None:
    outputs = f"float[N, 1] y, float[N, {ROWS}, {WIDTH}] e"
    data = build(LAYER + READ["at a place"], inputs=INPUTS, outputs=outputs, weights=WEIGHTS)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-5)) == []
    model = load(data)
    found = Liveness(model.ir.graph, survey_model(model, frozenset({"N"})))
    assert all(found.columns(value) is None for node in model.ir.graph for value in node.outputs)


def test_what_is_read_follows_the_layer_up_to_where_rows_meet() -> None:
    model = load(layer(READ["at a place"]))
    found = Liveness(model.ir.graph, survey_model(model, frozenset({"N"})))
    read = {value.name: found.columns(value) for n in model.ir.graph for value in n.outputs}
    told = {name: each[1].tolist() for name, each in read.items() if each is not None}
    assert {"qs", "s", "p", "a", "b", "c", "n", "u", "w", "r", "d"} == set(told)
    assert all(columns == [LENGTH] for columns in told.values())


def test_columns_of_a_layer_that_nothing_reads_cost_nothing() -> None:
    data = build(
        "x = Concat <axis = 1> (h, t) d = MatMul (x, w) r = Relu (d)"
        " f, g = Split <axis = 1> (r, sizes) y = MatMul (f, last)",
        inputs="float[N, 6] h, float[N, 4] t",
        outputs="float[N, 1] y",
        weights={"w": drawn(10, 64), "sizes": np.array([8, 56]), "last": drawn(8, 1)},
    )
    given = requests(h="user N, 6", t="item N, 4", whole=False)
    assert wrong_rewrites(data, LABELS, given, alike(1e-5)) == []
    assert plan(load(data), LABELS).flops.after.flops.per_candidate < 2 * 4 * 8 + 5 * 8


def test_a_value_that_nothing_reads_at_all_stays_right() -> None:
    data = build(
        "x = Concat <axis = 1> (h, t) d = MatMul (x, w) z = Relu (d) r = Relu (x)"
        " f, g = Split <axis = 1> (r, sizes) y = MatMul (f, last)",
        inputs="float[N, 6] h, float[N, 4] t",
        outputs="float[N, 1] y",
        weights={"w": drawn(10, 8), "sizes": np.array([8, 2]), "last": drawn(8, 1)},
    )
    given = requests(h="user N, 6", t="item N, 4", whole=False)
    assert wrong_rewrites(data, LABELS, given, alike(1e-5)) == []
