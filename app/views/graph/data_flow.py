"""The flow of data through a graph, as its parts are told apart: sides, joins, products, chains."""

from __future__ import annotations

from collections.abc import Iterable

from app.views.graph.topology import Kind, Topology, Vertex
from mari_engine import Side

PRODUCTS = frozenset({"Conv", "Einsum", "Gemm", "MatMul"})
_WITH_BIAS = frozenset({"Conv", "Gemm"})
_FACTORS = 2
"""Of a product with a bias, which comes behind them."""
PLUMBING = frozenset(
    {
        "BatchNormalization", "Cast", "Concat", "Dropout", "Flatten", "Identity",
        "LayerNormalization", "Reshape", "Squeeze", "Transpose", "Unsqueeze",
    }
)  # fmt: skip
"""What may stand between a concatenation and the product that reads it."""


class DataFlow:
    """A topology without its constants: what they lead to is the shape of data, not data."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.before, self.after = topology.data_neighbors
        self.data = {
            value
            for vertex in topology.vertices
            if vertex.kind is not Kind.OUTPUT and vertex.side is not Side.CONSTANT
            for value in vertex.values
        }
        """The names of the values that are data."""

    def __len__(self) -> int:
        return len(self.topology.vertices)

    def vertex(self, at: int) -> Vertex:
        """Return the vertex at this place."""
        return self.topology.vertices[at]

    def op(self, at: int) -> str:
        """Return its operator."""
        return self.topology.vertices[at].op

    def side(self, at: int) -> Side | None:
        """Return its side; None where nothing is colored."""
        return self.topology.vertices[at].side

    def is_candidate_node(self, at: int) -> bool:
        """Return True for nodes that both sides, or cross features, reach."""
        return self.side(at) is Side.CANDIDATE and self.vertex(at).kind is Kind.NODE

    def joins(self, at: int) -> bool:
        """Return True where the request side meets the candidates."""
        sides = {self.side(other) for other in self.before[at]}
        return self.is_candidate_node(at) and Side.REQUEST in sides and len(sides) > 1

    def is_weighted(self, at: int) -> bool:
        """Return True for the product of one value and a weight."""
        return self._factors(at) == 1

    def is_mixed(self, at: int) -> bool:
        """Return True for the product of two values."""
        return self._factors(at) > 1

    def _factors(self, at: int) -> int:
        """Count the factors of a product that are data; a bias is none. 0 for other operators."""
        node = self.vertex(at).node
        if node is None or node.op not in PRODUCTS:
            return 0
        factors = node.inputs[:_FACTORS] if node.op in _WITH_BIAS else node.inputs
        return sum(name in self.data for name in factors)

    def chain_behind(self, at: int) -> list[int]:
        """Return the vertex and those before it, each the only one that feeds the next."""
        chain = [at]
        while len(self.before[chain[-1]]) == 1:
            chain.append(self.before[chain[-1]][0])
        return chain

    def ancestors(self, start: Iterable[int]) -> set[int]:
        """Return these vertices and all that lead to them."""
        found = set(start)
        frontier = [*found]
        while frontier:
            for other in self.before[frontier.pop()]:
                if other not in found:
                    found.add(other)
                    frontier.append(other)
        return found

    def owned_by(self, end: int, among: set[int], stop: bool) -> list[int]:
        """Return the vertex and those `among` that lead nowhere else, not past a weight if `stop`.

        In topological order.
        """
        owned = {end}
        closed: set[int] = set()
        for at in sorted(among - {end}, reverse=True):
            after = self.after[at]
            if after and all(other in owned and other not in closed for other in after):
                owned.add(at)
                if stop and self.is_weighted(at):
                    closed.add(at)
        return sorted(owned)
