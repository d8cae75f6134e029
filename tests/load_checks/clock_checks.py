"""What a load test must show of servers whose behaviour is known, in real time.

A server that sleeps a constant time is an M/D/1 queue: with `s` the time of a request and `r` the
share of the time that it is busy, the mean latency is `s + s r / (2 (1 - r))`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

import mari_engine as mari
from mari_engine.native import Load, generate_load
from sample_models import labels_path, sample_path

_QUERIES = 2000
_BOUND = 0.1


class _Sleeper:
    """Answers after a constant time, of which the clock's own share is measured."""

    def __init__(self, seconds: float, stalled: int = -1) -> None:
        self._seconds, self._stalled = seconds, stalled
        self.taken: list[float] = []

    def __call__(self, _index: int) -> None:
        began = time.perf_counter()
        end = began + self._seconds + (len(self.taken) == self._stalled)
        time.sleep(max(0.0, end - began - 1e-3))
        while time.perf_counter() < end:
            pass
        self.taken.append(time.perf_counter() - began)


def check_queue(seconds: float = 0.005) -> Mapping[float, tuple[float, float]]:
    """Return, by share of time busy, the mean latency measured and that of an M/D/1 queue.

    The arrivals of one run are not quite those of its rate, so the queue is that of the rate and
    the service time that were seen.
    """
    found = {}
    for share in (0.3, 0.5, 0.7):
        sleeper = _Sleeper(seconds)
        result = generate_load(sleeper, 8, Load(share / seconds, _QUERIES, _BOUND, 60.0, 1))
        service = float(np.mean(sleeper.taken))
        busy = result["result_scheduled_samples_per_sec"] * service
        expected = service + service * busy / (2 * (1 - busy))
        found[share] = (result["result_mean_latency_ns"] / 1e9, expected)
    return found


def check_stall(seconds: float = 0.002) -> tuple[float, float]:
    """Return p99 without and with one stall of a second among a thousand requests at 100/s."""
    plain, stalled = (
        generate_load(_Sleeper(seconds, at), 8, Load(100.0, 1000, _BOUND, 60.0, 1))
        for at in (-1, 500)
    )
    name = "result_99.00_percentile_latency_ns"
    return plain[name] / 1e9, stalled[name] / 1e9


def check_equal_arms(sample: str = "dlrm", p99: float = 0.05) -> mari.LoadResult:
    """Return the capacities of a sample and of itself, which should be equal."""
    model, labels = mari.load(sample_path(sample)), mari.Labels.load(labels_path(sample))
    same = mari.plan(model, labels, way=mari.Way.ORIGINAL)
    return mari.measure_capacity(model, same, p99=p99, workers=1)
