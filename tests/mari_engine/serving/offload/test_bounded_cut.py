from __future__ import annotations

import pytest

from mari_engine.serving.offload.bounded_cut import cut_within
from mari_engine.serving.offload.frontier import sweep_cuts
from mari_engine.serving.offload.min_cut import CutOp, CutProblem
from support.cut_problems import every_cut, random_problem


@pytest.mark.parametrize("block", range(10))
def test_the_cut_within_a_bound_is_the_best_of_all(block: int) -> None:
    """A thousand random graphs, in blocks, each within a bound that lies among its cuts' sizes."""
    for seed in range(100 * block, 100 * (block + 1)):
        problem = random_problem(seed)
        cuts = every_cut(problem)
        sizes = sorted({cut.size for cut in cuts})
        most = sizes[seed % len(sizes)]
        found = cut_within(problem, most)
        assert found is not None
        assert found.size <= most
        assert found.cost == min(cut.cost for cut in cuts if cut.size <= most), seed


def test_no_cut_is_within_fewer_bytes_than_the_least() -> None:
    for seed in range(50):
        problem = random_problem(seed)
        least = min(cut.size for cut in every_cut(problem))
        assert cut_within(problem, least - 1) is None


THREE = CutProblem(
    ops=tuple(CutOp(f"op{at}", (f"x{at}",), (f"v{at}",), cost) for at, cost in enumerate((60, 9))),
    sizes={"x0": 1, "x1": 1, "v0": 61, "v1": 11},
    needed=frozenset({"v0", "v1"}),
    tables={},
)
"""Fetching saves 1 a byte of the first value, and 0.9 of the second."""


def test_a_cut_between_two_corners_is_found() -> None:
    assert [cut.size for cut in sweep_cuts(THREE)] == [72, 62, 2]
    found = cut_within(THREE, 61)
    assert found is not None
    assert (found.fetched, found.size) == (("v1",), 12)
    assert all(cut.size != 12 for cut in sweep_cuts(THREE))
