"""Refusals: a choice of a row that no table has is no branch, since the lookup then fails.

    Gather(table[V, E], Where(inside, id, 2^31 - 1))

A request that takes it gets no numbers, as little as one with an id beyond the table.
"""

from __future__ import annotations

from dataclasses import replace

import onnx_ir as ir

from mari_engine.graph import constant_array
from mari_engine.ops.branches import COMPARISON, CONDITION, Values

_MOVES = ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Identity")


def _refuses(node: ir.Node) -> bool:
    """Return True for a choice whose second value is a row beyond each table that it is sought in.

    https://onnx.ai/onnx/operators/onnx__Gather.html: an index out of bounds is an error.
    """
    if node.op_type != "Where" or len(node.inputs) != 3:
        return False
    number = constant_array(node.inputs[2])
    if number is None or number.size != 1 or number.dtype.kind not in "iu":
        return False
    return _is_beyond(node.outputs[0], int(number.item()))


def _is_beyond(index: ir.Value, row: int) -> bool:
    """Return True where all readers of an index are lookups in tables of no more rows."""
    readers = index.uses()
    return (
        bool(readers)
        and not index.is_graph_output()
        and all(_fails(node, at, row) for node, at in readers)
    )


def _fails(node: ir.Node, at: int, row: int) -> bool:
    if node.op_type in _MOVES and at == 0:
        return _is_beyond(node.outputs[0], row)
    if node.op_type != "Gather" or at != 1 or node.attributes.get_int("axis", 0) != 0:
        return False
    rows = _rows(node.inputs[0])
    return rows is not None and row >= rows


def _rows(table: ir.Value | None) -> int | None:
    """Return the rows of a table, or of tables that are stacked; None where they are not known."""
    if table is None:
        return None
    maker = table.producer()
    axis = None if maker is None else maker.attributes.get("axis")
    if maker is not None and maker.op_type == "Concat" and axis is not None and axis.value == 0:
        parts = [_rows(part) for part in maker.inputs]
        return None if None in parts else sum(part for part in parts if part is not None)
    rows = table.shape[0] if table.shape is not None and len(table.shape) else None
    return rows if isinstance(rows, int) else None


def _tells_refusal(truth: ir.Value) -> bool:
    """Return True for a truth that only refusals read: it holds, or there are no numbers."""
    readers = truth.uses()
    return bool(readers) and all(
        (at == 0 and _refuses(node)) or (node.op_type == "And" and _tells_refusal(node.outputs[0]))
        for node, at in readers
    )


def _choice(node: ir.Node) -> Values:
    return () if _refuses(node) else CONDITION.shown(node)


def _comparison(node: ir.Node) -> Values:
    return () if _tells_refusal(node.outputs[0]) else COMPARISON.shown(node)


CHOICE = replace(CONDITION, shown=_choice)
"""A condition that chooses between two values, unless one of them is no row."""
BOUND_CHECK = replace(COMPARISON, shown=_comparison)
"""A comparison, unless it only tells whether a row is one."""
