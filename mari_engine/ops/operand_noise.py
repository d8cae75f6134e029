"""Operands that are off by a rounding: what nodes make of them another order of sums may make, too.

    x  ->  x (1 + r),   |r| <= relative, drawn for each element

Of nodes that round: what copies, selects or compares gets its operands as they are. Nor are whole
numbers moved, of which sums are exact, as far as a precision holds them, nor those of few bits,
such as 0.75: products of two are exact, and rounding decides nothing where one is a threshold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import count

import numpy as np
import onnx_ir as ir

from mari_engine.graph import list_bodies
from mari_engine.ops.rule import Trait
from mari_engine.ops.rule_table import has_trait

_WIDE = 53
"""The bits of a float64."""
_SHARE = 3
"""A number is short of a third of its precision's bits: products and their sums are exact, too."""


def disturb_operands(model: ir.Model, relative: str, epsilon: float) -> None:
    """Put every operand of type float64 of a node that rounds off by a rounding, in place.

    `relative` names the new input of the graph that says how far, a scalar; of whole numbers, those
    below `1 / relative` stay, and all that are short for a precision of this `epsilon`. Each run
    draws other numbers, from the same seeds.
    """
    scale = ir.Value(name=relative, type=ir.TensorType(ir.DataType.DOUBLE), shape=ir.Shape(()))
    nodes, seeds = tuple(model.graph.all_nodes()), count(1)
    model.graph.inputs.append(scale)
    names = _Names(relative)
    numbers = tuple(_constant(model, names, number) for number in (0.0, 1.0, _splitter(epsilon)))
    for node in nodes:
        for at in _moving(node):
            value = node.inputs[at]
            assert value is not None
            new = list(_noise(value, scale, numbers, next(seeds)))
            names.give(new)
            assert node.graph is not None
            node.graph.insert_before(node, new)
            node.replace_input_with(at, new[-1].outputs[0])


class _Names:
    """Names that no other value of the graph has."""

    def __init__(self, prefix: str) -> None:
        self._prefix, self._numbers = prefix, count()

    def draw(self) -> str:
        return f"{self._prefix}/{next(self._numbers)}"

    def give(self, nodes: list[ir.Node]) -> None:
        for node in nodes:
            node.name = self.draw()
            node.outputs[0].name = f"{node.name}:0"


def _splitter(epsilon: float) -> float:
    """Return the factor that splits the leading bits off a number, as Veltkamp does."""
    bits = round(1 - math.log2(epsilon)) // _SHARE
    return 2.0 ** (_WIDE - bits) + 1


def _constant(model: ir.Model, names: _Names, number: float) -> ir.Value:
    name = names.draw()
    held = ir.Tensor(np.asarray(number, np.float64), name=name)
    value = ir.Value(name=name, type=ir.TensorType(held.dtype), shape=held.shape, const_value=held)
    model.graph.register_initializer(value)
    return value


def _moving(node: ir.Node) -> list[int]:
    """Return the operands of a node that rounds, by their places; none of others."""
    if list_bodies(node) or has_trait(node, Trait.EXACT, Trait.RANDOM):
        return []
    if not any(_is_float64(value) for value in node.outputs):
        return []
    return [at for at, value in enumerate(node.inputs) if value is not None and _is_float64(value)]


def _is_float64(value: ir.Value) -> bool:
    return isinstance(value.type, ir.TensorType) and value.dtype == ir.DataType.DOUBLE


def _noise(
    x: ir.Value, relative: ir.Value, numbers: Sequence[ir.Value], seed: int
) -> Iterator[ir.Node]:
    """Yield the nodes that move a value; the last one's result is what it is moved to.

    A factor, and no summand, so that infinity stays what it is.
    """
    zero, one, splitter = numbers

    def node(op: str, *inputs: ir.Value, **attributes: float | int) -> ir.Node:
        return ir.node(op, list(inputs), attributes)

    yield (floor := node("Floor", x))
    yield (whole := node("Equal", floor.outputs[0], x))
    yield (limit := node("Reciprocal", relative))
    yield (size := node("Abs", x))
    yield (small := node("Less", size.outputs[0], limit.outputs[0]))
    yield (count := node("And", whole.outputs[0], small.outputs[0]))
    yield (split := node("Mul", x, splitter))
    yield (rest := node("Sub", split.outputs[0], x))
    yield (front := node("Sub", split.outputs[0], rest.outputs[0]))
    yield (short := node("Equal", front.outputs[0], x))
    yield (kept := node("Or", count.outputs[0], short.outputs[0]))
    yield (drawn := node("RandomUniformLike", x, low=-1.0, high=1.0, seed=float(seed)))
    yield (scaled := node("Mul", drawn.outputs[0], relative))
    yield (off := node("Where", kept.outputs[0], zero, scaled.outputs[0]))
    yield (factor := node("Add", one, off.outputs[0]))
    yield node("Mul", x, factor.outputs[0])
