"""What labels lead to, in FLOPs."""

from __future__ import annotations

from app.views.text import scaled, times
from mari_engine import Plan


def describe_effect(plan: Plan, candidates: int) -> str:
    """Return the FLOPs of a request, before and after, and how many times fewer they are."""
    before, after = (cost.flops.at(candidates) for cost in (plan.flops.before, plan.flops.after))
    if after == before:
        return f"{scaled(before, 'FLOP')}, as it is"
    return (
        f"{scaled(before, 'FLOP')} → {scaled(after, 'FLOP')},"
        f" {times(plan.flops.ratio(candidates))} fewer"
    )


def describe_step(before: Plan | None, after: Plan, candidates: int) -> str:
    """Return what a change of labels does to the FLOPs of a request."""
    if before is None:
        return "none yet"
    difference = after.flops.after.flops.at(candidates) - before.flops.after.flops.at(candidates)
    if difference == 0:
        return "no FLOP more or less"
    return f"{scaled(abs(difference), 'FLOP')} {'more' if difference > 0 else 'fewer'}"
