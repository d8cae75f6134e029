"""The model that is changed: a copy of an optimized model, what runs show of it, and edits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx_ir as ir

from mari_engine.errors import ExecutionError
from mari_engine.feeds import FeedPlan
from mari_engine.graph import Model
from mari_engine.runtime import open_session

Array = np.ndarray[Any, np.dtype[Any]]
Build = Callable[["Writer", ir.Value], ir.Value]
"""Makes a new value of an old one."""
_BATCHES = (5, 10)
"""Two numbers of candidates: the axes that double are the candidates'."""
LENGTH = 7
"""The length of histories, unlike both numbers of candidates."""


@dataclass(frozen=True, eq=False)
class Fact:
    """What a value is: a constant, or what it was in a run of five candidates."""

    array: Array
    rows: int | None
    """The axis along which candidates lie, None where there is none, or it is not alone."""

    @property
    def is_float(self) -> bool:
        return self.array.dtype.kind == "f"


@dataclass(frozen=True)
class Change:
    """One wrong rewrite: where it is, and how it is made, once."""

    where: str
    apply: Callable[[], None]
    ids: tuple[int, ...] = ()
    """Ids that show it, where few do: a search for a difference sends them."""
    rounds: bool = False
    """What is wrong is a rounding, which an evaluation in float64 does not show."""


class Subject:
    """A copy of a model with what is known of its values; changed in place by one `Change`."""

    def __init__(
        self, model: ir.Model, facts: dict[str, Fact], plan: FeedPlan, rng: np.random.Generator
    ) -> None:
        self.model = model
        self.graph = model.graph
        self.plan = plan
        self.rng = rng
        self._facts = facts
        self._made = 0

    # --- what there is

    def fact(self, value: ir.Value | None) -> Fact | None:
        return None if value is None else self._facts.get(value.name or "")

    def nodes(self, *ops: str) -> Iterator[ir.Node]:
        yield from (node for node in self.graph if node.op_type in ops)

    def floats(self) -> Iterator[tuple[ir.Value, Fact]]:
        """Yield the floating results of nodes."""
        for node in self.graph:
            for value in node.outputs:
                fact = self.fact(value)
                if fact is not None and fact.is_float and fact.array.size:
                    yield value, fact

    def weights(self, least_rank: int) -> Iterator[tuple[ir.Value, Array]]:
        """Yield the floating initializers that nodes of the graph itself read."""
        for value in self.graph.initializers.values():
            if value.const_value is None or not list(value.uses()):
                continue
            if value.const_value.dtype not in (ir.DataType.FLOAT, ir.DataType.DOUBLE):
                continue
            array = value.const_value.numpy()
            if array.ndim >= least_rank and array.size > 1:
                yield value, array

    def scalar_of(self, value: ir.Value | None) -> float | None:
        """Return the number in a constant of one element."""
        if value is None or value.const_value is None or value.const_value.size != 1:
            return None
        return float(value.const_value.numpy().ravel()[0])

    # --- edits

    def constant(self, array: Any, like: ir.Value | None = None) -> ir.Value:
        fact = self.fact(like)
        held = np.asarray(array)
        if fact is not None:
            held = held.astype(fact.array.dtype)
        self._made += 1
        name = f"changed/constant_{self._made}"
        value = ir.Value(
            name=name,
            shape=ir.Shape(held.shape),
            type=ir.TensorType(ir.DataType.from_numpy(held.dtype)),
            const_value=ir.Tensor(held, name=name),
        )
        self.graph.register_initializer(value)
        return value

    def set_weight(self, value: ir.Value, array: Array) -> None:
        old = value.const_value
        assert old is not None
        value.const_value = ir.Tensor(
            np.ascontiguousarray(array.astype(old.numpy().dtype)), name=value.name
        )

    def after(self, value: ir.Value, build: Build) -> None:
        """Replace a value, wherever it is read, by what `build` makes of it."""
        uses = tuple(value.uses())
        producer = value.producer()
        writer = Writer(self)
        new = build(writer, value)
        if producer is not None:
            self.graph.insert_after(producer, writer.nodes)
        else:
            self.graph.insert_before(next(iter(self.graph)), writer.nodes)
        for user, at in uses:
            user.replace_input_with(at, new)
        for at, output in enumerate(self.graph.outputs):
            if output is value:
                self.graph.outputs[at] = new
                new.name, value.name = value.name, f"{value.name}/right"
                new.type, new.shape = value.type, value.shape

    def operand(self, node: ir.Node, at: int, build: Build) -> None:
        """Replace one operand of one node by what `build` makes of it."""
        value = node.inputs[at]
        assert value is not None
        writer = Writer(self)
        new = build(writer, value)
        self.graph.insert_before(node, writer.nodes)
        node.replace_input_with(at, new)

    def rename(self, node: ir.Node, op: str) -> None:
        node.op_type = op

    def rename_to_identity(self, node: ir.Node) -> None:
        """Let a node pass its first operand on."""
        node.op_type = "Identity"
        node.attributes.clear()
        node.resize_inputs(1)

    def set_attribute(self, node: ir.Node, attribute: ir.Attr) -> None:
        node.attributes[attribute.name] = attribute

    def set_integers(self, node: ir.Node, at: int, *numbers: int) -> None:
        """Replace operands from the one `at` on by one whole number each."""
        for place, number in enumerate(numbers, start=at):
            node.replace_input_with(place, self.constant(np.asarray([number], np.int64)))

    def swap_operands(self, node: ir.Node, one: int, other: int) -> None:
        first, second = node.inputs[one], node.inputs[other]
        node.replace_input_with(one, second)
        node.replace_input_with(other, first)


class Writer:
    """Collects new nodes; each method returns the result of one."""

    def __init__(self, subject: Subject) -> None:
        self.nodes: list[ir.Node] = []
        self._subject = subject

    def __call__(self, op: str, *inputs: ir.Value, **attributes: Any) -> ir.Value:
        self._subject._made += 1
        node = ir.node(op, inputs, attributes, name=f"changed/{op}_{self._subject._made}")
        node.outputs[0].name = f"{node.name}:0"
        self.nodes.append(node)
        return node.outputs[0]

    def number(self, number: float, like: ir.Value) -> ir.Value:
        """Return a constant of rank 0 in the type of a value of the model."""
        return self._subject.constant(number, like)

    def integers(self, *numbers: int) -> ir.Value:
        return self._subject.constant(np.asarray(numbers, np.int64))

    def reduce(self, op: str, value: ir.Value, axes: Sequence[int]) -> ir.Value:
        """Reduce with the axes kept, in the spelling of the model's opset."""
        opset = self._subject.model.opset_imports[""]
        if opset >= (13 if op == "ReduceSum" else 18):
            return self(op, value, self.integers(*axes), keepdims=1)
        return self(op, value, axes=list(axes), keepdims=1)

    def cast(self, value: ir.Value, like: ir.Value) -> ir.Value:
        fact = self._subject.fact(like)
        assert fact is not None
        return self("Cast", value, to=int(ir.DataType.from_numpy(fact.array.dtype)))

    def spread(self, value: ir.Value, like: ir.Value) -> ir.Value:
        """Return the value repeated to the shape of another."""
        return self("Expand", value, self("Shape", like))

    def rows(self, value: ir.Value, start: int, stop: int, axis: int) -> ir.Value:
        bounds = [self.integers(number) for number in (start, stop, axis)]
        return self("Slice", value, *bounds)


def look_at(model: Model, plan: FeedPlan) -> dict[str, Fact]:
    """Return what a run shows of the values of a graph, by name; those of bodies are left out."""
    copy = model.ir.clone()
    made = [value for node in copy.graph for value in node.outputs if value.name]
    outside = {value.name for value in copy.graph.outputs}
    copy.graph.outputs.extend(value for value in made if value.name not in outside)
    session = open_session(Model(copy, model.name), threads=1, optimize=False)
    fixed = plan.fixed_batch
    few, many = [
        {**feeds, **session.run(feeds)}
        for batch in ((fixed, fixed) if fixed is not None else _BATCHES)
        for feeds in [_request(plan, batch)]
    ]
    found = {
        name: Fact(array, _doubled(array, many[name]))
        for name, array in few.items()
        if isinstance(array, np.ndarray)
    }
    for name, value in model.ir.graph.initializers.items():
        if value.const_value is not None:
            found[name] = Fact(value.const_value.numpy(), None)
    return found


def _request(plan: FeedPlan, batch: int) -> dict[str, Array]:
    try:
        return plan.draw(batch=batch, seed=11, length=LENGTH, apart=True)
    except ExecutionError:
        return plan.draw(batch=batch, seed=11, length=LENGTH)


def _doubled(few: Array, many: Array) -> int | None:
    if few.ndim != many.ndim:
        return None
    axes = [at for at, (a, b) in enumerate(zip(few.shape, many.shape, strict=True)) if b == 2 * a]
    return axes[0] if len(axes) == 1 and few.shape[axes[0]] == _BATCHES[0] else None
