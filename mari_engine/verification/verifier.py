"""Equivalence check: original and rewritten model are run on the same requests and compared.

With `a64`, `b64` an output of the original and of the rewritten model evaluated in float64, `a` and
`b` the same in the model's own precision, `eps` that precision's epsilon and `m = max |a64|`:

*Exactness*: `max |b64 - a64| <= 1e-9 m`. The rewrite is an identity of real numbers, and no
approximation.

*Rounding*: `max |b - a64| <= 4 max |a - a64| + 8 eps m`. The rewritten model rounds about as well
as the original, whose own error is taken over all generated requests. Where that is small by luck,
`max |b64 - a64| eps / eps64` stands for it: what the order of sums leaves, in its own precision.

*Ranking*: each output sorts the candidates in the same order, ties within rounding aside.

What rounding decides in the original itself is not compared (see `rounding_noise`).
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

from mari_engine.errors import ExecutionError
from mari_engine.feeds import plan_feeds
from mari_engine.graph import Model
from mari_engine.labeling import list_vouchers
from mari_engine.runtime import describe_versions
from mari_engine.types import (
    Certificate,
    Check,
    Coverage,
    Feeds,
    Interface,
    Labels,
    Progress,
    Signature,
    report_nothing,
)
from mari_engine.verification.batches import run_batches
from mari_engine.verification.calling_contract import compare_calling
from mari_engine.verification.case_runs import run_case, run_cases, run_several
from mari_engine.verification.cases import (
    Case,
    drawn_cases,
    few_of,
    find_contradiction,
    own_cases,
    several_of,
)
from mari_engine.verification.constant_outputs import about_constant
from mari_engine.verification.coverage import join_coverages
from mari_engine.verification.empty_request import EmptyRequest
from mari_engine.verification.guidance import Explorer
from mari_engine.verification.hidden_branches import judge_hidden
from mari_engine.verification.inside_differences import judge_inside
from mari_engine.verification.judgement import CaseResult, judge_runs, limits_in_force
from mari_engine.verification.model_pair import ModelPair, OpenedPair
from mari_engine.verification.precisions import coarsest_epsilon, lost_precision
from mari_engine.verification.remarks import (
    about_batch,
    about_halves,
    about_labels,
    about_precision,
    about_refused,
    about_unasked,
    about_undecided,
    about_undefined,
    always_lost,
    always_nan,
    first_problem,
    missing_operator,
)
from mari_engine.verification.rounding_noise import excuse_rounding
from mari_engine.verification.shared_constants import compare_constants
from mari_engine.verification.staged_session import Stage

_OPENED = 0.2
"""The share of a check that is done when both models are open."""
_DRAWN = 0.9
"""The share that is done when the drawn requests are."""
_REMEDY = "give id ranges in the labels, or a request that it takes (--request FILE.npz)"
_REEXPORT = "export it for the onnxruntime that is installed: the check runs the original"


@dataclass(frozen=True)
class _Outcome:
    """What the requests showed."""

    exact_method: str
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    coverage: Coverage | None = None
    inside: tuple[str, ...] = ()
    """What was compared beside the outputs, in words."""
    problem: str = ""
    """Why the models are not equal; "" if they are."""


def _unevaluated(problem: str) -> _Outcome:
    return _Outcome("nothing was evaluated", problem=problem)


def verify(
    original: Model,
    optimized: Model,
    labels: Labels,
    *,
    interface: Interface | None = None,
    signature: Signature = Signature.DROP_IN,
    stages: Sequence[Stage] = (),
    requests: Sequence[Feeds] = (),
    batches: Sequence[int] = (1, 2, 3, 17, 128),
    seeds: Sequence[int] = (0, 1),
    progress: Progress | None = None,
) -> Certificate:
    """Return the certificate of everything that was compared; an unequal model raises nothing.

    Checked are the `requests`, which are feeds for the original (see `load_requests`), and a
    generated request for each number of candidates in `batches` and each seed. Without an interface
    the optimized model takes the original's feeds. One that contradicts a label fails the check.
    `progress` gets the share done and what is being done. Raises FeedError for a request that does
    not fit the model, ExecutionError when the original itself cannot be run. With `stages` these
    run in the place of `optimized`, in their own precision.
    """
    report_progress = progress or report_nothing
    report_progress(0.0, "comparing the calling contracts")
    pair = ModelPair(original, optimized, interface, signature, stages)
    contract, differs = compare_calling(pair)
    plan = plan_feeds(original, labels)
    tried = (plan.fixed_batch,) if plan.fixed_batch is not None else tuple(batches)
    own = tuple(own_cases(plan, requests, original))
    found = _unevaluated(differs or find_contradiction(own, original, labels))
    if not found.problem:
        cases = [*own, *drawn_cases(plan, tried, seeds)]
        found = _compare(pair, cases, Explorer.of_original(original, plan, labels), report_progress)
    report_progress(1.0, "not equal" if found.problem else "equal")
    return Certificate(
        passed=not found.problem,
        checks=found.checks,
        limits=limits_in_force(coarsest_epsilon(original)),
        seeds=tuple(seeds),
        batches=tried,
        versions=describe_versions(),
        exact_method=found.exact_method,
        contract=contract,
        inside=found.inside,
        notes=(*found.notes, *about_batch(plan), *about_labels(labels)),
        reason=found.problem,
        coverage=found.coverage,
        vouched=list_vouchers(original, labels),
    )


def _compare_inside(opened: OpenedPair) -> tuple[tuple[str, ...], str]:
    """Return what was compared beside the outputs, in words, and what no request has to show."""
    original, optimized = opened.models.original, opened.models.optimized
    values = len(opened.shared.agreed)
    constants, problem = compare_constants(original, optimized)
    counts = ((values, "value", "inside both models"), (constants, "constant", "in every element"))
    words = tuple(
        f"{count} {what if count == 1 else f'{what}s'} {where}"
        for count, what, where in counts
        if count
    )
    return words, problem or lost_precision(original, optimized)


def _compare(
    pair: ModelPair, cases: Sequence[Case], explorer: Explorer, report_progress: Progress
) -> _Outcome:
    """Return what the cases show; where a rewritten model does not load, that it does not."""
    with closing(EmptyRequest(pair, explorer.plan)) as empty:
        opened, problem = _open(pair, report_progress)
        if problem:
            return _unevaluated(problem)
        return _check_cases(opened, cases, explorer, empty, report_progress)


def _open(pair: ModelPair, report_progress: Progress) -> tuple[OpenedPair, str]:
    """Return the opened pair, and why only the optimized model does not load ("" if it does).

    ExecutionError, with a remedy, where the original does not.
    """
    try:
        opened = OpenedPair(pair, partial(_report_opened, report_progress))
    except ExecutionError as error:
        raise ExecutionError(missing_operator(pair.original) or f"{error}; {_REEXPORT}") from error
    return opened, opened.unloadable


def _report_opened(report_progress: Progress, share: float, what: str) -> None:
    report_progress(_OPENED * share, what)


def _between(first: float, last: float, report_progress: Progress) -> Progress:
    return lambda share, what: report_progress(first + (last - first) * share, what)


def _check_cases(
    opened: OpenedPair,
    cases: Sequence[Case],
    explorer: Explorer,
    empty: EmptyRequest,
    report_progress: Progress,
) -> _Outcome:
    """Run every case through both models, then some that take other branches, then the empty one;
    compare them all."""
    once, original = opened.models.per_request_outputs, opened.models.original
    runs, refused = run_cases(opened, cases, _between(_OPENED, _DRAWN, report_progress))
    if not runs:
        why = missing_operator(original) or f"{about_refused(refused)[0]}; {_REMEDY}"
        raise ExecutionError(why)
    lonely = run_several(opened, cases, explorer.plan, runs)
    report_progress(_DRAWN, "finding branches that were not taken")
    batched, unlike = run_batches(opened, explorer.plan)
    coverage, hidden, unanswered = _explore_both(opened, explorer, runs, batched)
    epsilon = coarsest_epsilon(original)
    judge = partial(judge_runs, epsilon=epsilon, once=once, rounded=opened.rounded)
    alone, judged = excuse_rounding(original, runs, judge, epsilon)
    checks = tuple(judge_inside(opened, judged, alone, epsilon))
    notes = [*about_refused(refused), *about_precision(opened, checks), *about_undefined(runs)]
    notes += [*about_unasked(runs), *unanswered, *about_halves([*runs, *batched])]
    both = [*alone, *batched]
    several, judged = excuse_rounding(original, both, judge, epsilon, since=len(alone))
    notes += [*about_undecided(several), *about_constant(runs, original)]
    checks += judged[len(alone) :]
    nobody = empty.run(opened, once)
    if isinstance(nobody, CaseResult):
        checks += judge_runs([nobody], epsilon=epsilon, once=once)
    elif nobody:
        notes.append(nobody)
    inside, different = _compare_inside(opened)
    problem = first_problem(checks, original) or different or hidden or lonely or unlike
    problem = problem or always_nan(runs) or always_lost(alone)
    return _Outcome(opened.exact_method, checks, tuple(notes), coverage, inside, problem)


def _explore_both(
    opened: OpenedPair,
    explorer: Explorer,
    runs: list[CaseResult],
    batched: Sequence[CaseResult],
) -> tuple[Coverage | None, str, tuple[str, ...]]:
    """Append what requests show that take branches which the runs have not taken.

    Returns what was reached, and what `judge_hidden` says of branches that nothing took.
    """
    runs += _explore(opened, explorer, runs, few_of([run.batch for run in runs]))
    newer = explorer.of_rewritten(opened.models.optimized, opened.bind)
    if newer is None:
        return explorer.coverage, "", ()
    newer.observe_bound([run.feeds for run in batched])
    found = _explore(opened, newer, runs[:1], several_of([run.batch for run in runs]))
    requests = [run.feeds for run in runs]
    hidden, unanswered = judge_hidden(opened.models.original, explorer, newer, requests)
    runs += found
    return join_coverages(explorer.coverage, newer.coverage), hidden, unanswered


def _explore(
    opened: OpenedPair, explorer: Explorer, runs: Sequence[CaseResult], batch: int
) -> list[CaseResult]:
    """Return what requests show that take branches which the runs have not taken."""
    explorer.observe([run.feeds for run in runs])
    once = opened.models.per_request_outputs
    found = (run_case(opened, case, once) for case in explorer.guide(batch))
    return [run for run in found if isinstance(run, CaseResult)]
