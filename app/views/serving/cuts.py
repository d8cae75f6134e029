"""The cuts that a model leaves a choice among: bytes to fetch against what is left online."""

from __future__ import annotations

import plotly.graph_objects as go

from app.views.palette import ARMS
from app.views.text import count, name_some
from mari_engine import Arm, CutPoint, Frontier, format_count, format_seconds

Row = dict[str, object]
_MILLI = 1e3
_REASONS = 3
_RING = 18
_MARK = 10


def list_cuts(frontier: Frontier) -> list[CutPoint]:
    """Return the cuts that fetch anything of a store, the most bytes first."""
    return [point for point in frontier.points if point.fetched]


def name_cut(point: CutPoint, frontier: Frontier) -> str:
    """Return a cut in a line: what is fetched, and what is left online for it."""
    return (
        f"{point.bytes:,} bytes of each candidate: {format_seconds(point.seconds)} online"
        f" (uncut {format_seconds(frontier.whole.seconds)})"
    )


def cuts_figure(frontier: Frontier, chosen: CutPoint | None) -> go.Figure:
    """Return expected milliseconds online against bytes fetched per candidate; a ring: chosen."""
    cuts = list_cuts(frontier)
    figure = go.Figure()
    if chosen is not None:
        figure.add_trace(_marks("chosen", [chosen], ARMS[Arm.MARI].color, "circle-open", _RING))
    figure.add_trace(_marks("cut in parts", cuts, ARMS[Arm.MARI].color, "circle", _MARK))
    figure.add_trace(
        _marks("one model", [frontier.whole], ARMS[Arm.ORIGINAL].color, "square-open", _MARK)
    )
    figure.update_xaxes(title="bytes of each candidate", rangemode="tozero")
    figure.update_yaxes(
        title=f"expected ms online, {frontier.candidates:,} candidates", rangemode="tozero"
    )
    return figure.update_layout(
        height=340,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        legend={"orientation": "h", "y": 1.04, "yanchor": "bottom", "x": 0},
    )


def _marks(name: str, points: list[CutPoint], color: str, symbol: str, size: int) -> go.Scatter:
    return go.Scatter(
        name=name,
        x=[point.bytes for point in points],
        y=[point.seconds * _MILLI for point in points],
        mode="markers",
        marker={"color": color, "symbol": symbol, "size": size, "line": {"width": 2}},
        text=[
            f"{point.bytes:,} bytes, {format_seconds(point.seconds)},"
            f" {format_count(point.flops, 'FLOP')} per candidate"
            for point in points
        ],
        hovertemplate="%{text}<extra>" + name + "</extra>",
    )


def cut_rows(frontier: Frontier, chosen: CutPoint | None) -> list[Row]:
    """Return one row a cut, the model in one piece first."""
    rows = [_row("one model", frontier.whole)]
    return rows + [
        _row("chosen" if point == chosen else "", point) for point in list_cuts(frontier)
    ]


def _row(title: str, point: CutPoint) -> Row:
    return {
        "cut": title,
        "bytes/candidate": point.bytes,
        "FLOPs/candidate": point.flops,
        "online": format_seconds(point.seconds),
        "tables": format_count(point.table_bytes, "B"),
        "values": len(point.fetched),
        "way": str(point.way),
    }


def why_online(frontier: Frontier) -> str:
    """Return what only item features reach and yet stays online, with the reasons, or ""."""
    told = [f"{name} ({why})" for name, why in frontier.reasons.items()]
    if not told:
        return ""
    return f"{count(len(told), 'place')} of the item side stays online: {name_some(told, _REASONS)}"
