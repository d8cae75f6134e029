"""Declarations of all nodes at the extents of one run: what lies where, in numbers."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Spec, Unsupported
from mari_engine.graph import Model, constant_array
from mari_engine.metering.instrumented_session import Exposed
from mari_engine.metering.multiplications import declared
from mari_engine.metering.probe_requests import Requester
from mari_engine.metering.variation import Array, Observation

_LISTED = 1 << 16
"""Elements of whole numbers that may say where an op looks: shapes, indices, ends of slices."""
Declared = Mapping[ir.Node, Spec]
"""Nodes without a rule, or of a form that it does not know, are left out."""


def declare_nodes(
    model: Model, requester: Requester, seen: Mapping[ir.Value, Observation]
) -> Declared:
    """Return the declaration of each node of the main graph for requests of one candidate.

    Whole numbers that are the same in the runs of all users count as known. Raises ExecutionError
    when the model cannot be run.
    """
    contents = _constants(model) | _still_numbers(model, requester, seen)
    found = dict[ir.Node, Spec]()
    for node in model.ir.graph:
        operands = [_shape(value, seen) for value in node.inputs]
        results = [_shape(value, seen) for value in node.outputs]
        known = [contents.get(value) if value is not None else None for value in node.inputs]
        lost = any(
            value is not None and shape is None
            for value, shape in zip(node.inputs, operands, strict=True)
        )
        if lost or not results or results[0] is None:
            continue
        try:
            found[node] = declared(node, operands, results, known)
        except Unsupported:
            continue
    return found


def _shape(value: ir.Value | None, seen: Mapping[ir.Value, Observation]) -> tuple[int, ...] | None:
    if value is None:
        return None
    if value.const_value is not None:
        return tuple(value.const_value.shape.numpy())
    found = seen.get(value)
    return None if found is None or found.ragged else found.shape


def _constants(model: Model) -> dict[ir.Value, Array]:
    arrays = {value: constant_array(value) for value in model.ir.graph.initializers.values()}
    return {
        value: array
        for value, array in arrays.items()
        if array is not None and array.size <= _LISTED
    }


def _still_numbers(
    model: Model, requester: Requester, seen: Mapping[ir.Value, Observation]
) -> dict[ir.Value, Array]:
    """Return computed whole numbers that are the same for all users."""
    values = [
        value
        for value, found in seen.items()
        if value.dtype in (ir.DataType.INT64, ir.DataType.INT32)
        and not (found.differs or found.ragged or found.random or value.is_graph_input())
        and np.prod(found.shape or ()) <= _LISTED
    ]
    if not values:
        return {}
    exposed = Exposed(model, [value.name or "" for value in values])
    runs = [exposed.run(feeds) for number, feeds in requester.singles() if number == 0]
    return {
        value: runs[0][value.name or ""]
        for value in values
        if all(np.array_equal(run[value.name or ""], runs[0][value.name or ""]) for run in runs[1:])
    }
