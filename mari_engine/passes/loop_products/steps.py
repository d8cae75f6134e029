"""What a Scan or Loop takes step by step, and nodes in front of it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.graph import STANDS_FOR, captured_values, list_bodies, stands_for
from mari_engine.ops import Trait, has_trait
from mari_engine.passes.contract import STANDARD

PRODUCTS = ("MatMul", "Gemm")


@dataclass(frozen=True, eq=False)
class Step:
    """One step of a tensor outside: what it is inside, and along which axis steps are taken."""

    inner: ir.Value
    outer: ir.Value
    axis: int
    reverse: bool = False


def loops_in(graph: ir.Graph) -> Iterator[ir.Node]:
    """Yield each Scan and Loop of a graph."""
    return (n for n in graph if n.domain in STANDARD and n.op_type in ("Scan", "Loop"))


def check_order(node: ir.Node, rounded: Container[ir.Node]) -> None:
    """Return if sums of a Scan or Loop may take another order; raises Unsupported."""
    (body,) = list_bodies(node)
    if node in rounded or any(has_trait(inner, Trait.QUANTIZING) for inner in body):
        raise Unsupported("its sums are rounded to few steps afterwards, and keep their order")


def steps_of(node: ir.Node) -> Mapping[ir.Value, Step]:
    """Return what is one step of a tensor outside, by the value inside."""
    steps = _scan_steps(node) if node.op_type == "Scan" else _loop_steps(node)
    return {step.inner: step for step in steps}


def _scan_steps(node: ir.Node) -> Iterator[Step]:
    """Yield the elements of a Scan's sequences."""
    (body,) = list_bodies(node)
    axes, reverse = sequences_of(node)
    count = len(axes)
    states = len(node.inputs) - count
    for at in range(count if len(body.inputs) == len(node.inputs) else 0):
        outer = node.inputs[states + at]
        if outer is not None:
            yield Step(body.inputs[states + at], outer, axes[at], bool(reverse[at]))


def sequences_of(node: ir.Node) -> tuple[Sequence[int], Sequence[int]]:
    """Return a Scan's sequences: the axis that each is scanned along, and 1 where from its end."""
    count = node.attributes.get_int("num_scan_inputs", 0)
    axes, reverse = (
        node.attributes.get_ints(name, [0] * count)
        for name in ("scan_input_axes", "scan_input_directions")
    )
    return axes, reverse


def _loop_steps(node: ir.Node) -> Iterator[Step]:
    """Yield what a Loop looks up by the number of the step."""
    (body,) = list_bodies(node)
    outside = set(captured_values(node))
    for inner in body:
        if inner.op_type == "Gather" and inner.domain in STANDARD:
            table, index = inner.inputs
            if table in outside and index is body.inputs[0] and table is not None:
                yield Step(inner.outputs[0], table, inner.attributes.get_int("axis", 0))


def new_before(
    loop: ir.Node, op: str, inputs: Sequence[ir.Value | None],
    old: ir.Node, *, part: str = "", **attributes: object,
) -> ir.Value:  # fmt: skip
    """Return the result of a new node in front of the Scan or Loop.

    `part` tells it from others of its op that are written for the same node.
    """
    given = old.attributes.values() if op == old.op_type else ()
    new = ir.Node(
        "", op, inputs, [*given, *ir.convenience.convert_attributes(attributes)],
        name=f"{loop.name}/{old.name}/{op}{part}",
    )  # fmt: skip
    new.metadata_props.update(loop.metadata_props)
    new.metadata_props[STANDS_FOR] = stands_for(loop)
    new.outputs[0].name = f"{new.name}:0"
    assert loop.graph is not None
    loop.graph.insert_before(loop, [new])
    return new.outputs[0]
