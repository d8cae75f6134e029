"""One case through the engine: rewritten in every way, run beside the original, judged.

The original runs from its own bytes, and results are judged as the engine's check judges them, but
on the case's own requests, which know what its inputs mean. What differs there is given to the
check, which should see it, too.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

import numpy as np
import onnx_ir as ir

from mari_engine.coloring import color_surveyed
from mari_engine.errors import ExecutionError, MariError
from mari_engine.feeds import bind_feeds
from mari_engine.fuzzing.batches import find_batches, join_requests
from mari_engine.fuzzing.cases import Case
from mari_engine.fuzzing.model_runs import ModelRuns
from mari_engine.graph import Model
from mari_engine.labeling import check_labels
from mari_engine.loading import load
from mari_engine.native import no_collection
from mari_engine.pipeline import certify as certify_plan
from mari_engine.plan_types import Plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.planning import leave_undivided, plan_every_way, survey_labeled
from mari_engine.runtime import in_one_line
from mari_engine.types import Certificate, Interface, Signature
from mari_engine.verification import (
    TYPICAL,
    CaseResult,
    ModelPair,
    Outputs,
    Results,
    coarsest_epsilon,
    compare_calling,
    excuse_rounding,
    join_outputs,
    judge_runs,
    pair_results,
)

_ENGINE = Path(__file__).parents[1]
_ROUNDING = ("own precision", "own float64 value", "order")
"""Kinds of difference that a few requests may show by luck."""
_KINDS = (
    "shape", "NaN or infinity", "own magnitude", "in float64", "own precision",
    "own float64 value", "order", "branch",
)  # fmt: skip
"""What judgements are about, as their reasons have it."""
_RUN = re.compile(r"cannot run what the original runs .*?\((\w+) '")
"""How the check tells a node of the rewritten model that does not run: the group, its operator."""
_ROUNDED = 2.0**40
"""The magnitude beyond which what a result was summed from may have been rounded in float64."""


class Outcome(StrEnum):
    """What became of a case."""

    SAME = "same"
    """Rewritten, and equal in every way."""
    KEPT = "kept"
    """No way changes what the model costs."""
    REFUSED = "refused"
    """The engine refused the model, with its own reason."""
    WRONG = "wrong"
    """A rewritten model differs, and the engine's check passes it."""
    CRASH = "crash"
    """Something else than the engine's own errors was raised, or the process ended."""
    REFUSED_BY_CHECK = "refused by the check"
    """The engine's check refuses what the engine rewrote."""
    NOT_RUN = "not run"
    """onnxruntime itself does not run the original."""

    @property
    def failed(self) -> bool:
        """True where the engine is at fault."""
        return self in (Outcome.WRONG, Outcome.CRASH, Outcome.REFUSED_BY_CHECK)


@dataclass(frozen=True)
class Examination:
    """What became of a case, and, where it failed, in which way and on which request."""

    outcome: Outcome
    reason: str = ""
    manner: str = ""
    """The kind of failure: the same for a case and for what it is shrunk to."""
    signature: str = ""
    way: str = ""
    request: int | None = None
    """The request, by its place, on which the models differ."""


class _Unequal(Exception):
    """A rewritten model is not the original's equal; `manner` is the kind of difference."""

    def __init__(self, reason: str, manner: str, request: int | None = None) -> None:
        super().__init__(reason)
        self.manner = manner
        self.request = request


@no_collection()
def examine(case: Case, *, certify: bool = True) -> Examination:
    """Return what the engine makes of a case; nothing that it raises passes through.

    Without `certify` the engine's check is not asked about models that differ: they are WRONG.
    """
    try:
        return _examine(case, certify)
    except MariError as error:
        return Examination(Outcome.REFUSED, str(error))
    except Exception as error:  # whatever else comes out of the engine is what is looked for
        where = _innermost(error)
        manner = f"{type(error).__name__} at {where}"
        return Examination(Outcome.CRASH, f"{manner}: {in_one_line(error)}", manner)


def _innermost(error: BaseException) -> str:
    """Return where in the engine an error was raised, as `module.py:function`."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(_ENGINE)]
    return f"{Path(own[-1].filename).name}:{own[-1].name}"


def _examine(case: Case, certify: bool) -> Examination:
    model = load(case.data, name="case")
    check_labels(model, case.labels)
    try:
        reference = _Reference(case, model)
    except ExecutionError as error:
        return Examination(Outcome.NOT_RUN, str(error))
    changed = False
    for planned, differs in _plan_all(case, model):
        changed |= differs
        found = _failure(planned, reference, certify)
        if found is not None:
            return found
    return Examination(Outcome.SAME if changed else Outcome.KEPT)


def _plan_all(case: Case, model: Model) -> Iterator[tuple[Plan, bool]]:
    for signature in case.signatures:
        options = Options(signature=signature, candidates=case.candidates)
        try:
            surveyed = survey_labeled(model, case.labels, signature=signature)
        except MariError:
            if signature != Signature.BATCHED:
                raise
            continue  # what would mix users is refused, and has no batches to compare
        source, _ = leave_undivided(surveyed, options)
        coloring = color_surveyed(source.form.model.ir.graph, case.labels, source.form.survey)
        yield from plan_every_way(source, options, coloring)


def _failure(planned: Plan, reference: _Reference, certify: bool) -> Examination | None:
    """Return how a rewrite failed, or None where it did not."""
    how = (str(planned.signature), str(planned.selection.way))
    if planned.failures:
        manner = ":".join(planned.failures[0].split(":")[1:2]).strip()
        return Examination(Outcome.CRASH, planned.failures[0], f"caught {manner}", *how)
    try:
        reference.compare(planned)
    except _Unequal as problem:
        seen = certify and not certify_plan(planned).passed
        if problem.manner in _ROUNDING and certify and not seen:
            return None  # the check has more requests, and so a better idea of the rounding
        outcome = Outcome.REFUSED_BY_CHECK if seen else Outcome.WRONG
        return Examination(outcome, str(problem), problem.manner, *how, problem.request)
    if not reference.case.checked:
        return None
    certificate = certify_plan(planned)
    if certificate.passed:
        return None
    reason = f"{certificate.reason}; on the case's own requests the models are equal"
    manner = f"seen by the check alone: {refusal_kind(certificate)}"
    return Examination(Outcome.REFUSED_BY_CHECK, reason, manner, *how)


class _Reference:
    """A case and the original's results; raises ExecutionError where it takes no request."""

    def __init__(self, case: Case, model: Model) -> None:
        self.case = case
        self._epsilon = coarsest_epsilon(model)
        runs = ModelRuns(case.data, model, self._epsilon)
        self._kept, self._rounded = runs.kept, runs.rounded
        self._results: dict[int, Outputs] = {}
        refusal = ExecutionError("there is no request")
        for at, feeds in enumerate(case.requests):
            try:
                self._results[at] = runs.run(feeds)
            except ExecutionError as error:
                refusal = error
        if not self._results:
            raise refusal

    def compare(self, planned: Plan) -> None:
        """Return if a rewritten model is equal on all requests; raises _Unequal."""
        pair = ModelPair(planned.original, planned.optimized, planned.interface, planned.signature)
        problem = compare_calling(pair)[1]
        if problem:
            raise _Unequal(problem, "calling contract")
        once = pair.per_request_outputs
        judged = dict(self._pairs(planned, once))
        judge = partial(judge_runs, epsilon=self._epsilon, once=once, rounded=self._rounded)
        runs = tuple(judged.values())
        _, checks = excuse_rounding(planned.original, runs, judge, self._epsilon)
        for at, check in zip(judged, checks, strict=True):
            if not check.passed:
                raise _Unequal(check.reason, _kind(check.reason), max(at, 0))

    def _pairs(self, planned: Plan, once: frozenset[str]) -> Iterator[tuple[int, CaseResult]]:
        """Yield each request's results of both models, by its place."""
        try:
            data = ir.serde.serialize_model(planned.optimized.ir).SerializeToString()
            runs = ModelRuns(data, planned.optimized, self._epsilon, self._kept)
        except ExecutionError as error:
            raise _Unequal(str(error), "does not load") from error
        if planned.signature == Signature.BATCHED:
            yield from self._batches(planned.interface, runs, once)
        for at, before in self._results.items():
            feeds = bind_feeds(self.case.requests[at], planned.interface, planned.signature)
            try:
                after = runs.run(feeds)
            except ExecutionError as error:
                raise _Unequal(str(error), "does not run", at) from error
            results = self._held(pair_results(before, after, once), at)
            yield at, CaseResult(1, 0, TYPICAL, results, feeds=self.case.requests[at])

    def _batches(
        self, interface: Interface, runs: ModelRuns, once: frozenset[str]
    ) -> Iterator[tuple[int, CaseResult]]:
        """Yield the results of batches, each by the place of one of its requests below 0."""
        known = {at: self.case.requests[at] for at in self._results}
        for number, places in enumerate(find_batches(known, interface), start=1):
            requests = [known[at] for at in places]
            feeds, counts = join_requests(requests, interface)
            try:
                after = runs.run(feeds)
            except ExecutionError as error:
                raise _Unequal(f"a batch: {error}", "does not run", places[0]) from error
            before = join_outputs([self._results[at] for at in places], counts, once)
            results = self._held(pair_results(before, after, frozenset()), places[0])
            parts = tuple(zip(requests, counts, strict=True))
            yield -number, CaseResult(1, 0, TYPICAL, results, parts=parts, once=once)

    def _held(self, results: dict[str, Results], at: int) -> dict[str, Results]:
        """Return the results; raises _Unequal where whole numbers differ."""
        if self.case.in_every_bit and not all(map(_same_whole, results.values())):
            raise _Unequal("whole numbers differ", "whole numbers", at)
        return results


def _same_whole(results: Results) -> bool:
    """Return whether whole numbers are equal; of large ones sums are rounded, and not compared."""
    truth, exact = results.truth, results.exact
    if truth is None or exact is None or np.abs(truth).max(initial=0) > _ROUNDED:
        return True
    return np.array_equal(truth, exact)


def refusal_kind(certificate: Certificate) -> str:
    """Return what a refusal is about; of a node that does not run, its operator, too."""
    found = _RUN.search(certificate.reason)
    kind = f"{found.group(1)} does not run" if found else _kind(certificate.reason)
    failed = next((check for check in certificate.checks if not check.passed), None)
    return f"{kind}, without candidates" if failed and not failed.batch else kind


def _kind(reason: str) -> str:
    """Return what a judgement is about, without its names and figures."""
    return next((kind for kind in _KINDS if kind in reason), "values")
