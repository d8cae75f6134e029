"""A seed is a case: the same bytes each time, in the dialect of its place."""

import numpy as np
import onnx
import pytest

from mari_engine.fuzzing import DIALECTS, Outcome, case_of, dialect_of, examine, examine_seeds

ONE_OF_EACH = range(len(DIALECTS))


@pytest.mark.parametrize("seed", ONE_OF_EACH)
def test_the_same_seed_gives_the_same_bytes(seed: int) -> None:
    first, second = case_of(seed), case_of(seed)
    assert first.data == second.data
    assert first.labels == second.labels
    for one, other in zip(first.requests, second.requests, strict=True):
        assert list(one) == list(other)
        assert all(one[name].tobytes() == other[name].tobytes() for name in one)


def test_neighbouring_seeds_speak_all_dialects() -> None:
    assert {dialect_of(seed) for seed in ONE_OF_EACH} == set(DIALECTS)


@pytest.mark.parametrize("seed", ONE_OF_EACH)
def test_each_input_has_a_label_and_is_fed(seed: int) -> None:
    case = case_of(seed)
    names = {item.name for item in onnx.load_model_from_string(case.data).graph.input}
    assert set(case.labels.inputs) == names
    assert all(set(feeds) == names for feeds in case.requests)


def test_requests_without_history_are_among_them() -> None:
    lengths = {
        extent
        for seed in range(40)
        for feeds in case_of(seed).requests
        for array in feeds.values()
        for extent in array.shape[1:]
    }
    assert 0 in lengths


def test_no_number_overflows_in_half_precision() -> None:
    seed = next(seed for seed in ONE_OF_EACH if dialect_of(seed) == "float16")
    assert all(
        np.isfinite(array).all() for feeds in case_of(seed).requests for array in feeds.values()
    )


@pytest.mark.parametrize("dialect", ["recent", "recent float32", "across"])
def test_graphs_of_later_dialects_are_rewritten_right(dialect: str) -> None:
    seeds = [seed for seed in range(3 * len(DIALECTS)) if dialect_of(seed) == dialect]
    assert {seed: examine(case_of(seed)).outcome for seed in seeds} == dict.fromkeys(
        seeds, Outcome.SAME
    )


def test_a_case_that_takes_more_processor_time_than_any_should_is_a_crash() -> None:
    (found,) = examine_seeds(iter([3]), 1, seconds=0.05)
    assert found.examination.outcome == Outcome.CRASH
    assert found.examination.reason == "no end within 0.05 s of processor time"
