"""Lazy values: symbolic tensors in a normal form, computed only where an op needs the tensor.

A form stands for a value of the original graph, with its full axes. It is one of

- Atom: a tensor that exists, kept compact: factors along which it is constant are absent.
- Product: an einsum of atoms that is not evaluated yet.
- Sum: terms that may lack different factors.
- Blocks: columns that lie in several parts, along one factor.

Forms refer to no op. Positions count the factors of `flat(axes)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import onnx_ir as ir

from mari_engine.axes import CANDIDATES, Axes, AxisLabels, Dim, Index, Layout, flat, with_extent
from mari_engine.rewriting.emission import Constant, Tensor


@dataclass(frozen=True, eq=False)
class Atom:
    """A tensor that exists.

    `dims` lays its present factors out; an empty group is a dimension of extent 1. `note` says
    why request and candidate columns were joined in it, if they were.
    """

    axes: Axes
    tensor: Tensor
    dims: Layout
    note: str = ""

    @cached_property
    def present(self) -> frozenset[int]:
        """The positions along which it varies."""
        return frozenset(at for group in self.dims for at in group)

    @property
    def constant(self) -> Constant | None:
        """The tensor, when its elements are known."""
        return self.tensor if isinstance(self.tensor, Constant) else None


@dataclass(frozen=True, eq=False)
class Product:
    """`scale` times the einsum of atoms; labels that `output` lacks are summed.

    `labels` gives a label for each position of each operand, -1 where the operand lacks the
    factor. `output` gives a label for each position of `axes`, -1 where the product lacks it.
    `source` names the original nodes that it comes from.
    """

    axes: Axes
    operands: tuple[Atom, ...]
    labels: tuple[AxisLabels, ...]
    output: AxisLabels
    scale: float = 1.0
    source: tuple[ir.Node, ...] = ()
    low_rank: bool = False
    """Its operands are thinner than itself, also where several are the candidates': a product that
    reads it should meet them first."""

    @cached_property
    def present(self) -> frozenset[int]:
        """The positions along which it varies."""
        return frozenset(at for at, label in enumerate(self.output) if label >= 0)

    @property
    def dtype(self) -> ir.DataType:
        """The element type, as its original node declares it."""
        declared = self.source[0].outputs[0].dtype if self.source else None
        return declared or ir.DataType.FLOAT

    def extents(self) -> dict[int, Dim]:
        """Return the extent of each label."""
        return {
            label: dim
            for atom, labels in zip(self.operands, self.labels, strict=True)
            for label, dim in zip(labels, flat(atom.axes), strict=True)
            if label >= 0
        }

    def fresh(self) -> int:
        """Return a label that is not used yet."""
        return 1 + max((label for labels in self.labels for label in labels), default=-1)


Term = Atom | Product


@dataclass(frozen=True, eq=False)
class Sum:
    """Terms that are to be added; each has the sum's axes and may lack factors."""

    axes: Axes
    terms: tuple[Term, ...]

    @cached_property
    def present(self) -> frozenset[int]:
        """The positions along which it varies."""
        return frozenset[int]().union(*(term.present for term in self.terms))


@dataclass(frozen=True, eq=False)
class Blocks:
    """Columns along `position`: column c is column `column[c]` of part `part[c]`.

    Each part has the axes of the whole, with its own extent at `position`.
    """

    axes: Axes
    position: int
    parts: tuple[Atom | Product | Sum, ...]
    part: Index
    column: Index
    names: tuple[str, ...] = ()
    """What to call each part in a layout."""

    @cached_property
    def present(self) -> frozenset[int]:
        """The positions along which it varies."""
        return frozenset[int]().union(*(part.present for part in self.parts), {self.position})

    @cached_property
    def sides(self) -> tuple[frozenset[int], ...]:
        """For each part, the positions other than the columns' along which it varies."""
        return tuple(part.present - {self.position} for part in self.parts)

    @property
    def mixed(self) -> bool:
        """True when the parts vary along different factors."""
        return len(set(self.sides)) > 1


Form = Atom | Product | Sum | Blocks
Whole = Atom | Product | Sum


def per_candidate(form: Form) -> bool:
    """Return True when the form varies along the candidates."""
    dims = flat(form.axes)
    return any(dims[at] == CANDIDATES for at in form.present)


def relabel(form: Form, axes: Axes, source: AxisLabels) -> Form:
    """Return the form under new axes: position r was `source[r]`, or is new where that is -1.

    Positions that no result names must be of extent 1.
    """
    place = {old: new for new, old in enumerate(source) if old >= 0}
    if isinstance(form, Atom):
        dims = tuple(tuple(place[at] for at in group if at in place) for group in form.dims)
        return replace(form, axes=axes, dims=dims)
    if isinstance(form, Product):
        output = tuple(form.output[at] if at >= 0 else -1 for at in source)
        return replace(form, axes=axes, output=output)
    if isinstance(form, Sum):
        return Sum(axes, tuple(as_term(relabel(term, axes, source)) for term in form.terms))
    position = place[form.position]
    parts = tuple(
        as_whole(relabel(part, with_extent(axes, position, part_width(form, at)), source))
        for at, part in enumerate(form.parts)
    )
    return replace(form, axes=axes, position=position, parts=parts)


def part_width(blocks: Blocks, part: int) -> int:
    """Return the number of columns of one part."""
    return int(flat(blocks.parts[part].axes)[blocks.position])


def as_atom(form: Form) -> Atom:
    """Return a form that is known to be an atom."""
    if isinstance(form, Atom):
        return form
    raise TypeError(type(form).__name__)


def as_term(form: Form) -> Term:
    """Return a form that is known to be an atom or a product."""
    if isinstance(form, (Atom, Product)):
        return form
    raise TypeError(type(form).__name__)


def as_whole(form: Form) -> Whole:
    """Return a form that is known not to be blocks."""
    if isinstance(form, Blocks):
        raise TypeError("blocks")
    return form


def as_product(term: Term) -> Product:
    """Return a term as a product, of one operand if it is an atom."""
    if isinstance(term, Product):
        return term
    labels = tuple(at if at in term.present else -1 for at in range(len(flat(term.axes))))
    return Product(term.axes, (term,), (labels,), labels)


def times(product: Product, factor: Atom) -> Product:
    """Return a product times an atom of the same axes, place by place."""
    fresh, output, labels = product.fresh(), list(product.output), [-1] * len(product.output)
    for at in sorted(factor.present):
        if output[at] < 0:
            output[at], fresh = fresh, fresh + 1
        labels[at] = output[at]
    return replace(
        product, operands=(*product.operands, factor), labels=(*product.labels, tuple(labels)),
        output=tuple(output),
    )  # fmt: skip


def multiple(factor: Atom, columns: Atom, source: ir.Node) -> Product:
    """Return one number for many columns, `r[N] * u[K]`, not computed, of axes as the columns'."""
    alone = replace(as_product(columns), source=(source,))
    return times(alone, replace(factor, axes=columns.axes))


def terms(form: Whole) -> tuple[Term, ...]:
    """Return the terms that add up to a form."""
    return form.terms if isinstance(form, Sum) else (form,)


def column_runs(blocks: Blocks) -> list[tuple[int, int, int]]:
    """Return the blocks' columns as runs `(part, start, stop)` of neighbours in one part."""
    out: list[tuple[int, int, int]] = []
    for part, column in zip(blocks.part.tolist(), blocks.column.tolist(), strict=True):
        if out and out[-1][0] == part and out[-1][2] == column:
            out[-1] = (part, out[-1][1], column + 1)
        else:
            out.append((part, column, column + 1))
    return out


def group_columns(blocks: Sequence[Blocks]) -> list[Index]:
    """Return the columns in groups: those of a group lie in one part of each of the blocks."""
    keys = np.stack([each.part for each in blocks])
    _, first, which = np.unique(keys, axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return [np.flatnonzero(which.ravel() == at) for at in order]


def column_places(groups: Sequence[Index], width: int) -> tuple[Index, Index]:
    """Return for each column which group of columns it is in, and its place there."""
    part, column = np.zeros(width, dtype=np.int64), np.zeros(width, dtype=np.int64)
    for at, columns in enumerate(groups):
        part[columns], column[columns] = at, np.arange(len(columns))
    return part, column


def columns_by_side(blocks: Blocks) -> dict[frozenset[int], Index]:
    """Return the columns of each side, those first that vary along the fewest factors."""
    found = dict[frozenset[int], list[int]]()
    for column, part in enumerate(blocks.part.tolist()):
        found.setdefault(blocks.sides[part], []).append(column)
    ordered = sorted(found.items(), key=lambda item: len(item[0]))
    return {side: np.array(columns) for side, columns in ordered}
