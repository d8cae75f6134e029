"""Affine ops, `x * factor + shift` for each column: folded into the products before them."""

from __future__ import annotations

from mari_engine.axes import Affine, positions
from mari_engine.ops import spelling
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.emission import GraphArithmetic
from mari_engine.rewriting.forms import Atom, Blocks, Form, Product, per_candidate, terms
from mari_engine.rewriting.handlers.elementwise import added, scaled


def fold_affine(step: Step) -> Form | None:
    """Return `x * factor + shift` in place of the op, or None where the op itself is cheaper.

    Of a form that is not computed yet, factor and shift are folded into its weights and added to
    it. Of a tensor whose layout the op would have to change, two elementwise ops take its place.
    """
    form = step.forms[0]
    assert isinstance(step.spec, Affine)
    materializer = step.context.materializer
    if form is None or isinstance(form, Blocks):
        return None
    if materializer.is_materialized(form):
        return _in_its_layout(step, materializer.materialize(form))
    if not all(isinstance(term, Product) or not per_candidate(term) for term in terms(form)):
        return None
    factor, shift = _factor_and_shift(step)
    return added(step, step.result, [*(scaled(step, term, factor) for term in terms(form)), shift])


def _in_its_layout(step: Step, atom: Atom) -> Form | None:
    order = [at for group in atom.dims for at in group]
    if order == sorted(order):
        return None
    factor, shift = _factor_and_shift(step)
    elementwise = step.context.materializer.elementwise
    return elementwise(spelling.add(), [elementwise(spelling.multiply(), [atom, factor]), shift])


def _factor_and_shift(step: Step) -> tuple[Atom, Atom]:
    spec, builder = step.spec, step.context.builder
    assert isinstance(spec, Affine)
    atoms = [step.atom(at) for at in range(1, len(step.forms))]
    full = [step.context.layouts.lay(atom, positions(atom.axes)) for atom in atoms]
    operands = [builder.value(atom.tensor) for atom in full]
    factor, shift = spec.factor_and_shift(GraphArithmetic(builder), operands)
    at = ((spec.position,),)
    return Atom(step.result, factor, at), Atom(step.result, shift, at)
