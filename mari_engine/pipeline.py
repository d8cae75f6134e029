"""The stages in order: labels checked, model surveyed and colored, rewritten, verified."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from mari_engine.artifact import save_artifact
from mari_engine.coloring import color_by_form
from mari_engine.graph import Model
from mari_engine.labeling import certain_labels, check_answered, check_labels
from mari_engine.native import no_collection
from mari_engine.plan_types import CheckedPlan, Plan
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.planning import (
    choose,
    leave_undivided,
    make_plan,
    race_once,
    survey_labeled,
)
from mari_engine.types import (
    DEFAULT_CANDIDATES,
    Certificate,
    Feeds,
    Labels,
    Progress,
    RequestIndex,
    Signature,
    Way,
    report_nothing,
)
from mari_engine.verification import verify


class OptimizeResult(CheckedPlan):
    """A rewritten model and its certificate, ready to be saved."""

    def save(self, directory: str | Path, *, force: bool = False) -> None:
        """Write the artifact; raises VerificationError when the certificate is not passed.

        A file there that is not part of an artifact is replaced with `force` only.
        """
        save_artifact(self, directory, force=force)


@no_collection()
def plan(
    model: Model,
    labels: Labels,
    *,
    signature: str | Signature = Signature.DROP_IN,
    candidates: int = DEFAULT_CANDIDATES,
    keep: Collection[str] = (),
    index: str | RequestIndex = RequestIndex.ROWS,
    autotune: bool = False,
    way: str | Way | None = None,
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Return the model rewritten for its labels, with what was decided and what it costs.

    `candidates` is the number of candidates that decisions are made for; `keep` names nodes
    that must stay as they are, and `index` is how several requests in one call are told apart. With
    `autotune` the ways to rewrite are timed on this machine, on one thread, instead of being
    compared by expectation; a `way` that is given is taken. `prices` are what expectation goes by,
    the built-in ones by default, so that a plan does not depend on the machine. Raises LabelError
    when the labels do not fit the model, or the signature does not, and ModelError for a way that
    comes to the same as another.
    """
    began = time.perf_counter()
    report_progress = progress or report_nothing
    options = Options(
        signature=Signature(signature), candidates=candidates, keep=tuple(keep),
        index=RequestIndex(index), prices=prices or Prices(),
    )  # fmt: skip
    report_progress(0.0, "checking the labels")
    check_labels(model, labels)
    report_progress(0.1, "coloring the graph")
    surveyed = survey_labeled(model, labels, options.keep, options.signature)
    source, folded = leave_undivided(surveyed, options)
    coloring = color_by_form(model, source.survey, source.form, labels)
    report_progress(0.4, "rewriting")
    choice = choose(
        source,
        options,
        folded=folded,
        race=partial(race_once, labels=labels, candidates=candidates) if autotune else None,
        way=None if way is None else Way(way),
        report_progress=lambda share: report_progress(0.4 + 0.5 * share, "rewriting"),
    )
    report_progress(0.9, "explaining")
    made = make_plan(source, options, choice, coloring)
    report_progress(1.0, "planned")
    return replace(made, elapsed=time.perf_counter() - began, autotune=autotune)


def optimize(
    model: Model,
    labels: Labels | None = None,
    *,
    signature: str | Signature = Signature.DROP_IN,
    candidates: int = DEFAULT_CANDIDATES,
    keep: Collection[str] = (),
    index: str | RequestIndex = RequestIndex.ROWS,
    requests: Sequence[Feeds] = (),
    autotune: bool = True,
    prices: Prices | None = None,
    progress: Progress | None = None,
) -> OptimizeResult:
    """Return the model rewritten and checked; look at `certificate.passed` before using it.

    Without labels the proposals are used, if each of them is certain. Raises LabelError, naming
    the input, where a label is still in doubt.
    """
    if labels is not None:
        check_answered(model, labels)
    report_progress = progress or report_nothing
    planned = plan(
        model,
        certain_labels(model) if labels is None else labels,
        signature=signature,
        candidates=candidates,
        keep=keep,
        index=index,
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
