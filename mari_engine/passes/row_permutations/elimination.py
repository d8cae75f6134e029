"""Writes a model in which rows stay in their places, and shows that it computes the same.

Shown is that all that is done to rows elsewhere is done to each alone: every node between leaving
and returning has a declaration in which the candidates' factor is neither summed nor mixed, and
reads rows that are in one order, or values that have none. How many rows a mask picks is no number
to compute with: it may only shape what goes with those rows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

import onnx_ir as ir
import onnx_ir.passes.common as passes

from mari_engine.analysis import Survey, survey_model
from mari_engine.axes import CANDIDATES, Axes, Join, Pick, Size, Spec, View, flat
from mari_engine.graph import STANDS_FOR, Model, infer_shapes, list_numbers, values_by_name
from mari_engine.passes.row_permutations.matching import Key, Leaving, Returning, find_ways

_UNSQUEEZE_BY_INPUT = 13
"""The opset from which on Unsqueeze reads its axes."""
Way = Leaving | Returning
Order = tuple[Key, ...]
"""By what rows were reordered, the last on the right; () for rows in their places."""


def leave_in_place(model: Model, survey: Survey, keep: Collection[str] = ()) -> Model | None:
    """Return a model whose rows are neither sorted nor picked; None where nothing was shown."""
    ways = find_ways(model.ir.graph, survey)
    every: list[Way] = [*ways.leaving, *ways.returning]
    if not every or any(_stays(way.result, keep) for way in every):
        return None
    copy = model.ir.clone()
    writer = _Writer(copy)
    for way in every:
        writer.replace(way)
    passes.RemoveUnusedNodesPass()(copy)
    writer.forget()
    infer_shapes(copy)
    told = survey_model(Model(copy, model.name), survey.symbols)
    if not _Proof(copy.graph, told, writer.markers, writer.ruled_by).holds():
        return None
    for marker in writer.markers:
        source = marker.inputs[0]
        assert source is not None
        marker.outputs[0].replace_all_uses_with(source)
        copy.graph.remove(marker, safe=True)
    return Model(copy, model.name)


def _stays(value: ir.Value, keep: Collection[str]) -> bool:
    node = value.producer()
    return node is None or node.name in keep or value.is_graph_output()


@dataclass(eq=False)
class _Writer:
    """Puts a marker in the place of each way, and a choice where only some rows come back."""

    model: ir.Model
    values: dict[str | None, ir.Value] = field(init=False)
    markers: dict[ir.Node, Way] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.values = values_by_name(self.model.graph)

    def twin(self, value: ir.Value) -> ir.Value:
        return self.values[value.name]

    def replace(self, way: Leaving | Returning) -> None:
        old = self.twin(way.result)
        marker = self.node("Identity", [self.twin(way.source)], old)
        self.markers[marker] = way
        new = marker.outputs[0]
        if isinstance(way, Returning) and way.base is not None and way.mask is not None:
            mask = self.raised(self.twin(way.mask), len(way.result.shape or ()), old)
            new = self.node("Where", [mask, new, self.twin(way.base)], old).outputs[0]
        new.type = old.type
        old.replace_all_uses_with(new)
        self.values[way.result.name] = new

    def ruled_by(self, key: Key) -> ir.Value | None:
        """Return the mask, or the list that is sorted, in the new graph; None if it went."""
        value = key if isinstance(key, ir.Value) else key.inputs[0]
        twin = self.twin(value) if value is not None else None
        node = twin.producer() if twin is not None else None
        return None if node is not None and node.graph is not self.model.graph else twin

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
        reached = set[ir.Value]()
        for node in self.model.graph:
            if node in self.markers or any(value in reached for value in node.inputs):
                reached.update(node.outputs)
                for value in node.outputs:
                    if not value.is_graph_output():
                        value.shape = None


@dataclass(eq=False)
class _Proof:
    graph: ir.Graph
    survey: Survey
    markers: Mapping[ir.Node, Way]
    ruled_by: Callable[[Key], ir.Value | None]
    orders: dict[ir.Value, Order] = field(default_factory=dict)
    alike: set[ir.Value] = field(default_factory=set)
    """Values of which all rows are the same, so that only their number matters."""
    counts: dict[ir.Value, Order] = field(default_factory=dict)
    """Numbers that tell how many rows a mask picked, known before the run by a symbol."""

    def holds(self) -> bool:
        return all(self.visit(node) for node in self.graph) and not any(
            self.orders.get(value) for value in self.graph.outputs
        )

    def visit(self, node: ir.Node) -> bool:
        """Note in which order a node's rows are; False where that cannot be said."""
        if node in self.markers:
            return self.pass_by(node, self.markers[node])
        if any(attr.type == ir.AttributeType.GRAPH for attr in node.attributes.values()):
            return not any(self.orders.get(v) or v in self.counts for v in _captured(node))
        if all(self.survey.is_static(value) for value in node.outputs):
            self.count(node)
            return True
        spec = self.survey.specs.get(node)
        read = self.read(node)
        if spec is None or len(read) > 1 or not self.shapes(node, spec):
            return not read and not self.counted(node)
        alone = _alone(spec)
        (order,) = read or {()}
        self.orders |= dict.fromkeys(node.outputs, order)
        if all(self.even(value) for value in node.inputs if value is not None) and alone:
            self.alike.update(node.outputs)
        elif order and not self.in_order(node, order):
            return False
        return alone or not order

    def pass_by(self, node: ir.Node, way: Way) -> bool:
        """Note that rows leave or return: those of the axis by which the key orders, or picks."""
        source, ruler = node.inputs[0], self.ruled_by(way.key)
        axes, ruled = self.axes(source), self.axes(ruler)
        rows = axes is not None and -len(axes) <= way.axis < len(axes)
        if axes is None or not rows or axes[way.axis] != (CANDIDATES,) or ruled != ((CANDIDATES,),):
            return False
        before = self.order(source)
        if isinstance(way, Leaving):
            self.orders[node.outputs[0]] = (*before, way.key)
            return before == self.order(ruler)
        self.orders[node.outputs[0]] = before[:-1]
        back = bool(before) and before[-1] is way.key
        return back and (way.base is None or self.chooses(node, axes))

    def chooses(self, marker: ir.Node, axes: Axes) -> bool:
        """Return True when the choice behind a marker is made row by row."""
        (use,) = marker.outputs[0].uses()
        mask, _, base = (self.axes(value) for value in use.node.inputs)
        if mask is None or base != axes or len(mask) != len(axes):
            return False
        return all(own in ((), axis) for own, axis in zip(mask, axes, strict=True))

    def count(self, node: ir.Node) -> None:
        """Note what is known to be, or to have as many rows as, what a mask picked."""
        found = self.counted(node)
        if node.op_type in ("Shape", "Size") and _masks(self.order(node.inputs[0])):
            found = {self.order(node.inputs[0])}
        for value in node.outputs if found else ():
            fact = self.survey.values[value]
            content = fact.content if fact is not None else None
            told = [] if content is None else content.ravel().tolist()
            if any(isinstance(number, Size) for number in told):
                self.counts[value] = max(found, key=len)
            elif content is None:
                self.orders[value] = max(found, key=len)
                self.alike.add(value)

    def counted(self, node: ir.Node) -> set[Order]:
        return {self.counts[v] for v in node.inputs if v is not None and v in self.counts}

    def shapes(self, node: ir.Node, spec: Spec) -> bool:
        """Return True when no operand but a view's shape is a number of picked rows."""
        for value, axes in zip(node.inputs, spec.operands, strict=True):
            if value is not None and value in self.counts:
                if axes is not None or not isinstance(spec, View):
                    return False
            elif axes is None and self.order(value):
                return False
        return True

    def read(self, node: ir.Node) -> set[Order]:
        """Return the orders of the rows that a node reads; of those alike, if there are no others.

        A view has as many rows as it is told.
        """
        held = [(v, self.orders[v]) for v in node.inputs if v is not None and self.orders.get(v)]
        found = {order for value, order in held if value not in self.alike}
        return found or {order for _, order in held} or self.counted(node)

    def in_order(self, node: ir.Node, order: Order) -> bool:
        """Return True when all rows that a node reads are in this order, or alike and as many."""
        for value in node.inputs:
            own = self.order(value)
            if value is None or own == order != ():
                continue
            if not self.even(value) or (own and _masks(own) != _masks(order)):
                return False
        return all(_masks(each) == _masks(order) for each in self.counted(node))

    def even(self, value: ir.Value) -> bool:
        """Return True for a value of no rows, or of rows that are all the same."""
        fact = self.survey.values.get(value)
        if fact is None:
            return False
        return value in self.alike or CANDIDATES not in flat(fact.axes) or fact.fill is not None

    def order(self, value: ir.Value | None) -> Order:
        return self.orders.get(value, ()) if value is not None else ()

    def axes(self, value: ir.Value | None) -> Axes | None:
        fact = self.survey.values.get(value) if value is not None else None
        return fact.axes if fact is not None else None


def _masks(order: Order) -> Order:
    """Return the masks by which rows were picked: sorting does not change how many there are."""
    return tuple(key for key in order if isinstance(key, ir.Value))


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
