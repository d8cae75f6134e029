"""Id bounds: the whole numbers for which a lookup stays in its table, a length in its sequence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.ops.column_trace import Trace

Bound = tuple[Trace, np.ndarray, np.ndarray]
"""A trace, and for each of its positions the least value and one more than the largest."""
FindBounds = Callable[[ir.Node, Mapping[ir.Value, Trace]], Iterator[Bound]]
"""From a node and the traces of the graph's values to the bounds that the node implies."""


def traced(node: ir.Node, at: int, traces: Mapping[ir.Value, Trace]) -> Trace | None:
    """Return the trace of an operand of which all columns are known, or None."""
    value = node.inputs[at] if at < len(node.inputs) else None
    trace = None if value is None else traces.get(value)
    return None if trace is None or trace.partial else trace


def within_table(offsets: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids that stay inside a table of so many rows after their offset is added.

    Fields with offsets `[0, a, b]` share the table `[rows, K]`: each ends where the next begins, so
    that their ids are below `a`, `b - a` and `rows - b`.
    """
    starts = np.unique(np.append(offsets, rows))
    following = starts[np.minimum(np.searchsorted(starts, offsets, "right"), len(starts) - 1)]
    shared = len(np.unique(offsets)) > 1
    highs = (following if shared else np.full(len(offsets), rows)) - offsets
    return np.maximum(0, -offsets), highs


def within_steps(trace: Trace, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the lengths of sequences of at most so many steps, none of them empty."""
    count = len(trace.columns)
    return np.ones(count), np.full(count, steps + 1)
