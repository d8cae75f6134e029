"""The sum over keys for rows under a softmax: of one over all keys, or of two that are merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Index, with_extent
from mari_engine.ops import is_nan_guard
from mari_engine.rewriting.attention.merged_softmax import SoftmaxMerge
from mari_engine.rewriting.attention.weighted_values import WeightedValues
from mari_engine.rewriting.forms import Atom, Form, Sum, Term, as_product, relabel, times


@dataclass(frozen=True, eq=False)
class SoftmaxRows:
    """Weighs the values by a softmax over the keys of both sides."""

    softmax: ir.Node
    values: WeightedValues

    def joined(self, rows: Index, scores: Sequence[Atom]) -> Sum:
        """Return the sum for rows of which all scores are the candidates': one softmax of all."""
        values, sides = self.values, self.values.sides
        attention, context = sides.attention, sides.context
        together = context.materializer.concatenate(scores, self._key)
        made: dict[ir.Value, Form] = {self._read: together}
        ours, theirs = sides.keys.request, sides.keys.candidates
        block = values.block(rows, np.concatenate([ours, theirs]))
        values.runner.run((self.softmax, *attention.after), block, made)
        place, weights = attention.places[values.weights][attention.key], made[values.weights]
        first = context.columns.take(weights, place, np.arange(len(ours)))
        rest = context.columns.take(weights, place, np.arange(len(ours), len(ours) + len(theirs)))
        return values.total(rows, values.terms(rows, ours, first), rest)

    def merged(self, rows: Index, ours: Atom, theirs: Atom) -> Sum:
        """Return the sum for rows of the request, a softmax of each side's scores merged.

        What the request's keys give is computed once, `[L, D]`, times one number a row, `[N, L]`.
        """
        sides = self.values.sides
        with sides.context.builder.on_behalf((self.softmax,)):
            merge = SoftmaxMerge(self._key, sides.attention.masked, sides.context.materializer)
            weights = merge.run(ours, theirs)
        request, candidates = sides.keys.request, sides.keys.candidates
        once = self.values.once(rows, self._behind(rows, request, weights.request))
        one = replace(weights.scale, axes=with_extent(weights.scale.axes, self._key, 1))
        scale = self._behind(rows, request[:1], one, scaled=False)
        first = times(as_product(once), self._beside_values(scale, once.axes))
        terms: Sequence[Term] = [replace(first, source=(sides.attention.total,))]
        return self.values.total(rows, terms, self._behind(rows, candidates, weights.candidates))

    @property
    def _read(self) -> ir.Value:
        value = self.softmax.inputs[0]
        assert value is not None
        return value

    @property
    def _key(self) -> int:
        """The position of the keys in what the softmax reads."""
        attention = self.values.sides.attention
        return attention.places[self._read][attention.key]

    def _behind(self, rows: Index, keys: Index, weights: Atom, *, scaled: bool = True) -> Atom:
        """Return weights after what follows the softmax; what scales them is not scaled itself."""
        values = self.values
        made: dict[ir.Value, Form] = {self.softmax.outputs[0]: weights}
        for node in values.sides.attention.after:
            if scaled or is_nan_guard(node):
                values.runner.run((node,), values.block(rows, keys), made)
            else:
                made[node.outputs[0]] = next(made[each] for each in node.inputs if each in made)
        return values.sides.context.materializer.materialize(made[values.weights])

    def _beside_values(self, scale: Atom, axes: Axes) -> Atom:
        """Return one number for each row's keys, under the axes of the sum."""
        spec = self.values.sides.total
        own = spec.terms[self.values.sides.attention.weights]
        source = tuple(own.index(label) if label in own else -1 for label in spec.output)
        moved = relabel(scale, axes, source)
        assert isinstance(moved, Atom)
        return moved
