"""One product's measure: FLOPs before, attainable, by rank and reached, and its operands."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import onnx_ir as ir

from mari_engine.metering.attainable_flops import attainable
from mari_engine.metering.caveats import Seen
from mari_engine.metering.evidence import Evidence
from mari_engine.metering.multiplications import Factors, Multiplication
from mari_engine.metering.product_flops import Counted
from mari_engine.metering.rank import Span
from mari_engine.metering.rank_runs import Ranks, varying_operand
from mari_engine.metering.seen_product import SeenProduct
from mari_engine.metering.variation import Mask, Observation, fixed_elements
from mari_engine.types import Decision, Flops, OperandMeasure, ProductMeasure


def measure_product(
    counted: Counted,
    evidence: Evidence,
    ranks: Ranks,
    *,
    reached: Flops | None,
    decision: Decision | None,
) -> ProductMeasure:
    """Return the measure of one product; `reached` is None where it is not known."""
    node, seen = counted.node, evidence.seen
    span = ranks.spans.get(node.name or "")
    why = _unseen(node, seen) or counted.unmeasured
    before = best = limit = None
    operands: tuple[OperandMeasure, ...] = ()
    if counted.work is not None and counted.flops is not None and not why:
        before = counted.flops
        product = SeenProduct(counted, counted.work, evidence, ranks.patterns)
        best = attainable(product, scale=counted.scale)
        needed = replace(counted, work=product.work)
        limit = by_rank(needed, best, span, seen)
        operands = tuple(_operands(counted, counted.work, seen, span))
    return ProductMeasure(
        node=node.name or "",
        op=node.op_type,
        before=before,
        attainable=best,
        limit=limit,
        reached=reached if before is not None else None,
        operands=operands,
        action=decision.action if decision is not None else None,
        reason=decision.reason if decision is not None else "",
        unmeasured=why,
    )


def by_rank(counted: Counted, best: Flops, span: Span | None, seen: Seen) -> Flops:
    """Return the FLOPs that folding could reach at best, never more than by columns.

    Where exactly one operand X of a product differs between candidates, each slice of it (along
    the axes that are not summed) is `X[n] = x0 + z[n] B`, with z `[N, r]`, B `[r, K]` and r the
    affine rank. x0, B and the other operand W `[K, M]` belong to the request, so that
    `X[n] W = x0 W + z[n] (B W)` takes 2 r FLOPs per result and candidate in place of 2 K: the work
    per candidate is `2 * sum over slices of min(columns that differ, r)` times the results that
    each column meets. The work per request is taken as by columns, since the cost of `B W` depends
    on how z enters (in DIN's `q * k` it only scales W): a lower bound, which no rewrite need reach.
    Nonlinear functions of the candidate raise r by as many numbers as they make.
    """
    found = varying_operand(counted, seen)
    work = counted.work
    if span is None or found is None or work is None:
        return best
    _, factors = found
    others = math.prod(
        extent for label, extent in work.extents.items() if label not in factors.labels
    )
    per_candidate = round(work.unit * span.multiplications * others)
    return Flops(best.per_request, min(best.per_candidate, per_candidate))


def _unseen(node: ir.Node, seen: Seen) -> str:
    for value in node.inputs:
        found = seen.get(value) if value is not None else None
        if found is not None and found.ragged:
            return f"the shape of its operand {value and value.name!r} depends on the data"
        if found is not None and found.random:
            return f"its operand {value and value.name!r} is random: two equal runs differ"
    return ""


def _operands(
    counted: Counted, work: Multiplication, seen: Seen, span: Span | None
) -> Iterator[OperandMeasure]:
    varying = varying_operand(counted, seen)
    for at, factors in enumerate(work.operands):
        value = counted.node.inputs[at] if at < len(counted.node.inputs) else None
        if factors is None or value is None:
            continue
        found = seen.get(value)
        if found is None:
            shape = tuple(value.const_value.shape.numpy()) if value.const_value else ()
            yield OperandMeasure(value.name or "", shape, True, 0, (), 0)
            continue
        mine = varying is not None and varying[0] == at and span is not None
        yield _operand(value.name or "", factors, work, found, span if mine else None)


def _operand(
    name: str, factors: Factors, work: Multiplication, found: Observation, span: Span | None
) -> OperandMeasure:
    summed = [at for at, label in enumerate(factors.labels) if label in work.summed]
    around = tuple(at for at in range(len(factors.labels)) if at not in summed)
    fixed = np.ravel(fixed_elements(found).reshape(factors.extents).all(around))
    still = np.ravel((~found.moves).reshape(factors.extents).all(around))
    columns = math.prod(factors.extents[at] for at in summed) if summed else 0
    return OperandMeasure(
        value=name,
        shape=found.shape or (),
        constant=False,
        columns=columns,
        fixed=_runs(fixed) if columns else (),
        undecided=int(still.sum()) if columns and found.differs else 0,
        repeated=_repeated(factors, work, found, around) if columns else {},
        rank=span.rank if span is not None else None,
    )


def _repeated(
    factors: Factors, work: Multiplication, found: Observation, around: tuple[int, ...]
) -> Mapping[int, int]:
    out = dict[int, int]()
    for label, axis in factors.axes.items():
        if label in work.summed or found.shape is None or found.shape[axis] == 1:
            continue
        mask = np.broadcast_to(found.same[axis], found.shape).reshape(factors.extents)
        out[axis] = int(mask.all(around).sum())
    return out


def _runs(mask: Mask) -> tuple[tuple[int, int], ...]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    return tuple(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
