"""Pairwise interactions by side: `[u | i] x [u | i]ᵀ` as the blocks u·uᵀ, u·iᵀ and i·iᵀ.

In `T·Tᵀ` of user and item fields the user-user block does not depend on the candidate, and the
user-item blocks are one plain product of all candidates' items with the user's fields. Where the
rows and the columns of such a result become one axis, its columns are the blocks' columns.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product as all_pairs

import numpy as np

from mari_engine.analysis import extent
from mari_engine.axes import Axes, AxisLabels, flat, match_factors, with_extent
from mari_engine.rewriting.context import Context
from mari_engine.rewriting.forms import Atom, Blocks, Form, Product, part_width, per_candidate
from mari_engine.rewriting.products.profitability import Gain
from mari_engine.types import Action

_SMALL_MATRIX = 0.1
"""The share of its speed that a product reaches on the small matrices of a batch."""
_WHY = (
    "pairs of request-side columns run once per request; candidate columns meet request-side ones "
    "as the rows of one product"
)


def reshape_pairwise(form: Form, axes: Axes, context: Context) -> Form:
    """Return the reshaped form; of a lazy product of pairs, one block for each pair of sides.

    That is so where the product's rows and columns become one axis, `[C, C] -> [C*C]`, and it pays.
    """
    lazy = isinstance(form, Product) and not context.materializer.is_materialized(form)
    if isinstance(form, Product) and lazy and context.strategy.split and form.axes != axes:
        grid = _pair_grid(form, axes, context)
        if grid is not None and grid.gain.pays:
            context.log.record(form.source[0], Action.SPLIT, _WHY)
            return grid.columns(axes)
    return context.axes.regroup(form, axes)


@dataclass(frozen=True, eq=False)
class _Operand:
    """One operand of the product, as the columns that it was joined from."""

    joined: Blocks
    labels: AxisLabels
    """For each position of the joined columns the product's label."""

    def is_same_as(self, other: _Operand) -> bool:
        """Return True when both have the same columns, and are the same along all else."""
        at, ours, theirs = self.joined.position, list(self.labels), list(other.labels)
        if self.joined is not other.joined:
            return False
        ours[at] = theirs[at] = -1
        return ours == theirs


@dataclass(frozen=True, eq=False)
class _PairGrid:
    """A product whose result's rows and columns become one axis."""

    product: Product
    rows: _Operand
    across: _Operand
    at: tuple[int, int]
    """The positions of the rows and the columns in the product."""
    to: int
    """The position of their pairs under the new axes."""
    context: Context

    @property
    def gain(self) -> Gain:
        """What a product for each pair of sides saves and costs."""
        prices, many = self.context.prices, self.context.candidates
        extents = self.product.extents()
        own = {self.product.output[at] for at in self.at}
        shared = extent(tuple(d for label, d in extents.items() if label not in own), many)
        whole = len(self.rows.joined.part) * len(self.across.joined.part)
        batched = [self._extent(pair) for pair in self._pairs() if self._sides(pair) == 2]
        plain = [self._extent(pair) for pair in self._pairs() if self._sides(pair) == 1]
        slow = prices.flops_per_second * _SMALL_MATRIX
        saves = 2 * shared * (whole - sum(batched)) / slow
        costs = 2 * shared * sum(plain) / prices.flops_per_second
        return Gain(saves, costs + 2 * len(batched + plain) * prices.node)

    def _pairs(self) -> list[tuple[int, int]]:
        """Return the pairs of parts; one of two that are each other's transpose."""
        rows, across = range(len(self.rows.joined.parts)), range(len(self.across.joined.parts))
        turned = self.rows.is_same_as(self.across)
        return [(a, b) for a, b in all_pairs(rows, across) if a <= b or not turned]

    def _sides(self, pair: tuple[int, int]) -> int:
        return sum(
            per_candidate(operand.joined.parts[at])
            for operand, at in zip((self.rows, self.across), pair, strict=True)
        )

    def _extent(self, pair: tuple[int, int]) -> int:
        return part_width(self.rows.joined, pair[0]) * part_width(self.across.joined, pair[1])

    def columns(self, axes: Axes) -> Form:
        """Return the pairs as columns under the new axes, every two sides a part."""
        found = self._pairs()
        place = {pair: number for number, pair in enumerate(found)}
        parts = []
        for pair in found:
            atom = self.context.materializer.materialize(self._part(pair))
            own = with_extent(axes, self.to, self._extent(pair))
            parts.append(self.context.axes.regroup_whole(atom, own))
        rows, across = self.rows.joined, self.across.joined
        part, column = list[int](), list[int]()
        for r, c in all_pairs(range(len(rows.part)), range(len(across.part))):
            a, b = (
                (int(rows.part[r]), int(rows.column[r])),
                (int(across.part[c]), int(across.column[c])),
            )
            if (a[0], b[0]) not in place:
                a, b = b, a
            part.append(place[a[0], b[0]])
            column.append(a[1] * part_width(across, b[0]) + b[1])
        names = [f"{self._name(a)} × {self._name(b)}" for a, b in found]
        return self.context.columns.simplify(
            Blocks(axes, self.to, tuple(parts), np.array(part), np.array(column), tuple(names))
        )

    def _name(self, part: int) -> str:
        names = self.rows.joined.names
        return names[part] if names else f"part {part}"

    def _part(self, pair: tuple[int, int]) -> Product:
        operands, labels = list[Atom](), list[AxisLabels]()
        axes = self.product.axes
        for operand, at, place in zip((self.rows, self.across), pair, self.at, strict=True):
            atom = self.context.materializer.materialize(operand.joined.parts[at])
            operands.append(atom)
            labels.append(
                tuple(lab if p in atom.present else -1 for p, lab in enumerate(operand.labels))
            )
            axes = with_extent(axes, place, part_width(operand.joined, at))
        held = {label for own in labels for label in own}
        output = tuple(label if label in held else -1 for label in self.product.output)
        return replace(
            self.product, axes=axes, operands=tuple(operands), labels=tuple(labels), output=output
        )


def _places(joined: Blocks) -> list[tuple[int, int]]:
    """Return the part of each column, and where it is in there."""
    return list(zip(joined.part.tolist(), joined.column.tolist(), strict=True))


def _pair_grid(product: Product, axes: Axes, context: Context) -> _PairGrid | None:
    """Return the pairs of a product's rows and columns, None where its operands are not joined."""
    runs = match_factors(flat(product.axes), flat(axes))
    together = [run for run in runs if len(run[0]) > 1]
    if len(together) != 1 or len(product.operands) != 2:
        return None
    if any(len(olds) != len(news) for olds, news in runs if (olds, news) != together[0]):
        return None
    (olds, news) = together[0]
    if len(olds) != 2 or len(news) != 1:
        return None
    labels = [product.output[at] for at in olds]
    order = (0, 1) if labels[0] in product.labels[0] else (1, 0)
    found = [_operand(product, at, label, context) for at, label in zip(order, labels, strict=True)]
    rows, across = found
    if rows is None or across is None or labels[1] in rows.labels or labels[0] in across.labels:
        return None
    rows, across = _by_side(rows, across, context)
    return _PairGrid(product, rows, across, (olds[0], olds[1]), news[0], context)


def _by_side(rows: _Operand, across: _Operand, context: Context) -> tuple[_Operand, _Operand]:
    """Return both operands with one part a side; made once where they hold the same columns."""
    joined = context.grouping.one_part_per_kind(rows.joined)
    place = _same_columns(rows.joined, across.joined)
    if place is None:
        other = context.grouping.one_part_per_kind(across.joined)
        return _Operand(joined, rows.labels), _Operand(other, across.labels)
    labels = tuple(across.labels[place[p]] if p in place else -1 for p in range(len(rows.labels)))
    return _Operand(joined, rows.labels), _Operand(joined, labels)


def _same_columns(one: Blocks, other: Blocks) -> dict[int, int] | None:
    """Return the position in the other of each of one's, if they hold the same tensors."""
    if len(one.parts) != len(other.parts) or not np.array_equal(one.column, other.column):
        return None
    place = {one.position: other.position}
    for ours, theirs in zip(one.parts, other.parts, strict=True):
        if not isinstance(ours, Atom) or not isinstance(theirs, Atom):
            return None
        if ours.tensor is not theirs.tensor or len(ours.dims) != len(theirs.dims):
            return None
        for group, same in zip(ours.dims, theirs.dims, strict=True):
            if len(group) != len(same):
                return None
            place.update(zip(group, same, strict=True))
    return place if np.array_equal(one.part, other.part) else None


def _operand(product: Product, at: int, label: int, context: Context) -> _Operand | None:
    """Return an operand as the columns that it was joined from, along this label."""
    atom, own = product.operands[at], product.labels[at]
    origin = context.materializer.origin(atom)
    if origin is None or label < 0:
        return None
    joined, places = origin
    labels = [own[places[p]] if p in places else -1 for p in range(len(flat(joined.axes)))]
    if labels[joined.position] != label or not joined.mixed:
        return None
    if any(lab >= 0 and lab not in labels for lab in own):
        return None
    return _Operand(joined, tuple(labels))
