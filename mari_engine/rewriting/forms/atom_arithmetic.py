"""Arithmetic on atoms, place by place: each operation adds one node, compact operands broadcast.

For formulas of a few numbers a row, `[N, 1]`, of which those of the request are computed once.
"""

from __future__ import annotations

from dataclasses import replace

from mari_engine.axes import Axes
from mari_engine.ops import Spelling, spelling
from mari_engine.rewriting.forms.lazy_values import Atom
from mari_engine.rewriting.forms.materialization import Materializer


class AtomArithmetic:
    """Computes with tensors of one value's axes; see `axes.Arithmetic`."""

    def __init__(self, materializer: Materializer, axes: Axes) -> None:
        """`axes` are those of the results; of operands, extents along which they vary matter."""
        self._materializer = materializer
        self._axes = axes

    def number(self, number: float, like: Atom) -> Atom:
        """Return a constant of one element in another tensor's element type.

        It has the tensor's rank: runtimes broadcast it at once, where one of rank 0 meets the rows
        of `[N, 1]` one by one.
        """
        builder, rank = self._materializer.builder, len(like.dims)
        scalar = builder.scalar(number, builder.element_type(like.tensor), rank=rank)
        return Atom(self._axes, scalar, ((),) * rank)

    def add(self, left: Atom, right: Atom) -> Atom:
        """Return `left + right`."""
        return self._emit(spelling.add(), left, right)

    def subtract(self, left: Atom, right: Atom) -> Atom:
        """Return `left - right`."""
        return self._emit(spelling.subtract(), left, right)

    def multiply(self, left: Atom, right: Atom) -> Atom:
        """Return `left * right`."""
        return self._emit(spelling.multiply(), left, right)

    def divide(self, left: Atom, right: Atom) -> Atom:
        """Return `left / right`."""
        return self._emit(spelling.divide(), left, right)

    def maximum(self, left: Atom, right: Atom) -> Atom:
        """Return the larger of `left` and `right`."""
        return self._emit(spelling.maximum(), left, right)

    def exponential(self, value: Atom) -> Atom:
        """Return e to the power of each element."""
        return self._emit(spelling.exponential(), value)

    def square_root(self, value: Atom) -> Atom:
        """Return the square root of each element."""
        return self._emit(spelling.square_root(), value)

    def sign(self, value: Atom) -> Atom:
        """Return -1, 0 or 1 for each element."""
        return self._emit(spelling.sign(), value)

    def _emit(self, op: Spelling, *atoms: Atom) -> Atom:
        return replace(self._materializer.elementwise(op, atoms), axes=self._axes)
