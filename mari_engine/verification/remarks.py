"""What weakens a certificate, or fails it, in words: what was not shown beside what was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan
from mari_engine.graph import Model
from mari_engine.ops import Trait, has_trait
from mari_engine.types import Check, Labels
from mari_engine.verification.cases import Case
from mari_engine.verification.distances import EXACT
from mari_engine.verification.judgement import TYPICAL, CaseResult
from mari_engine.verification.model_pair import OpenedPair
from mari_engine.wording import first_names

_NOISY = 1e-2
"""The original's own rounding error beyond which the check says that it is a weak one."""
_NAMES = 3
"""Outputs that a note names; more are counted."""
_DOMAINS = frozenset(("", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc"))
"""The domains of operators that onnxruntime brings with it."""


def about_labels(labels: Labels) -> tuple[str, ...]:
    """Return that nothing is labelled per candidate, where it is so."""
    if not labels.inputs or any(label.per_candidate for label in labels.inputs.values()):
        return ()
    return ("no input is labelled per candidate: all candidates of a request get one score",)


def about_batch(plan: FeedPlan) -> tuple[str, ...]:
    """Return that the number of candidates is fixed, where it is so."""
    if plan.fixed_batch is None:
        return ()
    fixed = f"the model's inputs fix the number of candidates at {plan.fixed_batch}"
    return (f"{fixed}; let it vary with --free-batch, or export with a dynamic batch",)


def about_refused(refused: Sequence[tuple[Case, ExecutionError]]) -> tuple[str, ...]:
    """Return which requests the original itself refuses, and the first one's reason."""
    found: dict[str, dict[int, ExecutionError]] = {}
    for case, error in refused:
        found.setdefault(case.request, {}).setdefault(case.batch, error)
    return tuple(
        f"not checked: the original itself refuses "
        f"{f'a {request} request' if len(errors) == 1 else f'{request} requests'} of "
        f"{', '.join(map(str, errors))} candidates ({next(iter(errors.values()))})"
        for request, errors in found.items()
    )


def about_precision(opened: OpenedPair, checks: Sequence[Check]) -> list[str]:
    """Return what could not be shown in one precision or the other."""
    notes = []
    if opened.no_own:
        notes.append(f"rounding could not be checked: {opened.no_own}")
    if opened.no_float64:
        notes.append("only rounding was checked, against the original: exactness is not shown")
    errors = [error for check in checks for error in check.outputs]
    inexact = {e.output for e in errors if (e.exact or 0.0) > EXACT} & opened.rounded
    if inexact:
        notes.append(
            f"output {quoted(sorted(inexact))} was compared in its own precision "
            "only: operators without a definition in float64 round what they read"
        )
    usual = [error for check in checks if check.typical for error in check.outputs]
    noise = max((error.original or 0.0 for error in usual), default=0.0)
    if noise > _NOISY:
        notes.append(
            f"the original's own results are up to {noise:.1e} away from its float64 value, so "
            "that the check of rounding says little"
        )
    return notes


def about_halves(runs: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return how many requests were compared in float64 alone, since float16 does not hold them."""
    beyond = [run.request for run in runs if run.beyond_halves]
    if not beyond:
        return ()
    note = (
        f"{len(beyond)} unusual requests were compared in float64 only: values inside the original "
        f"exceed float16 there ({beyond[0]})"
    )
    return (note,)


def about_undefined(runs: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return a note where the original gives NaN or infinity, which the other must give too."""
    found: dict[str, int] = {}
    for name, values in float_outputs(runs):
        if not np.isfinite(values).all():
            found[name] = found.get(name, 0) + 1
    if not found:
        return ()
    note = (
        f"the original gives NaN or infinity in output {quoted(list(found))}, in "
        f"{max(found.values())} of {len(runs)} requests; the same elements are asked of the "
        "rewritten model"
    )
    return (note,)


def about_unasked(runs: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return where only the original gives NaN, of requests that hold NaN themselves."""
    requests = [run for run in runs if run.unasked]
    if not requests:
        return ()
    names = sorted(frozenset[str]().union(*(run.unasked for run in requests)))
    note = (
        "of a request that holds NaN or infinity the rewritten model may give numbers where the "
        f"original gives NaN: it leaves out what is multiplied by zero (output {quoted(names)}, "
        f"in {len(requests)} of {len(runs)} requests)"
    )
    return (note,)


def about_undecided(runs: Sequence[CaseResult]) -> tuple[str, ...]:
    """Return where the models differ, and the original itself leaves it to rounding."""
    requests = [run for run in runs if run.undecided]
    if not requests:
        return ()
    names = sorted(frozenset[str]().union(*(run.undecided for run in requests)))
    note = (
        f"rounding decides elements of output {quoted(names)} in {len(requests)} of {len(runs)} "
        f"requests, by ties or differences of large numbers: the original gives others, too, where "
        f"its operands are off by one rounding, so that they were not compared there"
    )
    return (note,)


def always_nan(runs: Sequence[CaseResult]) -> str:
    """Return which output no request showed a number of, so that nothing was compared, or ""."""
    seen: dict[str, bool] = {}
    for name, values in float_outputs(runs):
        seen[name] = seen.get(name, False) or not np.isnan(values).all()
    blind = [name for name, told in seen.items() if not told]
    if not blind:
        return ""
    return (
        f"output {quoted(blind)} is NaN at every element of all {len(runs)} requests, "
        "so that nothing of it was compared; mend the model, or give a request file of typical "
        "values"
    )


def always_lost(runs: Sequence[CaseResult]) -> str:
    """Return which output no typical request showed a number of beyond rounding, or "".

    A right rewrite may differ there, too; but nothing tells it from a wrong one.
    """
    typical = [run for run in runs if run.request == TYPICAL]
    shown = {
        name
        for run in typical
        for name, values in float_outputs([run])
        if name not in run.lost and (np.isfinite(values) & (values != 0)).any()
    }
    lost = frozenset[str]().union(*(run.lost for run in typical)) - shown
    if not lost:
        return ""
    return (
        f"output {quoted(sorted(lost))} differs at every number but 0 of all typical requests, by "
        "no more than the original's own rounding, which is as large as the numbers, so that "
        "nothing of it was compared; mend the model, or leave that output out"
    )


def float_outputs(runs: Sequence[CaseResult]) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what the original gives in each output of floats that has elements, by its name.

    What it gives in float64 counts where that was run: its own precision may overflow before.
    """
    for run in runs:
        for name, results in run.outputs.items():
            first = results.truth if results.truth is not None else results.original
            if first is not None and first.dtype.kind in "fV" and first.size:
                yield name, first.astype(np.float64)


def quoted(names: Sequence[str]) -> str:
    """Return the first names of outputs, and how many there are besides."""
    return first_names([repr(name) for name in names], _NAMES)


def missing_operator(original: Model) -> str:
    """Return which operator of a custom-op library keeps a model from running, or ""."""
    for node in original.ir.graph.all_nodes():
        if node.domain not in _DOMAINS:
            return (
                f"{original.name}: node {node.name!r}: {node.domain}.{node.op_type} is an operator "
                "of a custom-op library, and none is loaded; leave that part out of the model, or "
                "export it with standard operators"
            )
    return ""


def first_problem(checks: Sequence[Check], original: Model) -> str:
    """Return why the first check that failed did, and on which request; "" where none did."""
    for check in checks:
        if not check.passed:
            which = check.request if check.seed is None else f"seed {check.seed}"
            nodes = original.ir.graph.all_nodes()
            drawn = sorted({node.op_type for node in nodes if has_trait(node, Trait.RANDOM)})
            because = f"; the model draws random numbers ({drawn[0]})" if drawn else ""
            return f"{check.reason} ({check.batch} candidates, {which}){because}"
    return ""
