"""The original graph's values while it is rewritten: each as a lazy form, and in full on demand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import CANDIDATES, Unsupported, flat, positions
from mari_engine.rewriting.emission import Constant
from mari_engine.rewriting.forms import Atom, Blocks, Form, Materializer, per_candidate


class OriginalValues:
    """Holds the form of each value; constants get theirs when they are first read."""

    def __init__(self, survey: Survey, materializer: Materializer) -> None:
        self.survey = survey
        self.materializer = materializer
        self.builder = materializer.builder
        self.forms: dict[ir.Value, Form] = {}
        self.unranked: dict[ir.Value, ir.Value] = {}
        """Values of unknown rank, which have no form, and what they are in the new graph."""
        self.why = "a node that is kept reads all of its columns"
        """Why the next values are needed in full: the note of columns that are joined for it."""

    def form(self, value: ir.Value) -> Form:
        """Return the form of a value."""
        if value not in self.forms:
            self.forms[value] = self._constant(value)
        return self.forms[value]

    def in_full(self, value: ir.Value) -> ir.Value:
        """Return a value in the new graph, every factor of its axes present and in order."""
        if value in self.unranked:
            return self.unranked[value]
        form = self.form(value)
        atom = self.materializer.materialize(form, self.why)
        if not isinstance(form, Blocks):  # other readers may still take columns apart
            self.forms[value] = atom
        full = self.materializer.layouts.lay(atom, positions(atom.axes))
        return self.builder.value(full.tensor)

    def all_in_full(self, values: Sequence[ir.Value | None]) -> list[ir.Value | None]:
        """Return a node's inputs in full; those that are left out stay so."""
        return [None if value is None else self.in_full(value) for value in values]

    def output(self, value: ir.Value) -> ir.Value:
        """Return a graph output; of one row where no input tells how many candidates there are."""
        if value in self.unranked or self.builder.extents.is_readable(CANDIDATES):
            return self.in_full(value)
        return self._of_request(value)

    def without_candidates(self, value: ir.Value) -> ir.Value | None:
        """Return an output with one row for each request, None for one that varies beyond that."""
        if value in self.unranked or per_candidate(self.form(value)):
            return None
        return self._of_request(value)

    def _of_request(self, value: ir.Value) -> ir.Value:
        atom = self.materializer.materialize(self.form(value), self.why)
        dims = tuple(
            tuple(at for at in group if flat(atom.axes)[at] != CANDIDATES)
            for group in positions(atom.axes)
        )
        return self.builder.value(self.materializer.layouts.lay(atom, dims).tensor)

    def register(self, value: ir.Value, new: ir.Value) -> None:
        """Bind a value to a tensor that has all its factors, and read their extents off it."""
        fact = self.survey.values.get(value)
        if fact is None:
            self.unranked[value] = new
            return
        self.forms[value] = Atom(fact.axes, new, positions(fact.axes))
        for at, axis in enumerate(fact.axes):
            if len(axis) == 1 and isinstance(axis[0], str):
                self.builder.extents.register(axis[0], new, at)

    def _constant(self, value: ir.Value) -> Atom:
        """Return a value that is known before the model runs, but for extents that it holds."""
        fact = self.survey.fact(value)
        tensor = value.const_value
        if value.is_initializer() and tensor is not None:
            held = Constant(tensor.numpy, tensor.dtype, value)
            return Atom(fact.axes, held, positions(fact.axes))
        if fact.dtype is None:
            raise Unsupported("a constant of unknown type")
        content, dims = fact.content, positions(fact.axes)
        if content is None:  # one element, repeated
            dims = ((),) * len(fact.axes)
            content = np.full([1] * len(dims), fact.fill)
        if content.dtype == object:
            return Atom(fact.axes, self.builder.extents.tensor(content, fact.dtype), dims)
        array = np.asarray(content, dtype=fact.dtype.numpy())
        return Atom(fact.axes, Constant(lambda: array, fact.dtype), dims)
