"""Rows that nothing reads are not computed.

A transformer over a history with the target appended is often read at the target's row alone
(BST, https://arxiv.org/abs/1905.06874): the last layer's other rows, most of its work, end nowhere.
Which columns of a value are read follows from the declarations, against the graph's order; while
the graph is rewritten the others are a block that no op works on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import onnx_ir as ir

from mari_engine.algebra import Algebra
from mari_engine.factors import Index, Join, Pick, View
from mari_engine.facts import Survey
from mari_engine.forms import Atom, Blocks, Constant, Form, Whole, with_extent
from mari_engine.sizes import Axes, flat
from mari_engine.steps import Step
from mari_engine.types import Action

_LARGEST = 0.75
"""The share of a value's columns up to which it is worth to take those that are read."""
Read = dict[int, Index]
"""The columns that are read, by position; of a position that is left out, all."""


class Unread(Constant):
    """The elements of columns that nothing reads."""


def no_columns(axes: Axes, dtype: ir.DataType) -> Atom:
    """Return a form for columns that nothing reads."""
    nothing = np.zeros([1] * len(axes), dtype.numpy())
    return Atom(axes, Unread(lambda: nothing, dtype), ((),) * len(axes))


class Liveness:
    """Knows for each value of a graph which of its columns are read."""

    def __init__(self, graph: ir.Graph, known: Survey) -> None:
        self.known = known
        self._read: dict[ir.Value, Read] = {}
        for node in reversed(graph):
            for value in node.outputs:
                read = self._follow(value)
                if read:
                    self._read[value] = read

    def columns(self, value: ir.Value) -> tuple[int, Index] | None:
        """Return the position along which fewest columns of a value are read, and these; or None.

        None too where only ops that move columns read it: they take what is read from it anyway.
        """
        read = self._read.get(value)
        if not read or all(self._moves(use.node) for use in value.uses()):
            return None
        dims = flat(self.known.fact(value).axes)
        shares = {at: len(columns) / int(dims[at]) for at, columns in read.items()}
        least = min(shares, key=lambda at: shares[at])
        columns = read[least] if len(read[least]) else np.arange(1)  # no tensor is empty
        return (least, columns) if shares[least] <= _LARGEST else None

    def _moves(self, node: ir.Node) -> bool:
        spec = self.known.specs.get(node)
        return isinstance(spec, (Join, Pick, View)) or all(map(self.known.settled, node.outputs))

    def _follow(self, value: ir.Value) -> Read:
        """Return what the readers of a value read of it, put together."""
        fact, read = self.known.values.get(value), None
        if fact is None or value.is_graph_output():
            return {}
        for use in value.uses():
            if all(map(self.known.settled, use.node.outputs)):
                continue  # it needs the extents only
            own, dims = self._read_by(use.node, use.idx, fact.axes), flat(fact.axes)
            both = own if read is None else _all_of((read, own))
            read = {at: columns for at, columns in both.items() if len(columns) < int(dims[at])}
            if not read:
                return {}
        return read or {}

    def _read_by(self, node: ir.Node, index: int, axes: Axes) -> Read:
        """Return the columns that a node reads of an operand."""
        spec = self.known.specs.get(node)
        if spec is None or index >= len(spec.operands) or flat(spec.axes(index)) != flat(axes):
            return {}
        if isinstance(spec, Pick):
            return self._picked(node, spec) if index == 0 else {}
        results = [
            self._of(value, declared)
            for value, declared in zip(node.outputs, spec.results, strict=True)
        ]
        if not any(results):
            return {}
        if isinstance(spec, Join):
            return self._joined(spec, index, results[0])
        terms, labels = spec.labels()
        own, mixed = terms[index] or (), spec.mixing()
        alone = [(at, label) for at, label in enumerate(own) if own.count(label) == 1]
        return _all_of(
            {at: r[each.index(label)] for at, label in alone
             if label not in mixed and label in each and each.index(label) in r}
            for each, r in zip(labels, results, strict=True)
        )  # fmt: skip

    def _picked(self, node: ir.Node, spec: Pick) -> Read:
        place, rank = spec.position, len(flat(spec.axes(0)))
        found, picked = list[Read](), [np.arange(0)]
        for value, axes, index in zip(node.outputs, spec.results, spec.indices, strict=True):
            if not value.uses() and not value.is_graph_output():
                continue
            more = len(flat(axes)) - rank  # the picked position may be gone, or be several
            read = self._of(value, axes)
            picked.append(index[read[place]] if not more and place in read else index)
            found.append({
                at if at < place else at - more: columns
                for at, columns in read.items()
                if at < place or at > place + more
            })  # fmt: skip
        return {**_all_of(found), place: np.unique(np.concatenate(picked))}

    def _joined(self, spec: Join, index: int, read: Read) -> Read:
        found, at = dict(read), spec.position
        if at in read:
            before = sum(int(flat(own or ())[at]) for own in spec.operands[:index])
            extent = int(flat(spec.axes(index))[at])
            own = read[at] - before
            found[at] = own[(own >= 0) & (own < extent)]
        return found

    def _of(self, value: ir.Value, axes: Axes) -> Read:
        """Return the columns that are read of a result, whose axes are declared so."""
        fact = self.known.values.get(value)
        declared = fact is not None and flat(fact.axes) == flat(axes)
        return self._read.get(value, {}) if declared else {}


def _all_of(reads: Iterable[Read]) -> Read:
    """Return what several readers read together: all, of a position of which one reads all."""
    found = list(reads)
    both = set[int]().union(*found[:1]).intersection(*found[1:])
    return {at: reduce(np.union1d, (read[at] for read in found)) for at in both}


def without_unread(form: Form, found: tuple[int, Index], dtype: ir.DataType, own: Algebra) -> Form:
    """Return the form with the columns that nothing reads as a block of their own."""
    position, columns = found
    if isinstance(form, Blocks) and form.position != position:
        return form
    return _beside(own.take(form, position, columns), form.axes, found, dtype, own)


def _beside(
    live: Form, axes: Axes, found: tuple[int, Index], dtype: ir.DataType, own: Algebra
) -> Form:
    """Return blocks of the columns that are read, as `live` has them, and of the others."""
    position, columns = found
    extent = int(flat(axes)[position])
    inner = live.parts if isinstance(live, Blocks) else (live,)
    part, column = np.full(extent, len(inner)), np.zeros(extent, np.int64)
    rest = np.setdiff1d(np.arange(extent), columns)
    column[rest] = np.arange(len(rest))
    part[columns] = live.part if isinstance(live, Blocks) else 0
    column[columns] = live.column if isinstance(live, Blocks) else np.arange(len(columns))
    nothing = no_columns(with_extent(axes, position, len(rest)), dtype)
    names = (*live.names, "") if isinstance(live, Blocks) and live.names else ()
    return own.blocks(Blocks(axes, position, (*inner, nothing), part, column, names))


@dataclass(frozen=True, eq=False)
class Narrowed:
    """A step on the columns that are read only, and how its results become whole again."""

    step: Step
    axes: tuple[Axes, ...]
    places: tuple[int, ...]
    columns: Index

    def widened(self, results: Sequence[Form]) -> list[Form]:
        """Return the results with the columns that nothing reads."""
        out, settling = list[Form](), self.step.shop.settling
        self._tell()
        values = self.step.node.outputs
        for value, form, axes, at in zip(values, results, self.axes, self.places, strict=True):
            live = form
            if isinstance(form, Blocks) and form.position != at:
                live = settling.settle(form)
            dtype = value.dtype or ir.DataType.FLOAT
            out.append(_beside(live, axes, (at, self.columns), dtype, settling.algebra))
        return out

    def _tell(self) -> None:
        """Add to what was decided for a product that it is computed for fewer columns."""
        entries, node = self.step.shop.ledger.entries, self.step.node
        if node not in entries:
            return
        entry, few = entries[node], len(self.columns)
        extent = int(flat(self.axes[0])[self.places[0]])
        action = Action.SPLIT if entry.action == Action.KEPT else entry.action
        told = f"{few} of {extent} rows {'is' if few == 1 else 'are'} read, and computed"
        reason = f"{told}: {entry.reason}"
        entries[node] = replace(entry, action=action, reason=reason, whole=False)


def narrowed(step: Step) -> Narrowed | None:
    """Return the step on fewer columns, where some of an operand's are read by nothing."""
    if isinstance(step.spec, (Join, Pick)):
        return None
    found = next((at for at, form in enumerate(step.forms) if _has_unread(form)), None)
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
    columns = _live(step.forms, places)
    if not len(columns):
        return None
    forms, operands = list(step.forms), list(step.spec.operands)
    for at, place in enumerate(places):
        axes, whole = operands[at], forms[at]
        if place is not None and axes is not None and whole is not None:
            operands[at] = with_extent(axes, place, len(columns))
            forms[at] = step.shop.algebra.take(whole, place, columns)
    there = tuple(labels.index(label) for labels in results)
    fewer = tuple(
        with_extent(axes, place, len(columns))
        for axes, place in zip(step.spec.results, there, strict=True)
    )
    spec = replace(step.spec, operands=tuple(operands), results=fewer)
    short = replace(step, spec=spec, forms=tuple(forms))
    return Narrowed(short, step.spec.results, there, columns)


def _has_unread(form: Form | None) -> bool:
    return isinstance(form, Blocks) and any(map(_is_unread, form.parts))


def _is_unread(part: Whole) -> bool:
    return isinstance(part, Atom) and isinstance(part.tensor, Unread)


def _live(forms: Sequence[Form | None], places: Sequence[int | None]) -> Index:
    """Return the columns that are there in all forms that have a block of unread ones."""
    live: Index | None = None
    for form, place in zip(forms, places, strict=False):  # lists of axes have no labels
        if isinstance(form, Blocks) and form.position == place and _has_unread(form):
            gone = [at for at, part in enumerate(form.parts) if _is_unread(part)]
            own = np.flatnonzero(~np.isin(form.part, gone))
            live = own if live is None else np.intersect1d(live, own)
    assert live is not None
    return live
