"""Topology: vertices (inputs, nodes, outputs) and the edges between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from mari_engine import Coloring, GraphInfo, GraphNode, Side, TensorInfo, ValueColor


class Kind(StrEnum):
    """What a vertex stands for."""

    INPUT = "input"
    NODE = "node"
    OUTPUT = "output"


@dataclass(frozen=True)
class Vertex:
    """A graph input, a node or a graph output.

    `side` is None as long as nothing is colored. `values` are the tensors that it makes (for an
    output: the one that it returns).
    """

    name: str
    kind: Kind
    op: str
    side: Side | None
    values: tuple[str, ...]
    scope: str = ""
    node: GraphNode | None = None
    tensor: TensorInfo | None = None


@dataclass(frozen=True)
class Edge:
    """One value on its way from the vertex that makes it to one that takes it."""

    tail: int
    head: int
    value: str


@dataclass(frozen=True)
class Topology:
    """The vertices in topological order, the edges, and what is known of the values."""

    vertices: tuple[Vertex, ...]
    edges: tuple[Edge, ...]
    colors: Mapping[str, ValueColor]
    weights: Mapping[str, TensorInfo]

    @cached_property
    def neighbors(self) -> tuple[list[list[int]], list[list[int]]]:
        """The predecessors and the successors of each vertex, without repetitions."""
        before: list[list[int]] = [[] for _ in self.vertices]
        after: list[list[int]] = [[] for _ in self.vertices]
        for tail, head in sorted({(edge.tail, edge.head) for edge in self.edges}):
            before[head].append(tail)
            after[tail].append(head)
        return before, after


def build_topology(info: GraphInfo, coloring: Coloring | None = None) -> Topology:
    """Return the picture's vertices and edges; sides are None without a coloring."""
    colors = coloring.values if coloring else {}
    vertices = list(_vertices(info, colors))
    makers = {
        value: at
        for at, vertex in enumerate(vertices)
        if vertex.kind is not Kind.OUTPUT
        for value in vertex.values
    }
    edges = [
        Edge(makers[value], head, value)
        for head, vertex in enumerate(vertices)
        for value in _taken(vertex)
        if value in makers
    ]
    weights = {tensor.name: tensor for tensor in info.initializers}
    return Topology(tuple(vertices), tuple(edges), colors, weights)


def _vertices(info: GraphInfo, colors: Mapping[str, ValueColor]) -> Iterator[Vertex]:
    for tensor in info.inputs:
        side = _side((tensor.name,), colors)
        yield Vertex(tensor.name, Kind.INPUT, "input", side, (tensor.name,), tensor=tensor)
    for node in info.nodes:
        values = tuple(value for value in node.outputs if value)
        yield Vertex(node.name, Kind.NODE, node.op, _side(values, colors), values, node.scope, node)
    for tensor in info.outputs:
        side = _side((tensor.name,), colors)
        yield Vertex(tensor.name, Kind.OUTPUT, "output", side, (tensor.name,), tensor=tensor)


def _taken(vertex: Vertex) -> Iterable[str]:
    if vertex.kind is Kind.OUTPUT:
        return vertex.values
    return dict.fromkeys(vertex.node.inputs) if vertex.node else ()


def _side(values: Iterable[str], colors: Mapping[str, ValueColor]) -> Side | None:
    return next((colors[value].side for value in values if value in colors), None)
