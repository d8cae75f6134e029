"""Column tracing: which columns of the graph's inputs the elements of a value are.

Ops that only move elements (slices, joins, casts, reshapes) pass columns on; how each of them does
is the `trace` of its rule.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir


@dataclass(frozen=True, eq=False)
class Trace:
    """The columns that a value holds: for each position along `axis`, one column of an input.

    Where `axis` is None, the order is lost: any element may be any of the columns.
    """

    inputs: np.ndarray
    """For each position, the number of the graph input."""
    columns: np.ndarray
    """For each position, the column of the input's last axis, or -1 for a whole input."""
    offsets: np.ndarray
    """For each position, what has been added to the column."""
    axis: int | None
    partial: bool = False
    """Only some of the columns are there, and which of them is not known."""

    def take(self, positions: np.ndarray) -> Trace:
        """Return the trace of some of the positions, in their order."""
        return replace(
            self, inputs=self.inputs[positions], columns=self.columns[positions],
            offsets=self.offsets[positions],
        )  # fmt: skip

    def without_places(self) -> Trace:
        """Return the same columns in no order."""
        return replace(self, axis=None)

    def some(self) -> Trace:
        """Return the trace of a choice among the columns whose places are not known."""
        several = any(len(set(held)) > 1 for held in (self.inputs, self.columns))
        return replace(self, axis=None, partial=self.partial or several)


Traces = Sequence[Trace | None]
"""One for each operand or result; None where it holds no columns unchanged."""
PassColumns = Callable[[ir.Node, Traces], Traces]
"""From the traces of a node's operands to those of its results."""


def same_columns(_node: ir.Node, traces: Traces) -> Traces:
    """Return the first operand's trace: an elementwise op that changes no id (Cast, Clip)."""
    return [traces[0]]


def rank_of(value: ir.Value | None) -> int | None:
    """Return the rank of a value by ONNX shape inference, or None."""
    return None if value is None or value.shape is None else len(value.shape)
