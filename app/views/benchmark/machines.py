"""Benchmarks of one model on several machines, side by side."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from app.views.benchmark.charts import HEADROOM
from app.views.palette import ARMS, bar_pattern
from app.views.text import count, markup, one_line, shorten
from mari_engine import Arm, BenchmarkResult, Plan, format_count, format_seconds, format_times

Row = dict[str, object]
SHADES = ("#009E73", "#56B4E9", "#E8A317", "#CC79A7", "#8A94A3", "#D55E00")
SHAPES = ("", "/", ".", "x", "\\", "-")
"""By machine, beside the shade: bars are never told apart by color alone."""


def name_machine(result: BenchmarkResult, *, elsewhere: bool) -> str:
    """Return a machine's processor, device and threads, and whether it is this one."""
    processor = shorten(one_line(result.machine.get("processor", "unnamed machine")), 40)
    threads = count(result.threads, "thread") if result.threads else "all threads"
    place = "measured elsewhere" if elsewhere else "this server"
    return f"{processor}, {shorten(one_line(result.device), 20)}, {threads} ({place})"


def machines_figure(named: Sequence[tuple[str, BenchmarkResult]]) -> go.Figure:
    """Return MaRI's measured speedup by candidates, a bar for each machine with its band."""
    figure = go.Figure([_bars(at, name, one) for at, (name, one) in enumerate(named)])
    batches = sorted({one.batch for _, result in named for one in result.timings})
    figure.update_xaxes(
        title="candidates", type="category", categoryorder="array",
        categoryarray=[f"{batch:,}" for batch in batches],
    )  # fmt: skip
    bars = [one for _, result in named for one in result.timings if one.arm == Arm.MARI]
    top = min(
        max((one.speedup_high for one in bars), default=1.0),
        HEADROOM * max((one.speedup for one in bars), default=1.0),
    )  # a noisy band must not flatten the bars
    figure.update_yaxes(
        title="times as fast as the original there", range=[0, 1.05 * top], ticksuffix="×"
    )
    return figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 12, "b": 8},
        legend={"orientation": "h", "y": -0.22, "yanchor": "top", "x": 0},
    )


def _bars(at: int, name: str, result: BenchmarkResult) -> go.Bar:
    found = sorted(
        (one for one in result.timings if one.arm == Arm.MARI), key=lambda one: one.batch
    )
    return go.Bar(
        name=markup(name),
        x=[f"{one.batch:,}" for one in found],
        y=[one.speedup for one in found],
        error_y={
            "array": [one.speedup_high - one.speedup for one in found],
            "arrayminus": [one.speedup - one.speedup_low for one in found],
            "color": "#7A8491",
        },
        text=[format_times(one.speedup) for one in found],
        textposition="inside",
        insidetextanchor="start",
        marker={
            "color": SHADES[at % len(SHADES)],
            "pattern": bar_pattern(SHAPES[at % len(SHAPES)]),
        },
        customdata=[f"{format_seconds(one.p50)} per request" for one in found],
        hovertemplate="%{text}, %{customdata}<extra></extra>",
    )


def machine_rows(named: Sequence[tuple[str, BenchmarkResult]]) -> list[Row]:
    """Return one row a machine and number of candidates; times in milliseconds."""
    rows: list[Row] = []
    for name, result in named:
        for batch in sorted(result.batches):
            mari, before = result.timing(Arm.MARI, batch), result.timing(Arm.ORIGINAL, batch)
            if mari is None or before is None:
                continue
            rows.append(
                {
                    "machine": name,
                    "candidates": batch,
                    "original p50 ms": before.p50 * 1e3,
                    "MaRI p50 ms": mari.p50 * 1e3,
                    "speedup": mari.speedup,
                    "speedup low": mari.speedup_low,
                    "speedup high": mari.speedup_high,
                    "candidates/s": round(mari.candidates_per_second),
                    "onnxruntime": result.machine.get("onnxruntime", "?"),
                }
            )
    return rows


def doubt(result: BenchmarkResult, plan: Plan) -> str:
    """Return why a benchmark from elsewhere may be of another rewrite than this one, else ""."""
    timing = next((one for one in result.timings if one.arm == Arm.MARI), None)
    if timing is None:
        return f"It holds no measurement of {ARMS[Arm.MARI].name}."
    here = plan.flops.after.flops.at(timing.batch)
    if timing.flops == here:
        return ""
    return (
        f"Its rewritten model counts {format_count(timing.flops, 'FLOP')} at"
        f" {count(timing.batch, 'candidate')}, this one {format_count(here, 'FLOP')}: it was"
        " made with other labels or options, or timed its ways to rewrite and chose another."
    )
