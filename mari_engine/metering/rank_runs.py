"""Rank runs: many candidates of one user in one batch, and the affine rank of what differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.graph import Model
from mari_engine.metering.evidence import Evidence
from mari_engine.metering.instrumented_session import Exposed, groups
from mari_engine.metering.multiplications import Factors
from mari_engine.metering.pattern_ranks import Ranked, rank_patterns
from mari_engine.metering.probe_requests import Requester, rows_of
from mari_engine.metering.product_flops import GROUP_BYTES, Counted
from mari_engine.metering.rank import Span, candidates_first, span
from mari_engine.metering.row_liveness import without_unread
from mari_engine.metering.variation import Array, Observation, fixed_elements
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


@dataclass(frozen=True, eq=False)
class Ranks:
    """What runs of many candidates at once show."""

    spans: Mapping[str, Span] = field(default_factory=dict)
    """By node: the span of the varying operand of each product that has exactly one."""
    patterns: Mapping[ir.Value, Ranked] = field(default_factory=dict)


def find_ranks(
    model: Model,
    requester: Requester,
    products: Sequence[Counted],
    evidence: Evidence,
    report_progress: Progress,
) -> Ranks:
    """Return the spans of operands that differ, and the ranks of the patterns in operands.

    A product whose candidates lie along no axis, or influence one another, has none. Raises
    ExecutionError when the model cannot be run.
    """
    seen, patterns = evidence.seen, evidence.patterns
    wanted = dict[str, tuple[Counted, ir.Value, Factors]]()
    for each in products:
        if found := varying_operand(each, seen):
            value = each.node.inputs[found[0]]
            assert value is not None
            wanted[each.node.name or ""] = (each, value, found[1])
    values = dict.fromkeys(value for _, value, _ in wanted.values())
    candidates = _enough([seen[value] for value in values])
    operands = {value for each in products for value in each.node.inputs if value is not None}
    values |= dict.fromkeys(value for value in patterns if value in operands)
    spans, ranked = dict[str, Span](), dict[ir.Value, Ranked]()
    for rows in _rows(model, requester, list(values), seen, candidates, report_progress):
        for name, (each, value, factors) in wanted.items():
            if value in rows and each.work is not None:
                live = evidence.live_positions(each)
                needed = without_unread(each.work, live)
                spans[name] = span(factors, needed, seen[value], rows[value], live)
        ranked |= {
            value: rank_patterns(patterns[value], laid)
            for value, laid in rows.items()
            if value in patterns
        }
    return Ranks(spans, ranked)


def _rows(
    model: Model,
    requester: Requester,
    values: Sequence[ir.Value],
    seen: Mapping[ir.Value, Observation],
    candidates: int,
    report_progress: Progress,
) -> Iterator[Mapping[ir.Value, Array]]:
    """Yield the values `[N, ...]` of N candidates of one request, some at a time."""
    batch = requester.batch(candidates)
    alone = [rows_of(requester.plan, batch, row) for row in range(_COMPARED)]
    parts = list(groups(values, candidates=candidates, budget=GROUP_BYTES))
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
        yield {value: laid for value, laid in rows.items() if laid is not None}


def _enough(operands: Sequence[Observation]) -> int:
    widest = max((int((~fixed_elements(each)).sum()) for each in operands), default=0)
    return min(_MOST, max(_FEWEST, widest + _SPARE))


def _of(node: ir.Node, at: int, seen: Mapping[ir.Value, Observation]) -> Observation | None:
    value = node.inputs[at]
    return seen.get(value) if value is not None else None
