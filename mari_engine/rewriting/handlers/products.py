"""Products split by side: `[tile(u) | i | c] · W = tile(u · W_u) + [i | c] · W_ic`.

`[N, K] x [K, M] -> [N, M]`, K made of any number of fragments in any order, becomes `[1, K_u] x
[K_u, M]` once per request and `[N, K_i] x [K_i, M]` (MaRI, sections 3 and 4): the columns of a side
become one block, and the rows of `W` are sliced and permuted with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mari_engine.axes import Axes, AxisLabels, Contract, Index
from mari_engine.rewriting.context import Step, distribute, find_passing_columns
from mari_engine.rewriting.forms import (
    Atom,
    Blocks,
    Form,
    Product,
    Sum,
    Term,
    Whole,
    is_deferrable,
    is_rescaled,
    per_candidate,
    relabel,
    scaled_operand,
    terms,
)
from mari_engine.rewriting.handlers.low_rank_rows import distribute_low_rank
from mari_engine.rewriting.products import (
    associate,
    compose_product,
    expand_bilinear,
    merge_common_factors,
    passing_split_pays,
    split_gain,
    stack_products,
    sum_parts,
)
from mari_engine.types import Action


def contract(step: Step) -> Form:
    """Return a product, not computed yet: one term per side where its input is joined."""
    spec = step.spec
    assert isinstance(spec, Contract)
    passing = _distribute_over_passing(step, spec) or distribute_low_rank(step, contract)
    if passing is not None:
        return passing
    products = _terms(step, spec)
    if step.context.strategy.fold:
        merged = merge_common_factors(
            products, step.context.materializer, step.context.prices, fold=step.is_deferrable
        )
        alone = step.is_deferrable or not step.context.strategy.neat
        products = list(merged if alone else stack_products(merged, step.context.materializer))
    if spec.addend is None:
        return products[0] if len(products) == 1 else Sum(step.result, tuple(products))
    return Sum(step.result, (*products, _addend(step, spec)))


def _terms(step: Step, spec: Contract) -> Sequence[Term]:
    """Return the products that add up to the result, one or several for each side."""
    at = _split_operand(step, spec)
    if at is not None:
        return _split(step, at)
    parts = sum_parts(step)
    if parts is not None:
        _record_whole(step, parts[0])
        return parts
    lazy = [
        i
        for i in range(len(spec.terms))
        if isinstance(form := step.forms[i], (Sum, Product))
        and not step.context.materializer.is_materialized(form)
        and (is_deferrable(form) or scaled_operand(form) is not None)
        and not any(per_candidate(other) for other in step.forms if other and other is not form)
    ]
    if not lazy or not step.context.strategy.fold:
        apart = expand_bilinear(step) or associate(step)
        if apart is not None:
            return apart
        product = compose_product(step, [_operand(step, spec, i) for i in range(len(spec.terms))])
        _record_whole(step, product)
        return [product]
    form = step.forms[lazy[0]]
    assert isinstance(form, (Sum, Product))
    others = [None if i == lazy[0] else step.atom(i) for i in range(len(spec.terms))]
    found = _with_one_request_term(step, form)
    products = [compose_product(step, [o or term for o in others]) for term in found]
    moving = sum(per_candidate(product) for product in products)
    if moving < len(products):
        step.context.log.record(
            step.node, Action.SPLIT, "what does not depend on the candidates runs once per request"
        )
    else:
        _record_whole(step, products[0])
    return products


def _operand(step: Step, spec: Contract, index: int) -> Atom:
    """Return an operand as a tensor, heads that both operands have in front."""
    form = step.forms[index]
    if len(spec.terms) != 2 or not isinstance(form, Product) or not step.context.strategy.split:
        return step.atom(index)
    return step.context.materializer.product_by_head(form, spec.stacked(index))


def _with_one_request_term(step: Step, form: Whole) -> list[Term]:
    """Return the terms of a form, those of the request added up to one."""
    moving = [term for term in terms(form) if per_candidate(term)]
    still = tuple(term for term in terms(form) if not per_candidate(term))
    if len(still) < 2:
        return list(terms(form))
    return [*moving, step.context.materializer.materialize(Sum(form.axes, still))]


def _addend(step: Step, spec: Contract) -> Term:
    """Return what is added to the product, under the result's axes."""
    atom = step.atom(len(spec.terms))
    assert spec.addend is not None
    place = {spec.output.index(label): at for at, label in enumerate(spec.addend)}
    source = tuple(place.get(at, -1) for at in range(len(spec.output)))
    moved = relabel(atom, step.result, source)
    assert isinstance(moved, Atom)
    if spec.addend_scale == 1.0:
        return moved
    labels = tuple(at if at in moved.present else -1 for at in range(len(source)))
    return Product(step.result, (moved,), (labels,), labels, spec.addend_scale, (step.node,))


# --- columns that pass through


def _distribute_over_passing(step: Step, spec: Contract) -> Form | None:
    """Return blocks, one product a side, where columns of both sides pass through unsummed."""
    if not step.context.strategy.split or spec.addend is not None:
        return None
    summed = {label for own in spec.terms for label in own} - set(spec.output)
    found = find_passing_columns(step, spec.terms, spec.output, frozenset(summed))
    if found is None or not passing_split_pays(step):
        return None
    place, places = found
    step.context.log.record(
        step.node, Action.SPLIT, "its fields on the request side run once, the others per candidate"
    )
    return distribute(step, step.forms, places, place, _product_of_columns)


def _product_of_columns(step: Step, forms: Sequence[Form | None], axes: Axes) -> Form:
    atoms = [step.context.materializer.materialize(form) for form in forms if form is not None]
    return replace(compose_product(step, atoms), axes=axes)


# --- columns that are summed

_HOISTED = "not split: to run the request's side once and split nothing is the faster way here"


def _split_operand(step: Step, spec: Contract) -> int | None:
    """Return the operand whose summed columns are of both sides, if to split it pays."""
    for at in range(len(spec.terms)):
        form = step.forms[at]
        if not isinstance(form, Blocks) or len(step.context.grouping.groups(form).members) < 2:
            continue
        if spec.terms[at][form.position] in spec.output:
            continue
        if not step.context.strategy.split:
            step.context.log.record(step.node, Action.KEPT, _HOISTED)
            return None
        gain = split_gain(step, spec, at, form)
        if gain.pays:
            return at
        step.context.materializer.materialize(
            form, f"the split of {step.node.name} was not worth it"
        )
        step.context.log.record(step.node, Action.KEPT, f"not split: {gain}")
        return None
    return None


def _explain_split(step: Step, form: Blocks) -> str:
    """Return what becomes of the columns of each side, in words."""
    counts = {"request": 0, "folded": 0, "candidate": 0}
    groups = step.context.grouping.groups(form)
    for kind, members in groups.members.items():
        first = form.parts[members[0]]
        lazy = not isinstance(kind, frozenset) and not is_rescaled(first)
        moving = per_candidate(first)
        side = "folded" if lazy else "candidate" if moving else "request"
        counts[side] += groups.columns[kind]
    words = {
        "request": "request columns run once per request",
        "folded": "columns that are linear in few candidate values fold into per-request weights",
        "candidate": "candidate columns run per candidate",
    }
    told = ", ".join(f"{counts[kind]:,} {words[kind]}" for kind in counts if counts[kind])
    return "; ".join([told, *_notes(step, form)])


def _notes(step: Step, form: Blocks) -> list[str]:
    """Return what became of the nodes that made the columns, where the log tells it."""
    found = [
        step.context.log.notes.get(node, "")
        for part in form.parts
        for term in terms(part)
        if isinstance(term, Product)
        for node in term.source
    ]
    return [note for note in dict.fromkeys(found) if note]


def _split(step: Step, at: int) -> list[Product]:
    """Return one product per side (or per fragment, where the strategy is not neat)."""
    form, spec = step.forms[at], step.spec
    assert isinstance(form, Blocks)
    assert isinstance(spec, Contract)
    step.context.log.record_layout(step.node, form)
    step.context.log.record(step.node, Action.SPLIT, _explain_split(step, form))
    out = []
    label = spec.terms[at][form.position]
    grouping, neat = step.context.grouping, step.context.strategy.neat
    for block, columns in grouping.by_kind(form) if neat else grouping.fragments(form):
        others = [
            None if i == at else _rows(step, i, own, label, columns)
            for i, own in enumerate(spec.terms)
        ]
        out += [
            compose_product(step, [other or term for other in others])
            for term in _with_one_request_term(step, block)
        ]
    return out


def _rows(step: Step, index: int, own: AxisLabels, label: int, columns: Index) -> Atom:
    """Return another operand with only the rows that meet these columns."""
    form = step.forms[index]
    assert form is not None
    if label in own:
        form = step.context.columns.take(form, own.index(label), columns)
    return step.context.materializer.materialize(form)


# --- products that stay whole


def _record_whole(step: Step, product: Product) -> None:
    log = step.context.log
    if step.node in log.entries:
        return
    moving = [atom for atom in product.operands if atom.constant is None]
    note = next((atom.note for atom in moving if atom.note), "")
    if not per_candidate(product):
        log.record(step.node, Action.ONCE, "nothing in it depends on the candidates: one row")
    elif note:
        reason = f"its input holds both sides: {note}"
        log.record(step.node, Action.KEPT, reason, whole=True)
    elif len(moving) > 1 and not all(per_candidate(atom) for atom in moving):
        log.record(
            step.node,
            Action.FUSED,
            "its request-side operand is held once; the candidates are rows of one product",
            whole=True,
        )
    else:
        reason = "all of its input depends on the candidates"
        log.record(step.node, Action.KEPT, reason, whole=True)
