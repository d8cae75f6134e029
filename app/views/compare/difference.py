"""A difference as cards, tables and a sentence."""

from __future__ import annotations

from app.views.text import count
from mari_engine import Change, ChangeKind, Difference, difference_in_words, format_count

Row = dict[str, object]
MOST_ROWS = 2_000
"""Of one table: more are for `mari diff --json`."""
_TABS = {
    "Structure": (
        ChangeKind.INPUT, ChangeKind.OUTPUT, ChangeKind.OPSET, ChangeKind.ORDER, ChangeKind.NODE,
        ChangeKind.WEIGHT, ChangeKind.CONSTANT,
    ),
    "Labels and sides": (ChangeKind.LABEL, ChangeKind.SIDE),
    "Options and decisions": (ChangeKind.OPTION, ChangeKind.DECISION),
}  # fmt: skip


def verdict(found: Difference) -> str:
    """Return in one sentence how the model that is open differs from the other."""
    return f"{found.second} against {found.first}: {difference_in_words(found)}."


def count_changes(found: Difference) -> dict[str, tuple[Change, ...]]:
    """Return the changes by what they are about; one without changes is there, too."""
    return {name: found.of_kind(*kinds) for name, kinds in _TABS.items()}


def change_rows(changes: tuple[Change, ...]) -> list[Row]:
    """Return one row a change, at most so many as a table shows."""
    return [
        {"what": str(each.kind), "name": each.name, "before": each.was, "now": each.now}
        for each in changes[:MOST_ROWS]
    ]


def flops_cards(found: Difference, candidates: int) -> list[tuple[str, str, str]]:
    """Return (name, value now, remark) for the FLOPs of a request of this many candidates."""
    cards = []
    for which, (was, now) in found.flops.items():
        told = [
            "unknown" if each is None else format_count(each.at(candidates), "FLOP")
            for each in (was, now)
        ]
        remark = "as before" if was == now else f"was {told[0]}"
        cards.append((f"{which.capitalize()}, at {candidates:,} candidates", told[1], remark))
    return cards


def weights_line(found: Difference) -> str:
    """Return how many weights have other values, or why that is not known."""
    if found.weights is None:
        return "Weights were not compared: an artifact holds those of the optimized model alone."
    changed = len(found.weights.changed)
    of = count(found.weights.compared, "weight")
    return f"{changed:,} of {of} of the {found.weights.of} have other values."


def weight_rows(found: Difference) -> list[Row]:
    """Return one row a weight with other values, the largest relative change first."""
    if found.weights is None:
        return []
    return [
        {
            "weight": each.name,
            "type": each.dtype,
            "shape": f"[{', '.join(map(str, each.shape))}]",
            "elements changed": each.changed,
            "relative change": each.relative,
        }
        for each in found.weights.changed[:MOST_ROWS]
    ]
