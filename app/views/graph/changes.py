"""Graph diff: what became of each original vertex, and what each new one is made from."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from app.views.graph.topology import Kind, Topology, Vertex

_CANDIDATES = re.compile(r"\bN\b")
"""Colorings call the number of candidates N."""


class Change(StrEnum):
    """How a vertex of one graph stands to the other graph."""

    SAME = "same"
    ONCE = "once"
    """The same operator, but now it runs once per request."""
    REPLACED = "replaced"
    """Original only: other nodes do its work now."""
    GONE = "gone"
    """Original only: nothing needs it any more."""
    NEW = "new"
    """Optimized only."""


@dataclass(frozen=True)
class Changes:
    """The change of each vertex of both graphs, and which became which, by index."""

    original: tuple[Change, ...]
    optimized: tuple[Change, ...]
    links: tuple[tuple[int, int], ...]


def compare_graphs(original: Topology, optimized: Topology) -> Changes:
    """Return the changes; nodes are matched by the sources that the optimized graph names."""
    known = {(vertex.kind, vertex.name): at for at, vertex in enumerate(original.vertices)}
    links = [
        (known[key], at)
        for at, vertex in enumerate(optimized.vertices)
        for key in _sources(vertex)
        if key in known
    ]
    makers: defaultdict[int, list[int]] = defaultdict(list)
    results: defaultdict[int, list[int]] = defaultdict(list)
    for left, right in links:
        makers[right].append(left)
        results[left].append(right)
    before = [
        Change.REPLACED if results[at] else Change.GONE for at in range(len(original.vertices))
    ]
    after = [Change.NEW] * len(optimized.vertices)
    for left, right in links:
        pair = original.vertices[left], optimized.vertices[right]
        if len(makers[right]) == len(results[left]) == 1 and pair[0].op == pair[1].op:
            once = _per_candidate(original, pair[0]) and _per_candidate(optimized, pair[1]) is False
            before[left] = after[right] = Change.ONCE if once else Change.SAME
    return Changes(tuple(before), tuple(after), tuple(links))


def _sources(vertex: Vertex) -> list[tuple[Kind, str]]:
    if vertex.node is None:
        return [(vertex.kind, vertex.name)]
    return [(Kind.NODE, name) for name in dict.fromkeys(vertex.node.sources or (vertex.name,))]


def _per_candidate(topology: Topology, vertex: Vertex) -> bool | None:
    """Return True when the candidates are an extent, or a part of one, of what a node makes.

    None where no shape of it is known.
    """
    colors = [topology.colors[name] for name in vertex.values if name in topology.colors]
    shapes = [color.shape for color in colors if color.shape is not None]
    if vertex.node is None or not shapes:
        return None
    return any(_CANDIDATES.search(str(extent)) for shape in shapes for extent in shape)
