"""Both models' answers to one request, by output; and where the original gives no number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.types import Feeds
from mari_engine.verification.cases import Case
from mari_engine.verification.distances import Results
from mari_engine.verification.judgement import TYPICAL, CaseResult
from mari_engine.verification.model_pair import OpenedPair, Outputs

_NAMES = 3
"""Outputs that a note names; more are counted."""


def run_case(opened: OpenedPair, case: Case, once: frozenset[str]) -> CaseResult | str:
    """Return both models' results, or a note when the original itself refuses the request.

    `once` are the outputs of which a single row stands for all rows.
    """
    inside = opened.shared.asked_of(case.batch)
    try:
        before = opened.run_original(case.feeds, inside)
    except ExecutionError as error:
        if case.otherwise:
            draw, *others = case.otherwise
            return run_case(opened, replace(case, feeds=draw(), otherwise=tuple(others)), once)
        return (
            f"not checked: the original itself refuses a {case.request} request of {case.batch} "
            f"candidates ({error})"
        )
    try:
        after = opened.run_optimized(case.feeds, inside)
    except ExecutionError as error:
        failure = f"the optimized model cannot run what the original runs ({error})"
        return CaseResult(case.batch, case.seed, case.request, {}, failure, case.feeds)
    typical = case.seed is not None and case.request == TYPICAL
    differs = opened.shared.compare(case.batch, before.inside, after.inside, typical=typical)
    results = pair_results(before, after, once)
    return CaseResult(
        case.batch, case.seed, case.request, results, feeds=case.feeds, inside=differs
    )


def about_undefined(runs: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return a note where the original gives NaN or infinity, which the other model must give too.

    What it gives in float64 counts where that was run: its own precision may overflow before.
    """
    found: dict[str, int] = {}
    for run in runs:
        for name, results in run.outputs.items():
            first = results.truth if results.truth is not None else results.original
            if first is None or first.dtype.kind not in "fV":
                continue
            if not np.isfinite(first.astype(np.float64)).all():
                found[name] = found.get(name, 0) + 1
    if not found:
        return ()
    names = ", ".join(repr(name) for name in list(found)[:_NAMES])
    more = f" and {len(found) - _NAMES} more" if len(found) > _NAMES else ""
    note = (
        f"the original gives NaN or infinity in output {names}{more}, in {max(found.values())} of "
        f"{len(runs)} requests; the same elements are asked of the rewritten model"
    )
    return (note,)


def pair_results(before: Outputs, after: Outputs, once: frozenset[str]) -> dict[str, Results]:
    """Return the results by output; a single per-request row stands for all rows."""
    own, truth = _tensors(before.own), _tensors(before.wide)
    optimized, exact = _tensors(after.own), _tensors(after.wide)
    names = own if own is not None else truth
    return {
        name: Results(
            truth=_take(truth, name),
            exact=_spread(_take(exact, name), _take(truth, name), name in once),
            original=_take(own, name),
            optimized=_spread(_take(optimized, name), _take(own, name), name in once),
        )
        for name in names or {}
    }


def _tensors(outputs: Feeds | None) -> Feeds | None:
    """Return the outputs with sequences taken apart: their length, and each tensor by its place.

    An optional output that is empty is a sequence of none.
    """
    if outputs is None:
        return None
    found: Feeds = {}
    for name, value in outputs.items():
        parts = [] if value is None else value
        if isinstance(parts, list):
            found[f"{name} (length)"] = np.array(len(parts))
            found |= _tensors({f"{name}[{at}]": part for at, part in enumerate(parts)}) or {}
        else:
            found[name] = value
    return found


def _take(outputs: Feeds | None, name: str) -> np.ndarray | None:
    return None if outputs is None else outputs.get(name)


def _spread(array: np.ndarray | None, like: np.ndarray | None, once: bool) -> np.ndarray | None:
    if array is None or like is None or not once or array.shape[:1] != (1,):
        return array
    return np.broadcast_to(array, like.shape) if array.shape[1:] == like.shape[1:] else array
