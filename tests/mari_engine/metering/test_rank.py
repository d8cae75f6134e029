"""Affine ranks that are known by construction."""

from __future__ import annotations

import numpy as np
import pytest

from mari_engine.loading import load
from mari_engine.metering import measure
from mari_engine.metering.rank import affine_rank, candidates_first
from mari_engine.pipeline import plan
from mari_engine.types import Flops, ProductMeasure
from support.builders import build
from support.rewrite_checks import roles


def weight(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).standard_normal(shape).astype(np.float32)


def last_product(data: bytes, **named: str) -> ProductMeasure:
    labels = roles(**(named or {"user": "user", "item": "item"}))
    return measure(plan(load(data, name="g"), labels)).products[-1]


@pytest.mark.parametrize("rank", [0, 1, 3, 7])
def test_rank_of_rows_around_their_mean(rank: int) -> None:
    rng = np.random.default_rng(rank)
    rows = rng.standard_normal((40, rank)) @ rng.standard_normal((rank, 12)) + 100.0
    assert affine_rank(rows) == rank
    assert affine_rank(rows.astype(np.float32)) == rank


@pytest.mark.parametrize("outer", [1, 2, 3, 6])
def test_candidates_are_found_as_a_factor_of_an_axis(outer: int) -> None:
    rows = np.random.default_rng(outer).standard_normal((5, 4, 6))
    split = rows.reshape(5, 4, outer, 6 // outer)
    array = np.moveaxis(split, 0, 2).reshape(4, 30)
    found = candidates_first(array, (4, 6), 5, [rows[0], rows[1]])
    assert found is not None
    assert np.array_equal(found, rows)


def test_candidates_that_influence_one_another_have_no_axis() -> None:
    rows = np.random.default_rng(0).standard_normal((5, 4))
    mixed = np.exp(rows) / np.exp(rows).sum(axis=0)
    assert candidates_first(mixed, (4,), 5, [np.ones(4), np.ones(4)]) is None
    assert candidates_first(rows @ rows.T, (1,), 5, [rows[0, :1]]) is None


def test_columns_that_follow_from_few_are_few() -> None:
    """Ten columns made of the item's three by a matrix: rank 3."""
    data = build(
        "wide = MatMul (item, A) j = Concat <axis = 1> (user, wide) y = MatMul (j, W)",
        inputs="float[N, 5] user, float[N, 3] item",
        outputs="float[N, 4] y",
        weights={"A": weight(3, 10), "W": weight(15, 4)},
    )
    found = last_product(data)
    assert found.operands[0].rank == 3
    assert found.attainable == Flops(2 * 5 * 4, 2 * 10 * 4)
    assert found.limit == Flops(2 * 5 * 4, 2 * 3 * 4)


def test_user_values_times_item_values_keep_the_items_rank() -> None:
    """DIN's [q, k, q - k, q * k], as [N, L, 4E]: rank E at each place of the history."""
    length, width, hidden = 5, 3, 4
    data = build(
        """
        wide = Unsqueeze (item, one)
        many = Expand (wide, shape)
        less = Sub (many, user)
        times = Mul (many, user)
        joined = Concat <axis = 2> (many, user, less, times)
        y = MatMul (joined, W)
        """,
        inputs=f"float[N, {length}, {width}] user, float[N, {width}] item",
        outputs=f"float[N, {length}, {hidden}] y",
        weights={
            "one": np.array([1]), "shape": np.array([1, length, 1]), "W": weight(4 * width, hidden),
        },
    )  # fmt: skip
    found = last_product(data)
    columns = 2 * hidden * width
    assert found.operands[0].rank == width
    assert found.attainable == Flops(length * columns, columns + 2 * length * columns)
    assert found.limit == Flops(length * columns, length * columns)


def test_what_is_not_linear_in_the_candidate_adds_to_the_rank() -> None:
    """Three columns and their squares: rank 6, of nine columns."""
    data = build(
        """
        square = Mul (item, item)
        double = Add (item, item)
        j = Concat <axis = 1> (item, square, double)
        y = MatMul (j, W)
        """,
        inputs="float[N, 3] item",
        outputs="float[N, 4] y",
        weights={"W": weight(9, 4)},
    )
    found = last_product(data, item="item")
    assert found.operands[0].rank == 6
    assert found.limit == Flops(0, 2 * 6 * 4)


def test_two_operands_of_the_candidates_fold_nothing() -> None:
    data = build(
        """
        wide = MatMul (item, A)
        fields = Reshape (wide, shape)
        turned = Transpose <perm = [0, 2, 1]> (fields)
        y = MatMul (fields, turned)
        """,
        inputs="float[N, 2] item",
        outputs="float[N, 3, 3] y",
        weights={"A": weight(2, 12), "shape": np.array([-1, 3, 4])},
    )
    found = last_product(data, item="item")
    assert found.limit == found.attainable == Flops(0, 2 * 4 * 9)
    assert all(operand.rank is None for operand in found.operands)


def test_a_rank_that_the_candidates_cannot_show_is_not_told() -> None:
    data = build(
        "y = MatMul (item, W)",
        inputs="float[N, 600] item",
        outputs="float[N, 2] y",
        weights={"W": weight(600, 2)},
    )
    found = last_product(data, item="item")
    assert found.operands[0].rank is None
    assert found.limit == found.attainable
