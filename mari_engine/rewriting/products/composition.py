"""Composition of einsums: a product of products is one product of all their operands.

`(x · W1) · W2` is one einsum of x, W1 and W2 whose contraction path is still open. A factor that is
summed and that no operand varies along is a number in `scale`: `sum over l of x[n] = L * x[n]`.
"""

from __future__ import annotations

from collections.abc import Sequence

from mari_engine.axes import AxisLabels, Contract, flat
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import Atom, Product, Term, as_product


def compose_product(step: Step, operands: Sequence[Term]) -> Product:
    """Return the product that the declaration describes, of tensors or of products of such."""
    spec = step.spec
    assert isinstance(spec, Contract)
    held = {own[at] for term, own in zip(operands, spec.terms, strict=True) for at in term.present}
    summed = {label for own in spec.terms for label in own} - set(spec.output) - held
    scale, parts = spec.scale, list(operands)
    extents = {
        label: dim
        for term, own in zip(operands, spec.terms, strict=True)
        for label, dim in zip(own, flat(term.axes), strict=True)
    }
    for label in sorted(summed):  # constant along a summed factor: counted, or brought in
        dim = extents[label]
        if isinstance(dim, int):
            scale *= dim
            continue
        at = next(i for i, own in enumerate(spec.terms) if label in own)
        atom = step.context.materializer.materialize(parts[at])
        parts[at] = step.context.layouts.lay(atom, (*atom.dims, (spec.terms[at].index(label),)))
    atoms, labels, fresh = list[Atom](), list[AxisLabels](), 1 + max(spec.extents(), default=0)
    sources = [step.node]
    for term, own in zip(parts, spec.terms, strict=True):
        inner = as_product(term)
        names = {label: own[at] for at, label in enumerate(inner.output) if label >= 0}
        for label in sorted({lab for each in inner.labels for lab in each} - {-1} - set(names)):
            names[label], fresh = fresh, fresh + 1
        atoms += inner.operands
        labels += [tuple(names.get(label, -1) for label in each) for each in inner.labels]
        scale *= inner.scale
        sources += inner.source
    there = {label for own in labels for label in own}
    output = tuple(label if label in there else -1 for label in spec.output)
    source = tuple(dict.fromkeys(sources))
    thin = any(isinstance(term, Product) and term.low_rank for term in parts)
    low_rank = thin and step.is_deferrable
    return Product(step.result, tuple(atoms), tuple(labels), output, scale, source, low_rank)
