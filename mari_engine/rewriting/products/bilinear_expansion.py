"""Bilinear expansion: a product of joined columns becomes a sum over pairs of their sides.

`y[o] = sum over h, m of W[o,h,m] · x[h] · t[m]`, t joined of user and item fields (the interaction
layer of xDeepFM). With `t = [t_u | t_i]` the sum over m has two terms, and `V[o,h] = sum over m of
W[o,h,m] · t_u[m]` lacks the candidates: it is computed once per request, and used like a weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product as all_pairs

from mari_engine.analysis import extent
from mari_engine.axes import AxisLabels, Contract, Index, flat, with_extent
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import Atom, Form, Grouping, Materializer, Product
from mari_engine.rewriting.products.composition import compose_product
from mari_engine.types import Action

_WORTH = 0.9
"""The share of the work as a whole that products of single sides must stay below."""
_PICK = 16.0
"""What an element costs, in multiplications, that is transposed to the front and gathered."""
_PAIRS = (
    "pairs of request-side columns run once per request; pairs with candidate columns meet weights "
    "of the request"
)


@dataclass(frozen=True, eq=False)
class _Piece:
    """One of the products that add up to the whole; of some positions only these columns."""

    term: Product
    columns: dict[int, Index]


@dataclass(frozen=True, eq=False)
class _Cut:
    """One side of an operand, its labels, and the columns of a position that it holds."""

    atom: Atom
    labels: AxisLabels
    position: int = -1
    columns: Index | None = None


def expand_bilinear(step: Step) -> list[Product] | None:
    """Return the products of the pairs of sides of a lazy operand, None where they do not pay."""
    spec = step.spec
    assert isinstance(spec, Contract)
    materializer = step.context.materializer
    found = [i for i in range(len(spec.terms)) if _is_lazy_product(step.forms[i], materializer)]
    if len(found) != 1 or not step.context.strategy.fold:
        return None
    at, form = found[0], step.forms[found[0]]
    assert isinstance(form, Product)
    own = spec.terms[at]
    summed = frozenset(place for place, label in enumerate(own) if label not in spec.output)
    pieces = _pieces(form, summed, step.context.grouping)
    if len(pieces) < 2:
        return None
    apart = list[Product]()
    for piece in pieces:
        others = [
            None if i == at else _piece_of(step, i, {own[p]: c for p, c in piece.columns.items()})
            for i in range(len(spec.terms))
        ]
        apart.append(compose_product(step, [other or piece.term for other in others]))
    whole = compose_product(
        step, [form if i == at else step.atom(i) for i in range(len(spec.terms))]
    )
    costs = sum(map(materializer.cost, apart)) + _PICK * _picked(step, at, pieces)
    if costs < _WORTH * materializer.cost(whole):
        step.context.log.record(step.node, Action.SPLIT, _PAIRS)
        return apart
    return None


def _picked(step: Step, at: int, pieces: Sequence[_Piece]) -> int:
    """Return the elements of runtime operands that are gathered by column for the pieces."""
    spec, is_weight = step.spec, step.context.materializer.is_weight
    assert isinstance(spec, Contract)
    cut = {spec.terms[at][position] for piece in pieces for position in piece.columns}
    return sum(
        extent(tuple(flat(spec.axes(i))[place] for place in form.present), step.context.candidates)
        for i, form in enumerate(step.forms[: len(spec.terms)])
        if i != at and form is not None and not is_weight(form) and cut & set(spec.terms[i])
    )


def _is_lazy_product(form: Form | None, materializer: Materializer) -> bool:
    return (
        isinstance(form, Product)
        and len(form.operands) > 1
        and not materializer.is_materialized(form)
    )


def _piece_of(step: Step, index: int, columns: Mapping[int, Index]) -> Atom:
    """Return another operand with only the columns of each of these labels."""
    form, spec = step.forms[index], step.spec
    assert isinstance(spec, Contract)
    assert form is not None
    for label, kept in columns.items():
        if label in spec.terms[index]:
            form = step.context.columns.take(form, spec.terms[index].index(label), kept)
    return step.context.materializer.materialize(form)


def _pieces(product: Product, summed: frozenset[int], grouping: Grouping) -> list[_Piece]:
    """Return products that add up to this one once the `summed` positions are summed.

    An operand that was joined of several sides along such a position is taken apart there.
    """
    choices = [
        _cuts(product, at, summed, grouping) or [_Cut(atom, labels)]
        for at, (atom, labels) in enumerate(zip(product.operands, product.labels, strict=True))
    ]
    return [_piece(product, choice) for choice in all_pairs(*choices)]


def _cuts(
    product: Product, at: int, summed: frozenset[int], grouping: Grouping
) -> list[_Cut] | None:
    """Return the sides of one operand, None where it was not joined along a summed position."""
    atom, own = product.operands[at], product.labels[at]
    origin = grouping.materializer.origin(atom)
    if origin is None or not origin[0].mixed:
        return None
    joined, places = origin
    labels = [own[places[p]] if p in places else -1 for p in range(len(flat(joined.axes)))]
    label = labels[joined.position]
    if label not in product.output or any(lab >= 0 and lab not in labels for lab in own):
        return None
    position = product.output.index(label)
    if position not in summed:
        return None
    out = []
    for whole, columns in grouping.by_kind(joined):
        side = grouping.materializer.materialize(whole)
        held = tuple(lab if p in side.present else -1 for p, lab in enumerate(labels))
        out.append(_Cut(side, held, position, columns))
    return out


def _piece(product: Product, cuts: Sequence[_Cut]) -> _Piece:
    axes, columns = product.axes, dict[int, Index]()
    for cut in cuts:
        if cut.columns is not None:
            axes = with_extent(axes, cut.position, len(cut.columns))
            columns[cut.position] = cut.columns
    held = {label for cut in cuts for label in cut.labels}
    output = tuple(label if label in held else -1 for label in product.output)
    operands, labels = tuple(cut.atom for cut in cuts), tuple(cut.labels for cut in cuts)
    term = replace(product, axes=axes, operands=operands, labels=labels, output=output)
    return _Piece(term, columns)
