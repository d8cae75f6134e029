"""Tags stay apart column by column for as long as the ops keep the columns apart."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.analysis import candidate_symbols, survey_model
from mari_engine.coloring import ColumnTags, propagate_sides
from mari_engine.loading import load
from support.builders import build
from support.rewrite_checks import roles

LABELS = roles(u="user", i="item")
WEIGHTS = {
    "w": np.ones((6, 8), np.float32), "cut": np.array([-1, 2, 3]), "flat": np.array([-1, 6]),
    "swap": np.array([5, 0]),
    "two": np.array([2]), "scale": np.ones(6, np.float32),
}  # fmt: skip


def tags(body: str, user: int, item: int) -> ColumnTags:
    """Return the sides of y: 1 is the request's, 2 the candidates'."""
    data = build(
        f"x = Concat <axis = 1> (u, i) {body}",
        inputs=f"float[N, {user}] u, float[N, {item}] i", outputs="float[N, A] y", weights=WEIGHTS,
    )  # fmt: skip
    model = load(data)
    survey = survey_model(model, candidate_symbols(model, LABELS))
    found = propagate_sides(model.ir.graph, LABELS, survey)
    return next(found[value] for value in model.ir.graph.outputs)


@pytest.mark.parametrize(
    ("body", "runs"),
    [
        ("y = Identity (x)", ((4, 1), (2, 2))),
        ("y = Mul (x, scale)", ((4, 1), (2, 2))),
        ("y = Gather <axis = 1> (x, swap)", ((1, 2), (1, 1))),
        ("y = MatMul (x, w)", ((1, 3),)),
        ("y = Softmax <axis = 1> (x)", ((1, 3),)),
    ],
    ids=["a join", "elementwise", "picked", "a product", "mixed"],
)
def test_columns_stay_apart_unless_an_op_sums_or_mixes_them(
    body: str, runs: tuple[tuple[int, int], ...]
) -> None:
    assert tags(body, 4, 2).runs == runs


@pytest.mark.parametrize(
    ("user", "runs"), [(3, ((1, 1), (1, 2))), (4, ((1, 3),))], ids=["even", "uneven"]
)
def test_a_factor_that_is_cut_stays_apart_where_each_part_is_of_one_side(
    user: int, runs: tuple[tuple[int, int], ...]
) -> None:
    body = "r = Reshape (x, cut) y = ReduceSum <keepdims = 0> (r, two)"
    assert tags(body, user, 6 - user).runs == runs


def test_an_axis_that_is_cut_and_merged_again_is_apart_along_its_outer_factor() -> None:
    found = tags("r = Reshape (x, cut) y = Reshape (r, flat)", 3, 3)
    assert found == ColumnTags(((1, 1), (1, 2)), 1)  # of the 2 in [N, 2 x 3]
