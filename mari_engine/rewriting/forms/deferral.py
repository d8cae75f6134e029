"""Deferral: forms that cost less inside the product that reads them than computed on their own.

`q[N, E] * k[L, E]` has `N*L*E` elements. The product `(q * k) x W[E, H]` that reads it can compute
`k * W -> [L, E, H]` once per request instead, and then `q x (k * W) -> [N, L, H]`.
"""

from __future__ import annotations

from mari_engine.rewriting.emission import Tensor
from mari_engine.rewriting.forms.lazy_values import Atom, Product, Term, Whole, per_candidate, terms


def is_deferrable(form: Whole) -> bool:
    """Return True when each candidate operand of the form lacks factors that the form has.

    Computing such a form broadcasts the candidates' values over request-side factors, as `q * k`
    or `i·W` times request values do; or it is of low rank, as a few keys' weights times values.
    """
    moving = [term for term in terms(form) if per_candidate(term)]
    return bool(moving) and all(_spreads(term, form.present) for term in moving)


def is_multiple(form: Whole, position: int) -> bool:
    """Return True for columns of the request times numbers of the candidates, `r[N] * u[K]`.

    `position` is that of the columns. A product that sums over them meets a number of each
    candidate in the place of all columns, whether or not something else has them computed.
    """
    moving = [term for term in terms(form) if per_candidate(term)]
    lazy = any(isinstance(term, Product) for term in moving)
    return lazy and all(_multiplies(term, position) for term in moving)


def _multiplies(term: Term, position: int) -> bool:
    if isinstance(term, Atom):
        return position not in term.present
    held = {
        label
        for atom, labels in zip(term.operands, term.labels, strict=True)
        if per_candidate(atom)
        for label in labels
    }
    return held - {-1} <= set(term.output) - {term.output[position]}


def is_rescaled(form: Whole) -> bool:
    """Return True for a tensor of the candidates scaled or shifted by constants, place by place.

    Products with weights take the constants into the weights.
    """
    moving = [term for term in terms(form) if per_candidate(term)]
    constants = [term for term in terms(form) if not per_candidate(term)]
    if len(moving) != 1 or not all(isinstance(t, Atom) and t.constant for t in constants):
        return False
    if isinstance(moving[0], Atom):
        return bool(constants)
    pairs = list(zip(moving[0].operands, moving[0].labels, strict=True))
    own = [set(labels) for atom, labels in pairs if per_candidate(atom)]
    scaled = all(per_candidate(atom) or atom.constant for atom, _ in pairs)
    return scaled and len(own) == 1 and own[0] | {-1} == set(moving[0].output) | {-1}


def slices_runtime_operand(form: Whole, position: int) -> bool:
    """Return True for a product whose columns at a position are those of a tensor of the run.

    Slicing such a product slices that tensor at run time, where slicing weights is free: several
    slices are cheaper taken from the result.
    """
    return any(
        term.output[position] in labels and atom.constant is None
        for term in terms(form)
        if isinstance(term, Product) and term.output[position] >= 0
        for atom, labels in zip(term.operands, term.labels, strict=True)
    )


def _spreads(term: Term, present: frozenset[int]) -> bool:
    if isinstance(term, Atom):
        return term.present != present
    if term.low_rank:
        return True
    own = [
        {label for label in labels if label >= 0}
        for atom, labels in zip(term.operands, term.labels, strict=True)
        if per_candidate(atom)
    ]
    return len(own) == 1 and not {label for label in term.output if label >= 0} <= own[0]


def scaled_operand(form: Whole) -> Tensor | None:
    """Return the one candidate operand of a product, None where there are several or none."""
    moving = [atom for atom in _operands(form) if per_candidate(atom)]
    return moving[0].tensor if len(moving) == 1 else None


def _operands(form: Whole) -> tuple[Atom, ...]:
    """Return the operands of a product of several; none of anything else."""
    return form.operands if isinstance(form, Product) and len(form.operands) > 1 else ()
