"""Arithmetic that is written as nodes: for formulas that a declaration gives for its operands."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.ops import spelling
from mari_engine.rewriting.emission.node_writer import NodeWriter


class GraphArithmetic:
    """Each operation adds a node; see `axes.Arithmetic`."""

    def __init__(self, writer: NodeWriter) -> None:
        self._writer = writer

    def number(self, number: float, like: ir.Value) -> ir.Value:
        """Return a constant of rank 0 in another value's element type."""
        return self._writer.scalar(number, self._writer.element_type(like))

    def add(self, left: ir.Value, right: ir.Value) -> ir.Value:
        """Return `left + right`."""
        return self._writer.emit(spelling.add(), [left, right])

    def subtract(self, left: ir.Value, right: ir.Value) -> ir.Value:
        """Return `left - right`."""
        return self._writer.emit(spelling.subtract(), [left, right])

    def multiply(self, left: ir.Value, right: ir.Value) -> ir.Value:
        """Return `left * right`."""
        return self._writer.emit(spelling.multiply(), [left, right])

    def divide(self, left: ir.Value, right: ir.Value) -> ir.Value:
        """Return `left / right`."""
        return self._writer.emit(spelling.divide(), [left, right])

    def square_root(self, value: ir.Value) -> ir.Value:
        """Return the square root of each element."""
        return self._writer.emit(spelling.square_root(), [value])

    def sign(self, value: ir.Value) -> ir.Value:
        """Return -1, 0 or 1 for each element."""
        return self._writer.emit(spelling.sign(), [value])
