"""A sum over joined columns of one side, part by part: `sum of [a | b] = sum of a + sum of b`.

Nothing else reads the columns together, so that they need not be copied to lie side by side: the
rows of a history that met the target, and the target's own, of which a mean is taken.
"""

from __future__ import annotations

from mari_engine.analysis import extent
from mari_engine.axes import Contract, flat
from mari_engine.rewriting.context import Step
from mari_engine.rewriting.forms import Blocks, Product, column_runs
from mari_engine.rewriting.products.composition import compose_product

_MOST = 4
"""Parts up to which each is summed by itself."""
_NODES = 3
"""Nodes that a part adds: its sum, its scale, and the addition."""


def sum_parts(step: Step) -> list[Product] | None:
    """Return the sums of the parts of joined columns; None where joining them takes less."""
    spec, form, read = step.spec, step.forms[0], step.node.inputs[0]
    assert isinstance(spec, Contract)
    context = step.context
    if len(spec.terms) != 1 or not isinstance(form, Blocks) or read is None:
        return None
    if spec.terms[0][form.position] in spec.output or not context.strategy.neat:
        return None
    joined = context.materializer.is_materialized(form) or len(context.consumers.readers(read)) > 1
    if joined or not 1 < len(column_runs(form)) <= _MOST or not _pays(step, form):
        return None
    parts = [context.materializer.materialize(part) for part, _ in context.grouping.fragments(form)]
    return [compose_product(step, [part]) for part in parts]


def _pays(step: Step, form: Blocks) -> bool:
    """Return True where a copy of all columns takes longer than a few more nodes on their sums."""
    prices, dims = step.context.prices, flat(form.axes)
    columns = extent(tuple(dims[at] for at in form.present), step.context.candidates)
    sums = extent(flat(step.result), step.context.candidates)
    more = (len(column_runs(form)) - 1) * _NODES
    return columns * prices.move > more * (prices.node + sums * prices.move)
