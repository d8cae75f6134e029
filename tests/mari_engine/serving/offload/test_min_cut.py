from __future__ import annotations

from fractions import Fraction
from itertools import chain, combinations

import numpy as np
import pytest

from mari_engine.serving.offload.frontier import sweep_cuts
from mari_engine.serving.offload.min_cut import Cut, CutOp, CutProblem, measure_cut, solve_cut

PRICES = (Fraction(0), Fraction(1, 3), Fraction(1), Fraction(7, 2), Fraction(1000))


def random_problem(seed: int) -> CutProblem:
    """Return a graph of up to seven ops, some with two results, some of which cannot be fetched."""
    draw = np.random.default_rng(seed)
    values = [f"x{at}" for at in range(draw.integers(1, 4))]
    sizes = {name: int(draw.integers(1, 40)) for name in values}
    tables = {f"t{at}": int(draw.integers(0, 30)) for at in range(2)}
    ops = []
    for at in range(draw.integers(1, 8)):
        count = min(len(values), int(draw.integers(1, 4)))
        reads = tuple(draw.choice(values, count, replace=False).tolist())
        makes = tuple(f"v{at}.{which}" for which in range(draw.integers(1, 3)))
        looked_up = tuple(name for name in tables if draw.random() < 0.2)
        ops.append(CutOp(f"op{at}", reads, makes, int(draw.integers(0, 60)), looked_up))
        sizes |= {name: int(draw.integers(1, 40)) for name in makes if draw.random() < 0.8}
        values += makes
    needed = frozenset(draw.choice(values, min(len(values), 3), replace=False).tolist())
    return CutProblem(tuple(ops), sizes, needed, tables, int(draw.integers(0, 5)))


def every_cut(problem: CutProblem) -> list[Cut]:
    """Return what each choice of ops to run online comes to, where all operands can be there."""
    names = [op.name for op in problem.ops]
    choices = chain.from_iterable(combinations(names, count) for count in range(len(names) + 1))
    found = []
    for online in map(frozenset, choices):
        running = [op for op in problem.ops if op.name in online]
        made = {name for op in running for name in op.makes}
        wanted = ({name for op in running for name in op.reads} | problem.needed) - made
        if wanted <= problem.sizes.keys():
            found.append(measure_cut(problem, online))
    return found


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
