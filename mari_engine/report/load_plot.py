"""Geometry of the plot of a load test: requests a second across, p99 latency up, by arm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mari_engine.types import Arm, LoadResult, LoadRun, LoadStage

WIDTH, HEIGHT = 560.0, 280.0
_LEFT, _BOTTOM, _RIGHT, _TOP = 70.0, 36.0, 20.0, 12.0
"""Room for the axes' words, and for half a mark."""


@dataclass(frozen=True)
class LoadMark:
    """One run in the plot, in drawing units from the upper left."""

    x: float
    y: float
    run: LoadRun


@dataclass(frozen=True)
class LoadLine:
    """The runs of one arm by rate, and the line through them."""

    arm: Arm
    marks: tuple[LoadMark, ...]
    path: str


@dataclass(frozen=True)
class LoadPlot:
    """Lines of the arms, the bound, and the latencies at the ends of the axis."""

    lines: tuple[LoadLine, ...]
    bound: float
    """The height of the bound."""
    least: float
    most: float
    """Seconds at the lower and the upper end, which is logarithmic between them."""
    fastest: float
    """Requests a second at the right end."""
    left: float = _LEFT
    bottom: float = HEIGHT - _BOTTOM
    width: float = WIDTH
    height: float = HEIGHT


def plot_load(found: LoadResult) -> LoadPlot | None:
    """Return the plot of all runs but those that saturate; None where there are no such runs."""
    runs = [run for run in found.runs if run.stage != LoadStage.SATURATION and run.p99 > 0]
    if not runs:
        return None
    seconds = [found.bound, *(run.p99 for run in runs)]
    least, most = min(seconds) / 1.5, max(seconds) * 1.5
    fastest = max(run.rate for run in runs) or 1.0

    def across(rate: float) -> float:
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * rate / fastest

    def up(value: float) -> float:
        share = math.log(value / least) / math.log(most / least)
        return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * share

    def line(arm: Arm, own: Sequence[LoadRun]) -> LoadLine:
        ordered = sorted(own, key=lambda run: (run.rate, run.p99))
        marks = tuple(LoadMark(across(run.rate), up(run.p99), run) for run in ordered)
        return LoadLine(arm, marks, "M" + " L".join(f"{at.x:.1f} {at.y:.1f}" for at in marks))

    arms = dict.fromkeys(run.arm for run in runs)
    lines = tuple(line(arm, [run for run in runs if run.arm == arm]) for arm in arms)
    return LoadPlot(lines, up(found.bound), least, most, fastest)
