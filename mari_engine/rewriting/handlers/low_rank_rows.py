"""Products of rows that are of low rank: `(w · v) · W = w · (v · W)`, where v has few rows.

The sum over keys of both sides is such a value of its rows: weights `[N, L, T]` times the values
`[N, T, D]` of a few keys. A product that reads it meets the few values, and not the L rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from mari_engine.axes import Axes, Contract, flat, with_extent
from mari_engine.rewriting.context import Step, distribute
from mari_engine.rewriting.forms import Blocks, Form, Product, Whole, terms
from mari_engine.types import Action

_REASON = (
    "it meets what the request's keys give once per request, and the candidates' few values before "
    "their weights"
)


def distribute_low_rank(step: Step, contract: Callable[[Step], Form]) -> Form | None:
    """Return blocks of rows, what `contract` makes of each, where some are of low rank.

    None where no rows are, or where the product mixes or sums them.
    """
    spec = step.spec
    assert isinstance(spec, Contract)
    found = [i for i in range(len(spec.terms)) if isinstance(step.forms[i], Blocks)]
    if len(found) != 1 or not step.context.strategy.fold:
        return None
    form, own = step.forms[found[0]], spec.terms[found[0]]
    assert isinstance(form, Blocks)
    lazy = [part for part in form.parts if not step.context.materializer.is_materialized(part)]
    label = own[form.position]
    if label not in spec.output or not any(map(_is_low_rank, lazy)):
        return None
    labels = (*spec.terms, *([] if spec.addend is None else [spec.addend]))
    places = [each.index(label) if label in each else None for each in labels]
    if sum(place is not None for place in places) > 1:
        return None
    place = spec.output.index(label)

    def narrowed(step: Step, forms: Sequence[Form | None], axes: Axes) -> Form:
        count = int(flat(axes)[place])
        operands = tuple(
            each if each is None or at is None else with_extent(each, at, count)
            for each, at in zip(spec.operands, places, strict=True)
        )
        fewer = replace(spec, operands=operands, results=(axes,))
        return contract(replace(step, spec=fewer, forms=tuple(forms)))

    result = distribute(step, step.forms, places, place, narrowed)
    step.context.log.record(step.node, Action.SPLIT, _REASON)
    return result


def _is_low_rank(part: Whole) -> bool:
    return any(isinstance(term, Product) and term.low_rank for term in terms(part))
