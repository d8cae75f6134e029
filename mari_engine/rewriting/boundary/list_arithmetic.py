"""Arithmetic on lists of whole numbers that only the run knows, as nodes of the new graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.ops import Spelling, spelling
from mari_engine.rewriting.emission import GraphBuilder, Tensor

_INTEGER = ir.DataType.INT64
_MAY_BE_EMPTY = 14
"""The opset from which on shapes hold extents of 0; below it a batch has some candidate."""


@dataclass(frozen=True, eq=False)
class ListArithmetic:
    """Writes nodes on int64 lists `[K]`, and numbers `[1]`."""

    builder: GraphBuilder

    def add(self, a: Tensor, b: Tensor) -> ir.Value:
        """Return `a + b`, broadcast."""
        return self.builder.emit(spelling.add(), [a, b])

    def subtract(self, a: Tensor, b: Tensor) -> ir.Value:
        """Return `a - b`, broadcast."""
        return self.builder.emit(spelling.subtract(), [a, b])

    def multiply(self, a: Tensor, b: Tensor) -> ir.Value:
        """Return `a * b`, broadcast."""
        return self.builder.emit(spelling.multiply(), [a, b])

    def divide(self, number: Tensor, divisor: Tensor) -> ir.Value:
        """Return `number / divisor`, rounded down, of numbers from 0 on; a divisor is from 1 on."""
        return self.builder.emit(spelling.divide(), [number, divisor])

    def remainder(self, number: Tensor, divisor: Tensor) -> ir.Value:
        """Return what `divide` leaves of the number."""
        return self.builder.emit(spelling.remainder(), [number, divisor])

    def divide_up(self, number: Tensor, divisor: Tensor) -> ir.Value:
        """Return `number / divisor`, rounded up, of numbers from 0 on."""
        more = self.add(number, self.subtract(divisor, self.number(1)))
        return self.divide(more, divisor)

    def take(self, data: ir.Value, places: ir.Value, axis: int = 0) -> ir.Value:
        """Return the elements of an axis at some places."""
        return self.builder.emit(spelling.gather(axis), [data, places])

    def running_sum(self, numbers: ir.Value) -> ir.Value:
        """Return the sums up to each number, itself included."""
        return self.builder.emit(spelling.running_sum(), [numbers, self.number(0)])

    def reduced(
        self, numbers: ir.Value, reduction: Callable[..., Spelling], axis: int = 0
    ) -> ir.Value:
        """Return a list reduced to `[1]`; a matrix to `[rows]` along its axis 1."""
        return self.builder.emit(
            reduction([axis], self.builder.opset, keepdims=not axis), [numbers]
        )  # fmt: skip

    def count_up(self, count: ir.Value) -> ir.Value:
        """Return 0, 1, ... below a number `[1]`."""
        limit = self.builder.emit(spelling.reshape(()), [count])
        return self.builder.emit(spelling.count_up(), [self.number(0), limit, self.number(1)])

    def at_least_one(self, numbers: ir.Value) -> ir.Value:
        """Return the largest of a list, or 1 where none is larger, `[1]`."""
        some = self.joined(numbers, self.builder.integers([1]))
        return self.reduced(some, spelling.reduce_max)

    def place_of_least(self, numbers: ir.Value) -> ir.Value:
        """Return the first place of the least number, `[1]`: ArgMin takes no int64 everywhere."""
        least = self.reduced(numbers, spelling.reduce_min)
        equal = self.builder.emit(spelling.equal(), [numbers, least])
        places = self.builder.emit(spelling.places_that_hold(), [equal])
        return self.part(self.flat(places), 0, 1)

    def count_equal(self, a: ir.Value, b: ir.Value) -> ir.Value:
        """Return at how many places two lists hold the same, `[1]`."""
        equal = self.as_numbers(self.builder.emit(spelling.equal(), [a, b]))
        return self.reduced(equal, spelling.reduce_sum)

    def joined(self, *lists: Tensor) -> ir.Value:
        """Return lists one behind the other."""
        return self.builder.emit(spelling.concat(0), lists)

    def part(self, numbers: ir.Value, start: int, stop: int) -> ir.Value:
        """Return a list from a place up to another, which may be negative: from its end."""
        return self.builder.emit(spelling.cut(start, stop, 0), [numbers])

    def twice_below(self, numbers: ir.Value) -> ir.Value:
        """Return twice each number below 0, and 0 for others."""
        return self.subtract(numbers, self.builder.emit(spelling.magnitude(), [numbers]))

    def refuse(self, numbers: ir.Value, otherwise: str) -> ir.Value:
        """Return zeros; the node fails where a number is none, and is named by what is wrong then.

        -1 would name an element, from the end: so numbers have to be even.
        """
        return named(self.take(self.builder.integers([0]), numbers), otherwise)

    def column(self, numbers: ir.Value) -> ir.Value:
        """Return `[K]` as `[K, 1]`."""
        return self.builder.emit(spelling.reshape((-1, 1)), [numbers])

    def flat(self, numbers: ir.Value) -> ir.Value:
        """Return all elements as a list."""
        return self.builder.emit(spelling.reshape((-1,)), [numbers])

    def in_shape(self, numbers: ir.Value, shape: ir.Value) -> ir.Value:
        """Return the elements in a shape that the run knows; it fails where they have another."""
        verbatim = self.builder.opset >= _MAY_BE_EMPTY
        return self.builder.emit(spelling.reshape(verbatim=verbatim), [numbers, shape])

    def extent(self, value: ir.Value, axis: int) -> ir.Value:
        """Return an extent of a value, `[1]`."""
        for node in spelling.extent_along(axis, self.builder.opset):
            value = self.builder.emit(node, [value])
        return value

    def as_numbers(self, truths: ir.Value) -> ir.Value:
        """Return 1 for each that holds, 0 for others."""
        return self.builder.emit(spelling.cast(int(_INTEGER)), [truths])

    def number(self, number: int) -> ir.Value:
        """Return a constant."""
        return self.builder.scalar(number, _INTEGER)


def named(value: ir.Value, otherwise: str) -> ir.Value:
    """Name the node that makes a value by what is wrong where it fails; return the value."""
    node = value.producer()
    assert node is not None
    node.name = f"{otherwise} ({node.name})"
    return value
