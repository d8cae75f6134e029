"""Tolerances: which distances, over all requests, count as rounding; numbers only, no ONNX."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mari_engine.types import GENERATED, Check, Feeds, OutputError
from mari_engine.verification.distances import (
    EXACT,
    FLOAT64,
    OWN,
    REORDERED,
    ROUNDING_FACTOR,
    ROUNDING_FLOOR,
    UNPROVEN,
    WEAK,
    WEAK_EPSILONS,
    Distance,
    Results,
    measure_distance,
    same_ranking,
)


@dataclass(frozen=True, eq=False)
class CaseResult:
    """One request and what both models made of it; `failure` is why the optimized one could not."""

    batch: int
    seed: int | None
    request: str
    outputs: Mapping[str, Results]
    failure: str = ""
    feeds: Feeds = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)
    """What differs of values inside both models, in words, by value."""
    beyond_halves: bool = False
    """True where the original exceeds float16 inside: then it is compared in float64 alone."""
    parts: tuple[tuple[Feeds, int], ...] = ()
    """Of a batch, its requests and how many candidates each has; none: it is one request."""
    once: frozenset[str] = frozenset()
    """Of a batch, the outputs with one row a request."""
    undecided: frozenset[str] = frozenset()
    """The outputs that differed where rounding decides, and were taken for equal there."""
    lost: frozenset[str] = frozenset()
    """Those of which no element was compared: each differs, and is rounding and nothing else."""
    unasked: frozenset[str] = frozenset()
    """The outputs of which only the original has elements that are NaN, of a request that holds
    NaN."""


TYPICAL = GENERATED
"""The requests by whose noise a user's own requests are judged."""


@dataclass(frozen=True)
class _Judge:
    """The limits for all runs of one verification."""

    epsilon: float
    """Of the model's own precision, the coarsest floating type in it."""
    noise: dict[str, float]
    """By output: the original's largest absolute rounding error over all generated requests."""
    scale: dict[str, float]
    """By output: the largest magnitude over all generated requests."""
    once: frozenset[str]
    """The outputs that have one row per request, which nothing ranks."""
    rounded: frozenset[str] = frozenset()
    """The outputs whose float64 evaluation rounds as their own precision does, in some node."""
    own_noise: dict[str, float] = field(default_factory=dict)
    """By output: the same as `noise`, of elements against their own scale."""


def judge_runs(
    runs: Sequence[CaseResult],
    *,
    epsilon: float,
    once: frozenset[str],
    rounded: frozenset[str] = frozenset(),
) -> tuple[Check, ...]:
    """Return one check for each run.

    The original's rounding error is pooled over the generated requests: on a single candidate it
    may be zero by luck, which would say nothing about the rewritten model. So it may on the few
    requests of unusual values, which are therefore allowed as much as the others, relative to
    their own magnitude. The outputs that are `rounded` may differ in float64 by as much as counts
    as rounding in their own precision.
    """
    distances = [
        {name: measure_distance(results) for name, results in run.outputs.items()} for run in runs
    ]
    judges: dict[str, _Judge] = {}
    for run, found in zip(runs, distances, strict=True):
        judge = judges.setdefault(_pool(run), _Judge(epsilon, {}, {}, once, rounded))
        for name, distance in found.items():
            if run.seed is not None:
                judge.noise[name] = max(judge.noise.get(name, 0.0), distance.original or 0.0)
                own = distance.own_original or 0.0
                judge.own_noise[name] = max(judge.own_noise.get(name, 0.0), own)
                judge.scale[name] = max(judge.scale.get(name, 0.0), distance.scale)
    typical = judges.get(TYPICAL, _Judge(epsilon, {}, {}, once))
    for judge in judges.values():
        for name, noise in judge.noise.items():
            usual = typical.noise.get(name, 0.0) / (typical.scale.get(name) or 1.0)
            judge.noise[name] = max(noise, usual * judge.scale[name])
    return tuple(
        _judge_run(judges[_pool(run)], run, found)
        for run, found in zip(runs, distances, strict=True)
    )


def _pool(run: CaseResult) -> str:
    """Return which runs share a noise: requests of unusual values have their own."""
    return run.request if run.seed is not None else TYPICAL


def limits_in_force(epsilon: float) -> dict[str, float]:
    """Return the limits that a certificate states, relative to each output's largest magnitude."""
    return {
        "exact": EXACT,
        "rounding_factor": ROUNDING_FACTOR,
        "rounding_floor": _floor(epsilon),
        "unproven": UNPROVEN * epsilon,
    }


def _judge_run(judge: _Judge, run: CaseResult, distances: Mapping[str, Distance]) -> Check:
    errors: list[OutputError] = []
    reason = run.failure
    for name, distance in distances.items():
        allowed = _allowed(judge, name, distance)
        kept_order = name in judge.once or _keeps_order(run, name, distance, allowed)
        problem = (
            _inexact(judge, name, distance, allowed)
            or _problem(distance, allowed)
            or _mistrust(judge, name, distance)
        )
        if not problem and not kept_order:
            problem = "the candidates come in another order, beyond rounding"
        if problem and not reason:
            reason = f"output {name!r}: {problem}"
        errors.append(_relative(name, distance, kept_order))
    return Check(run.batch, run.seed, run.request, tuple(errors), not reason, reason)


def _allowed(judge: _Judge, name: str, distance: Distance) -> float:
    """Return the absolute error that counts as rounding.

    What the order of sums leaves in float64, so many times larger as its own precision is coarser,
    is noise of the request like the original's own error, which may be small there by luck.
    Of a model in float64 the evaluation in float64 is no truth but rounds as much as the model
    does, in the same places, so that the original's own error is not seen.
    """
    if distance.original is None:
        return UNPROVEN * judge.epsilon * distance.scale
    reordered = min(distance.exact or 0.0, REORDERED * FLOAT64 * distance.scale) / FLOAT64
    noise = max(judge.noise.get(name, 0.0), distance.original, judge.epsilon * reordered)
    return ROUNDING_FACTOR * noise + _floor(judge.epsilon) * distance.scale


def _floor(epsilon: float) -> float:
    """Return the rounding that is always allowed: of a float64 model, what exactness allows."""
    return EXACT if epsilon <= FLOAT64 else ROUNDING_FLOOR * epsilon


def _inexact(judge: _Judge, name: str, distance: Distance, allowed: float) -> str:
    """Return why the output is another function of real numbers, or "" if it is the same."""
    if distance.problem:
        return distance.problem
    scale = distance.scale
    within, own = EXACT * scale, OWN
    if name in judge.rounded:
        rounding = max(judge.own_noise.get(name, 0.0), distance.own_original or 0.0)
        within = max(within, allowed)
        own = max(own, ROUNDING_FACTOR * rounding + UNPROVEN * judge.epsilon)
    if distance.exact is not None and not distance.exact <= within:
        return (
            f"in float64 the results differ by {distance.exact / scale:.1e} of the largest "
            f"(limit {within / scale:.0e})"
        )
    if distance.own is not None and not distance.own <= own:
        return (
            f"in float64 elements differ by {distance.own:.1e} of their own magnitude "
            f"(limit {own:.0e})"
        )
    return ""


def _problem(distance: Distance, allowed: float) -> str:
    """Return why the output is not rounded as the original is, or "" if it is."""
    scale = distance.scale
    rounded = distance.optimized if distance.original is not None else distance.between
    if rounded is not None and not rounded <= allowed:
        return (
            f"in the model's own precision the error is {rounded / scale:.1e} of the largest "
            f"(limit {allowed / scale:.1e})"
        )
    return ""


def _mistrust(judge: _Judge, name: str, distance: Distance) -> str:
    """Return why an original far from its own float64 value proves nothing, or "" if it is near.

    Then either the float64 evaluation is not of this model or the model is all noise, and only
    equality with the original itself counts.
    """
    if distance.original is None or distance.between is None:
        return ""
    scale = max(distance.scale, judge.scale.get(name, 0.0))
    far = max(distance.original, judge.noise.get(name, 0.0))
    if far <= min(WEAK, WEAK_EPSILONS * judge.epsilon) * scale:
        return ""
    if distance.between <= UNPROVEN * judge.epsilon * scale:
        return ""
    return (
        f"the original is {far / scale:.1e} of the largest away from its own float64 value, and "
        f"the optimized model {distance.between / scale:.1e} away from the original"
    )


def _keeps_order(run: CaseResult, name: str, distance: Distance, allowed: float) -> bool:
    results = run.outputs[name]
    original, optimized = results.original, results.optimized
    if original is None or optimized is None:
        original, optimized = results.truth, results.exact
        allowed = EXACT * distance.scale
    if original is None or optimized is None or original.shape != optimized.shape:
        return False
    tie = 2 * (allowed + (distance.original or 0.0))
    return same_ranking(_by_rows(original, run.batch), _by_rows(optimized, run.batch), tie)


def _by_rows(output: np.ndarray, batch: int) -> np.ndarray:
    """Return an output with its candidates along the first axis, also where they lie as `[1, N]`.

    Theirs is the first axis that is as long; requests are drawn with other lengths than candidates.
    """
    at = output.shape.index(batch) if batch in output.shape else 0
    return np.moveaxis(output, at, 0) if at else output


def _relative(name: str, distance: Distance, kept_order: bool) -> OutputError:
    def scaled(value: float | None) -> float | None:
        return None if value is None else value / distance.scale

    return OutputError(
        output=name,
        exact=scaled(distance.exact),
        original=scaled(distance.original),
        optimized=scaled(distance.optimized),
        between=scaled(distance.between) or scaled(distance.exact) or 0.0,
        same_ranking=kept_order,
    )
