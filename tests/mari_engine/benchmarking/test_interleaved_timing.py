import gc
from collections.abc import Callable

import numpy as np
import pytest

from mari_engine.benchmarking.interleaved_timing import summarize, time_interleaved
from mari_engine.errors import Cancelled


class Clock:
    """Time that passes only when something is run."""

    def __init__(self) -> None:
        self.now = 0.0
        self.order: list[str] = []

    def __call__(self) -> float:
        return self.now

    def run(self, name: str, seconds: float) -> Callable[[int], float]:
        def timed(warm_ups: int) -> float:
            self.order += [name] * (warm_ups + 1)
            self.now += seconds * (warm_ups + 1)
            return seconds

        return timed


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("mari_engine.benchmarking.interleaved_timing.time.perf_counter", found)
    return found


def test_rounds_rotate_and_each_run_is_warmed(clock: Clock) -> None:
    runs = {name: clock.run(name, 1.0) for name in "abc"}
    samples = time_interleaved(runs, budget=1.0, rounds=3)
    assert samples == {name: [1.0, 1.0, 1.0] for name in "abc"}
    warm_up, rounds = clock.order[:9], clock.order[9:]
    assert warm_up == list("aaabbbccc")
    assert rounds == list("aabbccbbccaaccaabb")


@pytest.mark.parametrize(("budget", "rounds"), [(60.0, 10), (6.0, 9), (6e6, 400)])
def test_the_budget_gives_the_rounds(clock: Clock, budget: float, rounds: int) -> None:
    runs = {"a": clock.run("a", 1.0), "b": clock.run("b", 2.0)}
    assert len(time_interleaved(runs, budget=budget)["b"]) == rounds


def test_it_stops_when_runs_become_slow(clock: Clock) -> None:
    seconds = iter([1.0] * 3 + [10.0] * 1000)

    def run(warm_ups: int) -> float:
        taken = [next(seconds) for _ in range(warm_ups + 1)]
        clock.now += sum(taken)
        return taken[-1]

    assert len(time_interleaved({"a": run}, budget=100.0)["a"]) == 9


def test_progress_is_told_each_round_and_may_stop(clock: Clock) -> None:
    shares: list[float] = []
    time_interleaved({"a": clock.run("a", 1)}, budget=1, rounds=4, each_round=shares.append)
    assert shares == [0.0, 0.25, 0.5, 0.75]

    def stop(share: float) -> None:
        raise Cancelled(f"at {share}")

    with pytest.raises(Cancelled):
        time_interleaved({"a": clock.run("a", 1)}, budget=1, each_round=stop)
    assert gc.isenabled()


def test_the_collector_rests_while_timing(clock: Clock) -> None:
    enabled: list[bool] = []
    time_interleaved(
        {"a": clock.run("a", 1)},
        budget=1,
        rounds=1,
        each_round=lambda _: enabled.append(gc.isenabled()),
    )
    assert enabled == [False]


def test_speedup_is_the_median_of_the_rounds_ratios() -> None:
    summary = summarize([1.0, 2.0, 4.0], [4.0, 4.0, 4.0])
    assert (summary.p50, summary.mean) == (2.0, 7 / 3)
    assert summary.speedup == 2.0
    assert summary.speedup_low == np.percentile([4, 2, 1], 10)
    assert summary.speedup_high == np.percentile([4, 2, 1], 90)
    assert (summary.p90, summary.p99) == tuple(np.percentile([1, 2, 4], [90, 99]))
