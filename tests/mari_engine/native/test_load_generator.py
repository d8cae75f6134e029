"""The load generator sends what it is told to, and its log is read."""

from __future__ import annotations

import threading

import pytest

from mari_engine.native import Load, generate_load
from mari_engine.native.load_generator import read_results

FAST = Load(rate=20_000.0, queries=600, bound=60.0, longest=30.0, workers=2)
LOG = """\
:::MLLOG {"key": "loadgen_version", "value": "6.0", "metadata": {}}
a line of another kind
:::MLLOG {"key": "result_99.00_percentile_latency_ns", "value": 12000000, "metadata": {}}
:::MLLOG {"key": "requested_seed", "value": 3, "metadata": {}}
:::MLLOG {"key": "result_validity", "value": "VALID", "metadata": {}}
"""


def test_results_are_those_of_the_log() -> None:
    assert read_results(LOG) == {
        "loadgen_version": "6.0",
        "result_99.00_percentile_latency_ns": 12_000_000,
        "result_validity": "VALID",
    }


def test_every_request_is_answered_once_by_some_worker() -> None:
    pytest.importorskip("mlperf_loadgen")
    lock, asked, threads = threading.Lock(), list[int](), set[int]()

    def answer(index: int) -> None:
        with lock:
            asked.append(index)
            threads.add(threading.get_ident())

    found = generate_load(answer, 8, FAST)
    assert len(asked) == found["result_query_count"] == FAST.queries
    assert set(asked) == set(range(8))
    assert len(threads) <= FAST.workers
    assert found["result_validity"] == "VALID"
    assert found["processor_seconds"] > 0


def test_a_bound_that_no_request_can_meet_is_missed() -> None:
    pytest.importorskip("mlperf_loadgen")
    load = Load(rate=20_000.0, queries=600, bound=1e-9, longest=30.0, workers=1)
    assert generate_load(lambda _: None, 8, load)["result_validity"] == "INVALID"


def test_what_fails_first_is_raised_when_all_are_answered() -> None:
    pytest.importorskip("mlperf_loadgen")

    def answer(index: int) -> None:
        raise ValueError(f"request {index}")

    with pytest.raises(ValueError, match="request "):
        generate_load(answer, 8, FAST)
