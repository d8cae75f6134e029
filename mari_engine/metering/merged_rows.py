"""Merged rows: sums over keys of both sides, behind them a product with a weight.

Row l of an attention over a history and a target is `a_l o_l + p_lt v_t`: the request's own row
times a number, and T values of the candidate, which all rows share. So its product with a weight is
`a_l (o_l W) + p_lt (v_t W)`: `v_t W` is made once, and the rows themselves never are. With q
numbers for what is the request's, and D columns, `q + T` multiplications for each row and result
remain of D, T D for each result once, and no row is summed beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Pick, View
from mari_engine.metering.evidence import Evidence
from mari_engine.metering.laid_elements import extents_of, picked, spread
from mari_engine.metering.multiplications import Factors
from mari_engine.metering.product_flops import Counted
from mari_engine.metering.rank_runs import Ranks
from mari_engine.metering.row_liveness import keep_live, without_unread
from mari_engine.metering.run_declarations import Declared
from mari_engine.metering.seen_product import SeenProduct
from mari_engine.metering.variation import Array, fixed_elements
from mari_engine.types import Flops, ProductMeasure

_NO_ROW = -1


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows that one product sums, of which each has a part that is the request's."""

    places: Array
    """For each element of the result, flat: the row that it belongs to, or none."""
    numbers: Array
    """By row: the multiplications of each of its elements, per candidate."""
    shared: int
    """Elements of the values that differ between candidates: all rows share them."""
    width: int
    """Elements of each row."""


def merge_rows(
    measures: Sequence[ProductMeasure],
    counted: Sequence[Counted],
    evidence: Evidence,
    ranks: Ranks,
) -> list[ProductMeasure]:
    """Return the measures, with less where sums over keys of both sides meet a weight."""
    found = {each.node: each for each in measures}
    by_value = {each.node.outputs[0]: each for each in counted}
    for each in by_value.values():
        rows = _rows_of(each, evidence, ranks)
        moved = {} if rows is None else _moved(each.node.outputs[0], rows.places, evidence.specs)
        readers = list(_readers(each.node.outputs[0], moved))
        alone = len(readers) == 1 and not any(value.is_graph_output() for value in moved)
        for reader in readers:
            behind = by_value.get(reader.outputs[0])
            if behind is not None and rows is not None:
                _merge(found, (each, behind), rows, moved, evidence, alone=alone)
    return [found[each.node] for each in measures]


def _rows_of(counted: Counted, evidence: Evidence, ranks: Ranks) -> _Rows | None:
    """Return the rows of a product of two operands that both differ between candidates."""
    work = counted.work
    if work is None or len(work.results) != 1:
        return None
    product = SeenProduct(counted, work, evidence, ranks.patterns, whole=True)
    labels = [work.results[0].labels, *(each.labels for each in product.operands)]
    if any(len(set(own)) < len(own) for own in labels) or len(product.operands) != 2:
        return None
    return _summed(product, 0, work.results[0]) or _summed(product, 1, work.results[0])


def _summed(product: SeenProduct, at: int, result: Factors) -> _Rows | None:
    """Return the rows that operand `at` sums of the other; None where it sums none."""
    own, other, pattern = product.operands[at], product.operands[1 - at], product.pattern(at)
    if own.fixed is None or other.fixed is None or other.fixed.all():
        return None
    once, numbers = own.fixed & other.fixed_along(own.labels), np.zeros(())
    if pattern is not None:
        once, numbers = once | pattern.mask, pattern.numbers
    summed = tuple(axis for axis, label in enumerate(own.labels) if label in product.work.summed)
    outer = tuple(label for label in own.labels if label not in product.work.summed)
    if not once.any() or not summed:
        return None
    numbers = numbers + (~once).sum(summed)
    rows = np.where(once.any(summed), np.arange(numbers.size).reshape(numbers.shape), _NO_ROW)
    places = np.broadcast_to(spread(rows, outer, result.labels), result.extents)
    shared = int((~other.fixed).sum())
    return _Rows(places.ravel(), numbers.ravel(), shared, places.size // rows.size)


def _moved(value: ir.Value, places: Array, specs: Declared) -> Mapping[ir.Value, Array]:
    """Return where the rows lie in each value that has the same numbers in another place, flat."""
    found = {value: places}
    made = value.producer()
    for node in (made.graph if made is not None else None) or ():
        spec, read = specs.get(node), node.inputs[0] if node.inputs else None
        if read is None or read not in found or not isinstance(spec, (View, Pick)):
            continue
        laid = found[read].reshape(extents_of(spec.axes(0)))
        for at, output in enumerate(node.outputs):
            if isinstance(spec, Pick):
                found[output] = picked(spec, at, laid).ravel()
                continue
            (own, *_), outputs = spec.labels()
            if own is not None and set(own) <= set(outputs[at]):
                turned = spread(laid, own, outputs[at])
                found[output] = np.broadcast_to(turned, extents_of(spec.results[at])).ravel()
    return found


def _readers(value: ir.Value, moved: Mapping[ir.Value, Array]) -> Iterator[ir.Node]:
    """Yield what reads the rows, other than to move them."""
    for own in moved or (value,):
        for use in own.uses():
            if not any(output in moved for output in use.node.outputs):
                yield use.node


def _merge(
    found: dict[str, ProductMeasure],
    pair: tuple[Counted, Counted],
    rows: _Rows,
    moved: Mapping[ir.Value, Array],
    evidence: Evidence,
    *,
    alone: bool,
) -> None:
    """Lessen the measures of a sum over keys and of the product behind it, where that is less.

    Where the rows are read elsewhere, too, they are summed all the same.
    """
    before, behind = pair
    names = [each.node.name or "" for each in pair]
    values = [value for value in behind.node.inputs if value is not None]
    own = [value for value in values if value in moved]
    varying = [value for value in values if value in evidence.seen]
    if behind.work is None or before.work is None or len(own) != 1 or own != varying:
        return
    if any(found[name].attainable is None for name in names):
        return
    merged = _meet(behind, own[0], moved[own[0]], rows, evidence)
    unit = behind.scale * behind.work.unit
    saved = unit * (merged.elements - merged.numbers - merged.shared)
    unsummed = before.scale * before.work.unit * merged.summed if alone else 0.0
    if saved + unsummed > 0:
        once = unit * merged.elements
        found[names[0]] = _less(found[names[0]], 0, round(unsummed))
        found[names[1]] = _less(found[names[1]], round(once), round(saved))


@dataclass(frozen=True)
class _Merged:
    """Multiplications per candidate of a product behind the rows: with rows, and without them."""

    elements: float
    numbers: float
    shared: float
    summed: float
    """Those that the rows themselves take."""


def _meet(
    counted: Counted, value: ir.Value, places: Array, rows: _Rows, evidence: Evidence
) -> _Merged:
    """Return what rows, of which parts lie in an operand, need not be multiplied for."""
    work, at = counted.work, list(counted.node.inputs).index(value)
    factors = work.operands[at] if work is not None and at < len(work.operands) else None
    if work is None or factors is None or len(set(factors.labels)) < len(factors.labels):
        return _Merged(0, 0, 0, 0)
    live = evidence.live_positions(counted)
    fixed = fixed_elements(evidence.seen[value]).ravel()
    laid = keep_live(np.where(fixed, _NO_ROW, places), factors, live)
    inner = [axis for axis, label in enumerate(factors.labels) if label in work.summed]
    outer = [axis for axis in range(laid.ndim) if axis not in inner]
    slices = math.prod(laid.shape[axis] for axis in outer)
    columns = laid.transpose([*outer, *inner]).reshape(slices, -1)
    keys = np.arange(slices)[:, None] * len(rows.numbers) + columns
    groups, counts = np.unique(keys[columns != _NO_ROW], return_counts=True)
    numbers = rows.numbers[groups % len(rows.numbers)]
    fewer = numbers < counts
    needed = without_unread(work, live).extents
    others = math.prod(extent for label, extent in needed.items() if label not in factors.labels)
    summed = rows.numbers[np.unique(groups[fewer] % len(rows.numbers))].sum()
    return _Merged(
        elements=float(counts[fewer].sum()) * others,
        numbers=float(numbers[fewer].sum()) * others,
        shared=float(rows.shared) * others if fewer.any() else 0.0,
        summed=float(summed) * rows.width,
    )


def _less(measure: ProductMeasure, once: int, saved: int) -> ProductMeasure:
    """Return a measure with so many FLOPs less per candidate, and more per request."""
    assert measure.attainable is not None
    assert measure.limit is not None
    best = measure.attainable
    best = Flops(best.per_request + once, max(0, best.per_candidate - saved))
    limit = Flops(
        measure.limit.per_request + once, min(measure.limit.per_candidate, best.per_candidate)
    )
    return replace(measure, attainable=best, limit=limit)
