"""Id ranges: which whole numbers an input may hold, by the tables that it indexes."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.inputs.column_tracing import WHOLE, Traces, packed_width, trace_columns
from mari_engine.ops import rule_of

Ranges = Mapping[tuple[str, int | None], tuple[int, int]]
"""Half-open ranges by input name and column; the column is None for a whole input."""


def infer_ranges(model: ir.Model, *, binding: bool = False) -> Ranges:
    """Return the values for which every lookup of the graph is inside its table.

    Covers ids of lookups, also where fields share one table by offsets, and lengths of recurrent
    ops. Where those say nothing, and `binding` is not asked for, also what is usual: ids below the
    number that they are taken modulo, lengths up to the positions that they are compared with;
    other values are no error there. A packed input whose columns all have one range has one entry;
    inputs that index nothing have none.
    """
    traces = trace_columns(model)
    found = _bounds(model, traces, binding=True)
    if not binding:
        found = {**_bounds(model, traces, binding=False), **found}
    return _by_name(found, model)


_Found = dict[tuple[int, int], tuple[int, int]]


def _bounds(model: ir.Model, traces: Traces, *, binding: bool) -> _Found:
    """Return the bounds by input and column that all nodes imply together.

    Where they exclude each other, those that were found first stay.
    """
    found: _Found = {}
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        rule = rule_of(node)
        find = None if rule is None else rule.id_bounds if binding else rule.usual_ids
        for trace, lows, highs in find(node, traces) if find is not None else ():
            for number, column, low, high in zip(
                trace.inputs, trace.columns, lows, highs, strict=True
            ):
                key = (int(number), int(column))
                before = found.get(key, (low, high))
                after = (max(int(low), int(before[0])), min(int(high), int(before[1])))
                found[key] = after if after[0] < after[1] else (int(before[0]), int(before[1]))
    return found


def _by_name(found: dict[tuple[int, int], tuple[int, int]], model: ir.Model) -> Ranges:
    ranges: dict[tuple[str, int | None], tuple[int, int]] = {}
    for number, value in enumerate(model.graph.inputs):
        name, width = value.name or "", packed_width(value)
        if width is None:
            columns: dict[int | None, tuple[int, int]] = {}
            if (number, WHOLE) in found:
                columns = {None: found[number, WHOLE]}
        else:
            columns = {at: found[number, at] for at in range(width) if (number, at) in found}
            if len(columns) == width and len(set(columns.values())) == 1:
                columns = {None: columns[0]}
        ranges |= {(name, column): bounds for column, bounds in columns.items()}
    return ranges
