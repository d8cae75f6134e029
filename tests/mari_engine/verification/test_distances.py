import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mari_engine.verification.distances import Results, measure_distance, same_ranking
from support.arrays import f32

ONES = np.ones((3, 2))


def results(truth: object, exact: object, original: object, optimized: object) -> Results:
    arrays = [None if item is None else np.asarray(item) for item in (truth, exact)]
    own = [None if item is None else f32(item) for item in (original, optimized)]
    return Results(arrays[0], arrays[1], own[0], own[1])


def test_distances_are_the_largest_of_each_pair() -> None:
    found = measure_distance(results([4.0, -8.0], [4.0, -8.5], [4.0, -8.25], [3.0, -8.0]))
    assert found.scale == 8.0
    assert (found.exact, found.original, found.optimized, found.between) == (0.5, 0.25, 1.0, 1.0)
    assert found.problem == ""


def test_without_float64_only_the_difference_is_known() -> None:
    found = measure_distance(results(None, None, [4.0], [3.0]))
    assert (found.exact, found.original, found.optimized) == (None, None, None)
    assert (found.scale, found.between) == (4.0, 1.0)


def test_without_its_own_precision_only_exactness_is_known() -> None:
    found = measure_distance(results([4.0], [3.0], None, None))
    assert (found.exact, found.original, found.between) == (1.0, None, None)


def test_all_zero_outputs_have_absolute_errors() -> None:
    assert measure_distance(results([0.0], [0.25], [0.0], [0.5])).scale == 1.0


INF, NAN = np.inf, np.nan
HARD = [
    (results([1.0, NAN], [1.0, NAN], [1.0, NAN], [1.0, NAN]), ""),
    (results([1.0, NAN], [1.0, 2.0], None, None),
     "NaN or infinity at 1 elements in only one of the models in float64"),
    (results([INF, 1.0], [-INF, 1.0], None, None),
     "NaN or infinity at 1 elements in only one of the models in float64"),
    (results([0.0, 1.0], [1e-10, 1.0], None, None),
     "exactly 0 at 1 elements in only one of the models in float64"),
    (results([1e-10, 1.0], [0.0, 1.0], None, None),
     "exactly 0 at 1 elements in only one of the models in float64"),
    (results([INF, 1.0], [INF, 1.0], [INF, 1.0], [INF, 1.0]), ""),
    # What is left of a sum in another order is no other number.
    (results([0.0, 1.0], [1e-16, 1.0], None, None), ""),
    (results([1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [1.0, INF]),
     "NaN or infinity at 1 elements in only one of the models"),
    # The original overflows where the truth is finite: so may, or may not, the rewritten model.
    (results([1.0, 9.0], [1.0, 9.0], [1.0, INF], [1.0, 9.0]), ""),
    (results([[1.0]], [1.0], None, None), "shape (1, 1) became (1,) in float64"),
    (results([1.0], [1.0], [1.0], [[1.0]]), "shape (1,) became (1, 1)"),
    (Results(np.array([1, 2]), np.array([1, 3]), None, None),
     "int64 values differ at 1 elements in float64"),
    (Results(None, None, np.array([True]), np.array([False])), "bool values differ at 1 elements"),
    (Results(None, None, np.array(["a"], object), np.array(["b"], object)),
     "object values differ at 1 elements"),
    (Results(None, None, None, None), "it could be run in neither precision"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "problem"), HARD)
def test_what_no_rounding_explains(case: Results, problem: str) -> None:
    assert measure_distance(case).problem == problem


def test_whole_numbers_may_differ_where_rounding_decides() -> None:
    truth, own = np.array([3, 5]), np.array([3, 4])
    assert measure_distance(Results(truth, truth, own, np.array([3, 5]))).problem == ""
    found = measure_distance(Results(truth, truth, own, np.array([2, 5])))
    assert found.problem == "int64 values differ at 1 elements"


def test_ranking_may_change_within_a_tie_only() -> None:
    before = np.array([[3.0], [2.0], [1.9]])
    after = np.array([[3.0], [1.9], [2.0]])
    assert same_ranking(before, after, 0.2)
    assert not same_ranking(before, after, 0.05)
    assert same_ranking(before, before, 0.0)


def test_every_column_is_ranked() -> None:
    before = np.array([[1.0, 1.0], [2.0, 2.0]])
    after = np.array([[1.0, 2.0], [2.0, 1.0]])
    assert not same_ranking(before, after, 0.5)


SCORES = st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(st.lists(SCORES, min_size=1, max_size=12), st.integers(0, 4))
def test_ranking_is_what_comparing_all_pairs_says(pairs: list[tuple[int, int]], tie: int) -> None:
    before, after = (np.array(column, float) for column in zip(*pairs, strict=True))
    clear = [(i, j) for i, j in itertools.permutations(range(len(pairs)), 2)
             if before[i] > before[j] + tie]  # fmt: skip
    assert same_ranking(before, after, tie) == all(after[i] >= after[j] for i, j in clear)


def test_rows_that_are_not_finite_are_not_ranked() -> None:
    assert same_ranking(np.array([1.0, NAN, 2.0]), np.array([1.0, 5.0, 2.0]), 0.0)
    assert same_ranking(ONES.astype(int), ONES.astype(int) * 2, 0.0)


def own(truth: list[float], exact: list[float]) -> float:
    found = measure_distance(results(truth, exact, None, None)).own
    assert found is not None
    return found


def test_what_sums_leave_of_an_exact_zero_makes_no_sentinels_of_the_scores() -> None:
    """Found by a random graph: 1e-16 in one row, and all other scores were taken for a mask's."""
    assert own([12.0, 1e-16, -7.0], [12.0, 4e-16, -7.0]) < 1e-7
    assert own([12.0, 1e-16, -7.0], [12.0, 1e-5, -7.0]) > 1e-7


def test_what_order_leaves_of_scores_near_saturation_is_no_difference() -> None:
    """Found by a random graph: `tanh(x) - max(tanh(x))` was 1e-11 in one row, and -2 in others."""
    assert own([-2.0, -1.207334e-11], [-2.0, -1.207323e-11]) == 0
    assert own([-2.0, -1.2e-11], [-2.0, -1.4e-11]) > 1e-7


@pytest.mark.parametrize("masked", [-1e9, -1e30, -3.4e38])
def test_an_error_beside_a_mask_is_seen_by_its_own_scale(masked: float) -> None:
    assert own([masked, 0.5, 0.001], [masked, 0.5, 0.0010001]) > 1e-7
