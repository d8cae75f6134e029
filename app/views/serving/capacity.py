"""A load test as cards, a figure and rows: requests a second within a bound, before and after."""

from __future__ import annotations

import math

import plotly.graph_objects as go

from app.views.palette import ARM_SYMBOLS, ARMS
from app.views.text import markup
from mari_engine import (
    Arm,
    LoadResult,
    LoadRun,
    capacity_rows,
    format_count,
    format_seconds,
    format_times,
    plot_load,
)

Row = dict[str, object]
_MILLI = 1e3
_ROOM = 1.03
"""Of the plot's width, so that the last mark is whole."""
_COLUMNS = ("", "requests/s within", "lowest missed", "saturation", "core-s of 1,000")


def capacity_cards(found: LoadResult) -> list[tuple[str, str, str]]:
    """Return (name, value, remark) of the rates within the bound and of the processor's time."""
    before, after = (found.capacity(arm) for arm in (Arm.ORIGINAL, Arm.MARI))
    if before is None or after is None:
        return []
    cards = [
        ("Original", f"{before.rate:,.0f}/s", f"saturated at {before.saturation:,.0f}/s"),
        ("MaRI", f"{after.rate:,.0f}/s", f"saturated at {after.saturation:,.0f}/s"),
    ]
    if found.ratio is not None:
        cards.append(
            ("Capacity", format_times(found.ratio), "the rate of MaRI over the original's")
        )
    if before.core_seconds is not None and after.core_seconds is not None:
        rate = "" if found.equal_rate is None else f", both at {found.equal_rate:,.0f}/s"
        cards.append(
            (
                "Core-seconds of 1,000 requests",
                format_count(after.core_seconds),
                f"was {format_count(before.core_seconds)}{rate}",
            )
        )
    return cards


def capacity_table(found: LoadResult) -> list[Row]:
    """Return one row an arm, in the figures that the report tells."""
    return [dict(zip(_COLUMNS, row, strict=True)) for row in capacity_rows(found)]


def capacity_figure(found: LoadResult) -> go.Figure | None:
    """Return p99 by requests a second, a line for each arm, and the bound; None without a search.

    The runs are those of the report's plot, filled where they met the bound.
    """
    plot = plot_load(found)
    if plot is None:
        return None
    figure = go.Figure()
    for line in plot.lines:
        figure.add_trace(_line(line.arm, [mark.run for mark in line.marks]))
    figure.add_trace(
        go.Scatter(
            name=f"the bound, {format_seconds(found.bound)}",
            x=[0, plot.fastest * _ROOM],
            y=[found.bound * _MILLI] * 2,
            mode="lines",
            line={"color": "#7A8491", "dash": "dash", "width": 1.5},
            hoverinfo="skip",
        )
    )
    ends = [math.log10(seconds * _MILLI) for seconds in (plot.least, plot.most)]
    figure.update_xaxes(title="requests a second", range=[0, plot.fastest * _ROOM])
    figure.update_yaxes(title="p99 in ms", type="log", range=ends, **_ticks(*ends))
    return figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
    )


def _ticks(low: float, high: float) -> dict[str, object]:
    """Return ticks at 1, 2 and 5 of each power of ten between two, in full."""
    powers = range(math.floor(low), math.ceil(high))
    marks = [digit * 10.0**power for power in powers for digit in (1, 2, 5)]
    return {"tickvals": marks, "ticktext": [f"{mark:g}" for mark in marks]}


def _line(arm: Arm, runs: list[LoadRun]) -> go.Scatter:
    mark = ARMS[arm]
    shape = ARM_SYMBOLS[arm].removesuffix("-open")
    return go.Scatter(
        name=mark.name,
        x=[run.rate for run in runs],
        y=[run.p99 * _MILLI for run in runs],
        mode="lines+markers",
        line={"color": mark.color, "dash": mark.pattern},
        marker={
            "size": 10,
            "color": mark.color,
            "symbol": [shape if run.met else f"{shape}-open" for run in runs],
            "line": {"width": 2, "color": mark.color},
        },
        text=[
            f"{run.rate:,.1f} requests a second, p99 {format_seconds(run.p99)}:"
            f" {'met' if run.met else 'missed'}"
            for run in runs
        ],
        hovertemplate="%{text}<extra>" + markup(mark.name) + "</extra>",
    )
