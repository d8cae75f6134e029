"""Writes a model in which rows stay in their places, and shows that it computes the same.

Shown is that all that is done to rows elsewhere is done to each alone: every node between leaving
and returning has a declaration in which the candidates' factor is neither summed nor mixed, and
reads rows that are in one order, or values that have none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.factors import Join, Pick, Spec
from mari_engine.facts import Survey, survey
from mari_engine.loading import Model
from mari_engine.numbering import list_numbers
from mari_engine.provenance import STANDS_FOR
from mari_engine.reordering import Key, Leaving, Returning, find_ways
from mari_engine.shaping import infer_shapes
from mari_engine.sizes import CANDIDATES, flat

_UNSQUEEZE_BY_INPUT = 13
"""The opset from which on Unsqueeze reads its axes."""
Order = tuple[Key, ...]
"""By what rows were reordered, the last on the right; () for rows in their places."""


def leave_in_place(model: Model, known: Survey, keep: Collection[str] = ()) -> Model | None:
    """Return a model whose rows are neither sorted nor picked; None where nothing was shown."""
    ways = find_ways(model.ir.graph, known)
    every: list[Leaving | Returning] = [*ways.leaving, *ways.returning]
    made = (way.result.producer() for way in every)
    if not ways.leaving or any(node is None or node.name in keep for node in made):
        return None
    copy = model.ir.clone()
    writer = _Writer(copy)
    for way in every:
        writer.replace(way)
    passes.RemoveUnusedNodesPass()(copy)
    writer.forget()
    infer_shapes(copy)
    told = survey(Model(copy, model.name), known.symbols)
    if not _Proof(copy.graph, told, writer.left, writer.back).holds():
        return None
    for marker in (*writer.left, *writer.back):
        source = marker.inputs[0]
        assert source is not None
        marker.outputs[0].replace_all_uses_with(source)
        copy.graph.remove(marker, safe=True)
    return Model(copy, model.name)


@dataclass(eq=False)
class _Writer:
    """Puts a marker in the place of each way, and a choice where only some rows come back."""

    model: ir.Model
    values: dict[str | None, ir.Value] = field(init=False)
    left: dict[ir.Node, Key] = field(default_factory=dict)
    back: dict[ir.Node, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph = self.model.graph
        self.values = {value.name: value for node in graph for value in node.outputs}
        self.values |= {value.name: value for value in graph.inputs}
        self.values |= dict(graph.initializers.items())

    def twin(self, value: ir.Value) -> ir.Value:
        return self.values[value.name]

    def replace(self, way: Leaving | Returning) -> None:
        old = self.twin(way.result)
        marker = self.node("Identity", [self.twin(way.source)], old)
        (self.left if isinstance(way, Leaving) else self.back)[marker] = way.key
        new = marker.outputs[0]
        if isinstance(way, Returning) and way.base is not None and way.mask is not None:
            mask = self.raised(self.twin(way.mask), len(way.result.shape or ()), old)
            new = self.node("Where", [mask, new, self.twin(way.base)], old).outputs[0]
        new.type = old.type
        old.replace_all_uses_with(new, replace_graph_outputs=True)
        self.values[way.result.name] = new

    def raised(self, mask: ir.Value, rank: int, old: ir.Value) -> ir.Value:
        """Return a mask of rows with as many axes as what it chooses."""
        own = len(mask.shape or ())
        if own == rank:
            return mask
        axes = list(range(own, rank))
        if self.model.graph.opset_imports.get("", 0) < _UNSQUEEZE_BY_INPUT:
            return self.node("Unsqueeze", [mask], old, axes=axes).outputs[0]
        listed = list_numbers(self.model, f"{old.name}/axes", axes)
        return self.node("Unsqueeze", [mask, listed], old).outputs[0]

    def node(
        self, op: str, inputs: Iterable[ir.Value], old: ir.Value, **attributes: list[int]
    ) -> ir.Node:
        origin = old.producer()
        assert origin is not None
        assert origin.graph is not None
        new = ir.node(op, list(inputs), attributes, name=f"{origin.name}/{op}")
        new.metadata_props.update(origin.metadata_props)
        new.metadata_props[STANDS_FOR] = origin.name or ""
        new.outputs[0].name = f"{old.name}/{op}"
        origin.graph.insert_before(origin, [new])
        return new

    def forget(self) -> None:
        """Drop the shapes of all that is made of rows which were elsewhere before."""
        reached = {value for node in self.left for value in node.outputs}
        for node in self.model.graph:
            if node in self.left or any(value in reached for value in node.inputs):
                reached.update(node.outputs)
                for value in node.outputs:
                    if not value.is_graph_output():
                        value.shape = None


@dataclass(eq=False)
class _Proof:
    graph: ir.Graph
    known: Survey
    left: dict[ir.Node, Key]
    back: dict[ir.Node, Key]
    orders: dict[ir.Value, Order] = field(default_factory=dict)
    alike: set[ir.Value] = field(default_factory=set)
    """Values of which all rows are the same, so that they have no order."""

    def holds(self) -> bool:
        return all(self.visit(node) for node in self.graph) and not any(
            self.orders.get(value) for value in self.graph.outputs
        )

    def visit(self, node: ir.Node) -> bool:
        """Note in which order a node's rows are; False where that cannot be said."""
        if node in self.left or node in self.back:
            return self.pass_by(node)
        read = {self.orders[value] for value in node.inputs if self.orders.get(value)}  # type: ignore[index, arg-type]
        inner = any(attr.type == ir.AttributeType.GRAPH for attr in node.attributes.values())
        if inner and self.orders:
            return not any(self.orders.get(value) for value in _captured(node))
        if all(self.known.settled(value) for value in node.outputs):
            return True
        spec = self.known.specs.get(node)
        alone = spec is not None and _alone(spec)
        if not read:
            self.alike.update(node.outputs if alone and self.in_order(node, ()) else ())
            return True
        (order, *others) = read
        self.orders |= dict.fromkeys(node.outputs, order)
        return alone and not others and self.in_order(node, order)

    def pass_by(self, node: ir.Node) -> bool:
        source, result = node.inputs[0], node.outputs[0]
        fact = self.known.values.get(source) if source is not None else None
        if source is None or fact is None or CANDIDATES not in flat(fact.axes):
            return False
        before = self.orders.get(source, ())
        if node in self.left:
            self.orders[result] = (*before, self.left[node])
            return True
        self.orders[result] = before[:-1]
        return bool(before) and before[-1] is self.back[node]

    def in_order(self, node: ir.Node, order: Order) -> bool:
        """Return True when all rows that a node reads are in this order, or alike."""
        return all(
            self.orders.get(value, ()) == order if self.orders.get(value) else self.even(value)
            for value in node.inputs
            if value is not None
        )

    def even(self, value: ir.Value) -> bool:
        """Return True for a value of no rows, or of rows that are all the same."""
        fact = self.known.values.get(value)
        if fact is None:
            return False
        return value in self.alike or CANDIDATES not in flat(fact.axes) or fact.fill is not None


def _alone(spec: Spec) -> bool:
    """Return True when an op treats each row alone."""
    if isinstance(spec, (Join, Pick)):
        moved = [flat(axes)[spec.position] for axes in spec.operands if axes is not None]
        return CANDIDATES not in moved
    own, results = spec.labels()
    rows = {
        label
        for axes, named in zip(spec.operands, own, strict=False)
        for label, dim in zip(named or (), flat(axes or ()), strict=False)
        if dim == CANDIDATES
    }
    return all(rows <= set(result) for result in results) and not rows & spec.mixing()


def _captured(node: ir.Node) -> list[ir.Value]:
    """Return what the bodies of a node read from outside, and what the node itself reads."""
    bodies = [a.as_graph() for a in node.attributes.values() if a.type == ir.AttributeType.GRAPH]
    inside = [value for body in bodies for each in body.all_nodes() for value in each.inputs]
    return [value for value in (*node.inputs, *inside) if value is not None]
