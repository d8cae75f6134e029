"""What became of each product, as a table and in one sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from app.views.palette import ACTIONS
from app.views.text import count
from mari_engine import Action, Decision, FlopsReport, format_count, format_times, pairs_in_words

Row = dict[str, object]


def decision_rows(decisions: Sequence[Decision], candidates: int) -> list[Row]:
    """Return one row a product, the costliest first, with FLOPs at this many candidates."""
    ordered = sorted(decisions, key=lambda one: -one.flops_before.at(candidates))
    return [
        {
            "node": decision.node,
            "operator": decision.op,
            "action": str(decision.action),
            "before": format_count(decision.flops_before.at(candidates), "FLOP"),
            "after": format_count(decision.flops_after.at(candidates), "FLOP"),
            "reason": decision.reason,
            "new nodes": ", ".join(decision.new_nodes),
        }
        for decision in ordered
    ]


def count_actions(decisions: Sequence[Decision]) -> list[tuple[Action, int, str]]:
    """Return each action that occurs, how often, and what it means."""
    tally = Counter(decision.action for decision in decisions)
    return [
        (action, tally[action], meaning) for action, meaning in ACTIONS.items() if tally[action]
    ]


def sum_up(decisions: Sequence[Decision], flops: FlopsReport, candidates: int) -> str:
    """Return one sentence on what the rewrite did."""
    changed = [one for one in decisions if one.action != Action.KEPT]
    if not changed:
        return (
            f"Nothing was rewritten: {count(len(decisions), 'product')} kept, each for a reason"
            " that the Layout step gives. The model is already as fast as this method makes it."
        )
    before, after = flops.before.flops.at(candidates), flops.after.flops.at(candidates)
    pairs = pairs_in_words(flops.before.flops, candidates)
    return (
        f"{len(changed):,} of {count(len(decisions), 'product')} changed. At"
        f" {count(candidates, 'candidate')}, a request takes {format_count(after, 'FLOP')} instead"
        f" of {format_count(before, 'FLOP')}: {format_times(flops.ratio(candidates))} fewer. FLOPs"
        " are counted, not timed; the Benchmark step measures."
        + (f" Of the work before, {pairs}." if pairs else "")
    )
