"""Norms over both sides: `LN([tile(u) | i])` without its request columns for every candidate.

With the statistics of both sides merged (`merged_statistics`), and r = 1 / divisor of each row,

    LN([u | i]) = [ r (u - m_u) + r (m_u - m) | r (i - m) ] * scale + shift

The request's columns are linear in two numbers of the candidate, r and r (m_u - m), with
coefficients of the request. They are not computed: a product with weights meets the coefficients
once per request, and each candidate has two more columns instead of all of them. An op that needs
the norm in full gets what the original computes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import extent
from mari_engine.axes import CANDIDATES, Index, Norm, flat
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import (
    Atom,
    AtomArithmetic,
    Blocks,
    Form,
    Product,
    Sum,
    Term,
    Whole,
    joint_name,
    per_candidate,
    relabel,
)
from mari_engine.rewriting.handlers.axis_ops import along
from mari_engine.rewriting.handlers.merged_statistics import (
    SideColumns,
    Statistics,
    measure_side,
    merge,
)

_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE})
"""Types that statistics are computed in; ops compute those of halves in float32."""
_NODES, _PASSES = 24, 7
"""What a merged norm takes: nodes, and passes over the columns of the candidates."""
_BYTES = 8.0
"""One float is read and written."""
_MERGED = "{op} ({name}) normalizes both sides: their statistics are merged for each candidate"


def normalize(step: Step) -> Form:
    """Return the result of a norm, by side where that pays."""
    merged = merge_norm(step, lambda: step.context.materializer.materialize(along(step)))
    return along(step) if merged is None else merged


def merge_norm(step: Step, compute: Callable[[], Atom]) -> Form | None:
    """Return the norm of joined columns by side, None where it does not pay.

    `compute` returns it in full, for what needs it so.
    """
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Norm)
    if not isinstance(form, Blocks) or form.position not in spec.along:
        return None
    sides = _columns_by_side(form)
    if not _may_merge(step, spec, form, sides) or not _pays(step, spec, form, sides):
        return None
    blocks = _MergedNorm(step, spec, form, sides).blocks()
    step.context.materializer.compute_by(blocks, compute)
    node = step.node
    step.context.log.notes[node] = _MERGED.format(op=node.op_type, name=node.name)
    return blocks


def _columns_by_side(form: Blocks) -> dict[frozenset[int], Index]:
    """Return the columns of each side, those first that vary along the fewest factors."""
    found = dict[frozenset[int], list[int]]()
    for column, part in enumerate(form.part.tolist()):
        found.setdefault(form.sides[part], []).append(column)
    ordered = sorted(found.items(), key=lambda item: len(item[0]))
    return {side: np.array(columns) for side, columns in ordered}


def _may_merge(step: Step, spec: Norm, form: Blocks, sides: dict[frozenset[int], Index]) -> bool:
    strategy, dims = step.context.strategy, flat(form.axes)
    scales = [form for form in step.forms[1:] if form is not None]
    return (
        strategy.split
        and strategy.fold
        and step.node.outputs[0].dtype in _FLOATS
        and len(sides) > 1
        and all(isinstance(dims[at], int) for at in spec.along)
        and not any(isinstance(form, Blocks) or per_candidate(form) for form in scales)
    )


def _pays(step: Step, spec: Norm, form: Blocks, sides: dict[frozenset[int], Index]) -> bool:
    """Return True when what products no longer compute outweighs the passes that it takes."""
    prices, many, dims = step.context.prices, step.context.candidates, flat(form.axes)
    value = step.node.outputs[0]
    candidates = [CANDIDATES in {dims[at] for at in side} for side in sides]
    if all(candidates) or not any(candidates):
        return False
    readers = step.context.consumers
    spent = readers.flops_of_sums(value, form.position)
    rows = extent(tuple(dims[at] for at in form.present if at not in spec.along), many)
    inner = extent(tuple(dims[at] for at in spec.along if at != form.position), many)
    counts = [len(columns) for columns in sides.values()]
    moving = sum(n for n, moves in zip(counts, candidates, strict=True) if moves)
    gone, latents = (sum(counts) - moving) * inner, 2 if spec.centered else 1
    saves = rows * (gone - latents) * spent / prices.flops_per_second
    if not readers.is_read_whole(value):
        each = spec.weight / prices.arithmetic_per_second + 2 * _BYTES / prices.bytes_per_second
        saves += rows * sum(counts) * inner * each
    passes = rows * moving * inner * _PASSES * _BYTES / prices.bytes_per_second
    return spent > 0 and saves > _NODES * prices.node + passes


@dataclass(frozen=True, eq=False)
class _MergedNorm:
    """A norm of joined columns being written."""

    step: Step
    spec: Norm
    form: Blocks
    sides: dict[frozenset[int], Index]

    def blocks(self) -> Blocks:
        """Return the norm, one part for each side, those of the request not computed."""
        step, position = self.step, self.form.position
        grouping, materializer = step.context.grouping, step.context.materializer
        measured = []
        for columns in self.sides.values():
            atom = materializer.materialize(grouping.of_one_kind(self.form, columns))
            measured.append(measure_side(step, columns, atom, self.spec.along))
        arithmetic = AtomArithmetic(materializer, step.result)
        whole = reduce(lambda a, b: merge(a, b, arithmetic), (s.statistics for s in measured))
        divisor = self.spec.divisor(arithmetic, whole.mean_square)
        factor = arithmetic.divide(arithmetic.number(1.0, divisor), divisor)
        part, column = np.zeros_like(self.form.part), np.zeros_like(self.form.column)
        parts, names = list[Whole](), list[str]()
        for at, side in enumerate(measured):
            part[side.columns], column[side.columns] = at, np.arange(len(side.columns))
            make = self._scaled if per_candidate(side.atom) else self._linear
            parts.append(make(side, whole, factor))
            own = np.unique(self.form.part[side.columns])
            names.append(joint_name([self.form.names[p] for p in own]) if self.form.names else "")
        return Blocks(step.result, position, tuple(parts), part, column, tuple(names))

    def _scaled(self, side: SideColumns, whole: Statistics, factor: Atom) -> Atom:
        """Return `r (x - m) * scale + shift`, computed."""
        arithmetic, made = self._arithmetic(side), side.atom
        if whole.mean is not None:
            made = arithmetic.subtract(made, whole.mean)
        made = arithmetic.multiply(made, factor)
        scale, shift = (self._operand(at, side) for at in (1, 2))
        made = made if scale is None else arithmetic.multiply(made, scale)
        return made if shift is None else arithmetic.add(made, shift)

    def _linear(self, side: SideColumns, whole: Statistics, factor: Atom) -> Whole:
        """Return `r (x - m_x) * scale + r (m_x - m) * scale + shift`, not computed."""
        arithmetic = self._arithmetic(side)
        scale, shift = (self._operand(at, side) for at in (1, 2))
        own = side.deviation
        own = own if scale is None else arithmetic.multiply(own, scale)
        found: list[Term] = [self._times(factor, own)]
        if whole.mean is not None and side.statistics.mean is not None:
            apart = arithmetic.subtract(side.statistics.mean, whole.mean)
            moved = arithmetic.multiply(apart, factor)
            found.append(moved if scale is None else self._times(moved, scale))
        found += [] if shift is None else [shift]
        return found[0] if len(found) == 1 else Sum(side.atom.axes, tuple(found))

    def _times(self, factor: Atom, columns: Atom) -> Product:
        """Return numbers of the candidates times columns of the request."""
        places = range(len(flat(columns.axes)))
        labels = tuple(
            tuple(at if at in atom.present else -1 for at in places) for atom in (factor, columns)
        )
        held = factor.present | columns.present
        output = tuple(at if at in held else -1 for at in places)
        return Product(columns.axes, (factor, columns), labels, output, 1.0, (self.step.node,))

    def _arithmetic(self, side: SideColumns) -> AtomArithmetic:
        return AtomArithmetic(self.step.context.materializer, side.atom.axes)

    def _operand(self, index: int, side: SideColumns) -> Atom | None:
        """Return the scale (1) or the shift (2) of these columns, None where there is none."""
        form = self.step.forms[index] if index < len(self.step.forms) else None
        labels = self.spec.terms[index] if form is not None else None
        if form is None or labels is None:
            return None
        place = {label: old for old, label in enumerate(labels)}
        source = tuple(place.get(at, -1) for at in range(len(flat(self.step.result))))
        shown = relabel(form, self.step.result, source)
        taken = self.step.context.columns.take(shown, self.form.position, side.columns)
        return self.step.context.materializer.materialize(taken)
