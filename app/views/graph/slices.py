"""Which columns of a product went where: the layer's input as it was and as it is, and weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from app.views.graph.details import clean
from app.views.graph.topology import Topology, Vertex
from app.views.palette import SIDES
from app.views.text import shape
from mari_engine import Decision, FusionLayout, Segment, Side

_MOST = 400
"""Segments of one strip that are drawn; neighbors of one side are joined where there are more."""
_LEAST_RANK = 2
"""Biases and extents are no weights of which a slice could be taken."""


def describe_slices(
    layout: FusionLayout, decision: Decision, optimized: Topology
) -> dict[str, Any]:
    """Return the strips before and after, and the weights that the new nodes hold."""
    made = set(decision.new_nodes)
    return {
        "columns": max((segment.stop for segment in layout.before), default=0),
        "before": _strip(layout.before),
        "after": _moved(layout),
        "weights": [
            [SIDES[vertex.side].letter, clean(vertex.name), clean(name), text]
            for vertex in optimized.vertices
            if vertex.node is not None and vertex.name in made and vertex.side is not None
            for name, text in _weights(optimized, vertex)
        ],
    }


def _strip(segments: Sequence[Segment]) -> list[list[Any]]:
    """Return [start, stop, side's letter, source] of each segment, from left to right."""
    joined = _joined(segments) if len(segments) > _MOST else segments
    return [
        [segment.start, segment.stop, SIDES[segment.side].letter, clean(segment.source)]
        for segment in joined[:_MOST]
    ]


def _moved(layout: FusionLayout) -> list[list[Any]]:
    """Return the strip after, and with each segment where it began before; -1 if that is unknown.

    A source may fill several segments: they are told apart by where in the source they begin.
    """
    if max(len(layout.before), len(layout.after)) > _MOST:
        return _strip(layout.after)
    origins: defaultdict[tuple[str, int, int], list[int]] = defaultdict(list)
    for segment in reversed(layout.before):
        origins[_key(segment)].append(segment.start)
    froms = [(origins[_key(segment)] or [-1]).pop() for segment in layout.after]
    return [[*entry, start] for entry, start in zip(_strip(layout.after), froms, strict=True)]


def _key(segment: Segment) -> tuple[str, int, int]:
    return segment.source, segment.source_start, segment.stop - segment.start


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    """Return runs of the same side as one segment each."""
    out: list[Segment] = []
    for segment in segments:
        if out and _alike(out[-1].side, segment.side):
            out[-1] = Segment(out[-1].start, segment.stop, segment.side, "several")
        else:
            out.append(segment)
    return out


def _alike(one: Side, other: Side) -> bool:
    return (one is Side.REQUEST) == (other is Side.REQUEST)


def _weights(topology: Topology, vertex: Vertex) -> list[tuple[str, str]]:
    """Return name and shape of the matrices that a new node takes."""
    taken = vertex.node.inputs if vertex.node else ()
    found = [topology.weights[name] for name in taken if name in topology.weights]
    return [
        (weight.name, shape(weight.shape))
        for weight in found
        if weight.shape is not None and len(weight.shape) >= _LEAST_RANK
    ]
