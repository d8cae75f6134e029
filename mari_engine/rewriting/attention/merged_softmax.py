"""Partial softmaxes merged: the weights of keys of both sides from what each side has alone.

Of the request's scores `[L, K]`, once: `c = max`, `e = exp(s - c)`, `l = sum of e`, so that `e / l`
is their own softmax. Beside the candidates' scores `t: [N, L, T]`, with `m = max(c, max t)`:

    z = l exp(c - m) + sum of exp(t - m)
    weights of the request's keys:     (l exp(c - m) / z) * (e / l)
    weights of the candidates' keys:   exp(t - m) / z

The first factor is one number a row, `[N, L]`, so that the request's weights meet the request's
values once. It is the merge of partial results of flash decoding and of online softmax
(https://arxiv.org/abs/1805.02867); no element rounds more than in one softmax over all keys.

A mask may leave a row none of the request's keys: all of their scores are -inf. The lowest finite
number among them is then `c`, so that `e` and `l` are 0, and `e / l` is taken for 0: the keys weigh
nothing. Where the candidates' are masked too, 0 / 0 is no number, as the softmax over all keys is.
No op chooses here: a check of the graph would want to see each choice taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from mari_engine.axes import cut_group, flat, with_extent, with_ones_behind
from mari_engine.ops import Spelling, spelling
from mari_engine.rewriting.emission import Constant
from mari_engine.rewriting.forms import Atom, AtomArithmetic, Materializer


@dataclass(frozen=True, eq=False)
class MergedWeights:
    """The weights of a row's keys: those of `request` times `scale`, and `candidates`."""

    request: Atom
    """The softmax over the request's keys alone."""
    scale: Atom
    """What the request's keys weigh together: compact along the keys."""
    candidates: Atom


@dataclass(frozen=True, eq=False)
class SoftmaxMerge:
    """Merges the softmaxes over the keys, position `key`, of two blocks of scores side by side."""

    key: int
    masked: bool
    """A row may have none of the request's keys: their scores are all -inf."""
    materializer: Materializer

    def run(self, request: Atom, candidates: Atom) -> MergedWeights:
        """Return the weights of the request's and the candidates' keys."""
        one_a_row = with_extent(request.axes, self.key, 1)
        ours, theirs, rows = (
            AtomArithmetic(self.materializer, axes)
            for axes in (request.axes, candidates.axes, one_a_row)
        )
        largest = self._largest(request)
        raised = ours.exponential(ours.subtract(request, largest))
        total = self._over_keys(spelling.reduce_sum, raised)
        alone = ours.divide(raised, self._divisor(total, rows))
        highest = rows.maximum(self._over_keys(spelling.reduce_max, candidates), largest)
        share = rows.multiply(rows.exponential(rows.subtract(largest, highest)), total)
        weights = theirs.exponential(theirs.subtract(candidates, highest))
        both = rows.add(self._over_keys(spelling.reduce_sum, weights), share)
        return MergedWeights(alone, rows.divide(share, both), theirs.divide(weights, both))

    def _largest(self, request: Atom) -> Atom:
        """Return the largest of the request's scores in each row, finite where some may be -inf."""
        if self.masked:
            dtype = self.materializer.builder.element_type(request.tensor)
            array = np.full([1] * len(request.axes), np.finfo(dtype.numpy()).min)
            lowest = Constant(lambda: array, dtype)
            axes = with_extent(request.axes, self.key, 1)
            one = Atom(axes, lowest, tuple(() for _ in axes))
            request = self.materializer.concatenate([request, one], self.key)
        return self._over_keys(spelling.reduce_max, request)

    def _divisor(self, total: Atom, rows: AtomArithmetic) -> Atom:
        """Return the sums, 1 where a row's is 0; all others are at least 1."""
        if not self.masked:
            return total
        return rows.add(total, rows.subtract(rows.number(1.0, total), rows.sign(total)))

    def _over_keys(self, reduction: Callable[..., Spelling], atom: Atom) -> Atom:
        """Return a reduction over the keys, compact along them."""
        gone = frozenset({self.key})
        if flat(atom.axes)[self.key] == 1:
            dims = tuple(tuple(at for at in group if at not in gone) for group in atom.dims)
            return replace(atom, dims=dims)
        layouts, builder = self.materializer.layouts, self.materializer.builder
        if self.key not in atom.present:
            atom = layouts.lay(atom, (*atom.dims, (self.key,)))
        dims = tuple(part for group in atom.dims for part in cut_group(group, gone))
        atom = layouts.lay(atom, dims)
        places = with_ones_behind([dims.index((self.key,))], dims)
        node = reduction(places, builder.opset, keepdims=True)
        reduced = builder.emit(node, [atom.tensor])
        axes = with_extent(atom.axes, self.key, 1)
        return Atom(axes, reduced, tuple(() if group == (self.key,) else group for group in dims))
