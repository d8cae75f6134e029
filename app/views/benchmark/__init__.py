"""Benchmark results as tables and figures; pure functions."""

from app.views.benchmark.charts import (
    MILLI,
    arm_bars,
    describe_noise,
    dress,
    flops_figure,
    headline,
    latency_figure,
    memory_figure,
    speedup_figure,
    throughput_figure,
    timing_rows,
    timings_of,
)
from app.views.benchmark.machines import doubt, machine_rows, machines_figure, name_machine
from app.views.benchmark.operators import operators_figure
from app.views.benchmark.roofline import roofline_figure

__all__ = [
    "MILLI",
    "arm_bars",
    "describe_noise",
    "doubt",
    "dress",
    "flops_figure",
    "headline",
    "latency_figure",
    "machine_rows",
    "machines_figure",
    "memory_figure",
    "name_machine",
    "operators_figure",
    "roofline_figure",
    "speedup_figure",
    "throughput_figure",
    "timing_rows",
    "timings_of",
]
