"""Interleaved timing: all ways in each round, so that drift of the machine affects all alike."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mari_engine.native import no_collection

K = TypeVar("K")

_WARM_UPS = 3
_FEWEST_ROUNDS = 9
_MOST_ROUNDS = 400


@dataclass(frozen=True)
class Summary:
    """Percentiles of one way's samples in seconds, and of its ratios to the reference's time."""

    p50: float
    p90: float
    p99: float
    mean: float
    speedup: float
    """Median over rounds of (the reference's time / this way's time) in the same round."""
    speedup_low: float
    speedup_high: float


def time_interleaved(
    runs: Mapping[K, Callable[[int], float]],
    *,
    budget: float,
    rounds: int | None = None,
    each_round: Callable[[float], None] | None = None,
) -> dict[K, list[float]]:
    """Return the seconds of every run, one for each way and round, after a warm-up.

    Each way of `runs` takes how often it is to run untimed, runs once more, and returns the seconds
    of that.

    A round runs each way once, in an order that rotates from round to round; before each timed run
    the same way runs once untimed, since a server runs one model again and again and its caches
    hold that model. `rounds` None: as many as fit the budget in seconds, 9 at least and 400 at
    most. `each_round` is called with the share done, and may raise to stop.
    """
    ways = list(runs)
    estimate = sum(_warm_up(runs[way]) for way in ways)
    fitting = int(budget / max(1e-9, 2 * estimate))
    wanted = rounds or min(_MOST_ROUNDS, max(_FEWEST_ROUNDS, fitting))
    samples: dict[K, list[float]] = {way: [] for way in ways}
    started = time.perf_counter()
    gc.collect()
    with no_collection():
        for at in range(wanted):
            if each_round is not None:
                each_round(at / wanted)
            for way in _rotate(ways, at):
                samples[way].append(runs[way](1))
            late = time.perf_counter() - started > 1.5 * budget
            if rounds is None and late and at + 1 >= _FEWEST_ROUNDS:
                break
    return samples


def summarize(samples: Sequence[float], reference: Sequence[float]) -> Summary:
    """Return percentiles of the samples, and of the round-by-round ratios to the reference."""
    times = np.asarray(samples)
    ratios = np.asarray(reference) / times
    p50, p90, p99 = (float(value) for value in np.percentile(times, [50, 90, 99]))
    low, middle, high = (float(value) for value in np.percentile(ratios, [10, 50, 90]))
    return Summary(p50, p90, p99, float(times.mean()), middle, low, high)


def _warm_up(run: Callable[[int], float]) -> float:
    """Return the shortest of a few runs, in seconds."""
    return min(run(0) for _ in range(_WARM_UPS))


def _rotate(ways: list[K], by: int) -> list[K]:
    start = by % len(ways)
    return ways[start:] + ways[:start]
