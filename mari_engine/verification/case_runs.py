"""Both models' answers to one request, by output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan
from mari_engine.types import Feeds, Progress
from mari_engine.verification.cases import Case, stated_cases
from mari_engine.verification.distances import Results
from mari_engine.verification.judgement import TYPICAL, CaseResult
from mari_engine.verification.model_pair import OpenedPair, Outputs
from mari_engine.verification.undefined_requests import adopt_nan, is_undefined


def run_case(opened: OpenedPair, case: Case, once: frozenset[str]) -> CaseResult | ExecutionError:
    """Return both models' results, or why the original itself refuses the request.

    `once` are the outputs of which a single row stands for all rows.
    """
    inside = opened.shared.asked_of(case.batch)
    try:
        before = opened.run_original(case.feeds, inside)
    except ExecutionError as error:
        if case.otherwise:
            draw, *others = case.otherwise
            return run_case(opened, replace(case, feeds=draw(), otherwise=tuple(others)), once)
        return error
    try:
        after = opened.run_optimized(case.feeds, inside)
    except ExecutionError as error:
        failure = f"the optimized model cannot run what the original runs ({error})"
        return CaseResult(case.batch, case.seed, case.request, {}, failure, case.feeds)
    typical = case.seed is not None and case.request == TYPICAL
    beyond = case.seed is not None and not typical and opened.exceeds_halves(case.feeds)
    if beyond:
        before, after = before._replace(own=None), after._replace(own=None)
    unasked = frozenset[str]()
    if case.seed is not None and is_undefined(case.feeds):
        after, unasked = adopt_nan(before, after)
    differs = opened.shared.compare(case.batch, before.inside, after.inside, typical=typical)
    results = pair_results(before, after, once)
    return CaseResult(
        case.batch, case.seed, case.request, results, feeds=case.feeds, inside=differs,
        beyond_halves=beyond, unasked=unasked,
    )  # fmt: skip


def run_cases(
    opened: OpenedPair, cases: Sequence[Case], report_progress: Progress
) -> tuple[list[CaseResult], list[tuple[Case, ExecutionError]]]:
    """Return what both models make of the cases, and those of note that the original refuses."""
    runs: list[CaseResult] = []
    refused: list[tuple[Case, ExecutionError]] = []
    once = opened.models.per_request_outputs
    for at, case in enumerate(cases):
        report_progress(at / len(cases), f"{case.request} request, {case.batch} candidates")
        run = run_case(opened, case, once)
        if isinstance(run, CaseResult):
            runs.append(run)
        elif case.needed or not runs:
            refused.append((case, run))
    return runs, refused


def run_several(
    opened: OpenedPair, cases: Sequence[Case], plan: FeedPlan, runs: list[CaseResult]
) -> str:
    """Append a request of several candidates where none of those that were drawn could run.

    Returns why a single candidate proves nothing where there is no such request either.
    """
    several = [case for case in cases if case.batch > 1]
    if not several or not plan.candidate_symbols or any(run.batch > 1 for run in runs):
        return ""
    once = opened.models.per_request_outputs
    for case in stated_cases(plan, opened.models.original, several[0].seed or 0):
        run = run_case(opened, case, once)
        if isinstance(run, CaseResult):
            runs.append(run)
            return ""
    return (
        "nothing shows that candidates stay apart: the original refuses every generated request of "
        "more than one; give one that it takes (--request)"
    )


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
