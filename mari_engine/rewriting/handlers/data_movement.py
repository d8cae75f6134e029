"""Data movement on lazy values: views, slices, gathers and joins change a form, and write no node.

`Concat(u[1, 64], i[N, 32])` becomes blocks of two parts and an index of 96 columns; a Slice or a
Gather by constants changes that index; nothing is written until an op needs the columns together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mari_engine.axes import CANDIDATES, Axes, Index, Join, Pick, View, flat, with_extent
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import (
    Atom,
    Blocks,
    Form,
    Materializer,
    Whole,
    column_places,
    group_columns,
    per_candidate,
    relabel,
    slices_runtime_operand,
)


def view(step: Step) -> list[Form]:
    """Return the operand under other axes."""
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, View)
    assert form is not None
    form = _with_row_if_turned(step, form) if isinstance(form, Atom) else form
    return [relabel(form, step.result, spec.source)]


def _with_row_if_turned(step: Step, atom: Atom) -> Atom:
    """Return the atom with a row where it may have none, and the candidates' axis changes places.

    Of several dimensions of extent 1 nothing tells which is the candidates', and without them 0.
    """
    if atom.dims.count(()) < 2 or _candidate_axis(atom.axes) == _candidate_axis(step.result):
        return atom
    return step.context.layouts.with_row(atom)


def _candidate_axis(axes: Axes) -> int | None:
    return next((at for at, axis in enumerate(axes) if CANDIDATES in axis), None)


def pick(step: Step) -> list[Form]:
    """Return the columns of each result."""
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Pick)
    assert form is not None
    if (
        len(spec.indices) > 1
        and not isinstance(form, Blocks)
        and slices_runtime_operand(form, spec.position)
    ):
        form = step.context.materializer.materialize(form)
    results, read = [], step.node.inputs[0]
    name = (read.name if read is not None else None) or ""
    for index, axes in zip(spec.indices, spec.results, strict=True):
        taken = step.context.columns.take_lazily(form, spec.position, index, name)
        picked = with_extent(spec.axes(0), spec.position, len(index))
        results.append(step.context.axes.regroup(replace(taken, axes=picked), axes))
    return results


def join(step: Step) -> list[Form]:
    """Return the operands' columns side by side."""
    spec = step.spec
    assert isinstance(spec, Join)
    forms = [form for form in step.forms if form is not None]
    names = [value.name or "" for value in step.node.inputs if value is not None]
    return [concatenate_forms(step.context.materializer, step.result, spec.position, forms, names)]


def concatenate_forms(
    materializer: Materializer,
    axes: Axes,
    position: int,
    forms: Sequence[Form],
    names: Sequence[str],
) -> Form:
    """Return the concatenation of forms along one position."""
    across = _concatenate_across(materializer, axes, position, forms, names)
    if across is not None:
        return across
    parts, part, column, called = list[Whole](), list[Index](), list[Index](), list[str]()
    place: dict[Whole, int] = {}
    for form, name in zip(forms, names, strict=True):
        if isinstance(form, Blocks) and form.position != position:
            form = materializer.materialize(form)
        pieces = form.parts if isinstance(form, Blocks) else (form,)
        given = form.names if isinstance(form, Blocks) and form.names else (name,) * len(pieces)
        for piece, label in zip(pieces, given, strict=True):
            if piece not in place:
                place[piece] = len(parts)
                parts.append(piece)
                called.append(label)
        where = np.array([place[piece] for piece in pieces], dtype=np.int64)
        if isinstance(form, Blocks):
            part.append(where[form.part])
            column.append(form.column)
        else:
            count = int(flat(form.axes)[position])
            part.append(np.full(count, where[0]))
            column.append(np.arange(count))
    return materializer.columns.simplify(
        Blocks(
            axes, position, tuple(parts), np.concatenate(part), np.concatenate(column),
            tuple(called),
        )
    )  # fmt: skip


def _concatenate_across(
    materializer: Materializer,
    axes: Axes,
    position: int,
    forms: Sequence[Form],
    names: Sequence[str],
) -> Form | None:
    """Return the concatenation of forms whose sides lie along another position, side by side.

    None where there is no such position, or where fewer elements are the candidates' when each
    form is put together by itself: as many are no reason to, of forms whose parts lie alike.
    """
    apart = [f for f in forms if isinstance(f, Blocks) and f.position != position]
    alike = len(apart) == len(forms) and len(set(map(_order, apart))) == 1
    apart = [form for form in apart if alike or form.mixed]
    if len({form.position for form in apart}) != 1:
        return None
    other, groups = apart[0].position, group_columns(apart)
    width = int(flat(axes)[position])
    together = sum(
        width * len(columns)
        for columns in groups
        if any(_moves(form, other, int(columns[0])) for form in forms)
    )
    alone = sum(_area(form, position, other) for form in forms if per_candidate(form))
    if together > alone or (together == alone and not alike):
        return None
    part, column = column_places(groups, len(apart[0].part))
    parts = list[Atom]()
    for columns in groups:
        whole = with_extent(axes, other, len(columns))
        taken = [materializer.columns.take(form, other, columns) for form in forms]
        parts.append(
            materializer.materialize(concatenate_forms(materializer, whole, position, taken, names))
        )
    return materializer.columns.simplify(Blocks(axes, other, tuple(parts), part, column))


def _order(form: Blocks) -> tuple[int, ...]:
    """Return what is equal for blocks that put their parts' columns together in the same way."""
    return (form.position, *form.part.tolist(), *form.column.tolist())


def _moves(form: Form, position: int, column: int) -> bool:
    """Return True when this column of a form depends on the candidates."""
    if isinstance(form, Blocks) and form.position == position:
        return per_candidate(form.parts[int(form.part[column])])
    return per_candidate(form)


def _area(form: Form, *places: int) -> int:
    """Return the product of a form's extents at some positions."""
    return int(np.prod([int(flat(form.axes)[at]) for at in places]))
