"""Confirming: labels that somebody vouches for -> the rewrite by them, and its check."""

from __future__ import annotations

import mari_engine as mari
from app.services import engine_cache
from app.services.background import start_check
from app.session import Options, Work, name_answers


def confirm_labels(work: Work, options: Options, by: str) -> None:
    """Confirm the labels as they stand in a person's name: rewrite by them, and start the check.

    Raises MariError, and changes nothing, where name, labels or rewrite do not allow it.
    """
    if work.opened is None or work.labels is None:
        return
    labels = mari.propose_axes(work.opened.model, name_answers(work.labels, by))
    mari.check_labels(work.opened.model, labels)
    plan = engine_cache.make_plan(work.opened, labels, options)
    work.confirm(options, start_check(plan, work.requests), labels, by.strip())
