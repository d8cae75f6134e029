"""Sizes in the picture: shapes on edges, weights on nodes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from app.views.graph.details import clean
from app.views.graph.topology import Topology

_LONGEST = 14


def describe_shape(shape: Sequence[int | str] | None) -> str:
    """Return "N×279"; "" for a scalar, and for what is not known."""
    return clean("×".join(str(extent) for extent in shape or ()), _LONGEST)


def list_weights(topology: Topology) -> tuple[list[int], list[str]]:
    """Return the elements of weights by vertex, each weight once, and the largest one's shape."""
    elements, shapes = [], []
    counted: set[str] = set()
    for vertex in topology.vertices:
        names = dict.fromkeys(vertex.node.inputs) if vertex.node else {}
        taken = [topology.weights[name] for name in names if name in topology.weights]
        sizes = {tensor.name: _count(tensor.shape) for tensor in taken}
        elements.append(sum(size for name, size in sizes.items() if name not in counted))
        counted.update(sizes)
        largest = max(taken, key=lambda tensor: sizes[tensor.name], default=None)
        shown = largest is not None and len(largest.shape or ()) > 1
        shapes.append(describe_shape(largest.shape) if largest and shown else "")
    return elements, shapes


def _count(shape: Sequence[int | str] | None) -> int:
    return prod(extent for extent in shape or () if isinstance(extent, int))
