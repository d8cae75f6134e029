"""Row independence: shows that all that was done to moved rows is done to each row alone.

An op commutes with a permutation of the rows, and with picking some, when its declaration neither
sums nor mixes the candidates' factor: f([N, D]) row by row. The proof shows that every node between
a move and the way back is such an op, and reads rows of one order, or values that have no rows. The
number of rows that a mask picks is another once all rows stay: nothing may compute with it, except
the shape of a view of those rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis import Survey, is_rowwise
from mari_engine.axes import CANDIDATES, Axes, Size, Spec, View, flat
from mari_engine.graph import all_inputs, list_bodies
from mari_engine.passes.row_permutations.matching import Key, RowGather, RowMove

Order = tuple[Key, ...]
"""By what rows were reordered, the last on the right; () for rows in their places."""


@dataclass(eq=False)
class RowwiseProof:
    """Follows in which order the rows of each value were before they were left in place.

    `markers` are the nodes that stand where rows were moved, `keys` the new graph's values of the
    masks and of the lists that were sorted, None for one that is dead.
    """

    graph: ir.Graph
    survey: Survey
    markers: Mapping[ir.Node, RowMove]
    keys: Mapping[Key, ir.Value | None]
    orders: dict[ir.Value, Order] = field(default_factory=dict)
    uniform: set[ir.Value] = field(default_factory=set)
    """Values of which all rows are the same, so that only their number matters."""
    counts: dict[ir.Value, Order] = field(default_factory=dict)
    """Numbers that tell how many rows a mask picked, known before the run by a symbol."""

    def refusal(self) -> str | None:
        """Return why rows may not stay in place, None where that is shown to compute the same."""
        refused = next((node for node in self.graph if not self.visit(node)), None)
        if refused is not None:
            return f"{refused.op_type} ({refused.name}) takes rows together, or of two orders"
        if any(self.orders.get(value) for value in self.graph.outputs):
            return "the graph returns rows out of their places"
        return None

    def visit(self, node: ir.Node) -> bool:
        """Note in which order a node's rows were; False where it does not treat each alone."""
        if node in self.markers:
            return self.moves(node, self.markers[node])
        if list_bodies(node):
            return not any(self.orders.get(v) or v in self.counts for v in all_inputs(node))
        if all(self.survey.is_static(value) for value in node.outputs):
            self.count(node)
            return True
        spec = self.survey.specs.get(node)
        read = self.read(node)
        if spec is None or len(read) > 1 or not self.shapes(node, spec):
            return not read and not self.counted(node)
        rowwise = is_rowwise(spec)
        (order,) = read or {()}
        self.orders |= dict.fromkeys(node.outputs, order)
        if all(self.is_uniform(value) for value in node.inputs if value is not None) and rowwise:
            self.uniform.update(node.outputs)
        elif order and not self.in_order(node, order):
            return False
        return rowwise or not order

    def moves(self, node: ir.Node, move: RowMove) -> bool:
        """Note the order of rows behind a move; False where its key belongs to another axis."""
        source, key = node.inputs[0], self.keys[move.key]
        axes, keyed = self.axes(source), self.axes(key)
        rows = axes is not None and -len(axes) <= move.axis < len(axes)
        if (
            axes is None
            or not rows
            or axes[move.axis] != (CANDIDATES,)
            or keyed != ((CANDIDATES,),)
        ):
            return False
        before = self.order(source)
        if isinstance(move, RowGather):
            self.orders[node.outputs[0]] = (*before, move.key)
            return before == self.order(key)
        self.orders[node.outputs[0]] = before[:-1]
        back = bool(before) and before[-1] is move.key
        return back and (move.base is None or self.chooses(node, axes))

    def chooses(self, marker: ir.Node, axes: Axes) -> bool:
        """Return True when the choice behind a marker is made row by row."""
        (use,) = marker.outputs[0].uses()
        mask, _, base = (self.axes(value) for value in use.node.inputs)
        if mask is None or base != axes or len(mask) != len(axes):
            return False
        return all(own in ((), axis) for own, axis in zip(mask, axes, strict=True))

    def count(self, node: ir.Node) -> None:
        """Note the results of a static node that hold a number of picked rows, or are as long."""
        found = self.counted(node)
        if node.op_type in ("Shape", "Size") and _masks(self.order(node.inputs[0])):
            found = {self.order(node.inputs[0])}
        for value in node.outputs if found else ():
            fact = self.survey.values[value]
            content = fact.content if fact is not None else None
            numbers = [] if content is None else content.ravel().tolist()
            if any(isinstance(number, Size) for number in numbers):
                self.counts[value] = max(found, key=len)
            elif content is None:
                self.orders[value] = max(found, key=len)
                self.uniform.add(value)

    def counted(self, node: ir.Node) -> set[Order]:
        """Return the orders of the rows whose number a node reads."""
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
        """Return the orders of the rows that a node reads; of uniform ones, if there are no others.

        A view has as many rows as its shape operand says.
        """
        held = [(v, self.orders[v]) for v in node.inputs if v is not None and self.orders.get(v)]
        found = {order for value, order in held if value not in self.uniform}
        return found or {order for _, order in held} or self.counted(node)

    def in_order(self, node: ir.Node, order: Order) -> bool:
        """Return True when all rows that a node reads are in this order, or uniform and as many."""
        for value in node.inputs:
            own = self.order(value)
            if value is None or own == order != ():
                continue
            if not self.is_uniform(value) or (own and _masks(own) != _masks(order)):
                return False
        return all(_masks(each) == _masks(order) for each in self.counted(node))

    def is_uniform(self, value: ir.Value) -> bool:
        """Return True for a value of no rows, or of rows that are all the same."""
        fact = self.survey.values.get(value)
        if fact is None:
            return False
        return value in self.uniform or CANDIDATES not in flat(fact.axes) or fact.fill is not None

    def order(self, value: ir.Value | None) -> Order:
        """Return in which order the rows of a value were."""
        return self.orders.get(value, ()) if value is not None else ()

    def axes(self, value: ir.Value | None) -> Axes | None:
        """Return the axes of a value, where they are known."""
        fact = self.survey.values.get(value) if value is not None else None
        return fact.axes if fact is not None else None


def _masks(order: Order) -> Order:
    """Return the masks by which rows were picked: sorting does not change how many there are."""
    return tuple(key for key in order if isinstance(key, ir.Value))
