"""Columns of one side that are only summed are not put side by side for it."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine import load, plan
from support.builders import build
from support.rewrite_checks import alike, requests, roles, wrong_rewrites

PLACES, WIDTH = 40, 16
LABELS = roles(h="user", t="item")
GIVEN = requests((1, 3), h=f"user N, {PLACES}, {WIDTH}", t=f"item N, 1, {WIDTH}", whole=False)
SUMS = {
    "a mean": "s = ReduceMean <axes = [1], keepdims = 0> (x)",
    "a sum": "s = ReduceSum <keepdims = 0> (x, one)",
    "a sum of kept rank": "k = ReduceSum <keepdims = 1> (x, one) s = Squeeze (k, one)",
    "an einsum": 'e = Einsum <equation = "nld->nd"> (x) s = Identity (e)',
    "of all but the candidates": "k = ReduceSum <keepdims = 0> (x, both) s = Unsqueeze (k, one)",
}
JOINS = ("x = Concat <axis = 1> (a, b)", "x = Concat <axis = 1> (b, a)")


def rows(total: str, joined: str = JOINS[0], last: str = "y = Relu (s)") -> bytes:
    """Return a model that sums a history's rows, each met by a target, and the target's own."""
    return build(
        f"m = Mul (h, t) a = Relu (m) b = Relu (t) {joined} {total} {last}",
        inputs=f"float[N, {PLACES}, {WIDTH}] h, float[N, 1, {WIDTH}] t",
        outputs="float[N, r] y",
        weights={"one": np.array([1]), "both": np.array([1, 2])},
    )


def ops(data: bytes) -> list[str]:
    made = plan(load(data, name="rows"), LABELS, candidates=500, signature="compact")
    return [node.op_type for node in made.optimized.ir.graph]


@pytest.mark.parametrize("joined", JOINS)
@pytest.mark.parametrize("total", SUMS)
def test_sums_of_parts_add_up(total: str, joined: str) -> None:
    data = rows(SUMS[total], joined)
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-5)) == []
    assert "Concat" not in ops(data)


def test_columns_that_something_else_reads_are_joined_once() -> None:
    data = rows(SUMS["a sum"], last="g = ReduceMax <axes = [1], keepdims = 0> (x) y = Add (s, g)")
    assert wrong_rewrites(data, LABELS, GIVEN, alike(1e-5)) == []
    assert ops(data).count("Concat") == 1


def test_many_short_parts_are_joined() -> None:
    parts = [f"p{at}" for at in range(8)]
    made = " ".join(f"{name} = Pow (b, n{at})" for at, name in enumerate(parts))
    data = build(
        f"b = Relu (t) {made} x = Concat <axis = 1> ({', '.join(parts)}) {SUMS['a sum']}"
        " g = Relu (h) w = ReduceMax <axes = [1], keepdims = 0> (g) y = Add (s, w)",
        inputs=f"float[N, {PLACES}, {WIDTH}] h, float[N, 1, {WIDTH}] t",
        outputs="float[N, r] y",
        weights={
            "one": np.array([1]),
            **{f"n{at}": np.array(at + 1, np.float32) for at in range(len(parts))},
        },
    )
    assert "Concat" in ops(data)
