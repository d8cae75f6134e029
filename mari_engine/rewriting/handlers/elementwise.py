"""Elementwise ops, with broadcast sinking: `f([u | i]) = [f(u) | f(i)]`, computed side by side.

Additions and multiplications by request-side values stay sums and products, not computed yet. On
blocks, the op runs once for each side where that costs less than all columns per candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mari_engine.analysis import extent
from mari_engine.axes import Axes, Index, Pointwise, flat
from mari_engine.ops import spelling
from mari_engine.rewriting.context import Step, distribute
from mari_engine.rewriting.forms import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    Term,
    Whole,
    as_product,
    as_whole,
    is_deferrable,
    per_candidate,
    relabel,
    scaled_operand,
    terms,
    times,
)
from mari_engine.rewriting.handlers.row_multiples import multiply_rows
from mari_engine.rewriting.products import count_picked_runs, merge_common_factors

_MOST_GROUPS = 4
"""Groups of columns beyond which an op is called once on the joined columns."""


def pointwise(step: Step) -> Form:
    """Return the result of an elementwise op."""
    spec = step.spec
    assert isinstance(spec, Pointwise)
    forms = [
        None if form is None or own is None else _broadcast(form, own, step.result)
        for form, own in zip(step.forms, spec.maps, strict=True)
    ]
    multiples = multiply_rows(step, forms, _apply, lambda: _whole(step, forms))
    if multiples is not None:
        return multiples
    position = _block_position(step, forms)
    if position is not None:
        blocks = [form for form in forms if isinstance(form, Blocks)]
        apart = list(step.context.grouping.columns_by_kinds(blocks).values())
        forms = [None if form is None else _with_sums_computed(form, apart, step) for form in forms]
        return distribute(step, forms, [position] * len(forms), position, _apply)
    return _whole(step, forms)


def _whole(step: Step, forms: Sequence[Form | None]) -> Form:
    """Call the op once, joined columns put together; `forms` are those under the result's axes."""
    spec = step.spec
    assert isinstance(spec, Pointwise)
    whole = [
        _broadcast(step.context.materializer.materialize(given, step.why), own or (), step.result)
        if isinstance(given, Blocks)
        else form
        for given, form, own in zip(step.forms, forms, spec.maps, strict=True)
    ]
    return _apply(step, whole, step.result)


def _broadcast(form: Form, own: Sequence[int], result: Axes) -> Form:
    """Return the form under the result's axes, compact along what it is broadcast over."""
    place = {at: old for old, at in enumerate(own)}
    return relabel(form, result, tuple(place.get(at, -1) for at in range(len(flat(result)))))


def _block_position(step: Step, forms: Sequence[Form | None]) -> int | None:
    """Return the columns' position if the op is distributed over blocks, None if it is not."""
    blocks = [form for form in forms if isinstance(form, Blocks)]
    if not blocks or len({form.position for form in blocks}) > 1:
        return None
    position, materializer = blocks[0].position, step.context.materializer
    stays_lazy = step.is_deferrable and isinstance(step.spec, Pointwise) and step.spec.linear
    if not stays_lazy and any(map(materializer.is_computed_whole, step.forms)):
        return None
    rest = [form for form in forms if form is not None and not isinstance(form, Blocks)]
    lazy = step.is_deferrable and any(
        not materializer.is_materialized(form) and is_deferrable(as_whole(form)) for form in rest
    )
    common = frozenset[int]()
    if not lazy:
        common = frozenset[int]().union(*(form.present for form in rest)) - {position}
        if frozenset[int]().union(*(form.present for form in blocks)) - {position} <= common:
            return None  # the others are whole, and make every column so
    groups = step.context.grouping.columns_by_kinds(blocks)
    sides = [tuple(_side(kind, common) for kind in key) for key in groups]
    if len(set(sides)) < 2 or len(groups) > _MOST_GROUPS:
        return None
    alone = any(not isinstance(kind, frozenset) for key in groups for kind in key)
    return position if lazy or alone or _pays(step, blocks, rest, groups, common) else None


def _side(kind: object, common: frozenset[int]) -> object:
    return kind | common if isinstance(kind, frozenset) else kind


def _pays(
    step: Step, blocks: Sequence[Blocks], rest: Sequence[Form],
    groups: Mapping[tuple[object, ...], Index], common: frozenset[int],
) -> bool:  # fmt: skip
    """Return True when elements that are not computed per candidate outweigh the slicing it takes.

    What products with weights make of those elements is not computed per candidate either.
    """
    prices, many = step.context.prices, step.context.candidates
    dims, position = flat(step.result), blocks[0].position
    move = prices.move
    made = step.flops_per_element / prices.flops_per_second

    def elements(side: frozenset[int], columns: int) -> int:
        return columns * extent(tuple(dims[at] for at in side - {position}), many)

    whole = frozenset[int]().union(common, *(form.present for form in blocks))
    apart = (len(groups) - 1) * prices.node
    together = elements(whole, len(blocks[0].part)) * move
    for key, columns in groups.items():
        sides = [kind for kind in key if isinstance(kind, frozenset)]
        alone = elements(common.union(*sides), len(columns))
        apart += alone * move
        together += (elements(whole, len(columns)) - alone) * made
        for form, side in zip(blocks, sides, strict=True):
            moved, picked = _taken(form, columns)
            before = frozenset(at for at in side if at < position)  # what follows goes along
            taking = elements(before, picked) * prices.pick + elements(side, moved) * move
            apart += taking
        apart += sum(elements(form.present, len(columns)) * move for form in rest if form.present)
    for form in blocks:
        if not step.context.materializer.is_materialized(form):
            together += elements(form.present, len(form.part)) * move
            together += count_picked_runs(form, many) * prices.pick
    return apart < together


def _with_sums_computed(form: Form, columns: Sequence[Index], step: Step) -> Form:
    """Return the form with those products computed that sum a tensor and lie in several groups.

    Slicing the result moves less than slicing the operand that is summed.
    """
    if not isinstance(form, Blocks):
        return form
    own = [set(form.part[each].tolist()) for each in columns]
    cut = [at for at in range(len(form.parts)) if sum(at in parts for parts in own) > 1]
    parts = list(form.parts)
    for at in cut:
        if any(_sums(term, form.position) for term in terms(parts[at])):
            parts[at] = step.context.materializer.materialize(parts[at])
    return replace(form, parts=tuple(parts))


def _sums(term: Term, position: int) -> bool:
    """Return True for a product that sums over a tensor of the run which has this position."""
    return isinstance(term, Product) and any(
        term.output[position] in own
        and atom.constant is None
        and any(label >= 0 and label not in term.output for label in own)
        for atom, own in zip(term.operands, term.labels, strict=True)
    )


def _taken(form: Blocks, columns: Index) -> tuple[int, int]:
    """Return how many columns are taken out of a larger part, and how many of these by index."""
    moved = picked = 0
    part, column = form.part[columns], form.column[columns]
    for at in np.unique(part).tolist():
        own = column[part == at]
        row = bool((np.diff(own) == 1).all())
        whole = row and len(own) == flat(form.parts[at].axes)[form.position]
        moved += 0 if whole else len(own)
        picked += 0 if row else len(own)
    return moved, picked


def _apply(step: Step, forms: Sequence[Form | None], axes: Axes) -> Form:
    lazy = _linear(step, forms, axes)
    return lazy if lazy is not None else _call(step, forms, axes)


def _call(step: Step, forms: Sequence[Form | None], axes: Axes) -> Atom:
    """Call the op itself on the operands' tensors, broadcast where they are compact."""
    materializer = step.context.materializer
    atoms = [None if form is None else materializer.materialize(form, step.why) for form in forms]
    given = [atom for atom in atoms if atom is not None]
    layout, tensors = materializer.align(given)
    scalar = [own == () for own, a in zip(step.spec.operands, atoms, strict=True) if a is not None]
    rest = iter(  # some ops take scalars of rank 0 only
        step.context.layouts.lay(atom, ()).tensor if bare else tensor
        for atom, tensor, bare in zip(given, tensors, scalar, strict=True)
    )
    node = step.context.builder.copy(step.node, [None if a is None else next(rest) for a in atoms])
    note = next((atom.note for atom in given if atom.note), "")
    return Atom(axes, node.outputs[0], layout, note)


def _linear(step: Step, forms: Sequence[Form | None], axes: Axes) -> Form | None:
    """Return a sum or a product, not computed yet, where the op allows it."""
    spec = step.spec
    assert isinstance(spec, Pointwise)
    given = [as_whole(form) for form in forms if form is not None]
    is_materialized = step.context.materializer.is_materialized
    apart = step.is_deferrable and len({form.present for form in given}) > 1
    ready = all(is_materialized(form) or _is_plain_reduction(form) for form in given)
    if spec.linear is None or (ready and not apart):
        return None
    if spec.linear == "neg":
        return added(step, axes, [_negated(step, term) for term in terms(given[0])])
    if spec.linear in ("add", "sub"):
        second = list(terms(given[1]))
        if spec.linear == "sub":
            second = [_negated(step, term) for term in second]
        return added(step, axes, [*terms(given[0]), *second])
    if spec.linear != "mul":
        return None
    form, other = given
    if per_candidate(other) or (isinstance(form, Atom) and not per_candidate(form)):
        form, other = other, form
    if per_candidate(other):
        return None
    factor = step.context.materializer.materialize(other)
    return added(step, axes, [scaled(step, term, factor) for term in terms(form)])


def _is_plain_reduction(form: Whole) -> bool:
    """Return True for a sum over factors of one tensor: there are no weights to fold into it."""
    return isinstance(form, Product) and len(form.operands) == 1


def added(step: Step, axes: Axes, parts: Sequence[Term | None]) -> Form | None:
    """Return the sum of the terms, or None when one of them could not be made."""
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    total = Sum(axes, tuple(found))
    if not step.is_deferrable:
        return total
    if not is_deferrable(total):
        return found[0] if len(found) == 1 and scaled_operand(found[0]) is not None else None
    return Sum(
        axes,
        merge_common_factors(found, step.context.materializer, step.context.prices, fold=False),
    )


def _negated(step: Step, term: Term) -> Term:
    if isinstance(term, Product):
        return replace(term, scale=-term.scale)
    if term.constant is not None:
        return replace(term, tensor=term.constant.mapped(np.negative))
    return replace(as_product(term), scale=-1.0, source=(step.node,))


def scaled(step: Step, term: Term, factor: Atom) -> Term | None:
    """Return a term times a factor of the request, folded into a product's weights.

    None where the product has to be computed first.
    """
    if isinstance(term, Atom) and not per_candidate(term):
        return step.context.materializer.elementwise(spelling.multiply(), [term, factor])
    if step.is_deferrable:
        return times(as_product(term), factor)
    if isinstance(term, Atom):
        return None
    output = term.output
    if any(output[at] < 0 for at in factor.present):
        return None
    labels = tuple(output[at] if at in factor.present else -1 for at in range(len(output)))
    wanted = {label for label in labels if label >= 0}
    fits = any(
        wanted <= set(own) and not per_candidate(atom)
        for atom, own in zip(term.operands, term.labels, strict=True)
    )
    if not fits:
        return None
    return replace(term, operands=(*term.operands, factor), labels=(*term.labels, labels))
