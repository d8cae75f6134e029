"""The stages in order: survey, color, rewrite, count, verify."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mari_engine.analysis import Survey, candidate_symbols, survey_model
from mari_engine.artifact import save_artifact
from mari_engine.axes import CANDIDATES, flat
from mari_engine.coloring import color_surveyed
from mari_engine.errors import LabelError, VerificationError
from mari_engine.graph import Model
from mari_engine.labeling import check_labels, propose_labels
from mari_engine.passes import run_passes
from mari_engine.plan_types import CheckedPlan, Plan
from mari_engine.rewriting import Rewritten
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.planning import Choice, Reasons, choose, decide, mark_sides, race_once
from mari_engine.runtime import no_collection
from mari_engine.types import (
    Certificate,
    Coloring,
    Column,
    Decision,
    Feeds,
    FlopsReport,
    Interface,
    Labels,
    OutputBinding,
    Progress,
    Signature,
    report_nothing,
)
from mari_engine.verification import verify

DEFAULT_CANDIDATES = 500
"""The number of candidates that a request is expected to score."""


class OptimizeResult(CheckedPlan):
    """A rewritten model and its certificate, ready to be saved."""

    def save(self, directory: str | Path) -> None:
        """Write the artifact; raises VerificationError when the certificate is not passed."""
        save_artifact(self, directory)


@no_collection()
def plan(
    model: Model,
    labels: Labels,
    *,
    signature: str | Signature = Signature.DROP_IN,
    candidates: int = DEFAULT_CANDIDATES,
    keep: Collection[str] = (),
    autotune: bool = False,
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Return the model rewritten for its labels, with what was decided and what it costs.

    `candidates` is the number of candidates that decisions are made for; `keep` names nodes
    that must stay as they are. With `autotune` the ways to rewrite are timed on this machine, on
    one thread, instead of being compared by expectation. `prices` are what expectation goes by,
    the built-in ones by default, so that a plan does not depend on the machine. Raises LabelError
    when the labels do not fit the model.
    """
    began = time.perf_counter()
    report_progress = progress or report_nothing
    report_progress(0.0, "checking the labels")
    check_labels(model, labels)
    report_progress(0.1, "coloring the graph")
    survey = survey_model(model, candidate_symbols(model, labels))
    form = run_passes(model, survey, keep)
    coloring = color_surveyed(form.model.ir.graph, labels, form.survey)
    report_progress(0.4, "rewriting")
    race = partial(race_once, labels=labels, candidates=candidates) if autotune else None
    called = Signature(signature)
    choice = choose(
        model, labels, survey, form=form, signature=called, candidates=candidates,
        keep=keep, prices=prices or Prices(), race=race,
        report_progress=lambda share: report_progress(0.4 + 0.5 * share, "rewriting"),
    )  # fmt: skip
    report_progress(0.9, "explaining")
    log = Reasons(form.model.ir.graph, labels, form.survey).told(choice.made.log)
    decisions = decide(log, choice.before, choice.shares, choice.split, prices or Prices())
    ops = {node.name: node.op_type for node in model.ir.graph}
    decisions = tuple(replace(each, op=ops.get(each.node, each.op)) for each in decisions)
    report_progress(1.0, "planned")
    made = _plan(model, labels, survey, choice, called, candidates, coloring, decisions)
    took = time.perf_counter() - began
    return replace(made, keep=tuple(keep), elapsed=took, autotune=autotune)


def _plan(
    model: Model, labels: Labels, survey: Survey, choice: Choice, called: Signature,
    candidates: int, coloring: Coloring, decisions: tuple[Decision, ...],
) -> Plan:  # fmt: skip
    made = choice.made
    mark_sides(made.model, made.boundary)
    return Plan(
        original=model,
        optimized=Model(made.model, f"{Path(model.name).stem}.optimized.onnx"),
        labels=labels,
        signature=called,
        candidates=candidates,
        keep=(),
        coloring=coloring,
        decisions=decisions,
        selection=choice.selection,
        layout=tuple(made.log.layouts),
        flops=FlopsReport(choice.before, choice.after),
        interface=_interface(made, model, survey),
        elapsed=0.0,
        failures=tuple(made.log.failures),
    )


def optimize(
    model: Model,
    labels: Labels | None = None,
    *,
    signature: str | Signature = Signature.DROP_IN,
    candidates: int = DEFAULT_CANDIDATES,
    keep: Collection[str] = (),
    requests: Sequence[Feeds] = (),
    autotune: bool = True,
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> OptimizeResult:
    """Return the model rewritten and checked; look at `certificate.passed` before using it.

    Without labels the proposals are used, if each of them is certain; LabelError otherwise.
    """
    report_progress = progress or report_nothing
    planned = plan(
        model,
        certain_labels(model) if labels is None else labels,
        signature=signature,
        candidates=candidates,
        keep=keep,
        autotune=autotune,
        prices=prices,
        progress=lambda share, what: report_progress(0.3 * share, what),
    )
    certificate = certify(
        planned, requests=requests, progress=lambda s, w: report_progress(0.3 + 0.7 * s, w)
    )
    return OptimizeResult(**vars(planned), certificate=certificate)


def certify(
    planned: Plan,
    *,
    requests: Sequence[Feeds] = (),
    progress: Progress | None = None,
) -> Certificate:
    """Return the certificate of a plan."""
    return verify(
        planned.original,
        planned.optimized,
        planned.labels,
        interface=planned.interface,
        signature=planned.signature,
        requests=requests,
        progress=progress,
    )


def certain_labels(model: Model) -> Labels:
    """Return the proposed labels; LabelError, naming the input, where one is not certain."""
    labels = propose_labels(model)
    for name, label in labels.inputs.items():
        for part in label.columns or (label,):
            if part.confidence < 1:
                columns = f"[{part.start}:{part.stop}]" if isinstance(part, Column) else ""
                raise LabelError(
                    f"input {name}{columns}: its role is not certain "
                    f"({part.confidence:.0%} {part.role}); run 'mari labels', confirm the file "
                    "and pass it with --labels"
                )
    return labels


def verified(result: OptimizeResult) -> OptimizeResult:
    """Return the result; VerificationError, with the first reason, when its check failed."""
    if not result.certificate.passed:
        reasons = [check.reason for check in result.certificate.checks if not check.passed]
        raise VerificationError(
            f"{result.original.name}: the rewritten model is not equal to the original "
            f"({reasons[0] if reasons else 'no check was made'}); nothing was saved"
        )
    return result


def _interface(made: Rewritten, model: Model, survey: Survey) -> Interface:
    counted = made.signature == Signature.DROP_IN or any(
        binding.rows == "candidate" for binding in made.boundary.bindings
    )
    outputs = []
    for value in model.ir.graph.outputs:
        fact = survey.values.get(value)
        many = fact is None or (counted and CANDIDATES in flat(fact.axes))
        outputs.append(OutputBinding(value.name or "", "candidate" if many else "request"))
    return Interface(made.boundary.bindings, tuple(outputs))
