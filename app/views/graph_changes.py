"""What became of each vertex: the original and the optimized graph, side by side."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum

from app.views.graph_topology import Kind, Topology, Vertex
from mari_engine import FlopsReport


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
    """The change of each vertex of both graphs, and who became whom, by index."""

    original: tuple[Change, ...]
    optimized: tuple[Change, ...]
    links: tuple[tuple[int, int], ...]


def compare_graphs(original: Topology, optimized: Topology, flops: FlopsReport) -> Changes:
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
            before[left] = after[right] = _kept(*pair, flops)
    return Changes(tuple(before), tuple(after), tuple(links))


def _sources(vertex: Vertex) -> list[tuple[Kind, str]]:
    if vertex.node is None:
        return [(vertex.kind, vertex.name)]
    return [(Kind.NODE, name) for name in dict.fromkeys(vertex.node.sources or (vertex.name,))]


def _kept(before: Vertex, after: Vertex, flops: FlopsReport) -> Change:
    was = flops.before.nodes.get(before.name)
    now = flops.after.nodes.get(after.name)
    if before.node and was and now and was.per_candidate and not now.per_candidate:
        return Change.ONCE
    return Change.SAME
