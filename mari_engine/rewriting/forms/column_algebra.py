"""Columns of forms chosen: slices and gathers that reach through to the parts and the weights.

`(x · W)[:, columns] = x · W[:, columns]`: a product hands the choice to its operands, a sum to its
terms, and blocks of columns only change their index. A tensor is sliced or gathered from.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mari_engine.axes import Axes, Index, flat, size, with_extent
from mari_engine.ops import spelling
from mari_engine.rewriting.emission import GraphBuilder
from mari_engine.rewriting.forms.atom_layouts import AtomLayouts
from mari_engine.rewriting.forms.lazy_values import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    as_atom,
    as_term,
    as_whole,
    per_candidate,
)

SHORT_RUN = 8
"""Elements that lie together, below which picking is done on the transpose."""


class ColumnAlgebra:
    """Chooses columns of forms; writes a node only where a tensor of the run is chosen from."""

    def __init__(self, builder: GraphBuilder, layouts: AtomLayouts) -> None:
        self.builder = builder
        self.layouts = layouts

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

    def take_lazily(self, form: Form, position: int, columns: Index, name: str) -> Form:
        """Return `take`; of a tensor of the run as blocks of one part, without a node yet.

        What is sliced apart is often concatenated again, in another order: then nothing moves.
        """
        axes = with_extent(form.axes, position, len(columns))
        if isinstance(form, Blocks) and form.position == position:
            return self._reordered(form, axes, columns)
        if not isinstance(form, Atom) or form.constant is not None or position not in form.present:
            return self.take(form, position, columns)
        part = np.zeros(len(columns), dtype=np.int64)
        return self.simplify(Blocks(axes, position, (form,), part, np.asarray(columns), (name,)))

    def _reordered(self, blocks: Blocks, axes: Axes, columns: Index) -> Form:
        part, column = blocks.part[columns], blocks.column[columns]
        return self.simplify(replace(blocks, axes=axes, part=part, column=column))

    def _take_product(self, product: Product, axes: Axes, position: int, columns: Index) -> Product:
        label, operands = product.output[position], list[Atom]()
        for atom, labels in zip(product.operands, product.labels, strict=True):
            taken: Form = atom
            if label >= 0 and label in labels:
                taken = self.take(atom, labels.index(label), columns)
            operands.append(as_atom(taken))
        return replace(product, axes=axes, operands=tuple(operands))

    def _take_atom(self, atom: Atom, axes: Axes, position: int, columns: Index) -> Atom:
        if position not in atom.present:
            return replace(atom, axes=axes)
        atom = self.layouts.isolate(atom, position)
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
            # picking single elements out of rows is slow: pick whole rows of the transpose, of a
            # matrix: onnxruntime may end the process that turns float16 of three axes back
            rest = tuple(place for group in atom.dims for place in group if place != position)
            atom, at = self.layouts.lay(atom, ((position,), rest)), 0
        index = self.builder.integers(columns.tolist())
        tensor = self.builder.emit_once(spelling.gather(at), [atom.tensor, index])
        return replace(atom, axes=axes, tensor=tensor)

    def simplify(self, blocks: Blocks) -> Form:
        """Return blocks without unused parts; where one part is left, a choice of its columns."""
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
