"""What a load test must show of servers whose behaviour is known, in real time.

A server that takes a constant time `s` is an M/D/1 queue. Given the arrivals, the wait of each
request follows from that of the one before it (Lindley's recursion), and on average it is the
formula's `s r / (2 (1 - r))`, with `r` the share of the time that the server is busy. Measured and
expected are compared on the same arrivals, so that no luck of theirs enters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

import mari_engine as mari
from mari_engine.native import Load, generate_load
from mari_engine.serving.capacity import search
from mari_engine.serving.capacity.load_server import run_of
from mari_engine.types import Arm, LoadRun, LoadStage
from sample_models import labels_path, sample_path

_QUERIES = 400
_BOUND = 0.1
_P99 = "result_99.00_percentile_latency_ns"


def sleeper(seconds: float, *, stalled: int = -1) -> Callable[[int], None]:
    """Return what answers after a constant time, one request a second later."""
    answered = iter(range(1 << 60))

    def answer(_index: int) -> None:
        time.sleep(seconds + (next(answered) == stalled))

    return answer


class ConstantServer:
    """One server that takes a constant time, by a schedule of its own: no lateness adds up."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._answered, self._free = seconds, 0, 0.0
        self._arrivals: list[float] = []
        self.latencies: list[float] = []
        """Of each request, as that of the queue: by Lindley's recursion."""

    def arrive(self, at: float) -> None:
        """Note when the next request was sent."""
        self._arrivals.append(at)

    def answer(self, _index: int) -> None:
        """Return when the request is due."""
        arrival = self._arrivals[self._answered]
        self._free = max(arrival, self._free) + self._seconds
        self._answered += 1
        self.latencies.append(self._free - arrival)
        time.sleep(max(0.0, self._free - time.perf_counter()))


def check_queue(seconds: float = 0.05) -> Mapping[float, tuple[float, float]]:
    """Return, by share of time busy, the mean latency that was measured, and the queue's."""
    found = {}
    for share in (0.3, 0.5, 0.7):
        load = Load(share / seconds, _QUERIES, _BOUND, 100.0, 1)
        server = ConstantServer(seconds)
        result = generate_load(server.answer, 8, load, server.arrive)
        found[share] = (result["result_mean_latency_ns"] / 1e9, float(np.mean(server.latencies)))
    return found


def check_stall(seconds: float = 0.002) -> tuple[float, float]:
    """Return p99 without and with one stall of a second among a thousand requests at 100/s."""
    load = Load(100.0, 1000, _BOUND, 60.0, 1)
    plain, stalled = (
        generate_load(sleeper(seconds, stalled=at), 8, load)[_P99] / 1e9 for at in (-1, 500)
    )
    return plain, stalled


def check_equal_servers(seconds: float = 0.02, workers: int = 4) -> float:
    """Return the ratio of the capacities of two servers that take the same constant time."""

    def measure(arm: Arm, stage: LoadStage, rate: float) -> LoadRun:
        queries = 200 if stage == LoadStage.SATURATION else 1000
        rate = 4 * workers / seconds if stage == LoadStage.SATURATION else rate
        load = Load(rate, queries, _BOUND, 60.0, workers)
        return run_of(arm, stage, rate, generate_load(sleeper(seconds), 8, load))

    arms = (Arm.ORIGINAL, Arm.MARI)
    first, second = search(arms, measure, lambda _share, _what: None).capacities
    return second.rate / first.rate


def check_equal_models(sample: str = "dlrm", p99: float = 0.05) -> float | None:
    """Return the ratio of the capacities of a sample and of itself."""
    model, labels = mari.load(sample_path(sample)), mari.Labels.load(labels_path(sample))
    same = mari.plan(model, labels, way=mari.Way.ORIGINAL)
    return mari.measure_capacity(model, same, p99=p99, workers=1).ratio
