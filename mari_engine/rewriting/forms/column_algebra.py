"""What can be done to forms without computing: other axes, fewer columns, columns joined."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from mari_engine.axes import (
    Axes,
    Axis,
    AxisLabels,
    Index,
    Layout,
    Run,
    flat,
    loose,
    made_up,
    match_factors,
    positions,
    size,
    with_extent,
)
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import GraphBuilder
from mari_engine.rewriting.forms.lazy_values import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    Whole,
    as_term,
    as_whole,
    per_candidate,
    relabel,
)

Materialize = Callable[[Form], Atom]
"""Computes a form: `Materializer.materialize` with its builder."""
SHORT_RUN = 8
"""Elements that lie together, below which picking is done on the transpose."""


class Algebra:
    """Works on forms; emits only what a layout change or a choice of columns needs."""

    def __init__(self, builder: GraphBuilder, materialize: Materialize) -> None:
        self.builder = builder
        self.materialize = materialize

    # --- other axes

    def regroup(self, form: Form, axes: Axes) -> Form:
        """Return the form under axes that hold the same elements in the same order."""
        if form.axes == axes:
            return form
        old, new = flat(form.axes), flat(axes)
        if old == new:
            return relabel(form, axes, tuple(range(len(new))))
        if _told(old, new):
            return replace(self.materialize(form), axes=axes)
        parts = match_factors(old, new)
        if isinstance(form, Atom):
            return self._regroup_atom(form, axes, parts)
        if isinstance(form, Blocks):
            return self._regroup_blocks(form, axes, parts)
        if any(len(olds) > 1 for olds, _ in parts):
            return self.regroup(self.materialize(form), axes)
        if isinstance(form, Sum):
            return Sum(axes, tuple(as_term(self.regroup(term, axes)) for term in form.terms))
        return self._regroup_product(form, axes, parts)

    def whole(self, form: Whole, axes: Axes) -> Whole:
        """Return `regroup` of a form that is not blocks."""
        return as_whole(self.regroup(form, axes))

    def _regroup_atom(self, atom: Atom, axes: Axes, parts: list[Run]) -> Atom:
        for olds, _ in parts:
            if len(olds) > 1:
                atom = self._merged(atom, olds)
        first = {olds[0]: (olds, news) for olds, news in parts if olds}
        skipped = {at for olds, _ in parts for at in olds[1:]}
        dims = tuple(
            tuple(new for at in group if at not in skipped for new in first[at][1])
            for group in atom.dims
        )
        return replace(atom, axes=axes, dims=dims)

    def _merged(self, atom: Atom, olds: tuple[int, ...]) -> Atom:
        """Return the atom with these positions side by side in one dimension, or all absent."""
        held = [at for at in olds if at in atom.present]
        if not held or any(_inside(olds, group) for group in atom.dims):
            return atom
        gone, dims, placed = set(olds), list[AxisLabels](), False
        for group in atom.dims:
            rest = tuple(at for at in group if at not in gone)
            if gone & set(group) and not placed:
                before = (
                    tuple(at for at in rest if group.index(at) < group.index(held[0]))
                    if held[0] in group
                    else ()
                )
                after = tuple(at for at in rest if at not in before)
                dims += [part for part in (before, olds, after) if part]
                placed = True
            elif rest or not group:
                dims.append(rest)
        return self.laid(atom, tuple(dims))

    def laid(self, atom: Atom, dims: Layout) -> Atom:
        """Return the atom in another layout, with more factors present if `dims` says so."""
        extents = dict(enumerate(flat(atom.axes)))
        return replace(
            atom, tensor=self.builder.lay(atom.tensor, atom.dims, dims, extents), dims=dims
        )

    def gathered(self, atom: Atom, *, whole: bool) -> Atom:
        """Return the atom laid out in its own order, if the factors of an axis lie apart in it.

        Many readers of such a tensor would each bring them together. `whole`: also if they lie
        side by side in several dimensions, for a reader that works along the axis.
        """
        groups = [[at for at in group if at in atom.present] for group in positions(atom.axes)]
        order = [at for group in atom.dims for at in group]
        own = [tuple(group) for group in groups]
        apart = any(not _inside(group, tuple(order)) for group in own if group)
        if apart or (whole and any(len(group) > 1 and group not in atom.dims for group in own)):
            return self.laid(atom, tuple(own))
        return atom

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
            operands.append(_atom(self.regroup(atom, loose([dim for _, dim in cut]))))
            labels.append(tuple(name for name, _ in cut))
        return replace(
            product, axes=axes, operands=tuple(operands), labels=tuple(labels), output=tuple(output)
        )

    def _regroup_blocks(self, blocks: Blocks, axes: Axes, parts: list[Run]) -> Form:
        olds, news = next(run for run in parts if blocks.position in run[0])
        others = [run for run in parts if run[0] != olds]
        if any(len(o) > 1 for o, _ in others) or not news:
            return self.regroup(self.materialize(blocks), axes)
        if len(olds) == 1 and len(news) == 1:
            return self._renamed(blocks, axes, news[0])
        if len(olds) == 1:
            return self._coarser(blocks, axes, news)
        if len(news) == 1 and olds[0] == blocks.position:
            return self._finer(blocks, axes, olds, news[0])
        return self.regroup(self.materialize(blocks), axes)

    def _renamed(self, blocks: Blocks, axes: Axes, position: int) -> Form:
        parts = tuple(
            self.whole(part, with_extent(axes, position, flat(part.axes)[blocks.position]))  # type: ignore[arg-type]
            for part in blocks.parts
        )
        return replace(blocks, axes=axes, position=position, parts=parts)

    def _coarser(self, blocks: Blocks, axes: Axes, news: tuple[int, ...]) -> Form:
        """Columns become blocks of `inner` columns each, where all of a block lie together."""
        count = int(flat(axes)[news[0]])
        inner = int(np.prod([int(flat(axes)[at]) for at in news[1:]]))
        part, column = (index.reshape(count, inner) for index in (blocks.part, blocks.column))
        steady = (part == part[:, :1]).all() and (column == column[:, :1] + np.arange(inner)).all()
        widths = [int(flat(p.axes)[blocks.position]) for p in blocks.parts]
        if not steady or (column[:, 0] % inner).any() or any(w % inner for w in widths):
            return self._coarser_by_side(blocks, axes, news[0], part)
        parts = tuple(
            self.whole(p, with_extent(axes, news[0], w // inner))
            for p, w in zip(blocks.parts, widths, strict=True)
        )
        return replace(
            blocks, axes=axes, position=news[0], parts=parts, part=part[:, 0],
            column=column[:, 0] // inner,
        )  # fmt: skip

    def _coarser_by_side(self, blocks: Blocks, axes: Axes, position: int, part: Index) -> Form:
        """Blocks of columns that lie apart are brought together, those of each side for themselves.

        `part` gives the parts of each block's columns; a block of both sides is the candidates'.
        """
        kinds: dict[object, list[int]] = {}
        for at, row in enumerate(part):
            sides = {blocks.sides[each] for each in np.unique(row)}
            kinds.setdefault(sides.pop() if len(sides) == 1 else None, []).append(at)
        if len(kinds) == 1:
            return self.regroup(self.materialize(blocks), axes)
        place, column, parts = np.zeros(len(part), np.int64), np.zeros(len(part), np.int64), []
        for at, rows in enumerate(kinds.values()):
            place[rows], column[rows] = at, np.arange(len(rows))
            columns = np.arange(part.size).reshape(part.shape)[rows].ravel()
            taken = self.materialize(self.take(blocks, blocks.position, columns))
            parts.append(self.whole(taken, with_extent(axes, position, len(rows))))
        return self.blocks(Blocks(axes, position, tuple(parts), place, column))

    def _finer(self, blocks: Blocks, axes: Axes, olds: tuple[int, ...], position: int) -> Form:
        inner = int(np.prod([int(flat(blocks.axes)[at]) for at in olds[1:]]))
        parts = tuple(
            self.whole(p, with_extent(axes, position, int(flat(p.axes)[blocks.position]) * inner))
            for p in blocks.parts
        )
        column = (blocks.column[:, None] * inner + np.arange(inner)).ravel()
        return replace(
            blocks, axes=axes, position=position, parts=parts,
            part=np.repeat(blocks.part, inner), column=column,
        )  # fmt: skip

    # --- fewer columns

    def take(self, form: Form, position: int, columns: Index) -> Form:
        """Return the form with only these columns of one position, in this order."""
        extent = int(flat(form.axes)[position])
        apart = isinstance(form, Blocks) and len(form.parts) == 1
        if len(columns) == extent and (columns == np.arange(extent)).all() and not apart:
            return form
        axes = with_extent(form.axes, position, len(columns))
        if isinstance(form, Atom):
            return self._take_atom(form, axes, position, columns)
        if isinstance(form, Sum):
            return Sum(axes, tuple(as_term(self.take(t, position, columns)) for t in form.terms))
        if isinstance(form, Product):
            return self._take_product(form, axes, position, columns)
        if form.position == position:
            used = np.unique(form.part[columns])
            if len(used) == 1:
                return self.take(form.parts[int(used[0])], position, form.column[columns])
            return self._reordered(form, axes, columns)
        parts = tuple(as_whole(self.take(part, position, columns)) for part in form.parts)
        return replace(form, axes=axes, parts=parts)

    def chosen(self, form: Form, position: int, columns: Index, name: str) -> Form:
        """Return `take`, but of a tensor that only the run knows, not made before it is needed.

        What is sliced apart is often joined again, in another order: then nothing moves.
        """
        axes = with_extent(form.axes, position, len(columns))
        if isinstance(form, Blocks) and form.position == position:
            return self._reordered(form, axes, columns)
        if not isinstance(form, Atom) or form.constant is not None or position not in form.present:
            return self.take(form, position, columns)
        part = np.zeros(len(columns), dtype=np.int64)
        return self.blocks(Blocks(axes, position, (form,), part, np.asarray(columns), (name,)))

    def _reordered(self, blocks: Blocks, axes: Axes, columns: Index) -> Form:
        part, column = blocks.part[columns], blocks.column[columns]
        return self.blocks(replace(blocks, axes=axes, part=part, column=column))

    def _take_product(self, product: Product, axes: Axes, position: int, columns: Index) -> Product:
        label, operands = product.output[position], list[Atom]()
        for atom, labels in zip(product.operands, product.labels, strict=True):
            taken: Form = atom
            if label >= 0 and label in labels:
                taken = self.take(atom, labels.index(label), columns)
            operands.append(_atom(taken))
        return replace(product, axes=axes, operands=tuple(operands))

    def _take_atom(self, atom: Atom, axes: Axes, position: int, columns: Index) -> Atom:
        if position not in atom.present:
            return replace(atom, axes=axes)
        atom = self.parted(atom, position)
        at = atom.dims.index((position,))
        constant = atom.constant
        if constant is not None:
            picked = constant.mapped(lambda array: np.take(array, columns, axis=at))
            return replace(atom, axes=axes, tensor=picked)
        start = int(columns[0])
        if (columns == np.arange(start, start + len(columns))).all():
            piece = spelling.cut(start, start + len(columns), at)
            return replace(atom, axes=axes, tensor=self.builder.emit_once(piece, [atom.tensor]))
        inner = size(tuple(flat(atom.axes)[p] for group in atom.dims[at + 1 :] for p in group))
        if per_candidate(atom) and not inner.symbols and inner.number < SHORT_RUN:
            # picking single elements out of rows is slow: pick whole rows of the transpose
            rest = tuple(group for group in atom.dims if group and group != (position,))
            atom, at = self.laid(atom, ((position,), *rest)), 0
        index = self.builder.integers(columns.tolist())
        tensor = self.builder.emit_once(spelling.gather(at), [atom.tensor, index])
        return replace(atom, axes=axes, tensor=tensor)

    def parted(self, atom: Atom, position: int) -> Atom:
        """Return the atom with one position in a dimension of its own."""
        if (position,) in atom.dims or position not in atom.present:
            return atom
        dims = list[AxisLabels]()
        for group in atom.dims:
            if position in group:
                at = group.index(position)
                dims += [part for part in (group[:at], (position,), group[at + 1 :]) if part]
            else:
                dims.append(group)
        return self.laid(atom, tuple(dims))

    # --- columns joined

    def blocks(self, blocks: Blocks) -> Form:
        """Return blocks without unused or nested parts; a single part's columns alone."""
        used = np.unique(blocks.part)
        if len(used) == 1:
            part, columns = blocks.parts[int(used[0])], blocks.column
            whole = int(flat(part.axes)[blocks.position]) == len(columns)
            tensor = isinstance(part, Atom) and part.constant is None
            if not tensor or (whole and (columns == np.arange(len(columns))).all()):
                return self.take(part, blocks.position, columns)
        if len(used) == len(blocks.parts):
            return blocks
        names = tuple(blocks.names[at] for at in used) if blocks.names else ()
        return replace(
            blocks, parts=tuple(blocks.parts[at] for at in used),
            part=np.searchsorted(used, blocks.part), names=names,
        )  # fmt: skip


def _told(old: Axis, new: Axis) -> bool:
    """Return True when lengths that only the run knows have another name now, and nothing else."""
    return len(old) == len(new) and all(a == b or made_up(a) for a, b in zip(old, new, strict=True))


def _inside(olds: tuple[int, ...], group: AxisLabels) -> bool:
    return any(group[at : at + len(olds)] == olds for at in range(len(group)))


def _atom(form: Form) -> Atom:
    if not isinstance(form, Atom):
        raise TypeError(type(form).__name__)
    return form
