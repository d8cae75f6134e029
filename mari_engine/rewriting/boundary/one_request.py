"""The boundary of one request a call, drop-in or compact.

Drop-in: the original's inputs; of a request-side one `[N, ...]` the graph slices the first row.
Compact: request-side inputs are `[1, ...]`, and one with columns of both sides becomes two inputs.
"""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import CANDIDATES, Axes, Index, flat, is_one, positions, static
from mari_engine.graph import copy_default
from mari_engine.ops import spelling
from mari_engine.rewriting.boundary.contract import Boundary, bind_input, is_per_request
from mari_engine.rewriting.emission import Constant, GraphBuilder
from mari_engine.rewriting.forms import Atom, Blocks, Form
from mari_engine.types import InputBinding, InputLabel, Labels, Rows, Signature

_READERS = 2
"""Nodes that read an input, beyond which its first row is made sure of at once."""


def open_boundary(
    graph: ir.Graph, labels: Labels, survey: Survey, builder: GraphBuilder, signature: Signature
) -> Boundary:
    """Return the boundary; request-side inputs become compact along the candidates."""
    building = _BoundaryBuilder(builder, survey, signature)
    for value in graph.inputs:
        builder.names.add(value.name or "")
    order = sorted(
        graph.inputs, key=lambda value: is_per_request(labels.inputs.get(value.name or ""))
    )
    for value in order:  # candidate-side inputs first: the candidates are counted on one of them
        building.add(value, labels.inputs.get(value.name or "") or InputLabel())
    made: dict[str, list[tuple[ir.Value, InputBinding]]] = {
        binding.source: [] for binding in building.bindings
    }
    for pair in zip(building.inputs, building.bindings, strict=True):
        made[pair[1].source].append(pair)
    pairs = [pair for value in graph.inputs for pair in made[value.name or ""]]
    return Boundary(
        tuple(value for value, _ in pairs),
        tuple(binding for _, binding in pairs),
        building.forms,
        frozenset(building.cuts),
    )


class _BoundaryBuilder:
    def __init__(self, builder: GraphBuilder, survey: Survey, signature: Signature) -> None:
        self.builder = builder
        self.survey = survey
        self.compact = signature == Signature.COMPACT
        self.inputs: list[ir.Value] = []
        self.bindings: list[InputBinding] = []
        self.forms: dict[ir.Value, Form] = {}
        self.cuts: set[ir.Value] = set()
        self.counted: set[str] = set()
        """The symbols that an input has as an axis."""

    def add(self, value: ir.Value, label: InputLabel) -> None:
        fact = self.survey.values.get(value)
        per_request = is_per_request(label)
        if fact is None or CANDIDATES not in flat(fact.axes):
            axes = fact.axes if fact else None
            kept = per_request and (not self.compact or not axes or is_one(axes[0]))
            self.add_unchanged(value, axes, "request" if kept else "candidate")
        elif per_request:
            self.add_request(value, fact.axes)
        elif (
            any(column.role.per_request for column in label.columns) and CANDIDATES in fact.axes[0]
        ):
            self.add_packed(value, fact.axes, label)
        else:
            self.add_unchanged(value, fact.axes, "candidate")

    def add_unchanged(self, value: ir.Value, axes: Axes | None, rows: Rows) -> None:
        new = self.input(value, value.name or "", value.shape, rows, None)
        if axes is not None:
            self.forms[value] = Atom(axes, new, positions(axes))
            self.register(axes, new)

    def add_request(self, value: ir.Value, axes: Axes) -> None:
        counted = CANDIDATES in self.counted  # else only this input has the candidates as an axis
        whole = not counted or value.is_graph_output()
        if CANDIDATES not in axes[0] or not self.compact or whole:  # cut inside
            new = self.input(
                value,
                value.name or "",
                value.shape,
                "candidate" if self.compact else "request",
                None,
            )
            many = len(value.uses()) > _READERS
            cut = self.present_row(new, axes) if many else self.first_row(new, axes, cut=True)
            self.forms[value] = cut
            self.register(axes, new)
            return
        shape = _one_row(value.shape, axes)
        new = self.input(value, value.name or "", shape, "request", None)
        self.forms[value] = self.first_row(new, axes, cut=False)
        self.register(tuple(() if CANDIDATES in axis else axis for axis in axes), new)

    def add_packed(self, value: ir.Value, axes: Axes, label: InputLabel) -> None:
        """Request and candidate columns of one input become two parts of blocks."""
        width = int(flat(axes)[-1])
        candidate = np.ones(width, dtype=np.int64)
        for own in label.columns:
            candidate[own.start : own.stop] = not own.role.per_request
        name = value.name or ""
        if self.compact:
            rows: tuple[Rows, Rows] = ("request", "candidate")
            parts, column = [], np.zeros(width, dtype=np.int64)
            for side, kind in enumerate(rows):
                index = np.flatnonzero(candidate == side)
                parts.append(self.add_half(value, axes, kind, index))
                column[index] = np.arange(len(index))
        else:
            new = self.input(value, name, value.shape, "candidate", None)
            self.register(axes, new)
            parts = [self.present_row(new, axes), Atom(axes, new, positions(axes))]
            column = np.arange(width)
        position = len(flat(axes)) - 1
        self.forms[value] = Blocks(axes, position, tuple(parts), candidate, column, (name, name))

    def add_half(self, value: ir.Value, axes: Axes, rows: Rows, index: Index) -> Atom:
        name = self.builder.unique_name(f"{value.name}__{rows}")
        mine: Axes = (*axes[:-1], (len(index),))
        shape = [*list(value.shape or ())[:-1], len(index)]
        if rows == "request":
            shape = list(_one_row(ir.Shape(shape), mine) or ())
        new = self.input(value, name, ir.Shape(shape), rows, tuple(index.tolist()))
        if rows == "request":
            self.register(tuple(() if CANDIDATES in axis else axis for axis in mine), new)
            return self.first_row(new, mine, cut=False)
        self.register(mine, new)
        return Atom(mine, new, positions(mine))

    def first_row(self, new: ir.Value, axes: Axes, *, cut: bool) -> Atom:
        """Return the first row of a request-side input, compact along the candidates."""
        dims = tuple(
            () if any(flat(axes)[at] == CANDIDATES for at in group) else group
            for group in positions(axes)
        )
        tensor: ir.Value = new
        axis = next(at for at, group in enumerate(axes) if CANDIDATES in group)
        if cut:
            tensor = self.builder.emit(spelling.cut(0, 1, axis), [new])
            self.cuts.add(tensor)
            self.builder.may_be_empty.add(tensor)
        return Atom(axes, tensor, dims)

    def present_row(self, new: ir.Value, axes: Axes) -> Atom:
        """Return the first row, with zeros in its place where there is none.

        Many columns are cut from the row of a packed input, and each of them would have to be
        looked after where it must be a row; 0 is an id of every table.
        """
        row, dtype = self.first_row(new, axes, cut=True), new.dtype
        at = next(at for at, group in enumerate(axes) if CANDIDATES in group)
        shape = [1 if axis == at else static(group) for axis, group in enumerate(axes)]
        known = [extent for extent in shape if extent is not None]
        if dtype is None or dtype == ir.DataType.STRING or len(known) < len(shape):
            return row
        zeros = Constant(lambda: np.zeros(known, dtype.numpy()), dtype)
        padded = self.builder.emit(spelling.concat(at), [row.tensor, zeros])
        tensor = self.builder.emit(spelling.cut(0, 1, at), [padded])
        self.cuts |= {padded, tensor}
        self.builder.may_be_empty.difference_update((padded, tensor))
        return Atom(row.axes, tensor, row.dims)

    def register(self, axes: Axes, value: ir.Value) -> None:
        for at, axis in enumerate(axes):
            if len(axis) == 1 and isinstance(axis[0], str):
                self.builder.extents.register(axis[0], value, at)
                self.counted.add(axis[0])

    def input(
        self, old: ir.Value, name: str, shape: ir.Shape | None, rows: Rows,
        columns: tuple[int, ...] | None,
    ) -> ir.Value:  # fmt: skip
        new = ir.Value(
            name=name, type=old.type, shape=shape.copy() if shape else shape,
            doc_string=old.doc_string, metadata_props=dict(old.metadata_props),
        )  # fmt: skip
        copy_default(old, new)
        self.inputs.append(new)
        self.bindings.append(bind_input(old, name, shape, rows, columns))
        return new


def _one_row(shape: ir.Shape | None, axes: Axes) -> ir.Shape | None:
    if shape is None:
        return None
    return ir.Shape(
        [1 if CANDIDATES in axis else dim for dim, axis in zip(shape, axes, strict=True)]
    )
