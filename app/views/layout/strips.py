"""Columns drawn to scale, as strips of segments in the colors of their sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor
from typing import Any

import plotly.graph_objects as go

from app.views.layout.moves import find_moves, ribbons
from app.views.palette import SIDES, side_of
from app.views.text import count, markup, shorten
from mari_engine import Column, FusionLayout, Role, Segment, Side

LETTER_SHARE = 0.012
"""A segment narrower than this share of the strip holds no letter."""
NAME_SHARE = 0.09
"""A segment at least this wide also holds its name."""
BAR = 0.42
"""The height of a strip, of the distance between two."""
LAYOUT_HEIGHT = 270
LINED_SHARE = 0.006
"""Strips with a narrower segment are drawn without lines, which would cover it."""


@dataclass(frozen=True)
class SharedLayout:
    """One layout and all the products that read it."""

    nodes: tuple[str, ...]
    layout: FusionLayout

    @property
    def columns(self) -> int:
        """The width of the layer's input."""
        return max((segment.stop for segment in self.layout.before), default=0)


def share_layouts(layouts: Sequence[FusionLayout]) -> list[SharedLayout]:
    """Return each different layout once, the most fragmented first."""
    found: dict[tuple[object, object], list[FusionLayout]] = {}
    for layout in layouts:
        found.setdefault((layout.before, layout.after), []).append(layout)
    shared = [SharedLayout(tuple(one.node for one in group), group[0]) for group in found.values()]
    return sorted(shared, key=lambda one: -one.layout.fragments_before)


def layout_figure(layout: FusionLayout) -> go.Figure:
    """Return the columns of a fusion layer's input before and after, and bands between them."""
    figure = _figure([("after", layout.after), ("before", layout.before)])
    low, high = BAR / 2, 1 - BAR / 2
    bands = ribbons(find_moves(layout), top=high, bottom=low)
    return figure.add_traces(bands).update_layout(height=LAYOUT_HEIGHT)


def columns_figure(columns: Sequence[Column]) -> go.Figure:
    """Return the columns of a packed input, as they are labelled."""
    segments = [
        Segment(
            column.start,
            column.stop,
            side_of(column.role or Role.ITEM),
            f"{column.name or 'unnamed'} ({column.role})",
        )
        for column in columns
    ]
    figure = _figure([("columns", segments)])
    figure.update_layout(dragmode="select", selectdirection="h")
    return figure.update_yaxes(visible=False)


def read_span(event: Mapping[str, Any], width: int) -> tuple[int, int] | None:
    """Return the first and last column that were selected in a strip of columns, or None.

    A drag across it counts each column that it touches; a click counts the range that was hit.
    """
    selection = event.get("selection") or {}
    ends = [float(end) for box in selection.get("box") or () for end in box.get("x") or ()]
    if ends:
        first, last = floor(min(ends)), ceil(max(ends)) - 1
    else:
        spans = [point.get("customdata") for point in selection.get("points") or ()]
        known = [span for span in spans if isinstance(span, (list, tuple)) and len(span) == 2]
        if not known:
            return None
        first, last = min(int(a) for a, _ in known), max(int(b) for _, b in known) - 1
    first, last = max(0, first), min(width - 1, last)
    return (first, last) if first <= last else None


def _figure(strips: list[tuple[str, Sequence[Segment]]]) -> go.Figure:
    width = max((segment.stop for _, segments in strips for segment in segments), default=1)
    spans = [segment.stop - segment.start for _, segments in strips for segment in segments]
    lined = min(spans, default=0) >= LINED_SHARE * width
    figure = go.Figure()
    for side in SIDES:
        chosen = [
            (at, segment) for at, (_, segments) in enumerate(strips) for segment in segments
            if segment.side == side
        ]  # fmt: skip
        if chosen:
            figure.add_trace(_trace(side, chosen, width, lined=lined))
    figure.update_layout(
        barmode="overlay",
        height=80 + 56 * len(strips),
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        xaxis={
            "range": [0, width],
            "showgrid": False,
            "zeroline": False,
            "ticks": "outside",
            "tickformat": ",d",
        },
        yaxis={
            "tickvals": list(range(len(strips))),
            "ticktext": [f"{name}  " for name, _ in strips],
            "range": [-BAR, len(strips) - 1 + BAR],
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
        },
        hoverlabel={"align": "left"},
    )
    return figure


def _trace(side: Side, chosen: list[tuple[int, Segment]], width: int, *, lined: bool) -> go.Bar:
    mark = SIDES[side]
    return go.Bar(
        name=f"{mark.letter} · {mark.name}",
        orientation="h",
        width=BAR,
        y=[strip for strip, _ in chosen],
        base=[segment.start for _, segment in chosen],
        x=[segment.stop - segment.start for _, segment in chosen],
        text=[_caption(segment, width) for _, segment in chosen],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": mark.text, "size": 12},
        constraintext="none",
        hovertext=[_hover(segment) for _, segment in chosen],
        customdata=[[segment.start, segment.stop] for _, segment in chosen],
        hovertemplate="%{hovertext}<extra></extra>",
        marker={
            "color": mark.color,
            "line": {"color": "rgba(255,255,255,.55)", "width": 1 if lined else 0},
            "pattern": {
                "shape": mark.pattern,
                "size": 7,
                "solidity": 0.12,
                "bgcolor": mark.color,
                "fgcolor": mark.ink,
            },
        },
    )


def _caption(segment: Segment, width: int) -> str:
    share = (segment.stop - segment.start) / width
    letter = SIDES[segment.side].letter
    if share < LETTER_SHARE:
        return ""
    if share < NAME_SHARE:
        return f"<b>{letter}</b>"
    return f"<b>{letter}</b> {markup(shorten(segment.source, max(6, int(share * 120))))}"


def _hover(segment: Segment) -> str:
    mark = SIDES[segment.side]
    columns = count(segment.stop - segment.start, "column")
    return (
        f"<b>{markup(shorten(segment.source, 80))}</b><br>columns {segment.start:,} to"
        f" {segment.stop - 1:,} ({columns})<br>{mark.letter} · {mark.name}"
    )


def explain(layout: FusionLayout) -> str:
    """Return what the fragments cost, and what the neat layout makes of them, in words."""
    before, after = layout.fragments_before, layout.fragments_after
    if before <= 1:
        return "All columns are on one side: there is nothing to split and nothing to move."
    if after < before:
        return (
            f"{count(before, 'fragment')} became {after}. Split as it stood, this layer would run"
            f" {count(before, 'small product')}; in the neat layout it runs {after}:"
            " one per request and one per candidate. Each product starts a kernel and reads its"
            " own slice of the weights, so many small ones can cost more than the split saves."
        )
    return f"{count(before, 'fragment')}: each side already lies in one block; nothing is moved."
