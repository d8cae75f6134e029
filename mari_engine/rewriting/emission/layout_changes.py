"""Layout changes: a tensor brought from one layout of labels to another.

A layout is a tuple of groups of labels, one group a dimension (see `axes.Layout`). From
`[[a, b], [c]]` to `[[c], [a], [b]]` it takes Reshape, Transpose, Reshape at most, and an Expand
where the wanted layout has labels that the tensor is constant along. Constants are laid out here,
without a node. The same change of the same tensor is written once.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from itertools import groupby

import numpy as np
import onnx_ir as ir

from mari_engine.axes import (
    CANDIDATES,
    REQUESTS,
    ROWS,
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

_T = ir.DataType
_MULTIPLIED = frozenset({_T.FLOAT, _T.DOUBLE, _T.FLOAT16, _T.INT32, _T.INT64})
"""Element types whose products runtimes compute."""
_MULTIPLIED_AS = dict.fromkeys((_T.BOOL, _T.INT8, _T.UINT8, _T.INT16, _T.UINT16), _T.INT32) | {
    _T.UINT32: _T.INT64, _T.UINT64: _T.INT64, _T.BFLOAT16: _T.FLOAT,
}  # fmt: skip
"""Others, and the types that hold each of their elements."""


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
        single = filled <= {1, CANDIDATES} and _keeps_row(want, core)
        if filled - {CANDIDATES} and not single:  # a row can be repeated, none cannot
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
        if len(free) > 1:
            return self._reshape_freely(tensor, have, want, extents, free)
        numbers = [
            -1 if at in free else math.prod(int(dim) for dim in group)
            for at, group in enumerate(groups)
        ]
        return self._writer.emit(spelling.reshape(numbers), [tensor])

    def _reshape_freely(
        self,
        tensor: ir.Value,
        have: Layout,
        want: Layout,
        extents: Mapping[int, Dim],
        free: Sequence[int],
    ) -> ir.Value:
        """Return the elements in dimensions of which several are known to the run alone.

        Before opset 14 an extent of 0 means the operand's own at that place. The first free one
        comes at the place where the operand has it, too; another is left to infer, since it may be
        0, but where the first is: of no elements nothing can be inferred.
        """
        groups = [[extents[label] for label in group] for group in want]
        if self._writer.opset >= 14:  # of several requests none may have candidates
            several = any(REQUESTS in group for group in groups)
            never = ROWS - {CANDIDATES} if several else ROWS
            verbatim = any(_may_be_empty(groups[at], never) for at in free)
            node = spelling.reshape(verbatim=verbatim)
            return self._writer.emit(node, [tensor, self._extents.shape(groups)])
        first, *others = free
        if len(have) <= first or not set(have[first]) & set(want[first]):
            labels = tuple(label for group in want[first:] for label in group)
            tensor = self.reshape(tensor, have, (*want[:first], labels), extents)
        inferred = next((at for at in others if _may_be_empty(groups[at], ROWS)), others[0])
        parts = [self._extents.product(group) for group in groups]
        emit, unknown = self._writer.emit_once, self._writer.integers([-1])
        either = emit(spelling.concat(0), [parts[inferred], unknown])
        some = emit(spelling.sign(), [parts[first]])  # arithmetic: a choice might go unseen
        parts[inferred] = emit(spelling.gather(0), [either, some])
        return self._writer.emit(spelling.reshape(), [tensor, emit(spelling.concat(0), parts)])

    def with_row(self, tensor: Tensor, have: Layout, extents: Mapping[int, Dim]) -> Tensor:
        """Return the tensor with a row where it may have none, its dimensions as they are."""
        if isinstance(tensor, Constant) or not self._lacks_rows(tensor, have, extents):
            return tensor
        return self._one_row(tensor, have, keepdims=True)[0]

    def with_rows(
        self, tensors: Sequence[Tensor], have: Layout, axis: int, extents: Mapping[int, Dim]
    ) -> list[Tensor]:
        """Return tensors that are to be joined along a dimension, each with a row.

        Neighbours that may have none are joined before, so that one node gives a row to all.
        """
        found = list[Tensor]()
        for lacking, run in groupby(tensors, lambda each: self._lacks_rows(each, have, extents)):
            own = list(run)
            if lacking and len(own) > 1:
                own = [self._writer.emit_once(spelling.concat(axis), own)]
            found += [self.with_row(each, have, extents) for each in own]
        return found

    def beside(
        self, tensor: Tensor, have: Layout, layout: Layout, extents: Mapping[int, Dim]
    ) -> Tensor:
        """Return the tensor with a row, where it is broadcast along others than the candidates."""
        ones = [at - len(have) + len(layout) for at, group in enumerate(have) if not group]
        others = {extents[label] for at in ones for label in layout[at]} - {CANDIDATES}
        return self.with_row(tensor, have, extents) if others else tensor

    def _lacks_rows(self, tensor: Tensor, have: Layout, extents: Mapping[int, Dim]) -> bool:
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
        dtype = self._writer.dtype(tensor)
        if dtype not in _MULTIPLIED and dtype not in _MULTIPLIED_AS:
            return tensor, have
        key = (tensor, ones, keepdims)
        if key not in self._done:
            self._done[key] = self._write_row(tensor, dtype, ones, keepdims=keepdims)
        return self._done[key], have if keepdims else tuple(group for group in have if group)

    def _write_row(
        self, tensor: ir.Value, dtype: ir.DataType, ones: Sequence[bool], *, keepdims: bool
    ) -> ir.Value:
        emit, axes = self._writer.emit, [at for at, one in enumerate(ones) if one]
        product = spelling.reduce_prod(axes, self._writer.opset, keepdims=keepdims)
        if dtype in _MULTIPLIED:
            row = emit(product, [tensor])
        else:
            held = emit(spelling.cast(int(_MULTIPLIED_AS[dtype])), [tensor])
            row = emit(spelling.cast(int(dtype)), [emit(product, [held])])
        self._writer.may_be_empty.discard(row)
        return row


def _keeps_row(want: Layout, core: Layout) -> bool:
    """Return True where the first dimension without factors, that of a first row, stays so."""
    return next((not want[at] for at, own in enumerate(core) if not own), False)


def _may_be_empty(dims: Sequence[Dim], never: Collection[str]) -> bool:
    """Return True for an extent that may be 0, as all may but those that `never` are."""
    return any(isinstance(dim, str) and dim not in never for dim in dims)


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
