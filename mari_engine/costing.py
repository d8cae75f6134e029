"""What work costs: FLOPs and bytes of a graph, and what a rewrite would save or spend."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.factors import Contract, Pick, Reduce, Slices, Spec, View
from mari_engine.facts import Survey, candidate_symbols, survey
from mari_engine.labels import Labels
from mari_engine.loading import Model
from mari_engine.sizes import CANDIDATES, Axis, flat
from mari_engine.types import Cost, Flops
from mari_engine.weighing import element_bytes

_FREE_EXTENT = 32
"""What an extent other than the candidates' is counted as when only the run knows it."""


@dataclass(frozen=True)
class Prices:
    """Seconds: the defaults are those of one core of a present-day server."""

    flops_per_second: float = 1e11
    bytes_per_second: float = 5e9
    node: float = 2e-6
    """The overhead of one more node."""
    batch: float = 1.5e-7
    """The overhead of one more matrix in a batch of matrix products."""
    pick: float = 5e-9
    """Picking one element out of a row."""


@dataclass(frozen=True)
class Gain:
    """What a split saves and costs, in seconds per request."""

    saves: float
    costs: float

    @property
    def pays(self) -> bool:
        """True when the split is worth it."""
        return self.saves > self.costs

    def __str__(self) -> str:
        return f"saves {self.saves * 1e6:.1f} us, costs {self.costs * 1e6:.1f} us"


def split_gain(
    prices: Prices, *, whole: int, apart: int, copied: int, kept: int, joined: bool, pieces: int,
    products: int, taken: int,
) -> Gain:  # fmt: skip
    """Return what a product gains by taking the columns of each side alone.

    `whole` and `apart` are FLOPs; `copied` elements need not be joined any more, and `kept` are
    those of the larger side, in so many `pieces`; `joined` says that the columns are joined
    anyway, for another reader. The result is `products` products instead of one, for which
    `taken` elements of other operands must be picked apart.
    """
    element = 8.0  # bytes: one float is read and written
    saves = max(0, whole - apart) / prices.flops_per_second
    costs = (products - 1) * prices.node + taken * prices.pick
    if not joined:
        saves += element * copied / prices.bytes_per_second
    elif pieces > 1:
        costs += prices.node + element * kept / prices.bytes_per_second
    return Gain(saves, costs)


def extent(dims: Axis, candidates: int) -> int:
    """Return the number of elements along these factors."""
    return math.prod(
        dim if isinstance(dim, int) else candidates if dim == CANDIDATES else _FREE_EXTENT
        for dim in dims
    )


def work(spec: Spec) -> Flops:
    """Return the FLOPs of one node: the product of the extents that it really has."""
    if not spec.weight:
        return Flops()
    dims: Axis = flat(spec.results[0])
    if isinstance(spec, Contract):
        dims = tuple(spec.extents().values())
    elif isinstance(spec, Reduce) or (isinstance(spec, Slices) and spec.work):
        dims = spec.work if isinstance(spec, Slices) else flat(spec.operands[0] or ())
    count = spec.weight * extent(dims, 1)
    if isinstance(spec, Contract) and spec.addend is not None:
        count += extent(flat(spec.results[0]), 1)
    return Flops(0, count) if CANDIDATES in dims else Flops(count, 0)


def count_cost(model: Model, symbols: frozenset[str] | None = None) -> Cost:
    """Return what a model does for a request.

    `symbols` names the candidates' extent in its inputs; the symbol that most inputs lead with,
    when it is not given.
    """
    names = candidate_symbols(model, Labels()) if symbols is None else symbols
    return count_graph(model.ir.graph, survey(model, names))


def count_graph(graph: ir.Graph, known: Survey) -> Cost:
    """Return the cost of a graph, per node and in total."""
    flops, moved, nodes, uncounted = Flops(), Flops(), dict[str, Flops](), set[str]()
    calls, batched = 0, Flops()
    constants = set(graph.initializers.values())
    for node in graph:
        spec = known.specs.get(node)
        nodes[node.name or ""] = Flops()
        if _before_the_run(node, known, constants):
            constants.update(node.outputs)
            continue
        calls += 1
        if spec is None:
            moved += _bytes(node, known)
            if node in known.unknown:
                uncounted.add(f"{node.domain}.{node.op_type}" if node.domain else node.op_type)
            continue
        own = work(spec)
        nodes[node.name or ""] = own
        flops += own
        moved += _bytes(node, known)
        batched += _batches(spec)
    return Cost(flops, moved, nodes, calls, batched, tuple(sorted(uncounted)))


def seconds(cost: Cost, *, candidates: int, prices: Prices) -> float:
    """Return the seconds that a request is expected to take: to choose by, not to report."""
    work = cost.flops.at(candidates) / prices.flops_per_second
    moved = cost.bytes.at(candidates) / prices.bytes_per_second
    return work + moved + cost.calls * prices.node + cost.batched.at(candidates) * prices.batch


def _before_the_run(node: ir.Node, known: Survey, constants: set[ir.Value]) -> bool:
    """Return True for shape arithmetic, and for what runtimes compute when they load a model."""
    if all(known.settled(value) for value in node.outputs):
        return True
    return bool(node.inputs) and all(value is None or value in constants for value in node.inputs)


def _batches(spec: Spec) -> Flops:
    """Return how many matrices a product of stacks of matrices multiplies; none for a plain one."""
    if not isinstance(spec, Contract) or len(spec.terms) < 2:
        return Flops()
    extents = spec.extents()
    shared = set(spec.terms[0]) & set(spec.terms[1]) & set(spec.output)
    dims = tuple(extents[label] for label in shared)
    if not dims or set(spec.terms[0]) <= set(spec.output):
        return Flops()
    return Flops(0, extent(dims, 1)) if CANDIDATES in dims else Flops(extent(dims, 1), 0)


def _bytes(node: ir.Node, known: Survey) -> Flops:
    """Return the bytes that a node reads and writes; of a table or a row only what is taken."""
    total: Counter[bool] = Counter()
    spec = known.specs.get(node)
    if isinstance(spec, View) and list(spec.source) == sorted(set(spec.source) - {-1}):
        return Flops()  # the same elements in the same order: runtimes move nothing
    read = node.outputs if isinstance(spec, Pick) else node.inputs
    for value in (*read, *node.outputs):
        fact = known.values.get(value) if value is not None else None
        constant = value is not None and value.is_initializer()
        if value is None or fact is None or (known.settled(value) and not constant):
            continue
        if constant and isinstance(spec, Slices):
            continue
        dims = flat(fact.axes)
        total[CANDIDATES in dims] += int(extent(dims, 1) * element_bytes(fact.dtype))
    return Flops(total[False], total[True])
