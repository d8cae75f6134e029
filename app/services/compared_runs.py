"""Runs of a model: noted once a check has passed, and gone back to."""

from __future__ import annotations

from dataclasses import replace

from app.services.confirmation import confirm_labels
from app.session import MOST_RUNS, Run, Work


def note_run(work: Work) -> None:
    """Note what was confirmed as a run once it has passed its check; renew the figures of one."""
    result, labels = work.result, work.confirmed
    if result is None or labels is None or not result.certificate.passed:
        return
    at = find_run(work)
    known = work.runs[at] if at is not None else None
    candidates = work.options.candidates
    run = Run(
        name=known.name if known is not None else _name_next(work),
        labels=labels,
        by=work.confirmed_by,
        options=work.options,
        flops=(
            result.flops.before.flops.at(candidates),
            result.flops.after.flops.at(candidates),
        ),
        checks=len(result.certificate.checks),
        benchmark=work.measured or (known.benchmark if known is not None else None),
    )
    if at is not None:
        work.runs[at] = run
    else:
        work.runs.append(run)
        del work.runs[:-MOST_RUNS]


def find_run(work: Work) -> int | None:
    """Return the place of the run whose labels and options are confirmed; None where none is."""
    if work.confirmed is None:
        return None
    for at, run in enumerate(work.runs):
        if run.is_for(work.confirmed, work.options):
            return at
    return None


def rename_run(work: Work, at: int, name: str) -> None:
    """Give a run another name."""
    work.runs[at] = replace(work.runs[at], name=name)


def go_back(work: Work, at: int) -> None:
    """Confirm labels and options of a run again, as its person did; MariError where that fails.

    The check runs again; the change of labels can be undone.
    """
    run = work.runs[at]
    work.relabel(run.labels)
    confirm_labels(work, run.options, run.by)


def _name_next(work: Work) -> str:
    taken = {run.name for run in work.runs}
    number = len(work.runs) + 1
    while f"Run {number}" in taken:
        number += 1
    return f"Run {number}"
