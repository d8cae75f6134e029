"""Attention by blocks: rows and keys of the request among themselves once, all others apart.

Of a history with a target appended, L rows and keys are the request's and T the candidates':

    rows of the request:     their own keys once, [L, L]; the candidates' keys [N, L, T]; merged
    rows of the candidates:  all keys, [N, T, L] and [N, T, T], in one softmax

A value of the request's rows is then `scale * o + weights x v`, with `scale: [N, L]`, `o: [L, D]`
once per request, `weights: [N, L, T]` and `v: [N, T, D]`: a sum of two products of low rank, of
which an output projection takes `o` and `v` apart from their weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import onnx_ir as ir

from mari_engine.analysis import Attention
from mari_engine.axes import Index, Unsupported, flat, with_extent
from mari_engine.rewriting.attention.block_gain import blocks_pay
from mari_engine.rewriting.attention.block_step import BlockRunner
from mari_engine.rewriting.attention.sides import AttentionSides
from mari_engine.rewriting.attention.softmax_rows import SoftmaxRows
from mari_engine.rewriting.attention.weighted_values import WeightedValues
from mari_engine.rewriting.context import Context
from mari_engine.rewriting.dead_columns import dead_block
from mari_engine.rewriting.forms import Atom, Blocks, Form, Whole, column_places, per_candidate
from mari_engine.types import Action

_MERGED_TYPES = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16})
"""Types that runtimes have the ops of a merge for."""
_SCORES = "the request's rows meet its own keys once per request, and the candidates' keys apart"
_MERGED = (
    "a softmax over the request's keys runs once per request, and is merged with that over the "
    "candidates' keys: two numbers a row"
)
_SUMMED = "what the request's keys give its own rows runs once per request, the rest per candidate"


def attend_by_blocks(attention: Attention, context: Context) -> Form | None:
    """Return what an attention gives, None where its keys are of one side or it does not pay."""
    sides = AttentionSides(attention, context)
    try:
        if not _has_both(sides) or not blocks_pay(sides, context.prices):
            return None
        with context.builder.on_behalf((attention.total,)):
            form = _Blockwise(sides).form()
    except Unsupported:
        return None
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as failure:
        context.log.record_failure(attention.total, failure)
        return None
    if form is not None:
        context.log.record(attention.scores, Action.SPLIT, _SCORES)
        reason = _SUMMED if attention.softmax is None else _MERGED
        context.log.record(attention.total, Action.SPLIT, reason)
    return form


def _has_both(sides: AttentionSides) -> bool:
    """Return True where rows of the request meet keys of both sides."""
    attention = sides.attention
    if attention.softmax is not None and attention.total.outputs[0].dtype not in _MERGED_TYPES:
        return False
    if not len(sides.keys.request) or not len(sides.keys.candidates):
        return False
    return sides.row is not None and len(sides.rows.request) > 0


@dataclass(frozen=True, eq=False)
class _Blockwise:
    sides: AttentionSides

    @cached_property
    def values(self) -> WeightedValues:
        sides = self.sides
        shared = len(sides.rows.candidates) > 0
        return WeightedValues(sides, BlockRunner(sides.attention, sides.context, shared))

    def form(self) -> Form | None:
        """Return the sums over all keys, rows by side; None where a mask is the candidates'."""
        rows, groups, parts = self.sides.rows, list[Index](), list[Whole]()
        for own in (rows.request, rows.candidates):
            if not len(own):
                continue
            made = self.of_rows(own, request=own is rows.request)
            if made is None:
                return None
            groups.append(own)
            parts.append(made)
        axes, place = self.sides.total.results[0], self.values.place_of_rows
        if len(rows.dead):
            dtype = self.sides.attention.total.outputs[0].dtype or ir.DataType.FLOAT
            groups.append(rows.dead)
            parts.append(dead_block(with_extent(axes, place, len(rows.dead)), dtype))
        part, column = column_places(groups, int(flat(axes)[place]))
        names = (self.sides.attention.total.name or "",) * len(parts)
        return self.sides.context.columns.simplify(
            Blocks(axes, place, tuple(parts), part, column, names)
        )

    def of_rows(self, rows: Index, *, request: bool) -> Whole | None:
        """Return the sum over all keys for rows of one side."""
        softmax, keys = self.sides.attention.softmax, self.sides.keys
        ours, theirs = (self.scores(rows, own) for own in (keys.request, keys.candidates))
        if request and per_candidate(ours):
            return None
        if softmax is None:
            return self.values.total(rows, self.values.terms(rows, keys.request, ours), theirs)
        found = SoftmaxRows(softmax, self.values)
        return found.merged(rows, ours, theirs) if request else found.joined(rows, [ours, theirs])

    def scores(self, rows: Index, keys: Index) -> Atom:
        """Return the scores of one block as the softmax, or the sum, reads them."""
        attention, made = self.sides.attention, dict[ir.Value, Form]()
        nodes = (attention.scores, *attention.before)
        self.values.runner.run(nodes, self.values.block(rows, keys), made)
        return self.sides.context.materializer.materialize(made[nodes[-1].outputs[0]])
