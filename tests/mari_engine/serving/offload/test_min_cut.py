from __future__ import annotations

from fractions import Fraction

import pytest

from mari_engine.serving.offload.frontier import sweep_cuts
from mari_engine.serving.offload.min_cut import CutOp, CutProblem, solve_cut
from support.cut_problems import every_cut, random_problem

PRICES = (Fraction(0), Fraction(1, 3), Fraction(1), Fraction(7, 2), Fraction(1000))


@pytest.mark.parametrize("block", range(10))
def test_the_cut_is_the_best_of_all(block: int) -> None:
    """A thousand random graphs, in blocks: as good as the best of all choices at every price."""
    for seed in range(100 * block, 100 * (block + 1)):
        problem = random_problem(seed)
        cuts = every_cut(problem)
        for price in PRICES:
            found = solve_cut(problem, price)
            assert found.total(price) == min(each.total(price) for each in cuts), seed


def test_the_frontier_holds_what_is_best_at_any_price() -> None:
    for seed in range(100):
        problem = random_problem(seed)
        frontier, cuts = sweep_cuts(problem), every_cut(problem)
        for price in (*PRICES, *(Fraction(number, 16) for number in range(1, 64))):
            best = min(each.total(price) for each in cuts)
            assert min(each.total(price) for each in frontier) == best, seed
        assert [each.size for each in frontier] == sorted(
            {each.size for each in frontier}, reverse=True
        )


def test_the_cut_does_not_depend_on_the_order_of_the_ops() -> None:
    for seed in range(50):
        problem = random_problem(seed)
        turned = CutProblem(
            problem.ops[::-1], problem.sizes, problem.needed, problem.tables, problem.tensor
        )
        assert all(solve_cut(problem, price) == solve_cut(turned, price) for price in PRICES)


TOWER = CutProblem(
    ops=(
        CutOp("lookup", ("item_id",), ("row",), 10, ("table",)),
        CutOp("tower", ("row",), ("vector",), 500),
    ),
    sizes={"item_id": 8, "row": 256, "vector": 32},
    needed=frozenset({"vector"}),
    tables={"table": 0},
    tensor=0,
)


def test_a_tower_is_fetched_where_bytes_are_cheap_and_computed_where_they_are_dear() -> None:
    cheap, dear = solve_cut(TOWER, Fraction(1)), solve_cut(TOWER, Fraction(100))
    assert (cheap.fetched, cheap.online, cheap.size) == (("vector",), (), 32)
    assert (dear.fetched, dear.inputs, dear.size) == ((), ("item_id",), 8)
    assert dear.online == ("lookup", "tower")


def test_a_table_that_weighs_is_left_behind() -> None:
    heavy = CutProblem(TOWER.ops, TOWER.sizes, TOWER.needed, {"table": 10_000})
    assert solve_cut(heavy, Fraction(100)).fetched == ("vector",)
