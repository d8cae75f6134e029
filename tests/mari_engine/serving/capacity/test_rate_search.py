"""The search for a capacity, on queues whose time is simulated: Poisson arrivals, constant work."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from mari_engine.serving.capacity import Found, search
from mari_engine.types import Arm, LoadRun, LoadStage

QUERIES = 4000
BOUND = 0.020


def latencies(rate: float, service: float, seed: int = 0) -> np.ndarray:
    """Return the latency of each query of an M/D/1 queue: Lindley's recursion."""
    gaps = np.random.default_rng(seed).exponential(1 / rate, QUERIES)
    waits = np.zeros(QUERIES)
    for at in range(1, QUERIES):
        waits[at] = max(0.0, waits[at - 1] + service - gaps[at])
    return waits + service


class Queues:
    """Arms that answer each request in a constant time."""

    def __init__(self, services: Mapping[Arm, float], disturbed: frozenset[int] = frozenset()):
        self.services = services
        self.disturbed = disturbed
        """Runs by number, of which every latency is a second longer."""
        self.asked: list[tuple[Arm, LoadStage, float]] = []

    def measure(self, arm: Arm, stage: LoadStage, rate: float) -> LoadRun:
        service = self.services[arm]
        rate = 4 / service if stage == LoadStage.SATURATION else rate
        found = latencies(rate, service) + (len(self.asked) in self.disturbed)
        self.asked.append((arm, stage, rate))
        p50, p90, p99 = np.quantile(found, (0.5, 0.9, 0.99))
        return LoadRun(
            arm, stage, rate, QUERIES, p50, p90, p99, float(found.mean()), min(rate, 1 / service),
            QUERIES * service, bool(p99 <= BOUND),
        )  # fmt: skip


def searched(queues: Queues, unable: frozenset[Arm] = frozenset()) -> Found:
    return search(tuple(queues.services), queues.measure, lambda _share, _what: None, unable)


def true_capacity(service: float) -> float:
    """Return the highest rate that meets the bound, by small steps."""
    rates = np.arange(0.2, 1.0, 0.002) / service
    met = [rate for rate in rates if np.quantile(latencies(rate, service), 0.99) <= BOUND]
    return float(max(met))


def test_an_m_d_1_queue_waits_as_the_formula_says() -> None:
    for load in (0.3, 0.5, 0.7):
        mean = np.mean([latencies(load / 0.005, 0.005, seed).mean() for seed in range(20)])
        assert mean == pytest.approx(0.005 + 0.005 * load / (2 * (1 - load)), rel=0.05)


def test_the_bracket_holds_the_capacity_of_each_arm() -> None:
    services = {Arm.ORIGINAL: 0.004, Arm.MARI: 0.001}
    found = searched(Queues(services))
    for each in found.capacities:
        truth = true_capacity(services[each.arm])
        assert each.rate <= truth * 1.005
        assert each.missed >= truth * 0.995
        assert each.missed - each.rate == pytest.approx(each.saturation / 128, rel=1e-9)


def test_equal_arms_have_equal_capacities() -> None:
    first, second = searched(Queues({Arm.ORIGINAL: 0.002, Arm.MARI: 0.002})).capacities
    assert first.rate == second.rate
    assert first.core_seconds == second.core_seconds == pytest.approx(2.0, rel=1e-12)


def test_arms_take_turns_and_end_at_one_rate() -> None:
    queues = Queues({Arm.ORIGINAL: 0.004, Arm.MARI: 0.001})
    found = searched(queues)
    assert [stage for _, stage, _ in queues.asked[:4]] == [LoadStage.SATURATION] * 4
    steps = [arm for arm, stage, _ in queues.asked if stage == LoadStage.SEARCH]
    turns = [arm for at, arm in enumerate(steps) if at == 0 or arm != steps[at - 1]]
    assert turns == [Arm.ORIGINAL, Arm.MARI] * 8
    equal = {rate for _, stage, rate in queues.asked if stage == LoadStage.EQUAL}
    assert equal == {found.equal_rate}
    assert found.equal_rate == pytest.approx(0.7 * found.capacities[0].rate, rel=1e-12)
    assert len(found.runs) == len(queues.asked)


def test_one_disturbed_run_does_not_change_a_capacity() -> None:
    services = {Arm.ORIGINAL: 0.002}
    quiet = searched(Queues(services)).capacities
    assert searched(Queues(services, frozenset({2}))).capacities == quiet


@pytest.mark.parametrize("first", [2, 4, 6])
def test_a_rate_that_was_missed_by_bad_luck_is_asked_again(first: int) -> None:
    services = {Arm.ORIGINAL: 0.002}
    (quiet,) = searched(Queues(services)).capacities
    (found,) = searched(Queues(services, frozenset({first, first + 1}))).capacities
    assert found.rate == pytest.approx(quiet.rate, abs=quiet.saturation / 64)
    assert found.missed - found.rate <= quiet.saturation / 64


def test_an_arm_that_is_too_slow_alone_is_not_searched() -> None:
    queues = Queues({Arm.ORIGINAL: 0.030, Arm.MARI: 0.001})
    before, after = searched(queues, frozenset({Arm.ORIGINAL})).capacities
    assert before.rate == 0
    assert after.rate > 0
    assert before.core_seconds is None
    assert (Arm.ORIGINAL, LoadStage.SEARCH) not in {(arm, stage) for arm, stage, _ in queues.asked}


def test_the_search_ends_where_no_rate_meets_the_bound() -> None:
    queues = Queues({Arm.ORIGINAL: 0.0201})
    (found,) = searched(queues).capacities
    assert found.rate == 0
    assert min(rate for _, _, rate in queues.asked) >= 0.1 * found.saturation
