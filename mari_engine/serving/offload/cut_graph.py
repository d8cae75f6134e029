"""The cut problem of a graph: its ops of one side with their seconds, values with their bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.analysis import Survey, extent
from mari_engine.axes import flat
from mari_engine.graph import all_inputs, element_bytes, stored_bytes
from mari_engine.ops import Trait, has_trait
from mari_engine.rewriting.cost import Prices, line
from mari_engine.serving.offload.min_cut import CutOp, CutProblem
from mari_engine.serving.offload.opened_products import Opened
from mari_engine.serving.offload.sides import Sides
from mari_engine.types import Cost, Flops, Side, Work

FEMTO = 10**15
"""Costs are whole numbers of femtoseconds."""
_SMALLEST_TABLE = 1 << 16
"""Bytes below which a table weighs nothing."""
_GIB = 1 << 30
_REACH = 1e-7
"""Seconds that an item takes to find and its row to reach, bytes aside: 50 µs of 500 keys of a
store of 100,000, measured with `mari.ItemStore`. All values of a type lie in one row."""


@dataclass(frozen=True, kw_only=True)
class Weighing:
    """What work, bytes and memory are weighed by."""

    prices: Prices
    candidates: int
    table_seconds: float
    """Seconds per candidate that a GiB of lookup tables in the online model counts as."""
    half: bool = False
    """Floating-point values are stored as float16."""

    def seconds(self, work: Work) -> float:
        """Return the expected seconds of a node for each candidate of a request."""
        return line(work, self.prices).at(self.candidates) / self.candidates

    @property
    def reach(self) -> float:
        """Seconds per candidate that it takes to reach what is stored, however much that is."""
        return self.prices.node / self.candidates + _REACH


@dataclass(frozen=True, eq=False)
class CutGraph:
    """A graph that is to be cut: its nodes, what is known of them, and where each belongs."""

    graph: ir.Graph
    survey: Survey
    sides: Sides
    cost: Cost
    opened: Mapping[str, Opened]
    """By the node that computes the items' share."""
    whole: Cost
    """Of the graph before products were taken apart."""

    def seconds_online(self, name: str, weighing: Weighing) -> float:
        """Return the expected seconds of a node that runs online, for each candidate.

        A product that was taken apart is one node again where the items' share runs online.
        """
        none, opened = Work(calls=0), self.opened.get(name)
        if opened is None:
            return weighing.seconds(self.cost.works.get(name, none))
        spared = sum(weighing.seconds(self.cost.works.get(each, none)) for each in opened.others)
        whole = weighing.seconds(self.whole.works.get(opened.product, none))
        return max(0.0, whole - spared)

    def flops_online(self, name: str, candidates: int) -> int:
        """Return the FLOPs of a node that runs online, for each of so many candidates."""
        none, opened = Flops(), self.opened.get(name)
        if opened is None:
            return self.cost.nodes.get(name, none).each(candidates)
        spared = sum(self.cost.nodes.get(each, none).each(candidates) for each in opened.others)
        return self.whole.nodes.get(opened.product, none).each(candidates) - spared

    def nodes_of(self, side: Side) -> list[ir.Node]:
        """Return the nodes of one side, in order."""
        return [node for node in self.graph if self.sides.of_node(node) == side]

    def tables_of(self, side: Side) -> dict[str, int]:
        """Return the bytes of the lookup tables that only nodes of one side read."""
        mine, tables = set(self.nodes_of(side)), dict[str, int]()
        for node in self.nodes_of(side):
            table = node.inputs[0] if node.inputs and has_trait(node, Trait.LOOKUP) else None
            if table is None or table.const_value is None:
                continue
            size = stored_bytes(table.const_value)
            if size >= _SMALLEST_TABLE and all(user in mine for user, _ in table.uses()):
                tables[table.name or ""] = size
        return tables


def pose_cut(
    found: CutGraph, side: Side, weighing: Weighing, storable: Callable[[ir.Value], bool]
) -> CutProblem:
    """Return the problem of what of one side to compute beforehand.

    Costs and bytes are per candidate; of the request's side each counts once for all candidates of
    a request. `storable` tells which values may be handed over.
    """
    mine, tables = found.nodes_of(side), found.tables_of(side)
    sizes = {
        value.name or "": value_bytes(found.survey, value)
        for value in found.graph.inputs
        if found.sides.of(value) == side
    }
    for node in mine:
        for value in node.outputs:
            if value.name and storable(value):
                sizes[value.name] = value_bytes(found.survey, value, half=weighing.half)
    share = weighing.candidates if side == Side.REQUEST else 1
    return CutProblem(
        ops=tuple(_op(found, node, side, weighing, tables) for node in mine),
        sizes=sizes,
        needed=frozenset(_list_needed(found, side)),
        tables={
            name: round(FEMTO * share * weighing.table_seconds * size / _GIB)
            for name, size in tables.items()
        },
        tensor=round(FEMTO * _per_tensor(side, weighing)),
    )


def _per_tensor(side: Side, weighing: Weighing) -> float:
    """Return what one more value costs that is handed over: an input, or a piece of each row."""
    if side == Side.REQUEST:
        return weighing.prices.node
    return weighing.prices.node / weighing.candidates + weighing.prices.piece


def value_bytes(survey: Survey, value: ir.Value, *, half: bool = False) -> int:
    """Return the bytes of one row of a value; a free extent counts as some."""
    fact = survey.values.get(value)
    dims = flat(fact.axes) if fact is not None else ()
    size = element_bytes(value.dtype or (fact.dtype if fact is not None else None))
    is_float = value.dtype in (ir.DataType.FLOAT, ir.DataType.DOUBLE)
    return round(extent(dims, 1) * (2 if half and is_float else size))


def _op(
    found: CutGraph, node: ir.Node, side: Side, weighing: Weighing, tables: Mapping[str, int]
) -> CutOp:
    seconds = found.seconds_online(node.name or "", weighing)
    read = [value for value in found.sides.readers(node) if found.sides.of(value) == side]
    looked_up = [v.name or "" for v in node.inputs if v is not None and v.name in tables]
    share = weighing.candidates if side == Side.REQUEST else 1
    return CutOp(
        name=node.name or "",
        reads=tuple(value.name or "" for value in read),
        makes=tuple(value.name for value in node.outputs if value.name),
        cost=max(0, round(FEMTO * share * seconds)),
        tables=tuple(dict.fromkeys(looked_up)),
    )


def _list_needed(found: CutGraph, side: Side) -> Sequence[str]:
    """Return the values of a side that the candidates' side reads, or the graph gives."""
    read = {
        value
        for node in found.graph
        if found.sides.of_node(node) == Side.CANDIDATE
        for value in all_inputs(node)
    }
    read |= set(found.graph.outputs)
    return [value.name or "" for value in read if found.sides.of(value) == side]


def has_type(value: ir.Value) -> bool:
    """Return True for a tensor of a known type, which any part may hand to another."""
    return isinstance(value.type, ir.TensorType) and value.dtype is not None
