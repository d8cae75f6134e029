"""Measurements: figures, charts, table, files."""

from __future__ import annotations

import csv
import io
import json

import streamlit as st

from app.views.charts import (
    describe_noise,
    flops_figure,
    headline,
    latency_figure,
    speedup_figure,
    throughput_figure,
    timing_rows,
)
from app.views.text import plain
from mari_engine import BenchmarkResult

_CONFIG = {"displaylogo": False, "modeBarButtonsToRemove": ["lasso2d", "select2d"]}
_FORMATS = [
    *((name, "%.3f") for name in ("p50 ms", "p90 ms", "p99 ms")),
    *((name, "%.2f×") for name in ("speedup", "speedup low", "speedup high")),
    *((name, "localized") for name in ("candidates", "candidates/s", "FLOPs (counted)")),
    ("peak memory MB", "%.1f"),
]


def show_results(result: BenchmarkResult) -> None:
    """Draw one benchmark."""
    figures = headline(result)
    if figures:
        st.subheader(f"At {max(result.batches):,} candidates", anchor=False)
        for column, (name, value, remark) in zip(st.columns(len(figures)), figures, strict=True):
            column.metric(name, value)
            column.caption(remark)
    noise = describe_noise(result)
    if noise:
        st.warning(noise, icon=":material/warning:")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Latency", anchor=False, help="Median; the band reaches up to p90")
        st.plotly_chart(latency_figure(result), key="latency", config=_CONFIG)
        st.subheader("Throughput", anchor=False)
        st.plotly_chart(throughput_figure(result), key="throughput", config=_CONFIG)
    with right:
        st.subheader("Speedup", anchor=False, help="Measured round by round; band: 10 to 90 %")
        st.plotly_chart(speedup_figure(result), key="speedup", config=_CONFIG)
        st.subheader("FLOPs", anchor=False, help="Counted, not timed: no promise of speed")
        st.plotly_chart(flops_figure(result), key="flops", config=_CONFIG)
    for arm, reason in result.skipped.items():
        st.caption(f"**{plain(str(arm))}** was not run: {plain(reason)}")
    rows = timing_rows(result)
    st.dataframe(
        rows,
        hide_index=True,
        height="content",
        column_config={name: st.column_config.NumberColumn(format=how) for name, how in _FORMATS},
    )
    st.caption(plain(" · ".join(f"{key}: {value}" for key, value in result.machine.items())))
    with st.container(horizontal=True):
        st.download_button(
            "CSV", _csv(rows), "benchmark.csv", "text/csv", icon=":material/download:",
            on_click="ignore",
        )  # fmt: skip
        st.download_button(
            "JSON", json.dumps(result.to_json(), indent=2) + "\n", "benchmark.json",
            "application/json", icon=":material/download:", on_click="ignore",
        )  # fmt: skip


def _csv(rows: list[dict[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
