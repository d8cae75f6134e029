"""Arms timed side by side: several models that answer the same requests on one device."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mari_engine.benchmarking.interleaved_timing import summarize, time_interleaved
from mari_engine.benchmarking.peak_memory import measure_peak_memory
from mari_engine.errors import ExecutionError
from mari_engine.graph import Model
from mari_engine.runtime import Session, open_session
from mari_engine.types import Arm, Cost, Feeds, Progress, Timing


@dataclass(frozen=True, eq=False)
class PreparedArm:
    """One arm: its model, how it is fed from the original's feeds, and its counted cost."""

    arm: Arm
    model: Model
    bind: Callable[[Feeds], Feeds]
    cost: Cost
    fetch: Callable[[Feeds], Callable[[], Sequence[np.ndarray]]] | None = None
    """What has to be fetched for a request before its model runs, whose time counts; None: nothing.
    """
    remark: Callable[[int], str] | None = None
    """What is told of a fetch for so many candidates, in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How arms are measured."""

    device: str = "cpu"
    threads: int = 1
    repetitions: int | None = None
    """Rounds at each batch size; None: as many as fit the budget."""
    budget: float = 6.0
    """Seconds for each batch size."""
    memory: bool = True
    """Whether peak memory is measured too, in a process of its own for each arm (CPU only)."""


def time_arms(
    prepared: Sequence[PreparedArm],
    requests: Mapping[int, Feeds],
    settings: Settings,
    progress: Progress,
) -> tuple[Timing, ...]:
    """Return one timing for each arm and batch size; the first arm is the reference.

    `requests` are the original's feeds by number of candidates. Inputs and outputs stay in the
    device's memory. Raises ExecutionError, naming the arm, when one cannot be run.
    """
    progress(0.0, f"opening {len(prepared)} models on {settings.device}")
    sessions = {item.arm: _open(item, settings) for item in prepared}
    timings: list[Timing] = []
    for at, (batch, feeds) in enumerate(requests.items()):

        def report_progress(share: float, at: int = at, batch: int = batch) -> None:
            progress((at + share) / (len(requests) + 1), f"timing {batch} candidates")

        runs = {item.arm: _timed(sessions[item.arm], item, feeds) for item in prepared}
        samples = time_interleaved(
            runs, budget=settings.budget, rounds=settings.repetitions, each_round=report_progress
        )
        for item in prepared:
            reference = samples[prepared[0].arm]
            timings.append(_timing(item, batch, samples[item.arm], reference))
    peaks = _peaks(prepared, requests, settings, progress)
    return tuple(_with_memory(timing, peaks) for timing in timings)


def _open(item: PreparedArm, settings: Settings) -> Session:
    try:
        return open_session(item.model, device=settings.device, threads=settings.threads)
    except ExecutionError as error:
        raise ExecutionError(f"arm {item.arm}: {error}") from error


def _timed(session: Session, item: PreparedArm, feeds: Feeds) -> Callable[[int], float]:
    bound = session.bind(item.bind(feeds))
    if item.fetch is None:
        return lambda warm_ups: bound.seconds(warm_ups=warm_ups)
    fetch = item.fetch(feeds)
    return lambda warm_ups: _seconds_of(fetch, warm_ups) + bound.seconds(warm_ups=warm_ups)


def _seconds_of(work: Callable[[], Sequence[np.ndarray]], warm_ups: int) -> float:
    """Return the seconds that some work takes here, after so many times untimed."""
    for _ in range(warm_ups):
        work()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _timing(
    item: PreparedArm, batch: int, samples: Sequence[float], reference: Sequence[float]
) -> Timing:
    summary = summarize(samples, reference)
    return Timing(
        arm=item.arm,
        batch=batch,
        p50=summary.p50,
        p90=summary.p90,
        p99=summary.p99,
        mean=summary.mean,
        repetitions=len(samples),
        candidates_per_second=batch / summary.p50,
        speedup=summary.speedup,
        speedup_low=summary.speedup_low,
        speedup_high=summary.speedup_high,
        peak_memory=None,
        flops=item.cost.flops.at(batch),
        samples=tuple(samples),
        bytes=item.cost.bytes.at(batch),
    )


def _peaks(
    prepared: Sequence[PreparedArm],
    requests: Mapping[int, Feeds],
    settings: Settings,
    progress: Progress,
) -> dict[tuple[Arm, int], int]:
    """Return the peak memory by arm and batch size, where it can be measured."""
    if not settings.memory or settings.device != "cpu":
        return {}
    ascending = sorted(requests)
    found: dict[tuple[Arm, int], int] = {}
    for at, item in enumerate(prepared):
        share = (len(requests) + at / len(prepared)) / (len(requests) + 1)
        progress(share, f"measuring the memory of {item.arm}")
        feeds = [item.bind(requests[batch]) for batch in ascending]
        peaks = measure_peak_memory(item.model, feeds, threads=settings.threads)
        found |= {(item.arm, n): peak for n, peak in zip(ascending, peaks or (), strict=False)}
    return found


def _with_memory(timing: Timing, peaks: Mapping[tuple[Arm, int], int]) -> Timing:
    return replace(timing, peak_memory=peaks.get((timing.arm, timing.batch)))
