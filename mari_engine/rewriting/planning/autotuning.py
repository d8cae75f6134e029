"""Empirical autotuning: models timed against each other on this machine, to choose the fastest.

Medians of interleaved runs, in processor time of one thread: what else the machine does then
disturbs all models alike, and little.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mari_engine.errors import MariError
from mari_engine.feeds import make_feeds
from mari_engine.graph import Model
from mari_engine.runtime import open_session
from mari_engine.types import Feeds, Labels, Speedup

_BUDGET = 1.2
"""Seconds of processor time that the timed runs of a race may take, a few rounds apart."""
_SLOW_TO_LOAD = 0.3
"""Seconds of processor time for loading one model, beyond which a race takes too long."""
_SAMPLE = 2e-3
"""Seconds that one sample takes at least: short requests are run several times."""
_FEWEST, _MOST = 3, 25
"""Rounds; the fewest are for requests of a tenth of a second and more."""


@dataclass(frozen=True)
class Raced:
    """What was measured of one model."""

    seconds: float
    """Of processor time for one request, the median over rounds."""
    speedup: Speedup
    """Over the first model in the same rounds."""


def race_once(models: Sequence[Model], labels: Labels, *, candidates: int) -> list[Raced] | None:
    """Return what each model takes for one request; None where none is timed.

    All are called as the first is, with random feeds of this many candidates; see `race`.
    """
    try:
        feeds = make_feeds(models[0], labels, batch=candidates, seed=0)
    except MariError:
        return None
    return race(models, feeds)


def race(models: Sequence[Model], feeds: Feeds) -> list[Raced] | None:
    """Return what each model takes for one request; None where none is timed.

    None are timed when one of the models cannot run, or when loading the first takes too long.
    """
    try:
        sessions = [open_session(models[0], threads=1)]
        if sessions[0].load_seconds > _SLOW_TO_LOAD:
            return None
        sessions += [open_session(model, threads=1) for model in models[1:]]
        bound = [session.bind(feeds) for session in sessions]
        first = [each.seconds(warm_ups=1, processor=True) for each in bound]
    except MariError:
        return None
    runs = [1 + int(_SAMPLE / max(1e-6, taken)) for taken in first]
    whole = sum(count * taken for count, taken in zip(runs, first, strict=True))
    rounds = int(max(_FEWEST, min(_MOST, _BUDGET / max(1e-6, whole))))
    times = [[taken] for taken in first]
    for number in range(1, rounds):
        order = range(len(bound)) if number % 2 else range(len(bound) - 1, -1, -1)
        for at in order:
            times[at].append(bound[at].seconds(runs=runs[at], processor=True))
    return [compare(each, times[0]) for each in times]


def compare(times: Sequence[float], reference: Sequence[float]) -> Raced:
    """Return the median of a model's seconds, and by how much it is faster than the reference.

    Both have one number for each round.

    >>> compare([1.0, 2.0, 1.0], [2.0, 4.0, 4.0])
    Raced(seconds=1.0, speedup=Speedup(ratio=2.0, low=2.0, high=3.6))
    """
    ratios = np.asarray(reference) / np.asarray(times)
    low, ratio, high = (float(each) for each in np.percentile(ratios, [10, 50, 90]))
    return Raced(float(np.median(times)), Speedup(ratio, low, high))
