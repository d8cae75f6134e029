"""Rank runs: many candidates of one user in one batch, and the affine rank of what differs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.metering.attainable_flops import fixed_elements
from mari_engine.metering.instrumented_session import Exposed, groups
from mari_engine.metering.multiplications import Factors
from mari_engine.metering.probe_requests import Requester, rows_of
from mari_engine.metering.product_flops import GROUP_BYTES, Counted
from mari_engine.metering.rank import Span, candidates_first, span
from mari_engine.metering.variation import Observation
from mari_engine.types import Progress

_FEWEST, _MOST = 64, 512
"""Candidates of one request: ranks can be measured up to one less than their number."""
_SPARE = 16
_COMPARED = 3
"""Candidates that are run alone, too, to find where they lie among the others."""


def varying_operand(
    counted: Counted, seen: Mapping[ir.Value, Observation]
) -> tuple[int, Factors] | None:
    """Return the operand of a sum of products that differs between candidates, if it is the only.

    With two such operands a product is not linear in the candidates, and nothing folds.
    """
    if counted.work is None or not counted.work.summed:
        return None
    found = [
        (at, factors)
        for at, factors in enumerate(counted.work.operands)
        if factors is not None and (own := _of(counted.node, at, seen)) is not None and own.differs
    ]
    return found[0] if len(found) == 1 else None


def find_spans(
    model: Model,
    requester: Requester,
    products: Sequence[Counted],
    seen: Mapping[ir.Value, Observation],
    report_progress: Progress,
) -> Mapping[str, Span]:
    """Return the span of the varying operand of each product that has exactly one, by node.

    A product whose candidates lie along no axis, or influence one another, has none. Raises
    ExecutionError when the model cannot be run.
    """
    wanted = {
        each.node.name or "": found for each in products if (found := varying_operand(each, seen))
    }
    by_name = {each.node.name or "": each for each in products}
    values = dict.fromkeys(
        value for name, (at, _) in wanted.items() if (value := by_name[name].node.inputs[at])
    )
    candidates = _enough([seen[value] for value in values])
    batch = requester.batch(candidates)
    alone = [rows_of(requester.plan, batch, row) for row in range(_COMPARED)]
    spans: dict[str, Span] = {}
    parts = list(groups(list(values), candidates=candidates, budget=GROUP_BYTES))
    for number, group in enumerate(parts):
        report_progress(number / len(parts), f"running {candidates} candidates at once")
        exposed = Exposed(model, [value.name or "" for value in group])
        together = exposed.run(batch)
        singles = [exposed.run(feeds) for feeds in alone]
        rows = {
            value: candidates_first(
                together[value.name or ""],
                seen[value].shape or (),
                candidates,
                [arrays[value.name or ""] for arrays in singles],
            )
            for value in group
        }
        for name, (at, factors) in wanted.items():
            value = by_name[name].node.inputs[at]
            work, laid = by_name[name].work, rows.get(value) if value is not None else None
            if value is not None and work is not None and laid is not None:
                spans[name] = span(factors, work, seen[value], laid)
    return spans


def _enough(operands: Sequence[Observation]) -> int:
    widest = max((int((~fixed_elements(each)).sum()) for each in operands), default=0)
    return min(_MOST, max(_FEWEST, widest + _SPARE))


def _of(node: ir.Node, at: int, seen: Mapping[ir.Value, Observation]) -> Observation | None:
    value = node.inputs[at]
    return seen.get(value) if value is not None else None
