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
from dataclasses import dataclass, replace
from functools import reduce

import onnx_ir as ir

from mari_engine.analysis import extent
from mari_engine.axes import CANDIDATES, Axes, Index, Norm, flat, positions, static
from mari_engine.rewriting.context import Step, with_sides
from mari_engine.rewriting.forms import (
    Atom,
    AtomArithmetic,
    Blocks,
    Form,
    Sum,
    Term,
    Whole,
    columns_by_side,
    multiple,
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
"""Types that statistics are computed in; those of halves ops compute in float32."""
_NODES, _PASSES = 24, 7
"""What a merged norm takes: nodes, and passes over the columns of the candidates."""
_BROADCASTS, _PIECES, _NUMBERS = 4, 3, 12
"""For each row: ops that meet it with one number, pieces that are joined, numbers computed."""
_MERGED = "{op} ({name}) normalizes both sides: their statistics are merged for each candidate"


def normalize(step: Step) -> Form:
    """Return the result of a norm, by side where that pays."""
    merged = merge_norm(step, lambda: step.context.materializer.materialize(along(step)))
    return along(step) if merged is None else merged


def merge_norm(step: Step, compute: Callable[[], Atom]) -> Form | None:
    """Return the norm of joined columns by side, None where it does not pay.

    `compute` returns it in full, for what needs it so.
    """
    step = _as_one_factor(step)
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Norm)
    if not isinstance(form, Blocks) or form.position not in spec.along:
        return None
    sides = columns_by_side(form)
    if not _may_merge(step, spec, form, sides) or not _pays(step, spec, form, sides):
        return None
    blocks = _MergedNorm(step, spec, form, sides).blocks()
    node = step.node
    step.context.materializer.compute_by(blocks, node, compute)
    step.context.log.notes[node] = _MERGED.format(op=node.op_type, name=node.name)
    return blocks


def _as_one_factor(step: Step) -> Step:
    """Return the step with fields that were flattened, `[N, F E]`, as the one axis that it is.

    What is not computed yet cannot be flattened later.
    """
    spec, form = step.spec, step.forms[0]
    assert isinstance(spec, Norm)
    axes, own = spec.axes(0), spec.along
    if not isinstance(form, Blocks) or len(own) < 2 or own != positions(axes)[-1]:
        return step
    width, rows, given = static(axes[-1]), own[0], spec.terms[1:]
    if width is None or form.position != rows or any(each not in (None, own) for each in given):
        return step
    result: Axes = (*axes[:-1], (width,))
    operands = (result, *(None if each is None else ((width,),) for each in given))
    merged = replace(
        spec, operands=operands, results=(result,), along=(rows,),
        terms=(tuple(range(rows + 1)), *(None if each is None else (rows,) for each in given)),
    )  # fmt: skip
    forms = (
        None if each is None or shown is None else step.context.axes.regroup(each, shown)
        for each, shown in zip(step.forms, operands, strict=True)
    )
    return replace(step, spec=merged, forms=tuple(forms))


def _may_merge(step: Step, spec: Norm, form: Blocks, sides: dict[frozenset[int], Index]) -> bool:
    strategy, dims = step.context.strategy, flat(form.axes)
    scales = [form for form in step.forms[1:] if form is not None]
    return (
        strategy.takes_norms_apart
        and step.dtype in _FLOATS
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
        each = spec.weight / prices.arithmetic_per_second + 2 * prices.move
        saves += rows * sum(counts) * inner * each
    moved = (moving * inner * _PASSES + _NUMBERS) * prices.move
    each_row = moved + _BROADCASTS * prices.pick + _PIECES * prices.piece
    return spent > 0 and saves > _NODES * prices.node + rows * each_row


@dataclass(frozen=True, eq=False)
class _MergedNorm:
    """A norm of joined columns being written."""

    step: Step
    spec: Norm
    form: Blocks
    sides: dict[frozenset[int], Index]

    def blocks(self) -> Blocks:
        """Return the norm, one part for each side, those of the request not computed."""
        step = self.step
        grouping, materializer = step.context.grouping, step.context.materializer
        measured = []
        for columns in self.sides.values():
            atom = materializer.materialize(grouping.of_one_kind(self.form, columns))
            measured.append(measure_side(step, columns, atom, self.spec.along))
        arithmetic = AtomArithmetic(materializer, step.result)
        whole = reduce(lambda a, b: merge(a, b, arithmetic), (s.statistics for s in measured))
        divisor = self.spec.divisor(arithmetic, whole.mean_square)
        factor = arithmetic.divide(arithmetic.number(1.0, divisor), divisor)
        parts = list[tuple[Index, Whole]]()
        for side in measured:
            make = self._scaled if per_candidate(side.atom) else self._linear
            parts.append((side.columns, make(side, whole, factor)))
        return with_sides(self.form, step.result, parts)

    def _scaled(self, side: SideColumns, whole: Statistics, factor: Atom) -> Whole:
        """Return `r (x - m)`, computed, times the scale plus the shift."""
        arithmetic, made = self._arithmetic(side), side.atom
        if whole.mean is not None:
            made = arithmetic.subtract(made, whole.mean)
        made = arithmetic.multiply(made, factor)
        scale, shift = (self._operand(at, side) for at in (1, 2))
        found: Term = made if scale is None else multiple(made, scale, self.step.node)
        return found if shift is None else Sum(side.atom.axes, (found, shift))

    def _linear(self, side: SideColumns, whole: Statistics, factor: Atom) -> Whole:
        """Return `r (x - m_x) * scale + r (m_x - m) * scale + shift`, not computed."""
        arithmetic = self._arithmetic(side)
        scale, shift = (self._operand(at, side) for at in (1, 2))
        own = side.deviation
        own = own if scale is None else arithmetic.multiply(own, scale)
        found: list[Term] = [multiple(factor, own, self.step.node)]
        if whole.mean is not None and side.statistics.mean is not None:
            apart = arithmetic.subtract(side.statistics.mean, whole.mean)
            moved = arithmetic.multiply(apart, factor)
            found.append(moved if scale is None else multiple(moved, scale, self.step.node))
        found += [] if shift is None else [shift]
        return found[0] if len(found) == 1 else Sum(side.atom.axes, tuple(found))

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
