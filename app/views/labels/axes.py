"""The candidates' axis of an input in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.views.text import one_line, shorten
from mari_engine import FROM_GRAPH, AxisReading, CandidateAxis


def list_axes(extents: Sequence[int | str]) -> list[CandidateAxis]:
    """Return what can be stated of an input: left to the graph, each of its axes, or none."""
    return [FROM_GRAPH, *range(len(extents)), None]


def name_axis(axis: CandidateAxis, extents: Sequence[int | str], found: AxisReading) -> str:
    """Return an axis in words; for what is left to the graph, what that says."""
    if axis == FROM_GRAPH:
        if found.axis == FROM_GRAPH:
            return "unclear: state it"
        return f"as the graph says: {name_axis(found.axis, extents, found)}"
    if axis is None:
        return "none of its axes"
    at = int(axis)
    return (
        f"axis {at} ({shorten(one_line(str(extents[at])), 24)})" if at < len(extents) else str(at)
    )


def list_unclear(readings: Mapping[str, AxisReading]) -> list[str]:
    """Return the inputs whose axis has to be stated by a person."""
    return [name for name, found in readings.items() if found.axis == FROM_GRAPH]
