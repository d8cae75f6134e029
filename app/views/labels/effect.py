"""What labels lead to, in FLOPs."""

from __future__ import annotations

from collections.abc import Sequence

from app.session import Flip
from app.views.palette import name_role
from mari_engine import Plan, format_count, format_times


def describe_effect(plan: Plan, candidates: int) -> str:
    """Return the FLOPs of a request, before and after, and how many times fewer they are."""
    before, after = (cost.flops.at(candidates) for cost in (plan.flops.before, plan.flops.after))
    if after == before:
        return f"{format_count(before, 'FLOP')}, as it is"
    return (
        f"{format_count(before, 'FLOP')} → {format_count(after, 'FLOP')},"
        f" {format_times(plan.flops.ratio(candidates))} fewer"
    )


def flip_rows(flips: Sequence[Flip]) -> list[dict[str, str]]:
    """Return one row a label, the one that changes most first."""
    ordered = sorted(flips, key=lambda one: -abs((one.then or one.now) - one.now))
    return [
        {
            "feature": one.name,
            "now": f"{name_role(one.role)}: {format_count(one.now, 'FLOP')}",
            "then": f"{name_role(one.other)}: "
            + (one.problem if one.then is None else format_count(one.then, "FLOP")),
            "difference": "?" if one.then is None else _difference(one.then - one.now),
        }
        for one in ordered
    ]


def _difference(flops: int) -> str:
    if flops == 0:
        return "no FLOP more or less"
    return f"{format_count(abs(flops), 'FLOP')} {'more' if flops > 0 else 'fewer'}"


def describe_step(before: Plan | None, after: Plan, candidates: int) -> str:
    """Return what a change of labels does to the FLOPs of a request."""
    if before is None:
        return "none yet"
    return _difference(
        after.flops.after.flops.at(candidates) - before.flops.after.flops.at(candidates)
    )
