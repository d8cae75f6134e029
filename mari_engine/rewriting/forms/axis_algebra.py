"""Reshapes of forms, without computing where it can be: the same elements under other axes.

`[N, 6*50] -> [N, 6, 50]` cuts an axis, `[N, 6, 50] -> [N, 300]` makes factors one. Atoms take it as
another layout, products and sums hand it to their operands, and blocks keep their parts as long as
the columns of each part stay together.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import numpy as np

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Index,
    Run,
    flat,
    is_anonymous,
    match_factors,
    separate_axes,
    with_extent,
)
from mari_engine.rewriting.forms.atom_layouts import AtomLayouts
from mari_engine.rewriting.forms.column_algebra import ColumnAlgebra
from mari_engine.rewriting.forms.lazy_values import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    Whole,
    as_atom,
    as_term,
    as_whole,
    relabel,
)


class Materializes(Protocol):
    """Computes forms: the materializer, which stands on this module."""

    def materialize(self, form: Form) -> Atom:
        """Return the form as one tensor."""


class AxisAlgebra:
    """Brings forms under other axes; computes those that other axes would cut through."""

    def __init__(
        self, layouts: AtomLayouts, columns: ColumnAlgebra, materializer: Materializes
    ) -> None:
        self.layouts = layouts
        self.columns = columns
        self.materializer = materializer

    def regroup(self, form: Form, axes: Axes) -> Form:
        """Return the form under axes that hold the same elements in the same order."""
        if form.axes == axes:
            return form
        old, new = flat(form.axes), flat(axes)
        if old == new:
            return relabel(form, axes, tuple(range(len(new))))
        if _only_renamed(old, new):
            return replace(self.materializer.materialize(form), axes=axes)
        parts = match_factors(old, new)
        if isinstance(form, Atom):
            return self._regroup_atom(form, axes, parts)
        if isinstance(form, Blocks):
            return self._regroup_blocks(form, axes, parts)
        if any(len(olds) > 1 for olds, _ in parts):
            return self.regroup(self.materializer.materialize(form), axes)
        if isinstance(form, Sum):
            return Sum(axes, tuple(as_term(self.regroup(term, axes)) for term in form.terms))
        return self._regroup_product(form, axes, parts)

    def regroup_whole(self, form: Whole, axes: Axes) -> Whole:
        """Return `regroup` of a form that is not blocks."""
        return as_whole(self.regroup(form, axes))

    def _regroup_atom(self, atom: Atom, axes: Axes, parts: list[Run]) -> Atom:
        for olds, _ in parts:
            if len(olds) > 1:
                atom = self.layouts.merge(atom, olds)
        first = {olds[0]: (olds, news) for olds, news in parts if olds}
        skipped = {at for olds, _ in parts for at in olds[1:]}
        dims = tuple(
            tuple(new for at in group if at not in skipped for new in first[at][1])
            for group in atom.dims
        )
        return replace(atom, axes=axes, dims=dims)

    def _regroup_product(self, product: Product, axes: Axes, parts: list[Run]) -> Product:
        extents, label = product.extents(), product.fresh()
        new, split = flat(axes), dict[int, tuple[int, ...]]()
        output = [-1] * len(new)
        for olds, news in parts:
            if not olds or product.output[olds[0]] < 0:
                continue
            old = product.output[olds[0]]
            names = (old,) if len(news) == 1 else tuple(range(label, label + len(news)))
            label += len(news)
            split[old] = names
            extents.update({name: new[at] for name, at in zip(names, news, strict=True)})
            for name, at in zip(names, news, strict=True):
                output[at] = name
        operands, labels = list[Atom](), list[AxisLabels]()
        for atom, own in zip(product.operands, product.labels, strict=True):
            cut = [
                (name, extents[name] if name >= 0 else dim)
                for at, dim in zip(own, flat(atom.axes), strict=True)
                for name in (split.get(at, (at,)) if at >= 0 else (-1,))
            ]
            operands.append(as_atom(self.regroup(atom, separate_axes([dim for _, dim in cut]))))
            labels.append(tuple(name for name, _ in cut))
        return replace(
            product, axes=axes, operands=tuple(operands), labels=tuple(labels), output=tuple(output)
        )

    def _regroup_blocks(self, blocks: Blocks, axes: Axes, parts: list[Run]) -> Form:
        olds, news = next(run for run in parts if blocks.position in run[0])
        others = [run for run in parts if run[0] != olds]
        if any(len(o) > 1 for o, _ in others) or not news:
            return self.regroup(self.materializer.materialize(blocks), axes)
        if len(olds) == 1 and len(news) == 1:
            return self._renamed(blocks, axes, news[0])
        if len(olds) == 1:
            return self._coarser(blocks, axes, news)
        if len(news) == 1 and olds[0] == blocks.position:
            return self._finer(blocks, axes, olds, news[0])
        return self.regroup(self.materializer.materialize(blocks), axes)

    def _renamed(self, blocks: Blocks, axes: Axes, position: int) -> Form:
        parts = tuple(
            self.regroup_whole(part, with_extent(axes, position, flat(part.axes)[blocks.position]))  # type: ignore[arg-type]
            for part in blocks.parts
        )
        return replace(blocks, axes=axes, position=position, parts=parts)

    def _coarser(self, blocks: Blocks, axes: Axes, news: tuple[int, ...]) -> Form:
        """Return columns `[K]` as `[K / inner, inner]`, where each row lies in one part."""
        count = int(flat(axes)[news[0]])
        inner = int(np.prod([int(flat(axes)[at]) for at in news[1:]]))
        part, column = (index.reshape(count, inner) for index in (blocks.part, blocks.column))
        steady = (part == part[:, :1]).all() and (column == column[:, :1] + np.arange(inner)).all()
        widths = [int(flat(p.axes)[blocks.position]) for p in blocks.parts]
        if not steady or (column[:, 0] % inner).any() or any(w % inner for w in widths):
            return self._coarser_by_side(blocks, axes, news[0], part)
        parts = tuple(
            self.regroup_whole(p, with_extent(axes, news[0], w // inner))
            for p, w in zip(blocks.parts, widths, strict=True)
        )
        return replace(
            blocks, axes=axes, position=news[0], parts=parts, part=part[:, 0],
            column=column[:, 0] // inner,
        )  # fmt: skip

    def _coarser_by_side(self, blocks: Blocks, axes: Axes, position: int, part: Index) -> Form:
        """Return columns `[K]` as `[K / inner, inner]`, the rows of each side joined to one part.

        `part` gives the parts of each row's columns; a row of both sides is the candidates'.
        """
        kinds: dict[object, list[int]] = {}
        for at, row in enumerate(part):
            sides = {blocks.sides[each] for each in np.unique(row)}
            kinds.setdefault(sides.pop() if len(sides) == 1 else None, []).append(at)
        if len(kinds) == 1:
            return self.regroup(self.materializer.materialize(blocks), axes)
        place, column, parts = np.zeros(len(part), np.int64), np.zeros(len(part), np.int64), []
        for at, rows in enumerate(kinds.values()):
            place[rows], column[rows] = at, np.arange(len(rows))
            columns = np.arange(part.size).reshape(part.shape)[rows].ravel()
            taken = self.materializer.materialize(
                self.columns.take(blocks, blocks.position, columns)
            )
            parts.append(self.regroup_whole(taken, with_extent(axes, position, len(rows))))
        return self.columns.simplify(Blocks(axes, position, tuple(parts), place, column))

    def _finer(self, blocks: Blocks, axes: Axes, olds: tuple[int, ...], position: int) -> Form:
        inner = int(np.prod([int(flat(blocks.axes)[at]) for at in olds[1:]]))
        parts = tuple(
            self.regroup_whole(
                p, with_extent(axes, position, int(flat(p.axes)[blocks.position]) * inner)
            )
            for p in blocks.parts
        )
        column = (blocks.column[:, None] * inner + np.arange(inner)).ravel()
        return replace(
            blocks, axes=axes, position=position, parts=parts,
            part=np.repeat(blocks.part, inner), column=column,
        )  # fmt: skip


def _only_renamed(old: Axis, new: Axis) -> bool:
    """Return True when nothing but symbols of shape inference has another name now."""
    return len(old) == len(new) and all(
        a == b or is_anonymous(a) for a, b in zip(old, new, strict=True)
    )
