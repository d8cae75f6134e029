"""Reductions that are not sums: of joined columns, each side is reduced alone.

Over another axis, `max_l [u | i] = [max_l u | max_l i]`. Over the columns themselves,
`max [u | i] = max(max u, max i)`: the request's partial result is computed once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce as reduce_pairs

import onnx_ir as ir

from mari_engine.analysis import extent
from mari_engine.axes import (
    Axes,
    AxisLabels,
    Merge,
    Reduce,
    cut_group,
    flat,
    with_extent,
    with_ones_behind,
)
from mari_engine.ops import Spelling, spelling
from mari_engine.rewriting.context import Step, distribute
from mari_engine.rewriting.forms import Atom, Blocks, Form, relabel
from mari_engine.rewriting.products import passing_split_pays

_MERGED = frozenset(
    {
        ir.DataType.FLOAT, ir.DataType.DOUBLE, ir.DataType.FLOAT16, ir.DataType.INT32,
        ir.DataType.INT64,
    }
)  # fmt: skip
"""Types that onnxruntime has the elementwise ops of a merge for."""

_PAIRWISE: Mapping[Merge | None, Spelling] = {
    "add": spelling.add(), "max": spelling.maximum(), "min": spelling.minimum()
}  # fmt: skip


def reduce(step: Step) -> Form:
    """Return the result of a reduction that is not a sum."""
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Reduce)
    assert form is not None
    if isinstance(form, Blocks) and form.mixed and step.context.strategy.split:
        if form.position not in spec.over:
            if passing_split_pays(step, behind=step.flops_per_element):
                return _beside(step, form)
        elif _can_merge(step) and _merging_pays(step, form):
            return _merged(step, form)
    return _reduce_whole(step, step.forms, step.result)


def _beside(step: Step, form: Blocks) -> Form:
    """Return the reductions of each side's columns, which stand beside the axis that goes."""
    (own, *_), (kept,) = step.spec.labels()
    assert own is not None
    place, rest = kept.index(own[form.position]), [None] * (len(step.forms) - 1)
    return distribute(step, step.forms, [form.position, *rest], place, _reduce_whole)


# --- columns of both sides reduced together


def _can_merge(step: Step) -> bool:
    """Return True where runtimes have elementwise ops of this type to merge partial results."""
    assert isinstance(step.spec, Reduce)
    return step.spec.merge is not None and step.node.outputs[0].dtype in _MERGED


def _merging_pays(step: Step, form: Blocks) -> bool:
    """Return True where reducing the sides apart saves more than merging two results costs."""
    prices, many, spec = step.context.prices, step.context.candidates, step.spec
    dims = flat(spec.axes(0))
    move = prices.move
    each = spec.weight / prices.flops_per_second + move

    def elements(side: frozenset[int], columns: int) -> int:
        return columns * extent(tuple(dims[at] for at in side - {form.position}), many)

    groups = step.context.grouping.groups(form)
    whole = elements(form.present, len(form.part))
    alone = sum(
        elements(frozenset[int]().union(*(form.parts[at].present for at in parts)), count)
        for parts, count in zip(groups.members.values(), groups.columns.values(), strict=True)
    )
    saves = each * (whole - alone)
    if not step.context.materializer.is_materialized(form):
        saves += move * (whole - alone)
    merged = (len(groups.members) - 1) * extent(flat(step.result), many)
    return saves > 2 * (len(groups.members) - 1) * prices.node + 3 * move * merged


def _merged(step: Step, form: Blocks) -> Atom:
    """Return the partial results of all sides, the request's first, as one."""
    assert isinstance(step.spec, Reduce)
    kinds = step.context.grouping.columns_by_kinds([form])
    partial = list[Atom]()
    materializer = step.context.materializer
    for columns in kinds.values():
        part = step.context.grouping.of_one_kind(form, columns)
        axes = with_extent(form.axes, form.position, len(columns))
        atom = materializer.materialize(replace(part, axes=axes), step.why)
        with step.context.builder.partial_results():
            partial.append(_reduce_along(step, atom, frozenset(step.spec.over), step.result))
    partial.sort(key=lambda atom: len(atom.present))
    merge = step.spec.merge
    if merge in _PAIRWISE:
        return reduce_pairs(
            lambda a, b: materializer.elementwise(_PAIRWISE[merge], [b, a]), partial
        )
    at = len(flat(step.result))
    stacked = materializer.concatenate(
        [replace(atom, axes=(*step.result, (1,))) for atom in partial], at
    )
    return _reduce_along(step, stacked, frozenset({at}), step.result)


# --- one tensor


def _reduce_whole(step: Step, forms: Sequence[Form | None], axes: Axes) -> Atom:
    """Return the reduction of one tensor, under these axes."""
    spec, form = step.spec, forms[0]
    assert isinstance(spec, Reduce)
    assert form is not None
    atom = step.context.materializer.materialize(form, step.why)
    return _reduce_along(step, atom, frozenset(spec.over), axes)


def _reduce_along(step: Step, atom: Atom, over: frozenset[int], axes: Axes) -> Atom:
    """Return the reduction of a tensor along some positions."""
    spec = step.spec
    assert isinstance(spec, Reduce)
    dims = flat(atom.axes)
    absent = over - atom.present
    if spec.idempotent:  # of no elements the result is another one than of one
        absent = frozenset(at for at in absent if not isinstance(dims[at], int))
    if absent or not (over or spec.idempotent):
        atom = step.context.layouts.lay(atom, (*atom.dims, tuple(sorted(absent))))
    gone = frozenset(over & atom.present)
    laid = tuple(part for group in atom.dims for part in cut_group(group, gone))
    atom = step.context.layouts.lay(atom, laid)
    own = [at for at, group in enumerate(laid) if group and group[0] in gone]
    if not over and not spec.idempotent:
        own = [len(laid) - 1]  # of one element, but not the element itself
    source = tuple(at for at in range(len(flat(atom.axes))) if at not in over)
    own = with_ones_behind(own, laid)
    return _without(_emit(step, atom, own) if own else atom, axes, source)


def _emit(step: Step, atom: Atom, own: list[int]) -> Atom:
    spec = step.spec
    assert isinstance(spec, Reduce)
    builder, keepdims = step.context.builder, int(spec.keepdims)
    attributes, lists = spelling.reduced_axes(own, builder.opset)
    inputs = [atom.tensor, *(builder.integers(axes) for axes in lists)]
    node = builder.copy(step.node, inputs, keepdims=keepdims, **attributes)
    dims = tuple(
        () if at in own else group
        for at, group in enumerate(atom.dims)
        if keepdims or at not in own
    )
    return replace(atom, tensor=node.outputs[0], dims=dims)


def _without(atom: Atom, axes: Axes, source: AxisLabels) -> Atom:
    form = relabel(atom, axes, source)
    assert isinstance(form, Atom)
    return form
