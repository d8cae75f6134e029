"""The legends of the graph: what each letter, color and sign means under each overlay."""

from __future__ import annotations

from typing import Any

from app.views.graph.changes import Change
from app.views.palette import ACTIONS, SIDES
from mari_engine import Action

UNKNOWN = "?"
_GRAY = "#9AA3AE"

CHANGES = {
    Change.REPLACED: ("-", "#D55E00", "\N{MINUS SIGN}", "replaced by other nodes"),
    Change.GONE: ("x", "#A23B00", "\N{MULTIPLICATION SIGN}", "no longer needed"),
    Change.NEW: ("+", "#009E73", "+", "new"),
    Change.ONCE: ("1", "#CC79A7", "1\N{MULTIPLICATION SIGN}", "now runs once per request"),
    Change.SAME: ("=", _GRAY, "=", "unchanged"),
}
"""Letter, color, sign, name."""

DECISIONS = {
    Action.SPLIT: ("S", "#009E73"),
    Action.ONCE: ("O", "#E8A317"),
    Action.FUSED: ("F", "#CC79A7"),
    Action.KEPT: ("K", "#7A6FB0"),
}
"""Letter, color."""

_STEPS = (
    ("4", "#A63603", "the largest, down to a tenth of it"),
    ("3", "#E6550D", "down to a hundredth"),
    ("2", "#FD8D3C", "down to a thousandth"),
    ("1", "#FDBE85", "less"),
    ("0", _GRAY, "none, or not known"),
)


def list_marks() -> dict[str, list[dict[str, Any]]]:
    """Return the legend of each overlay, in the order in which it is shown."""
    return {
        "side": [
            *(_mark(mark.letter, mark.color, mark.name) for mark in SIDES.values()),
            _mark(UNKNOWN, _GRAY, "not colored yet"),
        ],
        "change": [
            _mark(letter, color, name, sign) for letter, color, sign, name in CHANGES.values()
        ],
        "decision": [
            *(_mark(*DECISIONS[action], text) for action, text in ACTIONS.items()),
            _mark("·", _GRAY, "not a product"),
        ],
        "flops": [_mark(*mark) for mark in _STEPS],
        "time": [_mark(*mark) for mark in _STEPS],
        "left": [_mark(*mark) for mark in _STEPS],
    }


def _mark(letter: str, color: str, name: str, sign: str = "") -> dict[str, Any]:
    return {"letter": letter, "color": color, "name": name, "sign": sign}
