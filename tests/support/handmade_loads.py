"""A load test with figures that were written by hand."""

from __future__ import annotations

from typing import Any

from mari_engine.types import Arm, Capacity, LoadResult, LoadRun, LoadStage


def make_run(arm: Arm, stage: LoadStage, rate: float, p99: float) -> LoadRun:
    """Return a run whose p99 meets a bound of 20 ms, or does not."""
    return LoadRun(arm, stage, rate, 1000, p99 / 3, p99 / 2, p99, p99 / 3, rate, 1.0, p99 < 0.02)


def make_load(**changes: Any) -> LoadResult:
    """Return one that was searched: twice the requests a second, for half of the processor."""
    fields: dict[str, Any] = {
        "bound": 0.02,
        "candidates": (500,),
        "workers": 2,
        "capacities": (
            Capacity(Arm.ORIGINAL, 50.0, 60.0, 80.0, 22.0),
            Capacity(Arm.MARI, 100.0, 110.0, 160.0, 11.0),
        ),
        "runs": (
            make_run(Arm.ORIGINAL, LoadStage.SATURATION, 320.0, 4.0),
            make_run(Arm.ORIGINAL, LoadStage.SEARCH, 40.0, 0.01),
            make_run(Arm.ORIGINAL, LoadStage.SEARCH, 50.0, 0.018),
            make_run(Arm.ORIGINAL, LoadStage.SEARCH, 60.0, 0.2),
            make_run(Arm.MARI, LoadStage.SEARCH, 80.0, 0.006),
            make_run(Arm.MARI, LoadStage.SEARCH, 100.0, 0.015),
            make_run(Arm.MARI, LoadStage.SEARCH, 110.0, 0.09),
        ),
        "equal_rate": 35.0,
        "machine": {"processor": "a test", "cores": "2"},
        "generator": "mlcommons-loadgen 6",
        "model": "tower",
        "seed": 0,
        "source_sha256": "0",
    }
    return LoadResult(**(fields | changes))
