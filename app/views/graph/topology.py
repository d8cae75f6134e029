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

    `side` is None as long as nothing is colored; then every vertex has one. `values` are the
    tensors that it makes (for an output: the one that it returns).
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

    @cached_property
    def data_neighbors(self) -> tuple[list[list[int]], list[list[int]]]:
        """The same without constants: what only shapes and constants lead to is no flow."""
        plain = [vertex.side is not Side.CONSTANT for vertex in self.vertices]
        before, after = (
            [[other for other in others if plain[other]] for others in side]
            for side in self.neighbors
        )
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
    sides = {name: color.side for name, color in colors.items()}
    for tensor in info.inputs:
        side = sides.get(tensor.name)
        yield Vertex(tensor.name, Kind.INPUT, "input", side, (tensor.name,), tensor=tensor)
    for node in info.nodes:
        values = tuple(value for value in node.outputs if value)
        side = next((sides[value] for value in values if value in sides), None)
        if side is None and colors:
            side = _meet(sides[value] for value in node.inputs if value in sides)
            sides |= dict.fromkeys(values, side)
        yield Vertex(node.name, Kind.NODE, node.op, side, values, node.scope, node)
    for tensor in info.outputs:
        side = sides.get(tensor.name, Side.CONSTANT if colors else None)
        yield Vertex(tensor.name, Kind.OUTPUT, "output", side, (tensor.name,), tensor=tensor)


def _taken(vertex: Vertex) -> Iterable[str]:
    if vertex.kind is Kind.OUTPUT:
        return vertex.values
    return dict.fromkeys(vertex.node.inputs) if vertex.node else ()


def _meet(sides: Iterable[Side]) -> Side:
    """Return the side of what these reach: a value that the coloring leaves out has one, too."""
    reaching = set(sides) - {Side.CONSTANT}
    if len(reaching) > 1:
        return Side.CANDIDATE
    return next(iter(reaching), Side.CONSTANT)
