"""Column tracing: which columns of which inputs each value holds, unchanged but for their place.

Exported models slice packed inputs `[N, K]`, cast, shift and join the columns before anything is
computed from them. A trace follows each column to the table that it indexes, whose rows become the
range of the column, and whose name its name.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.ops import Trace, rule_of

WHOLE = -1
"""The column of an input that is not cut into columns."""

_WIDEST = 100_000
"""Columns above which an input is not taken apart."""

Traces = Mapping[ir.Value, Trace]


def trace_columns(model: ir.Model) -> Traces:
    """Return the traces of all values that hold columns of the graph's inputs unchanged.

    Bodies of loops and branches are followed as far as they use outer values.
    """
    traces: dict[ir.Value, Trace] = {}
    for number, value in enumerate(model.graph.inputs):
        traces[value] = _trace_input(number, value)
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        rule = rule_of(node)
        known = [None if value is None else traces.get(value) for value in node.inputs]
        if rule is None or rule.trace is None or all(trace is None for trace in known):
            continue
        for value, trace in zip(node.outputs, rule.trace(node, known), strict=False):
            if trace is not None:
                traces[value] = trace
    return traces


def packed_width(value: ir.Value) -> int | None:
    """Return the extent of an input's last axis if that may hold several features, else None."""
    if value.shape is None or len(value.shape) < 2:
        return None
    width = value.shape[-1]
    return width if isinstance(width, int) and 1 < width <= _WIDEST else None


def _trace_input(number: int, value: ir.Value) -> Trace:
    width = packed_width(value)
    if width is None or value.shape is None:
        return Trace(np.array([number]), np.array([WHOLE]), np.zeros(1), None)
    axis = len(value.shape) - 1
    return Trace(np.full(width, number), np.arange(width), np.zeros(width), axis)
