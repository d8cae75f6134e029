"""Shrinking: a failing case is reduced as long as it still fails in the same manner."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from mari_engine.fuzzing.cases import Case
from mari_engine.fuzzing.examination import Examination, examine
from mari_engine.fuzzing.reductions import REDUCTIONS, Reduction
from mari_engine.types import Signature


def shrink(case: Case, found: Examination, *, seconds: float) -> tuple[Case, Examination]:
    """Return the smallest case that is found within so many seconds, and how it fails.

    It fails in the same manner: a crash stays the same exception at the same place, a wrong number
    stays a wrong number. It is the case itself, in the signature that fails, where nothing can be
    taken away.
    """
    until, smaller = time.monotonic() + seconds, True
    if found.signature:
        case = replace(case, signatures=(Signature(found.signature),))
    while smaller:
        smaller = False
        for reduction in REDUCTIONS:
            while (reduced := _reduce(case, found, reduction, until)) is not None:
                case, smaller = reduced, True
    return case, examine(case)


def _reduce(case: Case, found: Examination, reduction: Reduction, until: float) -> Case | None:
    """Return the first attempt that fails in the same manner; None where none does."""
    for attempt in _attempts(case, reduction):
        if time.monotonic() > until:
            return None
        seen = examine(attempt, certify=False)
        if seen.outcome.failed and seen.manner == found.manner:
            return attempt
    return None


def _attempts(case: Case, reduction: Reduction) -> Iterator[Case]:
    try:
        yield from reduction(case)
    except Exception:  # reductions work on broken models, where any library may give up
        return
