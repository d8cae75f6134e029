"""Models that answer a load: sessions with their requests, where models run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.native import Load
from mari_engine.runtime import LoadServer, open_session
from mari_engine.types import Arm, Feeds, LoadRun, LoadStage

QUERIES = 1000
"""Requests of a run, fewer where it would take too long."""
_FEWEST = 500
"""Early stopping asks for 459 requests, none of which misses the bound, before p99 is known."""
_LONGEST = 60.0
"""Seconds in which the requests of a run are sent."""
_OVERLOAD = 4.0
"""How many times the rate that workers could answer one by one is sent to saturate them."""
_SATURATED = 1.5
"""Seconds that saturation takes, about."""


@dataclass(frozen=True, eq=False)
class Served:
    """A model, and how requests for the original are fed to it."""

    model: Model
    bind: Callable[[Feeds], Feeds]


class Arms:
    """The models of a load test, ready to answer; `measure` runs one of them at a rate."""

    def __init__(
        self,
        served: Mapping[Arm, Served],
        requests: Sequence[Feeds],
        *,
        workers: int,
        bound: float,
    ) -> None:
        """Open the models, and warm each up at the largest request.

        Raises ExecutionError where a model cannot run.
        """
        self.names = tuple(served)
        self._bound, self._workers = bound, workers
        self._servers: dict[Arm, LoadServer] = {}
        self._seconds: dict[Arm, float] = {}
        for arm, each in served.items():
            session = open_session(each.model, threads=1)
            self._servers[arm] = session.serve([each.bind(request) for request in requests])
            self._seconds[arm] = self._servers[arm].warm_up()

    @property
    def unable(self) -> frozenset[Arm]:
        """The arms that take longer than the bound for one request, nothing else running."""
        return frozenset(arm for arm, taken in self._seconds.items() if taken > self._bound)

    def measure(self, arm: Arm, stage: LoadStage, rate: float) -> LoadRun:
        """Send requests to one model, and return the latencies."""
        queries = QUERIES
        if stage == LoadStage.SATURATION:
            each = self._workers / self._seconds[arm]
            rate = _OVERLOAD * each
            queries = max(64, int(_SATURATED * each))
        elif queries > rate * _LONGEST:
            queries = int(rate * _LONGEST)
        if queries < _FEWEST and stage != LoadStage.SATURATION:
            raise ExecutionError(
                f"{arm}: {rate:.3g} requests a second are too few to tell a p99 within "
                f"{_LONGEST:.0f} s; measure with fewer candidates, more workers or a longer --p99"
            )
        load = Load(rate, queries, self._bound, _LONGEST, self._workers)
        return run_of(arm, stage, rate, self._servers[arm].generate(load))


def run_of(arm: Arm, stage: LoadStage, rate: float, found: Mapping[str, Any]) -> LoadRun:
    """Return what the load generator found, by its names, as a run."""
    p50, p90, p99 = (
        found[f"result_{name}_percentile_latency_ns"] / 1e9 for name in ("50.00", "90.00", "99.00")
    )
    return LoadRun(
        arm=arm,
        stage=stage,
        rate=rate,
        queries=int(found["result_query_count"]),
        p50=p50,
        p90=p90,
        p99=p99,
        mean=found["result_mean_latency_ns"] / 1e9,
        completed_per_second=float(found["result_completed_samples_per_sec"]),
        processor_seconds=float(found["processor_seconds"]),
        met=found["result_validity"] == "VALID",
    )
