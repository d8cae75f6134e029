"""The sum over keys, `weights x values`, for blocks of rows and keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import onnx_ir as ir

from mari_engine.axes import Axes, Index, with_extent
from mari_engine.rewriting.attention.block_step import Block, BlockRunner
from mari_engine.rewriting.attention.sides import AttentionSides
from mari_engine.rewriting.forms import Atom, Blocks, Form, Product, Sum, Term, as_whole, terms


@dataclass(frozen=True, eq=False)
class WeightedValues:
    """Sums the values of some keys, weighted, for some rows of an attention."""

    sides: AttentionSides
    runner: BlockRunner

    @property
    def weights(self) -> ir.Value:
        """The operand of the sum that is made of the scores."""
        attention = self.sides.attention
        value = attention.total.inputs[attention.weights]
        assert value is not None
        return value

    @property
    def place_of_rows(self) -> int:
        """The position of the rows in the sum."""
        attention, spec, row = self.sides.attention, self.sides.total, self.sides.row
        assert row is not None
        own = spec.terms[attention.weights]
        return spec.output.index(own[attention.places[self.weights][row]])

    def axes_of(self, rows: Index) -> Axes:
        """Return the axes of the sum for some rows."""
        return with_extent(self.sides.total.results[0], self.place_of_rows, len(rows))

    def block(self, rows: Index, keys: Index) -> Block:
        """Return a block of the scores."""
        assert self.sides.row is not None
        return Block({self.sides.row: rows, self.sides.attention.key: keys})

    def terms(self, rows: Index, keys: Index, weights: Form) -> Sequence[Term]:
        """Return the products of these weights with the values of some keys."""
        made, total = {self.weights: weights}, self.sides.attention.total
        self.runner.run((total,), self.block(rows, keys), made)
        form = made[total.outputs[0]]
        if isinstance(form, Blocks):
            form = self.sides.context.materializer.materialize(form)
        return terms(as_whole(form))

    def once(self, rows: Index, weights: Form) -> Atom:
        """Return the sum over the request's keys, computed."""
        found = self.terms(rows, self.sides.keys.request, weights)
        return self.sides.context.materializer.materialize(Sum(self.axes_of(rows), tuple(found)))

    def total(self, rows: Index, ours: Sequence[Term], weights: Form) -> Sum:
        """Return what the request's keys give, and these weights of the candidates' keys."""
        theirs = self.terms(rows, self.sides.keys.candidates, weights)
        if self._is_thin(rows):
            theirs = [replace(t, low_rank=True) if isinstance(t, Product) else t for t in theirs]
        return Sum(self.axes_of(rows), (*ours, *theirs))

    def _is_thin(self, rows: Index) -> bool:
        """Return True where the candidates' keys are fewer than the rows and the values' columns.

        A product that reads the sum then meets the values before their weights.
        """
        waits = self.sides.context.is_deferrable(self.sides.attention.total.outputs[0])
        return waits and len(self.sides.keys.candidates) < min(len(rows), self.sides.columns)
