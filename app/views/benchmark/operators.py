"""The time of each operator, before and after."""

from __future__ import annotations

from collections.abc import Mapping

import plotly.graph_objects as go

from app.views.palette import ARMS, BAR_PATTERNS
from app.views.text import markup
from mari_engine import Arm, BenchmarkResult, format_seconds

MOST = 12
"""Operators that are shown by name; the rest is one bar."""
MILLI = 1e3
PAIR = (Arm.MARI, Arm.ORIGINAL)


def operators_figure(result: BenchmarkResult) -> go.Figure:
    """Return milliseconds of each operator in a request, original and MaRI, the longest on top."""
    names = _order(result.operators)
    shown, rest = names[:MOST], names[MOST:]
    figure = go.Figure()
    for arm in PAIR:
        times = result.operators.get(arm, {})
        bars = [(markup(name), times.get(name, 0.0)) for name in shown]
        if rest:
            bars.append((f"{len(rest)} others", sum(times.get(name, 0.0) for name in rest)))
        bars.reverse()
        figure.add_trace(_bars(arm, bars))
    figure.update_layout(
        height=90 + 42 * (len(shown) + bool(rest)),
        margin={"l": 8, "r": 70, "t": 36, "b": 8},
        legend={
            "orientation": "h",
            "y": 1.02,
            "yanchor": "bottom",
            "x": 0,
            "traceorder": "reversed",
        },
        xaxis={"title": "milliseconds per request", "rangemode": "tozero"},
        yaxis={"automargin": True, "ticksuffix": "  "},
        bargap=0.25,
    )
    return figure


def _bars(arm: Arm, bars: list[tuple[str, float]]) -> go.Bar:
    return go.Bar(
        name=ARMS[arm].name,
        orientation="h",
        y=[name for name, _ in bars],
        x=[taken * MILLI for _, taken in bars],
        text=[format_seconds(taken) if taken else "none" for _, taken in bars],
        textposition="outside",
        cliponaxis=False,
        marker={"color": ARMS[arm].color, "pattern": BAR_PATTERNS[arm]},
        hovertemplate="%{y}: %{text}<extra>" + ARMS[arm].name + "</extra>",
    )


def _order(operators: Mapping[str, Mapping[str, float]]) -> list[str]:
    """Return all operators, those first that take longest in either model."""
    longest: dict[str, float] = {}
    for times in operators.values():
        for name, taken in times.items():
            longest[name] = max(taken, longest.get(name, 0.0))
    return sorted(longest, key=lambda name: -longest[name])
