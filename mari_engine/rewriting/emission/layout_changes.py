"""Layout changes: a tensor brought from one layout of labels to another.

A layout is a tuple of groups of labels, one group a dimension (see `axes.Layout`). From
`[[a, b], [c]]` to `[[c], [a], [b]]` it takes Reshape, Transpose, Reshape at most, and an Expand
where the wanted layout has labels that the tensor is constant along. Constants are laid out here,
without a node. The same change of the same tensor is written once.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    CANDIDATES,
    Dim,
    Layout,
    Permute,
    canonical_layouts,
    cut_groups,
    dimension_order,
    plan_transpose,
    size,
    static_shape,
)
from mari_engine.ops import spelling
from mari_engine.rewriting.emission.node_writer import NodeWriter
from mari_engine.rewriting.emission.runtime_extents import RuntimeExtents
from mari_engine.rewriting.emission.tensors import Array, Constant, Tensor

_MULTIPLIED = frozenset(
    {
        ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16,
        ir.DataType.INT32, ir.DataType.INT64,
    }
)  # fmt: skip
"""Element types whose products runtimes compute."""


_LARGEST = 1 << 22
"""Elements from which on a constant is repeated by the run, and not in the file."""


class LayoutChanges:
    """Writes the nodes that change layouts, each change once."""

    def __init__(self, writer: NodeWriter, extents: RuntimeExtents) -> None:
        self._writer = writer
        self._extents = extents
        self._done: dict[object, ir.Value] = {}

    def apply(
        self, tensor: Tensor, have: Layout, want: Layout, extents: Mapping[int, Dim]
    ) -> Tensor:
        """Return the tensor in another layout; labels of `want` that it lacks are broadcast."""
        if have == want:
            return tensor
        held = {label for group in have for label in group}
        absent = {extents[label] for group in want for label in group if label not in held}
        if isinstance(tensor, Constant):
            whole = size(tuple(extents[label] for group in want for label in group))
            if not absent or (not whole.symbols and whole.number < _LARGEST):
                return _lay_constant(tensor, have, want, extents)
            tensor = self._writer.value(tensor)  # repeated as often as only the run knows, or much
        key = (tensor, *canonical_layouts(have, want, extents))
        if key not in self._done:
            self._done[key] = self._lay_value(tensor, have, want, extents)
        return self._done[key]

    def _lay_value(
        self, tensor: ir.Value, have: Layout, want: Layout, extents: Mapping[int, Dim]
    ) -> ir.Value:
        held = {label for group in have for label in group}
        core = tuple(tuple(label for label in group if label in held) for group in want)
        pairs = zip(want, core, strict=True)
        filled = {extents[label] for group, own in pairs if not own for label in group}
        if filled - {CANDIDATES}:  # a row can be repeated, none cannot
            tensor = self._writer.value(self.with_row(tensor, have, extents))
        pieces = cut_groups(have, core)
        if pieces != have:
            tensor = self.reshape(tensor, have, pieces, extents)
        order = dimension_order(pieces, core)
        if order != list(range(len(order))):
            if () in pieces:  # runtimes transpose fast only without extents of 1
                shorter = tuple(group for group in pieces if group)
                tensor = self.reshape(tensor, pieces, shorter, extents)
                pieces = shorter
                order = dimension_order(pieces, core)
            tensor, pieces = self.transpose(tensor, pieces, order, extents)
        missing = [lab for group in want for lab in group if lab not in held and extents[lab] != 1]
        if not missing:
            return tensor if pieces == core else self.reshape(tensor, pieces, core, extents)
        open_ = tuple(
            piece
            for group in want
            for piece in ([(label,) for label in group] if set(group) & set(missing) else [group])
        )
        shown = tuple(tuple(label for label in group if label in held) for group in open_)
        if pieces != shown:
            tensor = self.reshape(tensor, pieces, shown, extents)
        absent = [[extents[label] for label in group if label not in held] for group in open_]
        if any(dim != CANDIDATES for dims in absent for dim in dims):
            tensor = self._writer.value(self.with_row(tensor, shown, extents))
        tensor = self._writer.emit(spelling.expand(), [tensor, self._extents.shape(absent)])
        return tensor if open_ == want else self.reshape(tensor, open_, want, extents)

    def transpose(
        self, tensor: ir.Value, groups: Layout, order: Sequence[int], extents: Mapping[int, Dim]
    ) -> tuple[ir.Value, Layout]:
        """Return the tensor with its dimensions in another order, and its layout then."""
        steps, groups = plan_transpose(groups, order, extents)
        for step in steps:
            if isinstance(step, Permute):
                tensor = self._writer.emit(spelling.transpose(step.order), [tensor])
            else:
                tensor = self.reshape(tensor, groups, step.groups, extents)
        return tensor, groups

    def reshape(
        self, tensor: ir.Value, have: Layout, want: Layout, extents: Mapping[int, Dim]
    ) -> ir.Value:
        """Return the tensor's elements, in their order, in other dimensions."""
        if self._lacks_rows(tensor, have, extents):
            tensor, have = self._one_row(tensor, have, keepdims=False)
            if have == want:
                return tensor
        groups = [[extents[label] for label in group] for group in want]
        free = [at for at, group in enumerate(groups) if any(isinstance(d, str) for d in group)]
        if len(free) <= 1:
            numbers = [
                -1 if at in free else math.prod(int(dim) for dim in group)
                for at, group in enumerate(groups)
            ]
            return self._writer.emit(spelling.reshape(numbers), [tensor])
        empty = [at for at in free if _may_be_empty(groups[at])]
        verbatim = bool(empty) and self._writer.opset >= 14
        if len(empty) == 1 and not verbatim:  # 0 means "as before", so it is left to infer
            groups[empty[0]] = [-1]
        node = spelling.reshape(verbatim=verbatim)
        return self._writer.emit(node, [tensor, self._extents.shape(groups)])

    def with_row(self, tensor: Tensor, have: Layout, extents: Mapping[int, Dim]) -> Tensor:
        """Return the tensor with a row where it may have none, its dimensions as they are."""
        if isinstance(tensor, Constant) or not self._lacks_rows(tensor, have, extents):
            return tensor
        return self._one_row(tensor, have, keepdims=True)[0]

    def beside(
        self, tensor: Tensor, have: Layout, layout: Layout, extents: Mapping[int, Dim]
    ) -> Tensor:
        """Return the tensor with a row, where it is broadcast along others than the candidates."""
        ones = [at - len(have) + len(layout) for at, group in enumerate(have) if not group]
        others = {extents[label] for at in ones for label in layout[at]} - {CANDIDATES}
        return self.with_row(tensor, have, extents) if others else tensor

    def _lacks_rows(self, tensor: ir.Value, have: Layout, extents: Mapping[int, Dim]) -> bool:
        """Return True for a tensor made of first rows that has no axis of candidates again."""
        empty = tensor in self._writer.may_be_empty and () in have
        return empty and all(extents[label] != CANDIDATES for group in have for label in group)

    def _one_row(
        self, tensor: ir.Value, have: Layout, *, keepdims: bool
    ) -> tuple[ir.Value, Layout]:
        """Return the tensor with one row where it has one or none, and its layout then.

        Without candidates nothing reads the row that this makes, but a reshape to fixed dimensions
        would fail where the original returns no rows.
        """
        ones = tuple(not group for group in have)
        keepdims = keepdims or self._writer.dtype(tensor) not in _MULTIPLIED
        key = (tensor, ones, keepdims)
        if key not in self._done:
            self._done[key] = self._write_row(tensor, ones, keepdims=keepdims)
        return self._done[key], have if keepdims else tuple(group for group in have if group)

    def _write_row(self, tensor: ir.Value, ones: tuple[bool, ...], *, keepdims: bool) -> ir.Value:
        opset, axes = self._writer.opset, [at for at, one in enumerate(ones) if one]
        if self._writer.dtype(tensor) in _MULTIPLIED:
            row = self._writer.emit(spelling.reduce_prod(axes, opset, keepdims=keepdims), [tensor])
        elif opset >= 13:
            ends = [int(one) for one in ones]
            row = self._writer.emit(spelling.pad([0] * len(ones), ends), [tensor])
            for axis in axes:  # of which only one may be the candidates'
                row = self._writer.emit(spelling.cut(0, 1, axis), [row])
        else:
            return tensor
        self._writer.may_be_empty.discard(row)
        return row


def _may_be_empty(dims: Sequence[Dim]) -> bool:
    """Return True for an extent that may be 0: only the candidates are at least one."""
    return any(isinstance(dim, str) and dim != CANDIDATES for dim in dims)


def _lay_constant(
    tensor: Constant, have: Layout, want: Layout, extents: Mapping[int, Dim]
) -> Constant:
    order = [label for group in have for label in group]
    wanted = [label for group in want for label in group]
    single = static_shape([(label,) for label in order], extents)
    kept = [label for label in wanted if label in order]
    shaped = [label if label in order else None for label in wanted]

    def change(array: Array) -> Array:
        out = array.reshape(single).transpose([order.index(label) for label in kept])
        out = out.reshape([1 if label is None else single[order.index(label)] for label in shaped])
        full = static_shape([(label,) for label in wanted], extents)
        return np.broadcast_to(out, full).reshape(static_shape(want, extents))

    return tensor.mapped(change)
