"""What to fetch and what to compute online, as a minimum cut: whole numbers and names, no ONNX.

    source -> op              the op runs online: its seconds per candidate
    op -> its value           the value is fetched: its bytes, priced, and that of a further tensor
    source -> input           the item feature is fetched: its bytes, priced
    source -> table           the online model holds the table: its weight
    value, input -> op        infinite: what runs online has its operands there
    table -> op               infinite: and its table
    value -> sink             infinite, where the candidates' side reads it

The sink's side of the cut is what is there online. PyTorch partitions forward and backward graphs
in this way (torch/_functorch/partitioners.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import networkx as nx

_SOURCE, _SINK = ("source", ""), ("sink", "")


@dataclass(frozen=True)
class CutOp:
    """An op that may run online or beforehand."""

    name: str
    reads: tuple[str, ...]
    """Values and inputs."""
    makes: tuple[str, ...]
    cost: int
    """What running it online costs per candidate, in femtoseconds."""
    tables: tuple[str, ...] = ()
    """The lookup tables that it reads."""


@dataclass(frozen=True)
class CutProblem:
    """The ops that could run beforehand, and what is there online of what they read and make."""

    ops: tuple[CutOp, ...]
    sizes: Mapping[str, int]
    """Bytes per candidate of the inputs, and of those values that can be fetched."""
    needed: frozenset[str]
    """The values and inputs that are read online in any case."""
    tables: Mapping[str, int]
    """What it costs per candidate, in femtoseconds, that the online model holds a table."""
    tensor: int = 0
    """What one more fetched tensor costs per candidate, in femtoseconds."""

    @property
    def inputs(self) -> frozenset[str]:
        """The item features: what no op makes."""
        made = {name for op in self.ops for name in op.makes}
        read = {name for op in self.ops for name in op.reads} | self.needed
        return frozenset(read - made)

    @property
    def offers(self) -> bool:
        """True where some op makes a value that can be fetched."""
        return any(name in self.sizes for op in self.ops for name in op.makes)


@dataclass(frozen=True)
class Cut:
    """One way to divide the ops; names are sorted."""

    online: tuple[str, ...]
    """The ops that run online."""
    fetched: tuple[str, ...]
    """The values that were computed beforehand."""
    inputs: tuple[str, ...]
    """The item features that are needed online."""
    cost: int
    """Femtoseconds per candidate, without what bytes cost."""
    size: int
    """Bytes per candidate, of `fetched` and `inputs`."""

    def total(self, price: Fraction) -> Fraction:
        """Return the cost per candidate where a byte costs `price` femtoseconds."""
        return self.cost + price * self.size


@dataclass(frozen=True)
class Fixed:
    """Ops of which it is settled where they run; all others are open."""

    online: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()


def solve_cut(problem: CutProblem, price: Fraction) -> Cut:
    """Return the cut of least total cost where a byte costs `price` femtoseconds.

    Of several it is the one with the least online, whatever order the problem is written in.
    """
    found = solve_fixed(problem, price, Fixed())
    assert found is not None
    return found


def solve_fixed(problem: CutProblem, price: Fraction, fixed: Fixed) -> Cut | None:
    """Return the best cut with some ops where they are fixed; None where there is no such cut."""
    flow = _network(problem, price.numerator, price.denominator)
    flow.add_edges_from((("op", name), _SINK) for name in sorted(fixed.online))
    for name in fixed.before:
        del flow.edges[_SOURCE, ("op", name)]["capacity"]
    try:
        _, (_, online) = nx.minimum_cut(flow, _SOURCE, _SINK)
    except nx.NetworkXUnbounded:
        return None
    return measure_cut(problem, frozenset(name for kind, name in online if kind == "op"))


def dearest_price(problem: CutProblem) -> Fraction:
    """Return a price at which one byte costs more than all that could be computed or fetched."""
    dear = sum(op.cost for op in problem.ops) + sum(problem.tables.values())
    return Fraction(dear + problem.tensor * len(problem.sizes) + 1)


def measure_cut(problem: CutProblem, online: frozenset[str]) -> Cut:
    """Return the cut in which these ops run online, each with its operands there."""
    running = [op for op in problem.ops if op.name in online]
    made = {name for op in running for name in op.makes}
    wanted = ({name for op in running for name in op.reads} | problem.needed) - made
    inputs = wanted & problem.inputs
    fetched = wanted - inputs
    tables = {name for op in running for name in op.tables}
    cost = sum(op.cost for op in running) + sum(problem.tables[name] for name in tables)
    return Cut(
        online=tuple(sorted(op.name for op in running)),
        fetched=tuple(sorted(fetched)),
        inputs=tuple(sorted(inputs)),
        cost=cost + problem.tensor * len(fetched),
        size=sum(problem.sizes[name] for name in wanted),
    )


def _network(problem: CutProblem, bytes_weight: int, cost_weight: int) -> nx.DiGraph:
    """Return the network; an edge without a capacity is infinite."""
    flow = nx.DiGraph()
    flow.add_nodes_from((_SOURCE, _SINK))

    def priced(name: str, tensor: int) -> int:
        return bytes_weight * problem.sizes[name] + cost_weight * tensor

    for name in sorted(problem.inputs):
        flow.add_edge(_SOURCE, ("value", name), capacity=priced(name, 0))
    for name, weight in sorted(problem.tables.items()):
        flow.add_edge(_SOURCE, ("table", name), capacity=cost_weight * weight)
    for op in sorted(problem.ops, key=lambda each: each.name):
        here = ("op", op.name)
        flow.add_edge(_SOURCE, here, capacity=cost_weight * op.cost)
        for name in op.makes:
            limit = {"capacity": priced(name, problem.tensor)} if name in problem.sizes else {}
            flow.add_edge(here, ("value", name), **limit)
        for name in op.reads:
            flow.add_edge(("value", name), here)
        for name in op.tables:
            flow.add_edge(("table", name), here)
    for name in sorted(problem.needed):
        flow.add_edge(("value", name), _SINK)
    return flow
