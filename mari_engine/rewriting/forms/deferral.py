"""Which forms had better not be computed before a product reads them."""

from __future__ import annotations

from mari_engine.rewriting.emission import Tensor
from mari_engine.rewriting.forms.lazy_values import Atom, Product, Term, Whole, per_candidate, terms


def is_deferrable(form: Whole) -> bool:
    """Return True when computing the form would spread its candidate operands over more factors.

    Such a form is better left to the product that reads it: `q*k` of q[n, e] and k[l, e], or
    `i·W` times request values.
    """
    moving = [term for term in terms(form) if per_candidate(term)]
    return bool(moving) and all(_spreads(term, form.present) for term in moving)


def slices_runtime_operand(form: Whole, position: int) -> bool:
    """Return True for a product of which a piece needs a piece of a tensor of the run.

    Several pieces are better cut from the result; weights are cut before the model runs.
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
    own = [
        {label for label in labels if label >= 0}
        for atom, labels in zip(term.operands, term.labels, strict=True)
        if per_candidate(atom)
    ]
    return len(own) == 1 and not {label for label in term.output if label >= 0} <= own[0]


def scaled_operand(form: Whole) -> Tensor | None:
    """Return the candidates' tensor in a product of it with request-side ones, if that is all."""
    moving = [atom for atom in _operands(form) if per_candidate(atom)]
    return moving[0].tensor if len(moving) == 1 else None


def _operands(form: Whole) -> tuple[Atom, ...]:
    """Return the operands of a product of several; none of anything else."""
    return form.operands if isinstance(form, Product) and len(form.operands) > 1 else ()
