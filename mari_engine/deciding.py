"""Whether fields that pass through a product are worth working on side by side."""

from __future__ import annotations

import numpy as np

from mari_engine.costing import extent
from mari_engine.factors import Contract
from mari_engine.forms import Blocks
from mari_engine.settling import scattered
from mari_engine.steps import Step


def pays_apart(step: Step, spec: Contract) -> bool:
    """Weigh the work that the request side saves against joining its results with the others'."""
    extents, many, prices = spec.extents(), step.shop.candidates, step.shop.prices
    at = next(i for i, form in enumerate(step.forms) if isinstance(form, Blocks) and form.mixed)
    form, own, read = step.forms[at], spec.terms[at], step.node.inputs[at]
    assert isinstance(form, Blocks)
    others = {
        labels[place]
        for i, labels in enumerate(spec.terms)
        for other in [step.forms[i]]
        if i != at and other is not None
        for place in other.present
    }

    def elements(labels: set[int], columns: int) -> float:
        rest = labels - {own[form.position]}
        return columns * extent(tuple(extents[label] for label in rest), many)

    sides = [{own[place] for place in side} for side in form.sides]
    counts = np.bincount(form.part, minlength=len(form.parts)).tolist()
    whole, width = set[int]().union(*sides), len(form.part)
    alone = sum(elements(side | others, n) for side, n in zip(sides, counts, strict=True))
    saves = 2 * (elements(whole | others, width) - alone) / prices.flops_per_second
    move = 8.0 / prices.bytes_per_second
    if not step.shop.settling.settled(form) and read is not None:
        saves += move * elements(whole, width) / max(1, len(read.uses()))
    kinds = list(dict.fromkeys(frozenset(side) for side in sides))
    costs = (len(kinds) - 1) * prices.node
    kind = np.array([kinds.index(frozenset(side)) for side in sides])[form.part]
    for dims, place in step.meetings(spec.output.index(own[form.position])):
        made, inner = extent(dims, many), dims[place + 1 :]
        costs += move * made
        if scattered(kind, len(kinds), inner):
            costs += prices.node + made * (prices.pick / max(1, extent(inner, many)) + move)
    return saves > costs
