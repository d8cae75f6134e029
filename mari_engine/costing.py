"""What work costs: FLOPs and bytes of a graph, and what a rewrite would save or spend."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
import onnx_ir as ir

from mari_engine.factors import Contract, Join, Pick, Pointwise, Reduce, Slices, Spec, View
from mari_engine.facts import Survey, candidate_symbols, survey
from mari_engine.labels import Labels
from mari_engine.loading import Model
from mari_engine.sizes import CANDIDATES, Axis, Size, flat, made_up
from mari_engine.types import Cost, Flops, Work
from mari_engine.weighing import element_bytes

_FREE_EXTENT = 32
"""What an extent other than the candidates' is counted as when only the run knows it."""


_SLOW = {
    "Cos": 0.15, "CumSum": 0.2, "Elu": 0.15, "Log": 0.1, "PRelu": 0.25, "Sin": 0.15,
    "Softplus": 0.7, "Tile": 0.15, "Where": 0.12,
}  # fmt: skip
"""The share of a run picked by index that an element takes, of ops that runtimes do one by one."""


@dataclass(frozen=True)
class Prices:
    """Seconds: the defaults are those of one core of a present-day server.

    Fitted to onnxruntime 1.31 on one core of a server with AVX-512, over exports of ranking models:
    within 30% of what most of them take, and closer between ways to rewrite one of them.
    """

    flops_per_second: float = 9e10
    """Of products."""
    slices_per_second: float = 3e10
    """Of convolutions, recurrences and the like."""
    arithmetic_per_second: float = 1e10
    """Of everything else, place by place."""
    bytes_per_second: float = 1.2e10
    """Of tensors that caches hold in part."""
    node: float = 1e-6
    """The overhead of one more node."""
    batch: float = 1.5e-7
    """The overhead of one more matrix in a batch of matrix products."""
    piece: float = 7e-9
    """One more piece of a row that is joined."""
    pick: float = 2e-8
    """One more run of elements that is picked by index, or over which a broadcast goes."""
    source: str = "built-in"
    """Where they come from."""


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
    products: int, picked: int, taken: float,
) -> Gain:  # fmt: skip
    """Return what a product gains by taking the columns of each side alone.

    `whole` and `apart` are FLOPs; `copied` elements need not be joined any more, and `kept` are
    those of the larger side, in so many `pieces`; `joined` says that the columns are joined
    anyway, for another reader, and `picked` runs of elements would be picked to bring them in
    order. The result is `products` products instead of one, for which other operands must be
    picked apart, in `taken` seconds.
    """
    element = 8.0  # bytes: one float is read and written
    saves = max(0, whole - apart) / prices.flops_per_second
    costs = (products - 1) * prices.node + taken
    if not joined:
        saves += element * copied / prices.bytes_per_second + picked * prices.pick
    elif pieces > 1:
        costs += prices.node + element * kept / prices.bytes_per_second
    return Gain(saves, costs)


def extent(dims: Axis, candidates: int) -> int:
    """Return the number of elements along these factors."""
    free = {True: candidates, False: _FREE_EXTENT}
    return math.prod(dim if isinstance(dim, int) else free[_grows((dim,))] for dim in dims)


def _grows(dims: Axis) -> bool:
    """Return True for work that is counted per candidate: a length only the run knows may grow."""
    return any(dim == CANDIDATES or made_up(dim) for dim in dims)


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
    return Flops(0, count) if _grows(dims) else Flops(count, 0)


def count_cost(model: Model, symbols: frozenset[str] | None = None) -> Cost:
    """Return what a model does for a request.

    `symbols` names the candidates' extent in its inputs; the symbol that most inputs lead with,
    when it is not given.
    """
    names = candidate_symbols(model, Labels()) if symbols is None else symbols
    return count_graph(model.ir.graph, survey(model, names))


def count_graph(graph: ir.Graph, known: Survey) -> Cost:
    """Return the cost of a graph, per node and in total."""
    flops, moved, uncounted = Flops(), Flops(), set[str]()
    nodes, works = dict[str, Flops](), dict[str, Work]()
    constants = set(graph.initializers.values())
    for node in graph:
        spec, name = known.specs.get(node), node.name or ""
        nodes[name], works[name] = Flops(), Work(calls=0)
        if _before_the_run(node, known, constants):
            constants.update(node.outputs)
            continue
        called = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        if spec is None:
            works[name] = Work(
                bytes=_bytes(node, known), rounds=_rounds(node, known), runs=_slowly(node, known)
            )
            uncounted.update([called] if node in known.unknown else [])
            continue
        own = work(spec)
        nodes[name], works[name] = own, _work(node, spec, own, known)
        flops += own
        moved += works[name].bytes
        if isinstance(spec, Contract) and list(spec.extents().values()).count(CANDIDATES) > 1:
            uncounted.add(f"{called} of every candidate with every other, beyond one each")
    return Cost(flops, moved, nodes, works, tuple(sorted(uncounted)))


def _work(node: ir.Node, spec: Spec, own: Flops, known: Survey) -> Work:
    none = Flops()
    product, slices = isinstance(spec, Contract), isinstance(spec, Slices)
    return Work(
        products=own if product else none,
        slices=own if slices else none,
        arithmetic=none if product or slices else own,
        bytes=_bytes(node, known),
        pieces=_pieces(spec) if isinstance(spec, Join) else none,
        runs=_runs(spec) + _slowly(node, known),
        batched=_batches(spec),
    )


def _slowly(node: ir.Node, known: Survey) -> Flops:
    """Return what ops that runtimes work out element by element take more, in runs."""
    share, fact = _SLOW.get(node.op_type), known.values.get(node.outputs[0])
    if share is None or fact is None:
        return Flops()
    dims, spec = flat(fact.axes), known.specs.get(node)
    tiles_rows = isinstance(spec, View) and spec.source[-1:] != (-1,)
    choice = spec.maps[0] or () if isinstance(spec, Pointwise) and node.op_type == "Where" else None
    takes_rows = choice is not None and len(dims) - 1 not in choice
    if tiles_rows or takes_rows:
        return Flops()  # whole rows are as fast as a copy
    runs = _often(1, dims)
    return Flops(round(share * runs.per_request), round(share * runs.per_candidate))


def _pieces(spec: Join) -> Flops:
    """Return how many pieces of rows a join copies."""
    return _often(len(spec.operands), flat(spec.results[0])[: spec.position])


def _runs(spec: Spec) -> Flops:
    """Return the runs of elements that are worked on one by one, each with its own overhead.

    A broadcast goes on as long as the operands lie alike; columns that are not neighbours are
    picked one by one; what is turned moves in runs of its innermost factors that stay.
    """
    if isinstance(spec, View):
        return _turned(spec)
    if not isinstance(spec, (Pointwise, Pick)):
        return Flops()
    if isinstance(spec, Pick):
        outer = flat(spec.operands[0] or ())[: spec.position]
        apart = (len(index) for index in spec.indices if (np.diff(index) != 1).any())
        return _often(sum(apart), outer)
    dims = flat(spec.results[0])
    held = [tuple(own is None or place in own for own in spec.maps) for place in range(len(dims))]
    start = next((at + 1 for at in reversed(range(len(dims))) if held[at] != held[-1]), 0)
    return _often(1 if start else 0, dims[:start])


def _turned(spec: View) -> Flops:
    """Return the runs that a change of the factors' order moves.

    Runtimes turn a matrix, or move one factor in or out to the end, at the speed of a copy.
    """
    dims = flat(spec.operands[0] or ())
    order = [at for at in spec.source if at >= 0 and dims[at] != 1]
    kept = sorted(order)
    stay = next((n for n in range(len(order)) if order[-1 - n] != kept[-1 - n]), len(order))
    moved_in = [[*kept[:at], *kept[at + 1 :], kept[at]] for at in range(len(kept))]
    if stay == len(order) or order in moved_in or order == [*kept[-1:], *kept[:-1]]:
        return Flops()
    runs = _often(1, tuple(dims[at] for at in order[: len(order) - stay]))
    return Flops(runs.per_request * 2 // 3, runs.per_candidate * 2 // 3)  # less than what is picked


def _often(count: int, dims: Axis) -> Flops:
    """Return so many for each element along these factors."""
    total = count * extent(dims, 1)
    return Flops(0, total) if _grows(dims) else Flops(total, 0)


@dataclass(frozen=True)
class Line:
    """Expected seconds for a request: `fixed + n * each` for n candidates."""

    fixed: float = 0.0
    each: float = 0.0

    def at(self, candidates: int) -> float:
        """Return the seconds of one request with this many candidates."""
        return self.fixed + candidates * self.each

    def __add__(self, other: Line) -> Line:
        return Line(self.fixed + other.fixed, self.each + other.each)

    def times(self, factor: float) -> Line:
        """Return so many times the seconds."""
        return Line(factor * self.fixed, factor * self.each)


def line(work: Work, prices: Prices) -> Line:
    """Return the seconds that a node is expected to take: to choose by, not to report."""
    paid = (
        (work.products, 1 / prices.flops_per_second),
        (work.slices, 1 / prices.slices_per_second),
        (work.arithmetic, 1 / prices.arithmetic_per_second),
        (work.bytes, 1 / prices.bytes_per_second),
        (work.pieces, prices.piece),
        (work.runs, prices.pick),
        (work.batched, prices.batch),
        (work.rounds, prices.node),
    )
    return Line(
        sum(count.per_request * price for count, price in paid) + work.calls * prices.node,
        sum(count.per_candidate * price for count, price in paid),
    )


def whole_line(cost: Cost, prices: Prices) -> Line:
    """Return the seconds that a whole model is expected to take."""
    return sum((line(work, prices) for work in cost.works.values()), Line())


def faster_from(after: Line, before: Line) -> int | None:
    """Return the fewest candidates from which on `after` takes less time; None: at no number.

    >>> faster_from(Line(3.0, 1.0), Line(0.0, 2.0)), faster_from(Line(1.0, 2.0), Line(0.0, 2.0))
    (4, None)
    """
    gained = before.each - after.each
    if gained <= 0:
        return 1 if gained == 0 and after.fixed < before.fixed else None
    return max(1, math.floor((after.fixed - before.fixed) / gained) + 1)


def _before_the_run(node: ir.Node, known: Survey, constants: set[ir.Value]) -> bool:
    """Return True for shape arithmetic, and for what runtimes compute when they load a model."""
    if all(known.settled(value) for value in node.outputs):
        return True
    if any(attribute.type == ir.AttributeType.GRAPH for attribute in node.attributes.values()):
        return False  # its bodies read more than its inputs
    return bool(node.inputs) and all(value is None or value in constants for value in node.inputs)


def _rounds(node: ir.Node, known: Survey) -> Flops:
    """Return how many nodes run in a loop; as often as there are candidates if nothing tells."""
    bodies = [
        attribute.as_graph()
        for attribute in node.attributes.values()
        if attribute.type == ir.AttributeType.GRAPH and attribute.as_graph().inputs
    ]
    length = sum(len(body) for body in bodies)
    first = node.inputs[0] if node.inputs else None
    fact = known.values.get(first) if first is not None else None
    if fact is None or fact.content is None or fact.content.size != 1:
        return Flops(0, length)
    often = Size.of(fact.content.ravel()[0])
    if not often.symbols:
        return Flops(often.number * length, 0)
    return Flops(0, extent((often.number, *often.symbols), 1) * length)


def _batches(spec: Spec) -> Flops:
    """Return how many matrices a product of stacks of matrices multiplies; none for a plain one."""
    if not isinstance(spec, Contract) or len(spec.terms) < 2:
        return Flops()
    extents = spec.extents()
    shared = set(spec.terms[0]) & set(spec.terms[1]) & set(spec.output)
    dims = tuple(extents[label] for label in shared)
    if not dims or set(spec.terms[0]) <= set(spec.output):
        return Flops()
    return Flops(0, extent(dims, 1)) if _grows(dims) else Flops(extent(dims, 1), 0)


def _bytes(node: ir.Node, known: Survey) -> Flops:
    """Return the bytes that a node reads and writes; of a table or a row only what is taken."""
    total: Counter[bool] = Counter()
    spec = known.specs.get(node)
    if isinstance(spec, View) and list(spec.source) == sorted(set(spec.source) - {-1}):
        return Flops()  # the same elements in the same order: runtimes move nothing
    taken = isinstance(spec, Pick) or (isinstance(spec, Slices) and not spec.weight)
    read = node.outputs if taken else node.inputs
    for value in (*read, *node.outputs):
        fact = known.values.get(value) if value is not None else None
        constant = value is not None and value.is_initializer()
        unread = isinstance(spec, Slices) if constant else value is None or known.settled(value)
        if value is None or fact is None or unread:
            continue
        dims = flat(fact.axes)
        total[_grows(dims)] += int(extent(dims, 1) * element_bytes(fact.dtype))
    return Flops(total[False], total[True])
