"""Where the arms stand below what their machine can do."""

from __future__ import annotations

from math import log10

import plotly.graph_objects as go

from app.views.palette import ARM_SYMBOLS, ARMS
from app.views.text import count
from mari_engine import Arm, BenchmarkResult, Peak, Timing, format_count

ROOM = 2.5
"""The axes reach this many times beyond what they show."""
INK = "#7A8491"


def roofline_figure(result: BenchmarkResult, peak: Peak) -> go.Figure:
    """Return FLOP/s reached against FLOPs per byte, below the machine's measured peaks.

    Both axes are logarithmic; FLOPs and bytes are counted, times are medians.
    """
    timings = _placeable(result)
    ridge = peak.flops_per_second / peak.bytes_per_second
    across = [_intensity(one) for one in timings] + [ridge]
    low, high = min(across) / ROOM, max(across) * ROOM
    figure = go.Figure(_roof(peak, low, ridge, high))
    for arm in ARMS:
        own = [one for one in timings if one.arm == arm]
        if own:
            figure.add_trace(_points(arm, own, peak))
    bottom = min([one.flops / one.p50 for one in timings] + [peak.flops_per_second]) / ROOM
    figure.update_xaxes(
        title="FLOPs for each byte moved, counted", type="log", range=[log10(low), log10(high)],
        exponentformat="SI", dtick=1,
    )  # fmt: skip
    figure.update_yaxes(
        title="FLOP/s reached", type="log", exponentformat="SI", dtick=1,
        range=[log10(bottom), log10(peak.flops_per_second * ROOM)],
    )  # fmt: skip
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
        hovermode="closest",
    )
    return figure


def _placeable(result: BenchmarkResult) -> list[Timing]:
    """Return the timings with arithmetic and known traffic, smaller requests first."""
    found = [one for one in result.timings if one.bytes and one.flops and one.p50]
    return sorted(found, key=lambda one: one.batch)


def _intensity(timing: Timing) -> float:
    return timing.flops / (timing.bytes or 1)


def _roof(peak: Peak, low: float, ridge: float, high: float) -> go.Scatter:
    flops = format_count(peak.flops_per_second, "FLOP/s")
    bytes_moved = format_count(peak.bytes_per_second, "B/s")
    return go.Scatter(
        x=[low, ridge, high],
        y=[low * peak.bytes_per_second, peak.flops_per_second, peak.flops_per_second],
        mode="lines+text",
        line={"color": INK, "width": 2},
        text=["", f"{flops}, {bytes_moved}", ""],
        textposition="top center",
        hoverinfo="skip",
        showlegend=False,
        cliponaxis=False,
    )


def _points(arm: Arm, timings: list[Timing], peak: Peak) -> go.Scatter:
    return go.Scatter(
        name=ARMS[arm].name,
        x=[_intensity(one) for one in timings],
        y=[one.flops / one.p50 for one in timings],
        mode="lines+markers",
        line={"color": ARMS[arm].color, "dash": ARMS[arm].pattern, "width": 1.5},
        marker={"symbol": ARM_SYMBOLS[arm], "size": 10, "color": ARMS[arm].color},
        customdata=[_hover(one, peak) for one in timings],
        hovertemplate="%{customdata}<extra>" + ARMS[arm].name + "</extra>",
    )


def _hover(timing: Timing, peak: Peak) -> str:
    roof = min(peak.flops_per_second, _intensity(timing) * peak.bytes_per_second)
    reached = timing.flops / timing.p50
    return (
        f"{count(timing.batch, 'candidate')}: {format_count(reached, 'FLOP/s')},"
        f" {reached / roof:.0%} of what its {_intensity(timing):.3g} FLOPs a byte allow"
    )
