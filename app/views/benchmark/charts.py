"""Measurements as charts: latency, speedup and throughput; FLOPs in a chart of their own."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor, log10

import plotly.graph_objects as go

from app.views.palette import ARM_SYMBOLS, ARMS, BAR_PATTERNS
from mari_engine import (
    Arm,
    BenchmarkResult,
    Timing,
    format_band,
    format_count,
    format_seconds,
    format_times,
)

Row = dict[str, object]
MILLI = 1e3
HEADROOM = 1.6
"""The speedup's axis ends at the latest this many times above its highest median."""
NOISY = 2.5
"""A run whose speedups spread by more than this between rounds says little."""


def latency_figure(result: BenchmarkResult) -> go.Figure:
    """Return milliseconds per request against candidates: p50, with a band up to p90."""
    return _sweep(
        result,
        value=lambda timing: timing.p50 * MILLI,
        band=lambda timing: (timing.p50 * MILLI, timing.p90 * MILLI),
        hover=lambda t: (
            f"p50 {format_seconds(t.p50)}, p90 {format_seconds(t.p90)}, p99 {format_seconds(t.p99)}"
        ),
        axis="milliseconds per request",
        log=True,
    )


def speedup_figure(result: BenchmarkResult) -> go.Figure:
    """Return measured time of the original over each arm's, with a 10 to 90 percent band."""
    figure = _sweep(
        result,
        value=lambda timing: timing.speedup,
        band=lambda timing: (timing.speedup_low, timing.speedup_high),
        hover=lambda t: f"{format_times(t.speedup)} ({format_band(t.speedup_low, t.speedup_high)})",
        axis="times as fast as the original",
    )
    widest = max((timing.speedup_high for timing in result.timings), default=1.0)
    highest = max((timing.speedup for timing in result.timings), default=1.0)
    top = min(widest, HEADROOM * highest)  # a noisy band must not flatten the lines
    return figure.update_yaxes(range=[0, 1.05 * top], ticksuffix="×")


def throughput_figure(result: BenchmarkResult) -> go.Figure:
    """Return candidates scored per second."""
    return _sweep(
        result,
        value=lambda timing: timing.candidates_per_second,
        hover=lambda t: f"{format_count(t.candidates_per_second)} candidates/s",
        axis="candidates per second",
    )


def flops_figure(result: BenchmarkResult) -> go.Figure:
    """Return the FLOPs that each arm counts for a request; counted, not measured."""
    figure = go.Figure()
    for arm in _arms(result):
        counted = [(f"{timing.batch:,}", timing.flops) for timing in timings_of(result, arm)]
        figure.add_trace(arm_bars(arm, counted))
    figure.update_xaxes(title="candidates", type="category")
    figure.update_yaxes(title="FLOPs per request", rangemode="tozero", exponentformat="SI")
    return dress(figure)


def memory_figure(result: BenchmarkResult) -> go.Figure:
    """Return the peak of memory that each arm's session takes; empty where it is not known."""
    figure = go.Figure()
    for arm in _arms(result):
        known = [
            (f"{one.batch:,}", one.peak_memory)
            for one in timings_of(result, arm)
            if one.peak_memory is not None
        ]
        if known:
            figure.add_trace(arm_bars(arm, known))
    if not figure.data:
        figure.add_annotation(text="not measured on this device", showarrow=False)
    figure.update_xaxes(title="candidates", type="category")
    figure.update_yaxes(title="bytes", rangemode="tozero", exponentformat="SI")
    return dress(figure)


def timing_rows(result: BenchmarkResult) -> list[Row]:
    """Return one row a measurement; times in milliseconds, memory in MB."""
    return [
        {
            "arm": str(timing.arm),
            "candidates": timing.batch,
            "p50 ms": timing.p50 * MILLI,
            "p90 ms": timing.p90 * MILLI,
            "p99 ms": timing.p99 * MILLI,
            "speedup": timing.speedup,
            "speedup low": timing.speedup_low,
            "speedup high": timing.speedup_high,
            "candidates/s": round(timing.candidates_per_second),
            "peak memory MB": None if timing.peak_memory is None else timing.peak_memory / 1e6,
            "repetitions": timing.repetitions,
            "FLOPs (counted)": timing.flops,
        }
        for timing in sorted(result.timings, key=lambda one: (one.batch, list(ARMS).index(one.arm)))
    ]


def headline(result: BenchmarkResult, candidates: int) -> list[tuple[str, str, str]]:
    """Return (name, value, remark): MaRI against original and one-shot, as the report has it.

    Of the batch nearest to the number of candidates that the rewrite was planned for.
    """
    mari = result.nearest(Arm.MARI, candidates)
    original = mari and result.timing(Arm.ORIGINAL, mari.batch)
    if mari is None or original is None:
        return []
    one_shot = result.timing(Arm.ONE_SHOT, mari.batch)
    band = format_band(mari.speedup_low, mari.speedup_high)
    found = [
        ("Speedup, measured", format_times(mari.speedup), f"over the original; {band}"),
        ("Latency p50", format_seconds(mari.p50), f"was {format_seconds(original.p50)}"),
        (
            "Candidates per second",
            format_count(mari.candidates_per_second),
            f"was {format_count(original.candidates_per_second)}",
        ),
    ]
    if one_shot is not None:
        found.insert(
            1, ("Over one-shot", format_times(one_shot.p50 / mari.p50), "ratio of medians")
        )
    return found


def describe_noise(result: BenchmarkResult) -> str:
    """Return a warning when the rounds of this run disagree too much to be believed, else ""."""
    noisy = [
        timing.batch
        for timing in result.timings
        if timing.speedup_high > NOISY * max(timing.speedup_low, 1e-9)
    ]
    if not noisy:
        return ""
    batches = ", ".join(f"{batch:,}" for batch in sorted(set(noisy)))
    return (
        f"The rounds disagree by more than {NOISY:g} times at {batches} candidates: something else"
        " kept this machine busy. Repeat the run when it is quiet."
    )


def _sweep(
    result: BenchmarkResult,
    *,
    value: Callable[[Timing], float],
    hover: Callable[[Timing], str],
    axis: str,
    band: Callable[[Timing], tuple[float, float]] | None = None,
    log: bool = False,
) -> go.Figure:
    figure = go.Figure()
    for arm in _arms(result):
        timings = timings_of(result, arm)
        batches = [timing.batch for timing in timings]
        if band is not None:
            edge = [band(one)[1] for one in timings] + [band(one)[0] for one in reversed(timings)]
            figure.add_trace(_band(arm, batches + batches[::-1], edge))
        line = _line(arm, batches, [value(one) for one in timings])
        line.customdata = [hover(one) for one in timings]
        figure.add_trace(line)
    ticks = sorted(result.batches)
    figure.update_xaxes(
        title="candidates", type="log" if _wide(ticks) else "linear", tickvals=ticks,
        ticktext=[f"{tick:,}" for tick in ticks],
    )  # fmt: skip
    figure.update_yaxes(title=axis)
    if log and _wide(ticks):
        marks = _one_two_five([value(one) for one in result.timings])
        figure.update_yaxes(type="log", tickvals=marks, ticktext=[f"{mark:g}" for mark in marks])
    else:
        figure.update_yaxes(rangemode="tozero", exponentformat="SI")
    return dress(figure)


def arm_bars(arm: Arm, bars: list[tuple[str, int]]) -> go.Bar:
    """Return one arm's bars, with their values written on them."""
    return go.Bar(
        name=ARMS[arm].name,
        x=[name for name, _ in bars],
        y=[value for _, value in bars],
        text=[format_count(value) for _, value in bars],
        textposition="outside",
        textangle=0,
        constraintext="none",
        cliponaxis=False,
        marker={"color": ARMS[arm].color, "pattern": BAR_PATTERNS[arm]},
        hovertemplate="%{text}<extra>" + ARMS[arm].name + "</extra>",
    )


def _line(arm: Arm, batches: list[int], values: list[float]) -> go.Scatter:
    return go.Scatter(
        name=ARMS[arm].name,
        legendgroup=str(arm),
        x=batches,
        y=values,
        mode="lines+markers",
        line={"color": ARMS[arm].color, "dash": ARMS[arm].pattern, "width": 2.5},
        marker={"symbol": ARM_SYMBOLS[arm], "size": 9},
        hovertemplate="%{customdata}<extra>" + ARMS[arm].name + "</extra>",
    )


def _one_two_five(values: list[float]) -> list[float]:
    """Return the ticks 1, 2, 5, 10, ... around these values; every third when there are many."""
    low, high = floor(log10(max(min(values), 1e-9))), ceil(log10(max(*values, 1e-9)))
    steps = (1.0,) if high - low > 3 else (1.0, 2.0, 5.0)
    return [step * 10.0**power for power in range(low, high + 1) for step in steps]


def _band(arm: Arm, x: list[int], y: list[float]) -> go.Scatter:
    return go.Scatter(
        x=x, y=y, fill="toself", mode="lines", line={"width": 0}, hoverinfo="skip",
        fillcolor=ARMS[arm].color, opacity=0.18, legendgroup=str(arm), showlegend=False,
    )  # fmt: skip


def dress(figure: go.Figure) -> go.Figure:
    """Return the figure, sized and with its legend on top, as all charts of measurements are."""
    figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
    )
    return figure


def _wide(ticks: list[int]) -> bool:
    return len(ticks) > 1 and ticks[-1] >= 8 * ticks[0]


def _arms(result: BenchmarkResult) -> list[Arm]:
    return [arm for arm in ARMS if any(timing.arm == arm for timing in result.timings)]


def timings_of(result: BenchmarkResult, arm: Arm) -> list[Timing]:
    """Return one arm's timings, smaller requests first."""
    found = [timing for timing in result.timings if timing.arm == arm]
    return sorted(found, key=lambda timing: timing.batch)
