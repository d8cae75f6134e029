"""Geometry of the plot of a frontier: bytes per candidate across, seconds of a request up."""

from __future__ import annotations

from dataclasses import dataclass

from mari_engine.types import ChosenCut, CutPoint

WIDTH, HEIGHT = 520.0, 240.0
_LEFT, _BOTTOM, _RIGHT, _TOP = 70.0, 36.0, 20.0, 12.0
"""Room for the axes' words, and for half a mark."""


@dataclass(frozen=True)
class Mark:
    """One cut in the plot, in drawing units from the upper left."""

    x: float
    y: float
    point: CutPoint
    chosen: bool


@dataclass(frozen=True)
class FrontierPlot:
    """The cuts as marks on a falling line, and where its axes lie."""

    marks: tuple[Mark, ...]
    path: str
    left: float = _LEFT
    bottom: float = HEIGHT - _BOTTOM
    width: float = WIDTH
    height: float = HEIGHT


def plot_frontier(cut: ChosenCut) -> FrontierPlot:
    """Return the plot; both axes begin at 0, so that a small gain looks small."""
    points = cut.frontier.points
    most = max(point.bytes for point in points) or 1
    longest = max(point.seconds for point in points) or 1.0
    across, up = WIDTH - _LEFT - _RIGHT, HEIGHT - _BOTTOM - _TOP
    marks = tuple(
        Mark(
            x=_LEFT + across * point.bytes / most,
            y=HEIGHT - _BOTTOM - up * point.seconds / longest,
            point=point,
            chosen=point == cut.point,
        )
        for point in points
    )
    steps = [f"{mark.x:.1f} {mark.y:.1f}" for mark in marks]
    return FrontierPlot(marks, f"M{' L'.join(steps)}")
