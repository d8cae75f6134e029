"""Checks of which the outputs are equal, held to the values inside both models, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.types import Check
from mari_engine.verification.judgement import CaseResult
from mari_engine.verification.model_pair import OpenedPair
from mari_engine.verification.rounding_noise import RoundingNoise, adopt, open_noise
from mari_engine.verification.shared_values import describe_difference
from mari_engine.verification.undefined_requests import adopt_nan, is_undefined


def judge_inside(
    opened: OpenedPair, checks: Sequence[Check], runs: Sequence[CaseResult], epsilon: float
) -> Iterator[Check]:
    """Yield the checks, failed where a value differs that both models have inside.

    What rounding decides in the original is left out.
    """
    noise: RoundingNoise | None = None
    for check, run in zip(checks, runs, strict=True):
        problem = opened.shared.problem(run.inside) if check.passed else ""
        if problem:
            noise = noise or open_noise(opened.models.original, epsilon, opened.shared.agreed)
            left = run.inside if noise is None else _beyond_noise(opened, run, noise)
            problem = opened.shared.problem(left)
        yield replace(check, passed=False, reason=problem) if problem else check


def _beyond_noise(opened: OpenedPair, run: CaseResult, noise: RoundingNoise) -> Mapping[str, str]:
    """Return what differs of values inside both models, in words, and not by rounding."""
    names = run.inside.keys() & opened.shared.agreed
    try:
        before = opened.run_original(run.feeds, names)
        after = opened.run_optimized(run.feeds, names)
        if run.seed is not None and is_undefined(run.feeds):
            after, _ = adopt_nan(before, after)
        moves = noise.move_inside(run.feeds, before.inside)
    except ExecutionError:
        return run.inside
    found = dict(run.inside)
    for name in before.inside.keys() & after.inside.keys():
        truth, value = before.inside[name], after.inside[name]
        try:
            held = adopt(truth, np.broadcast_to(value, truth.shape), moves[name])
        except ValueError:
            continue
        assert held is not None
        found[name] = describe_difference(truth, held)
    return {name: words for name, words in found.items() if words}
