"""Measurements: figures, charts, table, files."""

from __future__ import annotations

import json

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from app.session import Work
from app.views.benchmark import (
    describe_noise,
    flops_figure,
    headline,
    latency_figure,
    machine_rows,
    machines_figure,
    memory_figure,
    name_machine,
    operators_figure,
    roofline_figure,
    speedup_figure,
    throughput_figure,
    timing_rows,
)
from app.views.palette import ARMS
from app.views.text import plain, rows_csv
from mari_engine import Arm, BenchmarkResult, format_times

SPEEDUP = "The original's time over each arm's, round by round; the band: 10 to 90 % of the rounds"
OPERATORS = (
    "At the largest number of candidates, without onnxruntime's own optimizations, so that each"
    " node can be told apart: the sum is more than the model takes"
)
ROOFLINE = (
    "FLOP/s reached against FLOPs for each byte moved. Below the slope, memory is the limit; below"
    " the flat part, arithmetic. FLOPs and bytes are counted, times are medians"
)
ARM_MEANINGS = (
    (Arm.ORIGINAL, "The model as it was exported: what you run today."),
    (Arm.ONE_SHOT, "The user side once, repeated just before the fusion layers; nothing split."),
    (Arm.FRAGMENTS, "Split where the columns lie, one product for each fragment: the trap."),
    (Arm.MARI, "Split after each side was gathered into one block: the rewritten model."),
)
_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}
_PAIR = ("original p50 ms", "MaRI p50 ms")
_RATIOS = ("speedup", "speedup low", "speedup high")
_FORMATS = [
    *((name, "%.3f") for name in ("p50 ms", "p90 ms", "p99 ms", *_PAIR)),
    *((name, "localized") for name in ("candidates", "candidates/s", "FLOPs (counted)")),
    ("peak memory MB", "%.1f"),
]


def show_results(work: Work) -> None:
    """Draw what was measured, here and elsewhere; one machine in detail, all side by side."""
    named = _name_all(work)
    if not named:
        _show_arms()
        return
    chosen = 0
    if len(named) > 1:
        _compare(named)
        places = range(len(named))
        chosen = st.selectbox("In detail", places, format_func=lambda at: named[at][0])
    _show_one(*named[chosen], work.options.candidates)


def _show_arms() -> None:
    """Draw what will be compared, while nothing was."""
    with st.container(border=True, key="arms"):
        for column, (arm, meaning) in zip(st.columns(len(ARM_MEANINGS)), ARM_MEANINGS, strict=True):
            column.markdown(f"**{ARMS[arm].letter} {ARMS[arm].name}**")
            column.caption(meaning)


def _name_all(work: Work) -> list[tuple[str, BenchmarkResult]]:
    return [
        (name_machine(result, elsewhere=result is not work.measured), result)
        for result in work.benchmarks
    ]


def _compare(named: list[tuple[str, BenchmarkResult]]) -> None:
    st.subheader(f"{len(named)} machines, side by side", anchor=False, help=SPEEDUP)
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.plotly_chart(machines_figure(named), key="machines", config=_CONFIG)
    with right:
        _table(machine_rows(named))


def _show_one(name: str, result: BenchmarkResult, candidates: int) -> None:
    at = result.nearest(Arm.MARI, candidates)
    figures = headline(result, candidates)
    if at is not None and figures:
        st.subheader(f"At {at.batch:,} candidates", anchor=False)
        st.caption(plain(name))
        for column, (title, value, remark) in zip(st.columns(len(figures)), figures, strict=True):
            column.metric(title, value)
            column.caption(remark)
    noise = describe_noise(result)
    if noise:
        st.warning(noise, icon=":material/warning:")
    time, where, room, numbers = st.tabs(
        ["Time", "Where the time goes", "Memory and arithmetic", "All figures"]
    )
    with time:
        _pair(
            ("Latency", latency_figure(result), "Median; the band reaches up to p90"),
            ("Speedup", speedup_figure(result), SPEEDUP),
        )
        _chart("Throughput", throughput_figure(result), "Of one request after the other")
    with where:
        _show_where(result)
    with room:
        _pair(
            ("Peak memory", memory_figure(result), "Of one process for each model"),
            ("FLOPs", flops_figure(result), "Counted, not timed: no promise of speed"),
        )
    with numbers:
        _show_numbers(result)


def _show_where(result: BenchmarkResult) -> None:
    left, right = st.columns(2, gap="large")
    if not result.operators or result.peak is None:
        st.info("This run did not look into operators and the machine's peak; run it again.")
        return
    with left:
        _chart("Operators, before and after", operators_figure(result), OPERATORS)
    with right:
        _chart("Roofline", roofline_figure(result, result.peak), ROOFLINE)
        st.caption(
            "The grey line is what this machine reaches at most, measured in the same run: a large"
            " product on the right, streaming through memory on the left. A rewrite removes"
            " arithmetic, so it may stand lower here and still be faster."
        )


def _show_numbers(result: BenchmarkResult) -> None:
    for arm, reason in result.skipped.items():
        st.caption(f"**{plain(str(arm))}** was not run: {plain(reason)}")
    rows = timing_rows(result)
    _table(rows)
    st.caption(plain(" · ".join(f"{key}: {value}" for key, value in result.machine.items())))
    with st.container(horizontal=True):
        st.download_button(
            "CSV", rows_csv(rows), "benchmark.csv", "text/csv", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "JSON", json.dumps(result.to_json(), indent=2) + "\n", "benchmark.json",
            "application/json", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _pair(*charts: tuple[str, go.Figure, str]) -> None:
    for column, chart in zip(st.columns(2, gap="large"), charts, strict=True):
        with column:
            _chart(*chart)


def _chart(title: str, figure: go.Figure, meaning: str) -> None:
    st.subheader(title, anchor=False, help=meaning)
    st.plotly_chart(figure, key=title, config=_CONFIG)


def _table(rows: list[dict[str, object]]) -> None:
    number = st.column_config.NumberColumn
    shown = pd.DataFrame(rows)  # whose numbers can be shown as everywhere, and sorted as numbers
    ratios = {name: format_times for name in _RATIOS if name in shown}
    st.dataframe(
        shown.style.format(ratios, na_rep="–"),
        hide_index=True,
        height="content",
        column_config={name: number(format=how) for name, how in _FORMATS},
    )
