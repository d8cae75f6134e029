"""Which rows of a bag are kept: a loop within the loop that collects the places of some ids.

An EmbeddingBag with a padding id is exported as a second Loop over the places of one bag:

    for j in offsets[i] .. offsets[i + 1]:  if test(ids[j]):  places = Concat(places, j)

`test` is made of ops that treat each id alone, so it holds of all ids at once what it holds of one:
the bag is the rows where `test(ids)` is true, and no loop is needed to find them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.axes import Unsupported

_BRANCHES = ("then_branch", "else_branch")
_ALONE = frozenset({
    "Add", "And", "Cast", "CastLike", "Equal", "Greater", "GreaterOrEqual", "Identity", "Less",
    "LessOrEqual", "Mod", "Mul", "Neg", "Not", "Or", "Sub", "Xor",
})  # fmt: skip
"""Ops that treat each element alone, and fail for none."""
_TRUTHS = frozenset({
    "And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Not", "Or", "Xor",
})  # fmt: skip


def no_bag(what: str) -> Unsupported:
    """Return the refusal of a loop that is no embedding bag."""
    return Unsupported(f"no embedding bag: {what}")


@dataclass(frozen=True, eq=False)
class KeptPlaces:
    """The places j of a bag, in order, where a test of the element `ids[j]` comes out as wanted."""

    ids: ir.Value
    """Outside the loops: [count * step]."""
    elements: frozenset[ir.Value]
    """What stands for `ids[j]` in the body."""
    steps: tuple[ir.Node, ...]
    """The nodes of the body that make the test, in order; an If chooses between two of them."""
    test: ir.Value
    wanted: bool


@dataclass(frozen=True, eq=False)
class PlacesLoop:
    """A loop within the loop; `counter` is j, `found` are the places collected so far."""

    body: ir.Graph
    counter: ir.Value
    found: ir.Value
    after_counter: ir.Value
    after_found: ir.Value

    def bounds(self) -> tuple[ir.Value | None, ir.Value | None]:
        """Return what is added to the counter, and what it stays below, as the body has them."""
        added, goes = _maker(self.after_counter, "Add"), _maker(self.body.outputs[0], "Less")
        if added.inputs[0] is not self.counter or goes.inputs[0] is not self.after_counter:
            raise no_bag("places that are not counted one by one")
        return added.inputs[1], goes.inputs[1]


def read_kept_places(loop: PlacesLoop, outside: frozenset[ir.Value]) -> KeptPlaces:
    """Return which places a loop collects; Unsupported where it does anything else.

    `outside` are the values of the whole graph, which are the same in each iteration.
    """
    chosen = _maker(loop.after_found, "If")
    added, same = (_branch(chosen, name) for name in _BRANCHES)
    wanted = passed_on(same) is loop.found
    if not wanted:
        added, same = same, added
    if passed_on(same) is not loop.found or not _adds(added, loop):
        raise no_bag("places that are collected in another way")
    test = chosen.inputs[0]
    assert test is not None
    reader = _TestReader(loop, outside)
    reader.read(test)
    if reader.ids is None:
        raise no_bag("places that no id decides about")
    elements = frozenset(reader.elements)
    return KeptPlaces(reader.ids, elements, tuple(reader.steps), test, wanted)


def write_test(
    kept: KeptPlaces, ids: ir.Value, outer: Callable[[ir.Value], ir.Value]
) -> list[ir.Node]:
    """Return nodes that make the test of all ids; the last one's result is true for kept ones.

    They have the names of the body's: a check knows by them which choices the original makes.
    """
    made: dict[ir.Value, ir.Value] = dict.fromkeys(kept.elements, ids)

    def of(value: ir.Value) -> ir.Value:
        return made[value] if value in made else outer(value)

    nodes: list[ir.Node] = []
    for step in kept.steps:
        operands = [of(value) for value in step.inputs if value is not None]
        if step.op_type == "If":
            operands += [of(_branch(step, name)) for name in _BRANCHES]
        new = _spelled(step, operands)
        new[-1].name = step.name
        made[step.outputs[0]] = new[-1].outputs[0]
        made[step.outputs[0]].type = _type(step, operands)
        nodes += new
    nodes.append(ir.node("Identity" if kept.wanted else "Not", [of(kept.test)]))
    return nodes


def _spelled(step: ir.Node, operands: list[ir.Value]) -> list[ir.Node]:
    """Return a step for all ids at once; one of two whole numbers is chosen by arithmetic.

    `If(c, a, b)` becomes `b + c * (a - b)`: exact, and no branch that no request takes.
    """
    if step.op_type == "If":
        chosen, yes, no = operands
        more = ir.node("Sub", [yes, no])
        if no.dtype is None or not no.dtype.is_integer():
            raise no_bag("a test that chooses between fractions")
        whole = ir.node("Cast", [chosen], {"to": int(no.dtype)})
        scaled = ir.node("Mul", [whole.outputs[0], more.outputs[0]])
        return [more, whole, scaled, ir.node("Add", [no, scaled.outputs[0]])]
    if step.op_type == "CastLike" and operands[1].dtype is not None:
        return [ir.node("Cast", operands[:1], {"to": int(operands[1].dtype)})]
    return [ir.Node("", step.op_type, operands, list(step.attributes.values()))]


def _type(step: ir.Node, operands: list[ir.Value]) -> ir.TypeProtocol | None:
    """Return the type of a step's result."""
    if step.op_type in _TRUTHS:
        return ir.TensorType(ir.DataType.BOOL)
    if step.op_type == "Cast":
        return ir.TensorType(ir.DataType(step.attributes.get_int("to", 0)))
    return operands[-1].type


class _TestReader:
    """Collects the nodes of a test, those that others read first."""

    def __init__(self, loop: PlacesLoop, outside: frozenset[ir.Value]) -> None:
        self.loop = loop
        self.outside = outside
        self.ids: ir.Value | None = None
        self.elements: set[ir.Value] = set()
        self.steps: list[ir.Node] = []

    def read(self, value: ir.Value | None) -> None:
        """Collect what makes a value; Unsupported where that is not a test of one id."""
        if value is None or value in self.elements:
            return
        if value in self.outside:
            if value.shape is None or value.shape.rank():
                raise no_bag("ids compared with several numbers")
            return
        node = value.producer()
        if node is None:
            raise no_bag("a test of more than ids")
        if node.op_type == "Gather" and node.inputs[1] is self.loop.counter:
            self._take_element(node)
        elif node not in self.steps:
            self._take_step(node)

    def _take_step(self, node: ir.Node) -> None:
        if node.domain or (node.op_type not in _ALONE and node.op_type != "If"):
            raise no_bag(f"{node.op_type} in a test of ids")
        branches = [_branch(node, name) for name in _BRANCHES] if node.op_type == "If" else []
        for operand in (*node.inputs, *branches):
            self.read(operand)
        self.steps.append(node)

    def _take_element(self, node: ir.Node) -> None:
        ids = node.inputs[0]
        if ids not in self.outside or self.ids not in (None, ids):
            raise no_bag("a test of other lists")
        if node.attributes.get_int("axis", 0) != 0:
            raise no_bag("another axis")
        self.ids = ids
        self.elements.add(node.outputs[0])


def _maker(value: ir.Value, op: str) -> ir.Node:
    node = value.producer()
    if node is None or node.op_type != op or node.domain:
        raise no_bag("another loop within the loop")
    return node


def _branch(node: ir.Node, name: str) -> ir.Value:
    (result,) = node.attributes[name].as_graph().outputs
    return result


def passed_on(value: ir.Value | None) -> ir.Value | None:
    """Return the value that nodes hand on which change no element."""
    while value is not None and (node := value.producer()) is not None:
        if node.op_type not in ("Identity", "Reshape", "Squeeze", "Unsqueeze"):
            break
        value = node.inputs[0]
    return value


def _adds(value: ir.Value, loop: PlacesLoop) -> bool:
    """Return True for the places found so far with the place of this iteration behind them."""
    node = _maker(value, "Concat")
    parts = [passed_on(part) for part in node.inputs]
    return parts == [loop.found, loop.counter] and node.attributes.get_int("axis", 0) == 0
