"""Where each fragment of a layer's columns went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from app.views.palette import SIDES
from mari_engine import FusionLayout, Segment, Side

Row = dict[str, object]


@dataclass(frozen=True)
class Move:
    """Columns that stay together: where they lay, and where they lie."""

    side: Side
    source: str
    start: int
    stop: int
    to: int
    """Where the first of them lies now."""

    @property
    def by(self) -> int:
        """How many columns to the right they went; negative to the left."""
        return self.to - self.start


def find_moves(layout: FusionLayout) -> list[Move]:
    """Return where the columns of each segment went, in their old order.

    A segment is found again by its source and its place there; what is not found moved nowhere
    that the layout tells, and is left out.
    """
    return [move for segment in layout.before for move in _follow(segment, layout.after)]


def _follow(segment: Segment, after: Sequence[Segment]) -> Iterator[Move]:
    shift = segment.start - segment.source_start
    first, last = segment.source_start, segment.source_start + segment.stop - segment.start
    for place in after:
        if (place.side, place.source) != (segment.side, segment.source):
            continue
        low = max(first, place.source_start)
        high = min(last, place.source_start + place.stop - place.start)
        if low < high:
            to = place.start + low - place.source_start
            yield Move(segment.side, segment.source, low + shift, high + shift, to)


def move_rows(moves: Sequence[Move]) -> list[Row]:
    """Return one row a fragment, in the old order."""
    return [
        {
            "side": f"{SIDES[move.side].letter} · {move.side}",
            "source": move.source,
            "columns": move.stop - move.start,
            "first before": move.start,
            "last before": move.stop - 1,
            "first after": move.to,
            "last after": move.to + move.stop - move.start - 1,
            "moved by": move.by,
        }
        for move in moves
    ]


def ribbons(moves: Sequence[Move], *, top: float, bottom: float) -> list[go.Scatter]:
    """Return one filled trace a side: a band from each fragment's old place to its new one."""
    return [
        _ribbon(side, own, top, bottom)
        for side in SIDES
        if (own := [move for move in moves if move.side == side])
    ]


def _ribbon(side: Side, moves: Sequence[Move], top: float, bottom: float) -> go.Scatter:
    x: list[float | None] = []
    y: list[float | None] = []
    for move in moves:
        width = move.stop - move.start
        x += [move.start, move.stop, move.to + width, move.to, move.start, None]
        y += [top, top, bottom, bottom, top, None]
    return go.Scatter(
        x=x,
        y=y,
        fill="toself",
        mode="lines",
        line={"width": 0},
        fillcolor=SIDES[side].color,
        opacity=0.28,
        hoverinfo="skip",
        showlegend=False,
    )
