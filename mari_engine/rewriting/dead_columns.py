"""Dead column elimination: columns and rows that nothing reads are not computed.

A transformer over a history with the target appended is often read at the target's row alone
(BST, https://arxiv.org/abs/1905.06874): the last layer's other rows, most of its work, end nowhere.
Backward liveness over the declarations finds the columns of each value that are read; while the
graph is rewritten the others are a block of their own, on which no op works.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes, Index, Join, Pick, flat, with_extent
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.emission import Constant
from mari_engine.rewriting.forms import Atom, Blocks, ColumnAlgebra, Form, Whole
from mari_engine.types import Action


class DeadColumns(Constant):
    """Stands for the elements of dead columns; nothing reads them."""


def dead_block(axes: Axes, dtype: ir.DataType) -> Atom:
    """Return a form for dead columns."""
    nothing = np.zeros([1] * len(axes), dtype.numpy())
    return Atom(axes, DeadColumns(lambda: nothing, dtype), ((),) * len(axes))


def without_dead_columns(
    form: Form, found: tuple[int, Index], dtype: ir.DataType, algebra: ColumnAlgebra
) -> Form:
    """Return the form with its dead columns as a block of their own."""
    position, columns = found
    if isinstance(form, Blocks) and form.position != position:
        return form
    return _beside(algebra.take(form, position, columns), form.axes, found, dtype, algebra)


def _beside(
    live: Form, axes: Axes, found: tuple[int, Index], dtype: ir.DataType, algebra: ColumnAlgebra
) -> Form:
    """Return blocks of the live columns, as `live` has them, and of the dead ones."""
    position, columns = found
    extent = int(flat(axes)[position])
    inner = live.parts if isinstance(live, Blocks) else (live,)
    part, column = np.full(extent, len(inner)), np.zeros(extent, np.int64)
    rest = np.setdiff1d(np.arange(extent), columns)
    column[rest] = np.arange(len(rest))
    part[columns] = live.part if isinstance(live, Blocks) else 0
    column[columns] = live.column if isinstance(live, Blocks) else np.arange(len(columns))
    nothing = dead_block(with_extent(axes, position, len(rest)), dtype)
    names = (*live.names, "") if isinstance(live, Blocks) and live.names else ()
    return algebra.simplify(Blocks(axes, position, (*inner, nothing), part, column, names))


@dataclass(frozen=True, eq=False)
class LiveStep:
    """A step on live columns only, and how its results get their dead columns back."""

    step: Step
    axes: tuple[Axes, ...]
    places: tuple[int, ...]
    columns: Index

    def widen(self, results: Sequence[Form]) -> list[Form]:
        """Return the results with their dead columns as blocks."""
        out, materializer = list[Form](), self.step.context.materializer
        self._record()
        values = self.step.node.outputs
        for value, form, axes, at in zip(values, results, self.axes, self.places, strict=True):
            live = form
            if isinstance(form, Blocks) and form.position != at:
                live = materializer.materialize(form)
            dtype = value.dtype or ir.DataType.FLOAT
            out.append(_beside(live, axes, (at, self.columns), dtype, materializer.columns))
        return out

    def _record(self) -> None:
        """Add to the decision on a product that it is computed for fewer columns."""
        entries, node = self.step.context.log.entries, self.step.node
        if node not in entries:
            return
        entry, few = entries[node], len(self.columns)
        extent = int(flat(self.axes[0])[self.places[0]])
        action = Action.SPLIT if entry.action == Action.KEPT else entry.action
        computed = f"{few} of {extent} rows {'is' if few == 1 else 'are'} read, and computed"
        reason = f"{computed}: {entry.reason}"
        entries[node] = replace(entry, action=action, reason=reason, whole=False)


def narrow_to_live(step: Step) -> LiveStep | None:
    """Return the step on live columns, or None where no operand has dead ones that pass the op."""
    if isinstance(step.spec, (Join, Pick)):
        return None
    found = next((at for at, form in enumerate(step.forms) if _has_dead_block(form)), None)
    if found is None:
        return None
    terms, results = step.spec.labels()
    form, own = step.forms[found], terms[found]
    assert isinstance(form, Blocks)
    if own is None or own[form.position] in step.spec.mixing():
        return None
    label = own[form.position]
    if any(label not in labels for labels in results):
        return None
    places = [labels.index(label) if labels and label in labels else None for labels in terms]
    columns = _live_columns(step.forms, places)
    if not len(columns):
        return None
    forms, operands = list(step.forms), list(step.spec.operands)
    for at, place in enumerate(places):
        axes, whole = operands[at], forms[at]
        if place is not None and axes is not None and whole is not None:
            operands[at] = with_extent(axes, place, len(columns))
            forms[at] = step.context.columns.take(whole, place, columns)
    there = tuple(labels.index(label) for labels in results)
    fewer = tuple(
        with_extent(axes, place, len(columns))
        for axes, place in zip(step.spec.results, there, strict=True)
    )
    spec = replace(step.spec, operands=tuple(operands), results=fewer)
    short = replace(step, spec=spec, forms=tuple(forms))
    return LiveStep(short, step.spec.results, there, columns)


def _has_dead_block(form: Form | None) -> bool:
    return isinstance(form, Blocks) and any(map(is_dead, form.parts))


def is_dead(part: Whole) -> bool:
    """Return True for the block of columns that nothing reads."""
    return isinstance(part, Atom) and isinstance(part.tensor, DeadColumns)


def _live_columns(forms: Sequence[Form | None], places: Sequence[int | None]) -> Index:
    """Return the columns that are live in all forms that have dead ones."""
    live: Index | None = None
    for form, place in zip(forms, places, strict=False):  # lists of axes have no labels
        if isinstance(form, Blocks) and form.position == place and _has_dead_block(form):
            gone = [at for at, part in enumerate(form.parts) if is_dead(part)]
            own = np.flatnonzero(~np.isin(form.part, gone))
            live = own if live is None else np.intersect1d(live, own)
    assert live is not None
    return live
