"""Reductions: over joined fields, over what is constant, over an axis of extent 1."""

from __future__ import annotations

import numpy as np
import pytest

from builders import build
from rewrite_checks import alike, requests, roles, wrong_rewrites

LABELS = roles(u="user", i="item")


@pytest.mark.parametrize("op", ["ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceLogSumExp"])
def test_an_axis_of_extent_one_is_still_reduced(op: str) -> None:
    data = build(
        f"c = Mul (u, i) y = {op} <axes = [1]> (c)", inputs="float[N, 1] u, float[N, 1] i",
        outputs="float[N, 1] y",
    )  # fmt: skip
    given = requests(u="user N, 1", i="item N, 1")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


@pytest.mark.parametrize("op", ["ReduceSum", "ReduceMax", "ReduceSumSquare", "ReduceProd"])
def test_fields_of_extent_one_are_counted_once(op: str) -> None:
    axes = "(c, one)" if op == "ReduceSum" else "(c)"
    given = "<keepdims = 0>" if op == "ReduceSum" else "<axes = [1], keepdims = 0>"
    data = build(
        f"""
        a = Unsqueeze (u, one) b = Unsqueeze (i, one)
        c = Concat <axis = 1> (a, b, a, k) y = {op} {given} {axes}
        """,
        inputs="float[N, 2] u, float[N, 2] i, float[N, 3, 2] k", outputs="float[N, 2] y",
        weights={"one": np.array([1])},
    )  # fmt: skip
    labels = roles(u="user", i="item", k="user")
    feeds = requests(u="user N, 2", i="item N, 2", k="user N, 3, 2")
    assert wrong_rewrites(data, labels, feeds, alike(0), candidates=1_000_000) == []


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
@pytest.mark.parametrize("op", ["ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1"])
def test_a_tile_is_reduced_as_if_it_were_there(op: str, axis: int) -> None:
    data = build(
        f"s = Shape (i) t = Expand (u, s) y = {op} <axes = [{axis}], keepdims = 0> (t)",
        inputs="float[1, 3] u, float[N, 3] i", outputs="float[M] y",
    )  # fmt: skip
    given = [
        {"u": np.array([[2, -1, 1]], np.float32), "i": np.zeros((n, 3), np.float32)}
        for n in (1, 2, 5)
    ]
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_a_mean_over_the_candidates_sees_them_all() -> None:
    data = build(
        "c = Concat <axis = 1> (u, i) m = ReduceMean <axes = [0]> (c) y = Sub (c, m)",
        inputs="float[N, 2] u, float[N, 2] i", outputs="float[N, 4] y",
    )  # fmt: skip
    given = requests((1, 2, 4), u="user N, 2", i="item N, 2")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []


def test_a_sum_over_the_candidates_counts_the_request_side_as_often() -> None:
    data = build(
        "c = Concat <axis = 1> (u, i) y = ReduceSum <keepdims = 0> (c, zero)",
        inputs="float[N, 2] u, float[N, 2] i", outputs="float[4] y",
        weights={"zero": np.array([0])},
    )  # fmt: skip
    given = requests(u="user N, 2", i="item N, 2")
    assert wrong_rewrites(data, LABELS, given, alike(0)) == []
