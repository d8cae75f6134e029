import dataclasses

import numpy as np
import pytest

from mari_engine.types import Check
from mari_engine.verification.distances import Results
from mari_engine.verification.judgement import CaseResult, judge_runs

EPSILON = 2.0**-23


def run(
    *,
    batch: int = 4,
    seed: int | None = 0,
    exact: float = 0.0,
    original: float = 0.0,
    optimized: float = 0.0,
) -> CaseResult:
    """Return a run of an output of magnitude 1 in which one element is off by that much."""
    truth = np.linspace(0.0, 1.0, batch)

    def off(by: float) -> np.ndarray:
        return np.asarray(truth + np.eye(1, batch, 1)[0] * by)

    results = Results(truth, off(exact), off(original), off(optimized))
    return CaseResult(batch, seed, "generated" if seed is not None else "mine.npz", {"y": results})


def judge(*runs: CaseResult) -> list[Check]:
    return list(judge_runs(runs, epsilon=EPSILON, once=frozenset({"z"})))


def test_equal_results_pass() -> None:
    (check,) = judge(run())
    assert check.passed
    assert check.reason == ""
    assert check.outputs[0].same_ranking


@pytest.mark.parametrize(("exact", "passed"), [(9e-10, True), (1.1e-9, False)])
def test_exactness_has_one_limit(exact: float, passed: bool) -> None:
    (check,) = judge(run(exact=exact))
    assert check.passed is passed
    assert check.outputs[0].exact == pytest.approx(exact, rel=1e-6, abs=0)


def test_some_rounding_is_always_allowed() -> None:
    assert judge(run(optimized=7 * EPSILON))[0].passed
    (check,) = judge(run(optimized=9 * EPSILON))
    assert check.reason == (
        "output 'y': in the model's own precision the error is 1.1e-06 of the largest "
        "(limit 9.5e-07)"
    )


def test_four_times_the_originals_rounding_is_allowed() -> None:
    assert judge(run(original=1e-4, optimized=3.9e-4))[0].passed
    assert not judge(run(original=1e-4, optimized=4.1e-4))[0].passed


def test_what_reordering_leaves_in_float64_tells_what_it_may_leave_in_its_own_precision() -> None:
    """Where sums cancel, the original may be near float64 by luck: of 40 units, 160 are allowed."""
    cancels = 40 * 2.0**-52
    assert judge(run(exact=cancels, optimized=160 * EPSILON))[0].passed
    assert not judge(run(exact=cancels, optimized=170 * EPSILON))[0].passed
    assert not judge(run(optimized=160 * EPSILON))[0].passed


def test_no_more_than_reordering_leaves_excuses_rounding() -> None:
    unstable = run(exact=4_000 * 2.0**-52, optimized=4_000 * EPSILON)
    assert not judge(unstable)[0].passed
    assert not judge(run(exact=9e-10, optimized=1e-3))[0].passed


def test_rounding_is_pooled_over_generated_requests() -> None:
    lucky = run(original=0.0, optimized=3e-5)
    assert not judge(lucky)[0].passed
    assert all(check.passed for check in judge(lucky, run(seed=1, original=1e-5)))
    assert not judge(lucky, run(seed=None, original=1e-5))[0].passed


def test_an_original_far_from_its_float64_value_vouches_for_nothing() -> None:
    (check,) = judge(run(original=0.01, optimized=0.011))
    assert not check.passed
    assert "the original is 1.0e-02 of the largest away from its own float64 value" in check.reason
    assert judge(run(original=0.01, optimized=0.01))[0].passed


def test_a_failure_to_run_is_a_failed_check() -> None:
    failed = dataclasses.replace(run(), outputs={}, failure="it cannot run")
    (check,) = judge(failed)
    assert not check.passed
    assert check.reason == "it cannot run"
    assert check.outputs == ()


def swapped(own: float) -> Results:
    truth = np.array([0.5, 0.5 + own, 1.0])
    return Results(truth, truth, truth, truth[[1, 0, 2]])


@pytest.mark.parametrize(("apart", "passed"), [(EPSILON, True), (1e-3, False)])
def test_candidates_may_change_places_within_rounding(apart: float, passed: bool) -> None:
    (check,) = judge(CaseResult(3, 0, "generated", {"y": swapped(apart)}))
    assert check.outputs[0].same_ranking is passed


def test_outputs_per_request_are_not_ranked() -> None:
    case = CaseResult(3, 0, "generated", {"z": swapped(1e-3)})
    assert judge(case)[0].outputs[0].same_ranking


@pytest.mark.parametrize(("between", "passed"), [(60 * EPSILON, True), (70 * EPSILON, False)])
def test_without_float64_the_two_are_compared_directly(between: float, passed: bool) -> None:
    own = np.array([0.25, 1.0])
    results = Results(None, None, own, own + np.array([between, 0.0]))
    (check,) = judge(CaseResult(2, 0, "generated", {"y": results}))
    assert check.passed is passed
    assert check.outputs[0].exact is None


def test_a_float64_model_has_no_finer_truth_and_is_allowed_what_exactness_allows() -> None:
    finest = 2.0**-52

    def judged(off: float) -> bool:
        found = run(original=0.0, optimized=off * finest)
        return judge_runs([found], epsilon=finest, once=frozenset())[0].passed

    assert judged(200)
    assert judged(0.9e-9 / finest)
    assert not judged(1.1e-9 / finest)


def test_a_few_unusual_requests_are_allowed_the_usual_rounding() -> None:
    usual = run(seed=0, original=1e-5)
    lucky = dataclasses.replace(run(optimized=3e-5), request="generated, of other magnitudes")
    assert not judge(lucky)[0].passed
    assert all(check.passed for check in judge(usual, lucky))
    worse = dataclasses.replace(run(optimized=6e-5), request="generated, of other magnitudes")
    assert not judge(usual, worse)[1].passed


def test_scores_along_the_second_axis_are_ranked_too() -> None:
    before = np.array([[3.0, 2.0, 1.0]])
    swapped = np.array([[3.0, 2.0, 2.0 + 1e-3]])
    run = CaseResult(3, 0, "generated", {"y": Results(None, None, before, before)})
    wrong = CaseResult(3, 0, "generated", {"y": Results(None, None, before, swapped)})
    same, other = judge_runs([run, wrong], epsilon=1e-7, once=frozenset())
    assert same.outputs[0].same_ranking
    assert not other.outputs[0].same_ranking


def test_an_output_that_is_one_number_ranks_nothing() -> None:
    one = np.asarray(3.0)
    run = CaseResult(1, 0, "generated", {"y": Results(None, None, one, one)})
    (check,) = judge_runs([run], epsilon=1e-7, once=frozenset())
    assert check.passed


@pytest.mark.parametrize(("exact", "passed"), [(1e-7, True), (1e-5, False)])
def test_what_rounds_in_float64_too_is_judged_by_its_own_precision(
    exact: float, passed: bool
) -> None:
    found = run(exact=exact, original=1e-7, optimized=1e-7)
    (check,) = judge_runs([found], epsilon=EPSILON, once=frozenset(), rounded=frozenset({"y"}))
    assert check.passed is passed
    assert not judge(found)[0].passed


def test_a_small_column_that_rounds_in_float64_too_is_not_hidden() -> None:
    truth = np.array([[1.0, 1e-6], [2.0, 2e-6]])
    wrong = truth + np.array([[0.0, 1e-8], [0.0, 0.0]])
    found = CaseResult(2, 0, "generated", {"y": Results(truth, wrong, truth, wrong)})
    (check,) = judge_runs([found], epsilon=EPSILON, once=frozenset(), rounded=frozenset({"y"}))
    assert "of their own magnitude" in check.reason
