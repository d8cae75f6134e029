"""The boundary of several requests a call: request inputs `[R, ...]`, candidate inputs `[N, ...]`.

One more input tells whose each candidate is (`RequestIndex`). Inside, candidates lie in rows of as
many a request: request-side values lack the candidates' factor and keep the requests', so that what
meets candidates is broadcast, and weights of a request meet that request's candidates alone.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import CANDIDATES, REQUESTS, SEVERAL_REQUESTS, Axes, Index, flat, positions
from mari_engine.graph import name_dtype
from mari_engine.ops import Fact
from mari_engine.rewriting.boundary.contract import Boundary, bind_input, is_per_request
from mari_engine.rewriting.boundary.ragged_rows import RaggedRows
from mari_engine.rewriting.emission import GraphBuilder
from mari_engine.rewriting.forms import Atom, Blocks, Form
from mari_engine.types import InputBinding, InputLabel, Labels, RequestIndex, Rows

_INDEX_NAMES = {
    RequestIndex.ROWS: "candidate_request",
    RequestIndex.LENGTHS: "request_lengths",
}


def open_batch(
    graph: ir.Graph, labels: Labels, survey: Survey, builder: GraphBuilder, index: RequestIndex
) -> Boundary:
    """Return the boundary of a graph of rows (see `planning.row_view`), surveyed so."""
    for value in graph.inputs:
        builder.names.add(value.name or "")
    building = _BatchBuilder(builder, survey, _unused_name(graph))
    for value in graph.inputs:
        building.declare(value, labels.inputs.get(value.name or "") or InputLabel())
    batch = building.open_index(index)
    for value in graph.inputs:
        building.give_form(value)
    return Boundary(
        tuple(building.inputs), tuple(building.bindings), building.forms, batch=batch
    )  # fmt: skip


def _unused_name(graph: ir.Graph) -> str:
    """Return what the number of requests is called in shapes."""
    dims = (dim for value in graph.inputs for dim in value.shape or ())
    used = {dim.value for dim in dims if isinstance(dim, ir.SymbolicDim)}
    name = "R"
    while name in used:
        name += "_"
    return name


class _BatchBuilder:
    def __init__(self, builder: GraphBuilder, survey: Survey, requests: str) -> None:
        self.builder, self.survey, self.requests = builder, survey, requests
        self.inputs: list[ir.Value] = []
        self.bindings: list[InputBinding] = []
        self.forms: dict[ir.Value, Form] = {}
        self.facts: dict[ir.Value, Fact] = {}
        self.halves: dict[ir.Value, list[tuple[ir.Value, Rows, Index | None]]] = {}
        """By original input: the new ones, whose rows they have, and which of its columns."""
        self.axes: dict[Rows, dict[ir.Value, int]] = {"request": {}, "candidate": {}}
        """By whose rows they are: the new inputs, each with the axis of its rows."""
        self.batch: RaggedRows | None = None

    def declare(self, value: ir.Value, label: InputLabel) -> None:
        """Add the inputs that fill an original one."""
        axes = self.survey.fact(value).axes
        width = flat(axes[-1:])
        each = np.zeros(int(width[0]) if label.columns else 0, dtype=np.int64)
        for own in label.columns:
            each[own.start : own.stop] = not own.role.per_request
        if label.columns and each.any() and not each.all() and axes[-1] != SEVERAL_REQUESTS:
            name = f"{value.name}__"
            self.add(value, "request", np.flatnonzero(each == 0), f"{name}request")
            self.add(value, "candidate", np.flatnonzero(each), f"{name}candidate")
        else:
            self.add(value, "request" if is_per_request(label) else "candidate", None, "")

    def add(self, value: ir.Value, rows: Rows, columns: Index | None, name: str) -> None:
        axes, shape = self.survey.fact(value).axes, list(value.shape or ())
        at = axes.index(SEVERAL_REQUESTS)
        if rows == "request":
            shape[at] = ir.SymbolicDim(self.requests)
        if columns is not None:
            shape[-1] = len(columns)
        name = self.builder.unique_name(name) if columns is not None else value.name or ""
        new = self.new_input(value, name, ir.Shape(shape))
        picked = None if columns is None else tuple(columns.tolist())
        self.bindings.append(bind_input(value, name, new.shape, rows, picked))
        self.axes[rows][new] = at
        self.halves.setdefault(value, []).append((new, rows, columns))

    def new_input(self, old: ir.Value, name: str, shape: ir.Shape) -> ir.Value:
        new = ir.Value(
            name=name, type=old.type, shape=shape, doc_string=old.doc_string,
            metadata_props=dict(old.metadata_props),
        )  # fmt: skip
        self.inputs.append(new)
        return new

    def open_index(self, index: RequestIndex) -> RaggedRows:
        """Add the input that tells whose each candidate is, and what is made of it."""
        rows = index == RequestIndex.ROWS
        requests = next(iter(self.axes["request"].items()))
        value, axis = next(iter(self.axes["candidate"].items())) if rows else requests
        assert value.shape is not None
        name = self.builder.unique_name(_INDEX_NAMES[index])
        given = ir.Value(
            name=name, type=ir.TensorType(ir.DataType.INT64), shape=ir.Shape([value.shape[axis]])
        )
        self.inputs.append(given)
        extents = tuple(str(dim) if not isinstance(dim, int) else dim for dim in given.shape or ())
        dtype = name_dtype(given.dtype)
        self.bindings.append(InputBinding(name, dtype, extents, "index", "", index=index))
        candidates = self.axes["candidate"]
        self.batch = RaggedRows(self.builder, candidates, requests, self.requests)
        if rows:
            self.batch.open_rows(given)
        else:
            self.batch.open_lengths(given)
        return self.batch

    def give_form(self, value: ir.Value) -> None:
        """Give an original input the form that the new ones make."""
        axes, halves = self.survey.fact(value).axes, self.halves[value]
        if len(halves) == 1:
            ((new, rows, _),) = halves
            self.forms[value] = self.atom(new, axes, rows)
            return
        width = sum(len(columns) for _, _, columns in halves if columns is not None)
        part, column = np.zeros(width, np.int64), np.zeros(width, np.int64)
        parts = []
        for side, (new, rows, columns) in enumerate(halves):
            assert columns is not None
            parts.append(self.atom(new, (*axes[:-1], (len(columns),)), rows))
            part[columns], column[columns] = side, np.arange(len(columns))
        name = value.name or ""
        self.forms[value] = Blocks(
            axes, len(flat(axes)) - 1, tuple(parts), part, column, (name, name)
        )

    def atom(self, new: ir.Value, axes: Axes, rows: Rows) -> Atom:
        """Return a request's rows as they are, and candidates in rows of as many a request."""
        assert self.batch is not None
        at, dims = axes.index(SEVERAL_REQUESTS), positions(axes)
        tensor = new
        for place, axis in enumerate(axes):
            if len(axis) == 1 and isinstance(axis[0], str):
                self.builder.extents.register(axis[0], new, place)
        if rows == "candidate":
            tensor = self.batch.padded[new]
            self.batch.facts[tensor] = Fact(axes, new.dtype)
            return Atom(axes, tensor, dims)
        own = tuple((REQUESTS,) if place == at else axis for place, axis in enumerate(axes))
        self.batch.facts[new] = Fact(own, new.dtype)
        ahead = frozenset(p for p, dim in enumerate(flat(axes)) if dim == CANDIDATES)
        kept = tuple(tuple(p for p in group if p not in ahead) for group in dims)
        return replace(Atom(axes, tensor, dims), dims=kept)
