"""The benchmark: original, one-shot, MaRI and MaRI per fragment on the same requests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mari_engine.benchmarking.arm_timing import PreparedArm, Settings, time_arms
from mari_engine.benchmarking.prepared_arms import ARMS, prepare_arms
from mari_engine.benchmarking.roofline import measure_peak
from mari_engine.feeds import FeedPlan, plan_feeds
from mari_engine.graph import Model
from mari_engine.plan_types import Plan
from mari_engine.runtime import describe_machine, find_device, time_operators
from mari_engine.types import Arm, BenchmarkResult, Feeds, Progress, report_nothing

_BEFORE_AND_AFTER = (Arm.ORIGINAL, Arm.MARI)
_INSIGHT_FROM = 0.85
"""The share of the work that is done when all arms are timed."""
_PEAK_FROM = 0.95
_RUNS = 10


def benchmark(
    model: Model,
    result: Plan,
    *,
    batches: Sequence[int] = (100, 500, 2000),
    device: str = "cpu",
    threads: int = 1,
    arms: Sequence[Arm] = ARMS,
    further: Sequence[PreparedArm] = (),
    repetitions: int | None = None,
    budget: float = 6.0,
    memory: bool = True,
    insight: bool = False,
    seed: int = 0,
    progress: Progress | None = None,
) -> BenchmarkResult:
    """Return interleaved measurements of the arms; the original is always among them.

    Latency is that of one request after warm-up, all else idle, and throughput that of one request
    at a time. `batches` are numbers of candidates, `budget` is in seconds for each of them;
    `repetitions` None: as many rounds as fit it. With `memory` the peak of each arm is measured in
    a process of its own (CPU only). With `insight` also the time of each operator before and after,
    at the largest batch, and the device's peak of arithmetic and of memory traffic. An arm that is
    the same graph as another is skipped, with the reason; `further` arms are timed beside them.
    Raises ExecutionError for a device that is absent or refuses a model.
    """
    report_progress = progress or report_nothing
    settings = Settings(
        device=device, threads=threads, repetitions=repetitions, budget=budget, memory=memory
    )
    remote = find_device(device).memory != "cpu"
    prepared, skipped = prepare_arms(model, result, arms, lambda what: report_progress(0.0, what))
    prepared += further
    requests = _draw_requests(plan_feeds(model, result.labels), batches, seed)
    timings = time_arms(
        prepared, requests, settings, _up_to(_INSIGHT_FROM if insight else 1.0, report_progress)
    )
    measured = BenchmarkResult(
        device=device, threads=threads, batches=tuple(requests), timings=timings,
        machine=describe_machine(), model=model.name, seed=seed,
        copies_included=device != "cpu" and not remote,
        skipped=skipped, source_sha256=model.sha256,
    )  # fmt: skip
    if insight:
        largest = requests[max(requests)]
        measured = replace(measured, **_look_deeper(prepared, largest, settings, report_progress))
    report_progress(1.0, "done")
    return measured


def _draw_requests(plan: FeedPlan, batches: Sequence[int], seed: int) -> dict[int, Feeds]:
    """Return one request for each number of candidates that the model allows."""
    sizes = batches if plan.fixed_batch is None else (plan.fixed_batch,)
    return {batch: plan.draw(batch=batch, seed=seed) for batch in dict.fromkeys(sizes)}


def _look_deeper(
    prepared: Sequence[PreparedArm], request: Feeds, settings: Settings, report_progress: Progress
) -> dict[str, Any]:
    """Return BenchmarkResult's `operators` and `peak`: where time goes, and the roofline."""
    operators = {}
    for item in prepared:
        if item.arm in _BEFORE_AND_AFTER:
            report_progress(_INSIGHT_FROM, f"timing the operators of {item.arm}")
            operators[str(item.arm)] = time_operators(
                item.model, item.bind(request), runs=_RUNS, threads=settings.threads,
                device=settings.device,
            )  # fmt: skip
    report_progress(_PEAK_FROM, f"measuring what {settings.device} can do at most")
    peak = measure_peak(device=settings.device, threads=settings.threads)
    return {"operators": operators, "peak": peak}


def _up_to(most: float, report_progress: Progress) -> Progress:
    """Return a callback whose 0 to 1 are reported as 0 to `most`."""
    return lambda share, what: report_progress(most * share, what)
