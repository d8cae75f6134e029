"""FLOPs and bytes by hand."""

from __future__ import annotations

import math

import numpy as np

from mari_engine.analysis import count_cost, extent
from mari_engine.loading import load
from mari_engine.pipeline import plan
from mari_engine.rewriting.cost import Prices, line
from mari_engine.rewriting.products.profitability import Gain
from mari_engine.types import Flops, Work
from support.builders import build, ranking_tower
from support.rewrite_checks import roles


def test_extents_are_counted_at_the_expected_number_of_candidates() -> None:
    assert extent(("N", 3, 4), 100) == 1200
    assert extent((), 100) == 1
    assert extent(("L",), 100) == extent(("L",), 7)


def test_a_gain_says_what_it_saves_and_costs() -> None:
    assert Gain(2e-6, 1e-6).pays
    assert not Gain(1e-6, 1e-6).pays
    assert str(Gain(3e-7, 4e-6)) == "saves 0.3 us, costs 4.0 us"


def test_the_tower_is_counted_by_hand() -> None:
    cost = count_cost(load(ranking_tower(user=4, item=3, hidden=5), name="tower"))
    first, active, second = 2 * 7 * 5 + 5, 5, 2 * 5 * 1 + 1
    assert cost.flops == Flops(0, first + active + second)
    assert cost.uncounted == ()
    moved = 4 * ((4 + 3) + 7 + 7 + 5 + 5 + 5 + 5 + 1)  # the reads and writes of each node
    assert cost.bytes.per_candidate == moved


def test_a_split_moves_the_request_share_out_of_the_candidates() -> None:
    model = load(ranking_tower(user=400, item=30, hidden=50), name="tower")
    made = plan(model, roles(user="user", item="item"), candidates=1000)
    before, after = made.flops.before.flops, made.flops.after.flops
    assert before == Flops(0, 2 * 430 * 50 + 50 + 50 + 2 * 50 + 1)
    assert after.per_candidate == 2 * 30 * 50 + 50 + 50 + 2 * 50 + 1
    assert after.per_request >= 2 * 400 * 50
    assert made.flops.ratio(1000) > 10


def test_what_is_not_counted_is_listed() -> None:
    data = build(
        "a = MeanVarianceNormalization <axes = [1]> (i) y = Relu (a)", inputs="float[N, 3] i",
        outputs="float[N, 3] y", weights={"w": np.zeros(1, np.float32)},
    )  # fmt: skip
    cost = count_cost(load(data, name="m"))
    assert cost.uncounted == ("MeanVarianceNormalization",)
    assert cost.flops == Flops(0, 3)


def test_shape_arithmetic_costs_nothing() -> None:
    data = build(
        "s = Shape (i) t = Mul (s, s) u = Div (t, s) y = Reshape (i, u)", inputs="float[N, 3] i",
        outputs="float[N, 3] y",
    )  # fmt: skip
    assert count_cost(load(data, name="m")).flops == Flops()


FAR, NEAR = np.array([0, 5, 2]), np.array([2, 3])


def works(body: str, inputs: str, output: str, **weights: np.ndarray) -> list[Work]:
    data = build(body, inputs=inputs, outputs=output, weights=weights)
    return list(count_cost(load(data, name="m")).works.values())


def test_joined_pieces_picked_columns_and_broadcast_runs_are_counted() -> None:
    two = "float[N, 6, 4] i, float[N, 2, 4] j"
    (joined,) = works("y = Concat <axis = 1> (i, j)", two, "float[N, 8, 4] y")
    assert (joined.pieces, joined.runs) == (Flops(0, 2), Flops())
    (picked,) = works(
        "y = Gather <axis = 1> (i, k)", two, "float[N, 3, 4] y", k=np.array([0, 5, 2])
    )
    assert (picked.pieces, picked.runs) == (Flops(), Flops(0, 3))
    (cut,) = works("y = Gather <axis = 1> (i, k)", two, "float[N, 2, 4] y", k=NEAR)
    assert cut.runs == Flops()
    (spread,) = works("y = Mul (i, j)", "float[N, 6, 4] i, float[N, 6, 1] j", "float[N, 6, 4] y")
    assert spread.runs == Flops(0, 6)
    (alike,) = works("y = Mul (i, j)", "float[N, 6] i, float[N, 6] j", "float[N, 6] y")
    assert alike.runs == Flops()


def test_a_slice_reads_what_it_writes() -> None:
    cuts = {name: np.array([at]) for name, at in (("a", 0), ("b", 1), ("c", 0))}
    (first,) = works("y = Slice (i, a, b, c)", "float[N, 50] i", "float[1, 50] y", **cuts)
    assert first.bytes == Flops(400, 0)


def test_each_work_has_its_price() -> None:
    prices = Prices(
        flops_per_second=2.0, slices_per_second=4.0, arithmetic_per_second=5.0,
        bytes_per_second=10.0, node=100.0, batch=7.0, piece=11.0, pick=13.0,
    )  # fmt: skip
    one = Flops(1, 2)
    for work, price in (
        (Work(products=one), 1 / 2), (Work(slices=one), 1 / 4), (Work(arithmetic=one), 1 / 5),
        (Work(bytes=one), 1 / 10), (Work(batched=one), 7), (Work(pieces=one), 11),
        (Work(runs=one), 13),
    ):  # fmt: skip
        paid = line(work, prices)
        assert math.isclose(paid.fixed, 100 + price, abs_tol=1e-9)
        assert math.isclose(paid.each, 2 * price, abs_tol=1e-9)
    assert line(Work(calls=0), prices).at(500) == 0
