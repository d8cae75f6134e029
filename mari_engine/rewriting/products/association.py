"""Association: of two operands that are the candidates', one takes the other's weights first.

    scores of one row q[n, h, d] with all keys of a sequence x[n, l, e]:
    q · (x W + b)  =  (q W) · x + q · b        q W: [N, h, E] in the place of x W: [N, L, h, d]

The path of the whole einsum decides, by what each order multiplies and moves. A ranker whose last
Transformer layer is read at the target alone then projects neither keys nor values of its sequence:
the query of one row meets the weights of the keys, and one sum of places those of the values.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import onnx_ir as ir

from mari_engine.axes import Contract, Pick, flat
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import (
    Atom,
    Blocks,
    Form,
    Product,
    Term,
    Whole,
    as_product,
    per_candidate,
    terms,
)
from mari_engine.rewriting.products.composition import compose_product
from mari_engine.types import Action

_WORTH = 0.8
"""The share of the work in the nodes' own order that another order must stay below."""
_MOST = 64
"""Values that are looked at between a product and the one that reads it."""
_TAKEN = "the product that reads it takes its weights first: it is not computed at each place"


def associate(step: Step) -> list[Product] | None:
    """Return the terms of a product in which one operand is left uncomputed; None where none pays.

    Both operands are the candidates', and nothing else reads the one that is not computed.
    """
    spec = step.spec
    assert isinstance(spec, Contract)
    if len(spec.terms) != 2 or not step.context.strategy.fold:
        return None
    for at in (0, 1):
        form, other = step.forms[at], step.forms[1 - at]
        if form is None or other is None or isinstance(form, Blocks) or not per_candidate(other):
            continue
        if _is_read_here_alone(step, at, form) and _pays(step, at, form, other):
            for node in _made(form).source:
                step.context.log.record(node, Action.FUSED, _TAKEN)
            return _composed(step, at, step.atom(1 - at), terms(form))
    return None


def _is_read_here_alone(step: Step, at: int, form: Whole) -> bool:
    """Return True for an uncomputed product of the candidates, which this node alone reads."""
    moving = [term for term in terms(form) if per_candidate(term)]
    if step.context.materializer.is_materialized(form) or len(moving) != 1:
        return False
    made, read = moving[0], step.node.inputs[at]
    if not isinstance(made, Product) or len(made.operands) < 2 or read is None:
        return False
    return _leads_here_alone(step, read, made.source)


def _leads_here_alone(step: Step, read: ir.Value, made: Collection[ir.Node]) -> bool:
    """Return True where a value comes from these nodes, and nothing on the way is read twice.

    Of columns that are picked others are read elsewhere, as queries, keys and values of one weight.
    """
    left, seen = [(read, False)], set[ir.Value]()
    while left and len(seen) < _MOST:
        value, picked = left.pop()
        node = value.producer()
        alone = picked or len(step.context.consumers.readers(value)) == 1
        if node is None or value in seen or not alone:
            continue
        if node in made:
            return True
        seen.add(value)
        picked = picked or isinstance(step.context.originals.survey.specs.get(node), Pick)
        left += [(each, picked) for each in node.inputs if each is not None]
    return False


def _pays(step: Step, at: int, form: Whole, other: Form) -> bool:
    """Return True where the einsum of all operands takes less than computing this one first."""
    cost, made = step.context.materializer.cost, _made(form)
    beside, tensor = _computed(other, made), _computed(form, made)
    apart = cost(made) + sum(map(cost, _composed(step, at, beside, [tensor])))
    return sum(map(cost, _composed(step, at, beside, terms(form)))) < _WORTH * apart


def _made(form: Whole) -> Product:
    return next(as_product(term) for term in terms(form) if per_candidate(term))


def _computed(form: Form, like: Product) -> Atom:
    """Return what stands for a form once it is computed, to count with and not to emit."""
    axes, tensor = form.axes, like.operands[0].tensor
    return Atom(axes, tensor, tuple((at,) for at in range(len(flat(axes))) if at in form.present))


def _composed(step: Step, at: int, other: Atom, parts: Sequence[Term]) -> list[Product]:
    return [compose_product(step, (part, other) if at == 0 else (other, part)) for part in parts]
