"""Colors, letters and patterns; sides differ in all three, for readers who do not see colors.

The hues are Okabe and Ito's, which color-blind people tell apart, in light and dark.
"""

from __future__ import annotations

from dataclasses import dataclass

from mari_engine import Action, Arm, Role, Side


@dataclass(frozen=True)
class Mark:
    """How one kind of thing is shown everywhere."""

    color: str
    letter: str
    name: str
    pattern: str = ""
    """Plotly's fill pattern, or its dash for lines."""
    ink: str = "#10151C"
    """The pattern's color."""
    text: str = "#10151C"
    """The color of words on it."""


SIDES = {
    Side.REQUEST: Mark("#E8A317", "R", "request side, once per request", "/", "#B97B06"),
    Side.ITEM: Mark("#56B4E9", "I", "item side, once per candidate"),
    Side.CANDIDATE: Mark(
        "#2272B4", "C", "candidate side, cross or mixed", ".", "#12507F", "#FFFFFF"
    ),
    Side.CONSTANT: Mark("#9AA3AE", "K", "constant", "x", "#6B7480"),
}

ARMS = {
    Arm.ORIGINAL: Mark("#8A94A3", "○", "original", "dot"),
    Arm.ONE_SHOT: Mark("#CC79A7", "□", "one-shot", "dash"),
    Arm.FRAGMENTS: Mark("#D55E00", "△", "per fragment", "dashdot"),
    Arm.MARI: Mark("#009E73", "●", "MaRI", "solid"),
    Arm.OFFLOADED: Mark("#0072B2", "◇", "offloaded", "longdash"),
}

ARM_SYMBOLS = {
    Arm.ORIGINAL: "circle-open",
    Arm.ONE_SHOT: "square-open",
    Arm.FRAGMENTS: "triangle-up-open",
    Arm.MARI: "circle",
    Arm.OFFLOADED: "diamond-open",
}


def bar_pattern(shape: str) -> dict[str, object]:
    """Return Plotly's fill pattern over a bar's own color."""
    fill = {"fillmode": "overlay", "fgcolor": "rgba(255,255,255,.6)", "solidity": 0.25}
    return {"shape": shape, **fill}


BAR_PATTERNS = {
    Arm.ORIGINAL: bar_pattern("/"),
    Arm.ONE_SHOT: bar_pattern("."),
    Arm.FRAGMENTS: bar_pattern("x"),
    Arm.MARI: bar_pattern(""),
    Arm.OFFLOADED: bar_pattern("-"),
}
"""For arms as bars."""

ACTIONS = {
    Action.SPLIT: "split: request share once, candidate share per candidate",
    Action.ONCE: "once: runs at one row per request",
    Action.FUSED: "fused: part of another product",
    Action.KEPT: "kept: as it was",
}


def side_of(role: Role) -> Side:
    """Return the side that a feature of this role is on."""
    if role.per_request:
        return Side.REQUEST
    return Side.ITEM if role == Role.ITEM else Side.CANDIDATE


def name_role(role: str) -> str:
    """Return a role with the letter of its side: "R · user"."""
    return f"{SIDES[side_of(Role(role))].letter} · {role}"
