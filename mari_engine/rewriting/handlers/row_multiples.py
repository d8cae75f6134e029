"""Joined columns times one number of each candidate: `r [tile(u) | i] = [r u | r i]`.

The request's columns are multiples of r with coefficients of the request. They are not computed
where products sum over them: `r (u W)` takes one row of the request and one number a candidate.
Gates of whole rows, and norms that divide a row by its length, are of this form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import onnx_ir as ir

from mari_engine.analysis import extent
from mari_engine.axes import CANDIDATES, Index, Pointwise, flat, with_extent
from mari_engine.rewriting.context import Apply, Step, with_sides
from mari_engine.rewriting.forms import (
    Atom,
    AtomArithmetic,
    Blocks,
    Form,
    Whole,
    columns_by_side,
    multiple,
    per_candidate,
)

_FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.DOUBLE})
"""Types in which rows hold products that are scaled only afterwards."""
_SCALED = "{op} ({name}) scales them by one number of each candidate"
_NODES = 5
"""What it takes: nodes that would not be there."""


def multiply_rows(
    step: Step, forms: Sequence[Form | None], apply: Apply, compute: Callable[[], Form]
) -> Blocks | None:
    """Return a product or quotient by side, None for what is none or where that does not pay.

    `forms` are the operands under the result's axes; `apply` calls the op on some columns of them,
    `compute` on all, joined, for what needs them so.
    """
    found = _operands(step, forms)
    if found is None or not _pays(step, found[0]):
        return None
    blocks, factor = found
    materializer = step.context.materializer
    times = _factor(step, materializer.materialize(factor))
    parts = list[tuple[Index, Whole]]()
    for side, columns in columns_by_side(blocks).items():
        own: Whole = step.context.grouping.of_one_kind(blocks, columns)
        axes = with_extent(step.result, blocks.position, len(columns))
        if any(flat(step.result)[place] == CANDIDATES for place in side):
            taken = [own if form is blocks else form for form in forms]
            scaled: Whole = materializer.materialize(apply(step, taken, axes))
        else:
            scaled = multiple(times, materializer.materialize(own), step.node)
        parts.append((columns, scaled))
    node, made = step.node, with_sides(blocks, step.result, parts)
    step.context.log.notes[node] = _SCALED.format(op=node.op_type, name=node.name)
    materializer.compute_by(made, node, lambda: materializer.materialize(compute()))
    return made


def _operands(step: Step, forms: Sequence[Form | None]) -> tuple[Blocks, Form] | None:
    """Return joined columns of both sides, and what all columns of a candidate are scaled by."""
    spec = step.spec
    assert isinstance(spec, Pointwise)
    if spec.linear not in ("mul", "div") or not step.context.strategy.takes_norms_apart:
        return None
    first, second = forms
    if spec.linear == "mul" and isinstance(second, Blocks):
        first, second = second, first
    if not isinstance(first, Blocks) or second is None or isinstance(second, Blocks):
        return None
    mixed = any(map(per_candidate, first.parts)) and not all(map(per_candidate, first.parts))
    scales = per_candidate(second) and first.position not in second.present
    floats = step.dtype in _FLOATS
    return (first, second) if mixed and scales and floats else None


def _factor(step: Step, factor: Atom) -> Atom:
    """Return the number that columns are multiplied by: of a quotient, one over the divisor."""
    assert isinstance(step.spec, Pointwise)
    if step.spec.linear == "mul":
        return factor
    arithmetic = AtomArithmetic(step.context.materializer, factor.axes)
    return arithmetic.divide(arithmetic.number(1.0, factor), factor)


def _pays(step: Step, blocks: Blocks) -> bool:
    """Return True where products that sum over the columns outweigh the further nodes."""
    value, prices, many = step.node.outputs[0], step.context.prices, step.context.candidates
    readers, dims = step.context.consumers, flat(step.result)
    still = sum(not per_candidate(blocks.parts[part]) for part in blocks.part.tolist())
    rows = extent(tuple(dim for at, dim in enumerate(dims) if at != blocks.position), many)
    spent = readers.flops_of_sums(value, blocks.position) / prices.flops_per_second
    saves = rows * (still - 1) * spent
    again = len(blocks.part) - still if readers.is_read_whole(value) else 0
    costs = _NODES * prices.node + rows * again * prices.move
    return spent > 0 and saves > costs
