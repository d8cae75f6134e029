"""The rows and the keys of an attention by side: which are the request's, the candidates', dead."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Attention, extent
from mari_engine.axes import Contract, Index, flat
from mari_engine.rewriting.context import Context
from mari_engine.rewriting.dead_columns import is_dead
from mari_engine.rewriting.forms import Blocks, Form, per_candidate


@dataclass(frozen=True, eq=False)
class Sides:
    """The columns of one position of a form, by side, each in order."""

    request: Index
    candidates: Index
    dead: Index
    """Those that nothing reads."""


def sides_of(form: Form, position: int) -> Sides:
    """Return the columns of a position by side; all are of one where they are not joined there.

    None are told where only the run knows how many there are.
    """
    count, none = flat(form.axes)[position], np.arange(0)
    if not isinstance(count, int):
        return Sides(none, none, none)
    if not isinstance(form, Blocks) or form.position != position:
        whole = np.arange(count)
        return Sides(none, whole, none) if per_candidate(form) else Sides(whole, none, none)
    dead = np.array([is_dead(part) for part in form.parts])[form.part]
    moving = np.array([per_candidate(part) for part in form.parts])[form.part] & ~dead
    return Sides(np.flatnonzero(~moving & ~dead), np.flatnonzero(moving), np.flatnonzero(dead))


@dataclass(frozen=True, eq=False)
class AttentionSides:
    """An attention whose queries, keys and values have forms: what is of which side in them."""

    attention: Attention
    context: Context

    @property
    def scores(self) -> Contract:
        """The declaration of the product of queries and keys."""
        return self._declared(self.attention.scores)

    @property
    def total(self) -> Contract:
        """The declaration of the product of weights and values."""
        return self._declared(self.attention.total)

    def _declared(self, node: ir.Node) -> Contract:
        spec = self.context.originals.survey.specs[node]
        assert isinstance(spec, Contract)
        return spec

    def _operand(self, node: ir.Node, at: int) -> Form:
        """Return an operand's form under the axes that its node declares."""
        value = node.inputs[at]
        assert value is not None
        form = self.context.originals.form(value)
        return self.context.axes.regroup(form, self._declared(node).axes(at))

    @cached_property
    def _query(self) -> Form:
        return self._operand(self.attention.scores, self.attention.query)

    @cached_property
    def keys(self) -> Sides:
        """The keys by side."""
        at = 1 - self.attention.query
        label = self.scores.output[self.attention.key]
        return sides_of(
            self._operand(self.attention.scores, at), self.scores.terms[at].index(label)
        )

    @cached_property
    def row(self) -> int | None:
        """The position of the rows in the scores, None where they have none, or several."""
        spec, query = self.scores, self.attention.query
        own, other = spec.terms[query], spec.terms[1 - query]
        places = [at for at, label in enumerate(own) if label in spec.output and label not in other]
        if isinstance(self._query, Blocks):
            places = [at for at in places if at == self._query.position]
        numbers = [at for at in places if isinstance(flat(self._query.axes)[at], int)]
        return spec.output.index(own[numbers[0]]) if len(numbers) == len(places) == 1 else None

    @cached_property
    def rows(self) -> Sides:
        """The rows by side."""
        assert self.row is not None
        place = self.scores.terms[self.attention.query].index(self.scores.output[self.row])
        return sides_of(self._query, place)

    @property
    def stack(self) -> int:
        """How many matrices of scores there are, for all candidates."""
        gone = (self.row, self.attention.key)
        dims = [dim for at, dim in enumerate(flat(self.scores.results[0])) if at not in gone]
        return extent(tuple(dims), self.context.candidates)

    @property
    def inner(self) -> int:
        """How many numbers a query and a key have."""
        spec = self.scores
        dims = [dim for label, dim in spec.extents().items() if label not in spec.output]
        return extent(tuple(dims), self.context.candidates)

    @property
    def columns(self) -> int:
        """How many values each key has."""
        own = set(self.total.terms[self.attention.weights])
        dims = [dim for label, dim in self.total.extents().items() if label not in own]
        return extent(tuple(dims), self.context.candidates)

    @property
    def joining(self) -> int:
        """Elements of queries, keys and values that are not joined yet."""
        attention, materializer = self.attention, self.context.materializer
        values = self._operand(attention.total, 1 - attention.weights)
        forms = [self._operand(attention.scores, 0), self._operand(attention.scores, 1), values]
        return sum(
            extent(tuple(flat(form.axes)[at] for at in form.present), self.context.candidates)
            for form in forms
            if isinstance(form, Blocks) and not materializer.is_materialized(form)
        )
