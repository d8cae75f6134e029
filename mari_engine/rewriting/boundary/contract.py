"""The boundary between caller and graph: inputs, how they are filled, and what they become."""

from __future__ import annotations

from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.graph import name_dtype
from mari_engine.rewriting.boundary.ragged_rows import RaggedRows
from mari_engine.rewriting.forms import Form
from mari_engine.types import InputBinding, InputLabel, Labels, Rows


@dataclass(frozen=True, eq=False)
class Boundary:
    """The new graph's inputs, how they are filled, and what the original's inputs become."""

    inputs: tuple[ir.Value, ...]
    bindings: tuple[InputBinding, ...]
    forms: dict[ir.Value, Form]
    cuts: frozenset[ir.Value] = frozenset()
    """Values of the new graph that are the first row of an input."""
    batch: RaggedRows | None = None
    """Where there are several requests: how their candidates lie."""


def unchanged_boundary(graph: ir.Graph, labels: Labels) -> Boundary:
    """Return the boundary of a graph that is called as the original is."""
    bindings = []
    for value in graph.inputs:
        label = labels.inputs.get(value.name or "")
        rows: Rows = "request" if is_per_request(label) else "candidate"
        bindings.append(bind_input(value, value.name or "", value.shape, rows))
    return Boundary(tuple(graph.inputs), tuple(bindings), {})


def bind_input(
    old: ir.Value,
    name: str,
    shape: ir.Shape | None,
    rows: Rows,
    columns: tuple[int, ...] | None = None,
) -> InputBinding:
    """Return how a new input of this name and shape is filled from an original one."""
    extents = tuple(dim if isinstance(dim, int) else str(dim.value) for dim in shape or ())
    return InputBinding(name, name_dtype(old.dtype), extents, rows, old.name or "", columns)


def is_per_request(label: InputLabel | None) -> bool:
    """Return True for an input that is the same for all candidates, in all of its columns."""
    if label is None:
        return False
    if label.columns:
        return all(column.role.per_request for column in label.columns)
    return label.role is not None and label.role.per_request
