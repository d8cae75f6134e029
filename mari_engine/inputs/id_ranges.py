"""Which whole numbers an input may hold, told by the tables that it indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.graph import constant_array
from mari_engine.inputs.column_tracing import WHOLE, Traces, packed_width, trace_columns
from mari_engine.ops import Trace

Ranges = Mapping[tuple[str, int | None], tuple[int, int]]
"""Half-open ranges by input name and column; the column is None for a whole input."""

_Bound = tuple[Trace, np.ndarray, np.ndarray]
"""A trace, and for each of its positions the least value and one more than the largest."""
_Finder = Callable[[ir.Node, Traces], Iterator[_Bound]]


def infer_ranges(model: ir.Model, *, binding: bool = False) -> Ranges:
    """Return the values for which every lookup of the graph is inside its table.

    Covers ids (Gather, GatherElements, OneHot), also where fields share one table by offsets, and
    lengths of GRU, LSTM and RNN. Where those say nothing, and `binding` is not asked for, also what
    is usual: ids below the number that they are taken modulo, lengths up to the positions that they
    are compared with; other values are no error there. A packed input whose columns all have one
    range is told as a whole; inputs that index nothing are left out.
    """
    traces = trace_columns(model)
    found = _bounds(model, traces, _BINDING)
    if not binding:
        found = {**_bounds(model, traces, _USUAL), **found}
    return _by_name(found, model)


_Found = dict[tuple[int, int], tuple[int, int]]


def _bounds(model: ir.Model, traces: Traces, finders: Mapping[str, _Finder]) -> _Found:
    """Return the bounds by input and column that these finders tell, where several tell some."""
    found: _Found = {}
    for node in ir.traversal.RecursiveGraphIterator(model.graph):
        finder = finders.get(node.op_type) if node.domain == "" else None
        for trace, lows, highs in finder(node, traces) if finder is not None else ():
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


def _traced(node: ir.Node, at: int, traces: Traces) -> Trace | None:
    value = node.inputs[at] if at < len(node.inputs) else None
    trace = None if value is None else traces.get(value)
    return None if trace is None or trace.partial else trace


def _lookup(node: ir.Node, traces: Traces) -> Iterator[_Bound]:
    table, trace = node.inputs[0], _traced(node, 1, traces)
    if trace is None or table is None or table.shape is None or len(table.shape) == 0:
        return
    rows = table.shape[node.attributes.get_int("axis", 0) % len(table.shape)]
    if isinstance(rows, int):
        yield trace, *_rows(trace.offsets, rows)


def _one_hot(node: ir.Node, traces: Traces) -> Iterator[_Bound]:
    trace, depth = _traced(node, 0, traces), constant_array(node.inputs[1])
    if trace is not None and depth is not None:
        yield trace, *_rows(trace.offsets, int(depth.reshape(-1)[0]))


def _modulo(node: ir.Node, traces: Traces) -> Iterator[_Bound]:
    trace, modulus = _traced(node, 0, traces), constant_array(node.inputs[1])
    if trace is not None and modulus is not None and modulus.size == 1 and modulus.item() >= 1:
        yield trace, *_rows(np.zeros(len(trace.columns)), int(modulus.item()))


def _rows(offsets: np.ndarray, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the ids that stay inside a table after their offset is added.

    Where several fields share the table, each ends where the next begins.
    """
    starts = np.unique(np.append(offsets, rows))
    following = starts[np.minimum(np.searchsorted(starts, offsets, "right"), len(starts) - 1)]
    shared = len(np.unique(offsets)) > 1
    highs = (following if shared else np.full(len(offsets), rows)) - offsets
    return np.maximum(0, -offsets), highs


def _recurrent(node: ir.Node, traces: Traces) -> Iterator[_Bound]:
    trace, sequence = _traced(node, 4, traces), node.inputs[0]
    if trace is None or sequence is None or sequence.shape is None:
        return
    steps = sequence.shape[node.attributes.get_int("layout", 0)]
    if isinstance(steps, int):
        yield trace, *_lengths(trace, steps)


def _compared(node: ir.Node, traces: Traces) -> Iterator[_Bound]:
    """A length is what is compared with the positions 0, 1, 2, … of a sequence."""
    for at in (0, 1):
        trace, positions = _traced(node, at, traces), constant_array(node.inputs[1 - at])
        if trace is None or positions is None or positions.size < 2:
            continue
        steps = positions.size
        if np.array_equal(positions.reshape(-1), np.arange(steps)):
            yield trace, *_lengths(trace, steps)


def _lengths(trace: Trace, steps: int) -> tuple[np.ndarray, np.ndarray]:
    count = len(trace.columns)
    return np.ones(count), np.full(count, steps + 1)


_BINDING: dict[str, _Finder] = {
    "Gather": _lookup, "GatherElements": _lookup, "OneHot": _one_hot,
    "GRU": _recurrent, "LSTM": _recurrent, "RNN": _recurrent,
}  # fmt: skip
_USUAL: dict[str, _Finder] = {
    "Mod": _modulo, "Greater": _compared, "GreaterOrEqual": _compared, "Less": _compared,
    "LessOrEqual": _compared,
}  # fmt: skip
