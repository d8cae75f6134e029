"""Fragmentation: the time of one product per fragment against that of the neat layout."""

from __future__ import annotations

import plotly.graph_objects as go

from app.views.benchmark import MILLI, arm_bars, dress, timings_of
from mari_engine import Arm, BenchmarkResult, format_seconds, format_times


def fragment_cost(result: BenchmarkResult | None, candidates: int) -> str:
    """Return what one product per fragment was measured to cost, or how to find out.

    Of the batch nearest to the number of candidates that the rewrite was planned for.
    """
    if result is None:
        return (
            "Not measured yet: one product for each fragment against the neat layout, on this"
            " machine. The Benchmark step measures it at several numbers of candidates."
        )
    neat = result.nearest(Arm.MARI, candidates)
    loose = neat and result.timing(Arm.FRAGMENTS, neat.batch)
    if neat is None or loose is None:
        reason = result.skipped.get(Arm.FRAGMENTS, "it was not among the arms")
        return f"One product per fragment was not measured: {reason}."
    return (
        f"Measured at {neat.batch:,} candidates: {format_seconds(loose.p50)} with one product per"
        f" fragment, {format_seconds(neat.p50)} in the neat layout,"
        f" {format_times(loose.p50 / neat.p50)} as long."
    )


def fragment_figure(result: BenchmarkResult) -> go.Figure | None:
    """Return median milliseconds with a whisker up to p90: original, per fragment and neat.

    None where one product per fragment was not measured.
    """
    if not any(timing.arm == Arm.FRAGMENTS for timing in result.timings):
        return None
    figure = go.Figure()
    for arm in (Arm.ORIGINAL, Arm.FRAGMENTS, Arm.MARI):
        timings = timings_of(result, arm)
        bars = arm_bars(arm, [(f"{one.batch:,}", 0) for one in timings])
        figure.add_trace(
            bars.update(
                y=[one.p50 * MILLI for one in timings],
                text=[format_seconds(one.p50) for one in timings],
                textposition="inside",
                insidetextanchor="start",
                error_y={
                    "symmetric": False,
                    "array": [(one.p90 - one.p50) * MILLI for one in timings],
                    "arrayminus": [0.0 for _ in timings],
                    "color": "#7A8491",
                },
            )
        )
    figure.update_xaxes(title="candidates", type="category")
    figure.update_yaxes(title="milliseconds per request", rangemode="tozero")
    return dress(figure).update_layout(height=300)
