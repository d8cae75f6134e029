"""Stacked products, concatenated along K: `x·W1 + y·W2 = [x | y]·[W1 ; W2]`.

Each product of a sum passes over the result once more. Where the operands are narrow beside the
result, putting them side by side costs less than these passes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mari_engine.analysis import extent
from mari_engine.axes import AxisLabels, flat, separate_axes
from mari_engine.rewriting.forms import Atom, Materializer, Product, Term
from mari_engine.rewriting.products.common_factor import (
    FactoredProduct,
    factor_out_candidates,
    request_weight,
)


@dataclass(frozen=True, eq=False)
class _Row:
    """One product: rows of candidates times a matrix of the request."""

    split: FactoredProduct
    rows: AxisLabels
    """The result's positions that the candidates' operand has."""
    inner: AxisLabels
    """What is summed; nothing where numbers of the candidates meet one row."""
    columns: AxisLabels
    """The result's positions that the weight has."""

    def elements(self, labels: AxisLabels, many: int) -> int:
        """Return the number of elements along some labels."""
        return extent(tuple(self.split.extents[label] for label in labels), many)


def stack_products(parts: Sequence[Term], materializer: Materializer) -> tuple[Term, ...]:
    """Return terms that add up to the same, narrow products of equal rows and columns stacked."""
    out, groups = list[Term](), dict[object, list[_Row]]()
    for term in parts:
        row = _row(term) if isinstance(term, Product) else None
        if row is None or not _narrow(row, materializer.candidates):
            out.append(term)
        else:
            key = (row.rows, row.columns, row.split.product.dtype)
            groups.setdefault(key, []).append(row)
    for group in groups.values():
        out.append(group[0].split.product if len(group) == 1 else _stacked(group, materializer))
    return tuple(out)


def _row(product: Product) -> _Row | None:
    """Return the product as rows times a matrix, if it is one."""
    found = factor_out_candidates(product)
    if found is None:
        return None
    result = product.present
    rows = tuple(sorted(label for label in found.moving_labels if label in result))
    inner = tuple(label for label in found.moving_labels if label >= 0 and label not in result)
    columns = tuple(label for label in found.kept if label in result)
    known = all(isinstance(found.extents[label], int) for label in inner)
    if not rows or not known or set(rows) & set(columns) or not set(inner) <= set(found.kept):
        return None
    return _Row(found, rows, inner, columns)


def _narrow(row: _Row, many: int) -> bool:
    """Return True when laying the operands beside others costs less than a pass over the result."""
    operands = (*row.rows, *row.inner), (*row.inner, *row.columns)
    moved = sum(row.elements(labels, many) for labels in operands)
    return moved < row.elements((*row.rows, *row.columns), many)


def _stacked(group: Sequence[_Row], materializer: Materializer) -> Product:
    """Return `[x | y]·[W1 ; W2]` of the products of a group."""
    first = group[0]
    sources = tuple(dict.fromkeys(node for row in group for node in row.split.product.source))
    with materializer.builder.on_behalf(sources):
        left = [
            _as_matrix(row, row.split.moving, row.split.moving_labels, row.rows, materializer)
            for row in group
        ]
        right = [
            _as_matrix(row, atom, labels, row.columns, materializer)
            for row in group
            for labels, atom in [request_weight(row.split, materializer)]
        ]
        operands = tuple(
            materializer.concatenate(atoms, len(flat(atoms[0].axes)) - 1) for atoms in (left, right)
        )
    inner = 1 + max((*first.rows, *first.columns))
    labels = ((*first.rows, inner), (*first.columns, inner))
    present = {*first.rows, *first.columns}
    output = tuple(at if at in present else -1 for at in range(len(first.split.product.output)))
    return replace(
        first.split.product, operands=operands, labels=labels, output=output, scale=1.0,
        source=sources,
    )  # fmt: skip


def _as_matrix(
    row: _Row, atom: Atom, own: AxisLabels, outer: AxisLabels, materializer: Materializer
) -> Atom:
    """Return an operand as `[outer..., inner]`, all summed labels as one factor, the last."""
    wanted = (*outer, *row.inner)
    place = {label: wanted.index(label) for label in own if label >= 0}
    axes = separate_axes([row.split.extents[label] for label in wanted])
    dims = tuple(tuple(place[own[at]] for at in group) for group in atom.dims)
    together = tuple(range(len(outer), len(wanted)))
    moved = Atom(axes, atom.tensor, dims, atom.note)
    rest = tuple(
        kept
        for group in dims
        if (kept := tuple(p for p in group if p not in together)) or not group
    )
    if not row.inner:
        return _as_column(moved, len(outer), materializer)
    laid = materializer.layouts.lay(moved, (*rest, together))
    count = extent(tuple(row.split.extents[label] for label in row.inner), 1)
    shown = materializer.axes.regroup(laid, (*axes[: len(outer)], (count,)))
    assert isinstance(shown, Atom)
    return shown


def _as_column(atom: Atom, position: int, materializer: Materializer) -> Atom:
    """Return a tensor with a further factor of extent 1 at a position, the last."""
    laid = materializer.layouts.lay(atom, (*(group for group in atom.dims if group), ()))
    return replace(laid, axes=(*atom.axes, (1,)), dims=(*laid.dims[:-1], (position,)))
