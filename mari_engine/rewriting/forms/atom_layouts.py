"""Layouts of atoms: the same tensor, its present factors in other dimensions.

An atom of axes `[N, 50, 64]` may lie as `[[N, 50], [64]]`, as `[[50], [64]]` where it does not vary
along N, or in any order: a layout change costs a Reshape or a Transpose, and nothing for constants.
"""

from __future__ import annotations

from dataclasses import replace

from mari_engine.axes import AxisLabels, Layout, flat, positions
from mari_engine.rewriting.emission import GraphBuilder
from mari_engine.rewriting.forms.lazy_values import Atom


class AtomLayouts:
    """Changes the layouts of atoms."""

    def __init__(self, builder: GraphBuilder) -> None:
        self.builder = builder

    def lay(self, atom: Atom, dims: Layout) -> Atom:
        """Return the atom in another layout, with more factors present if `dims` says so."""
        extents = dict(enumerate(flat(atom.axes)))
        return replace(
            atom, tensor=self.builder.lay(atom.tensor, atom.dims, dims, extents), dims=dims
        )

    def with_row(self, atom: Atom) -> Atom:
        """Return the atom with a row of the request where it may have none."""
        extents = dict(enumerate(flat(atom.axes)))
        row = self.builder.layouts.with_row(atom.tensor, atom.dims, extents)
        return replace(atom, tensor=row)

    def isolate(self, atom: Atom, position: int) -> Atom:
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
        return self.lay(atom, tuple(dims))

    def merge(self, atom: Atom, olds: tuple[int, ...]) -> Atom:
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
        return self.lay(atom, tuple(dims))

    def in_axis_order(self, atom: Atom, *, whole: bool) -> Atom:
        """Return the atom laid out in its own order, if the factors of an axis lie apart in it.

        Many readers of such a tensor would each bring them together. `whole`: also if they lie
        side by side in several dimensions, for a reader that works along the axis.
        """
        groups = [[at for at in group if at in atom.present] for group in positions(atom.axes)]
        order = [at for group in atom.dims for at in group]
        own = [tuple(group) for group in groups]
        apart = any(not _inside(group, tuple(order)) for group in own if group)
        if apart or (whole and any(len(group) > 1 and group not in atom.dims for group in own)):
            return self.lay(atom, tuple(own))
        return atom


def _inside(olds: tuple[int, ...], group: AxisLabels) -> bool:
    return any(group[at : at + len(olds)] == olds for at in range(len(group)))
