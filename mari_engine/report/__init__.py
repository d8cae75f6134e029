"""The offline report for review meetings, as one HTML file and as Markdown."""

from mari_engine.report.chart_geometry import LETTERS
from mari_engine.report.findings import Findings, emitted_sides, find, list_hashes
from mari_engine.report.graph_drawing import Picture, draw
from mari_engine.report.layered_layout import LayeredLayout, place_layers
from mari_engine.report.load_plot import LoadPlot, plot_load
from mari_engine.report.rendering import (
    render_findings,
    render_findings_markdown,
    render_markdown,
    render_report,
)

__all__ = [
    "LETTERS",
    "Findings",
    "LayeredLayout",
    "LoadPlot",
    "Picture",
    "draw",
    "emitted_sides",
    "find",
    "list_hashes",
    "place_layers",
    "plot_load",
    "render_findings",
    "render_findings_markdown",
    "render_markdown",
    "render_report",
]
