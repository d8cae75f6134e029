"""Rotary position embeddings: pairs of elements turned by an angle, for each place alone.

https://onnx.ai/onnx/operators/onnx__RotaryEmbedding.html, and the runtime's own
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md, whose operands come in
another order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx_ir as ir

from mari_engine.axes import Axes, Slices, Spec, Unsupported
from mari_engine.ops.batched_labels import LEFT_OUT, BatchedLabels, Labeled, as_slices
from mari_engine.ops.call import Call
from mari_engine.ops.column_trace import Trace
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.dot_product_attention import width_of
from mari_engine.ops.id_bounds import Bound, FindBounds, traced, within_table
from mari_engine.ops.rule import Rule

_WEIGHT = 3
"""FLOPs of an element: two products and their sum."""


def standard_rotary(call: Call) -> Spec:
    """Return the factors of `[N, heads, L, D]` or `[N, L, heads * D]`: N and L are alone."""
    cosines, sines = call.axes(1), call.axes(2)
    by_place = not call.given(3)
    if len(cosines) != (3 if by_place else 2) or len(sines) != len(cosines):
        raise Unsupported("caches of another rank")
    labels = _labels(call.axes(0), alone=True)
    own = _rotated(call.axes(0), labels)
    caches = [
        labels.of_each_row(axes, rows=1) if by_place else labels.operand(axes, batch=-1)
        for axes in (cosines, sines)
    ]
    ids = [labels.of_each_row(call.axes(3), rows=1)] if call.given(3) else []
    left_out = [LEFT_OUT] * (len(call.operands) - 3 - len(ids))
    return _declared(labels, own, [own, *caches, *ids, *left_out])


def runtime_rotary(call: Call) -> Spec:
    """Return the same of the runtime's own op; one offset for all places leaves none alone."""
    if call.attribute("is_packed_batching", 0):
        raise Unsupported("batches that are packed")
    ids = call.axes(1)
    several = len(ids) == 2
    labels = _labels(call.axes(0), alone=several)
    own = _rotated(call.axes(0), labels)
    places = labels.of_each_row(ids, rows=1) if several else labels.operand(ids, batch=-1)
    caches = [labels.operand(call.axes(at), batch=-1) for at in (2, 3)]
    return _declared(labels, own, [own, places, *caches])


def _labels(axes: Axes, *, alone: bool) -> BatchedLabels:
    if len(axes) not in (3, 4):
        raise Unsupported("an operand that is not of rank 3 or 4")
    return BatchedLabels(axes[0], axes[-2], rows_alone=alone)


def _rotated(axes: Axes, labels: BatchedLabels) -> Labeled:
    return labels.operand(axes, rows=len(axes) - 2)


def _declared(labels: BatchedLabels, own: Labeled, operands: list[Labeled]) -> Slices:
    axes, terms = own
    assert axes is not None
    assert terms is not None
    return as_slices(operands, [(axes, terms)], labels, weight=_WEIGHT)


# --- in standard ops


def write_runtime_rotary(new: DecompositionWriter) -> Results:
    """Return the rotated operand of the runtime's own op: `(x1 c - x2 s, x1 s + x2 c)`."""
    value, ids, cosines, sines = (new.given(at) for at in range(4))
    rank = len(value.shape) if value is not None and value.shape is not None else 0
    id_rank = len(ids.shape) if ids is not None and ids.shape is not None else 0
    if value is None or rank not in (3, 4) or id_rank not in (1, 2):
        return None
    if new.attribute("is_packed_batching", 0) or new.attribute("scale", 1.0) != 1.0:
        return None
    heads, width = _heads_and_width(new, value, rank, cosines)
    if rank == 4:
        rows = new.emit("Transpose", value, perm=[0, 2, 1, 3])
    else:
        rows = new.emit("Reshape", value, new.integers(0, 0, heads, width))
    places = ids if id_rank == 2 else _after(new, rows, ids)
    one = new.integers(-2)
    angles = [
        new.emit("Unsqueeze", new.emit("Gather", each, places, axis=0), one)
        for each in (cosines, sines)
    ]
    whole = int(new.attribute("rotary_embedding_dim", 0)) or width
    between = bool(new.attribute("interleaved", 0))
    turned = turned_pairs(new, rows, angles, (heads, width, whole), between=between)
    if rank == 4:
        return [new.emit("Transpose", turned, perm=[0, 2, 1, 3])]
    return [new.emit("Reshape", turned, new.integers(0, 0, heads * width))]


def _heads_and_width(
    new: DecompositionWriter, value: ir.Value, rank: int, cosines: ir.Value | None
) -> tuple[int, int]:
    if rank == 4:
        return width_of(value, 1, 4), width_of(value, 3, 4)
    heads, whole = int(new.attribute("num_heads", 0)), width_of(value, -1, 3)
    heads = heads or whole // (2 * width_of(cosines, 1, 2))
    return heads, whole // heads


def _after(new: DecompositionWriter, rows: ir.Value, first: ir.Value | None) -> ir.Value:
    """Return the places of all rows, given that of the first."""
    length = new.emit("Gather", new.emit("Shape", rows), new.integer(1))
    zero, one = new.integer(0), new.integer(1)
    return new.emit("Add", new.emit("Range", zero, length, one), first)


def turned_pairs(
    new: DecompositionWriter, rows: ir.Value, angles: Sequence[ir.Value],
    sizes: tuple[int, int, int], *, between: bool,
) -> ir.Value:  # fmt: skip
    """Return `[N, L, heads, width]` with the first elements of each head turned, in pairs.

    `angles` are the cosines and sines, and `sizes` the heads, their width, and how many elements
    are turned. Pairs lie beside each other where `between`, else in two halves.
    """
    heads, width, turning = sizes
    half = turning // 2
    cuts = ((0, turning, 2), (1, turning, 2)) if between else ((0, half, 1), (half, turning, 1))
    first, second = (_cut(new, rows, *each) for each in cuts)
    cosine, sine = angles
    real = new.emit("Sub", new.emit("Mul", first, cosine), new.emit("Mul", second, sine))
    imaginary = new.emit("Add", new.emit("Mul", first, sine), new.emit("Mul", second, cosine))
    if between:
        last = new.integers(-1)
        pairs = [new.emit("Unsqueeze", each, last) for each in (real, imaginary)]
        shape = new.integers(0, 0, heads, turning)
        parts = [new.emit("Reshape", new.emit("Concat", *pairs, axis=-1), shape)]
    else:
        parts = [real, imaginary]
    if turning < width:
        parts.append(_cut(new, rows, turning, width, 1))
    return new.emit("Concat", *parts, axis=-1)


def _cut(new: DecompositionWriter, value: ir.Value, start: int, stop: int, step: int) -> ir.Value:
    bounds = [new.integers(number) for number in (start, stop, -1, step)]
    return new.emit("Slice", value, *bounds)


# --- places within their caches


def _places_in(index: int, table: int) -> FindBounds:
    """Return what finds the bounds of places, one operand, that are looked up in another."""

    def find(node: ir.Node, traces: Mapping[ir.Value, Trace]) -> Iterator[Bound]:
        trace = traced(node, index, traces)
        held = node.inputs[table] if trace is not None else None
        rows = held.shape[0] if held is not None and held.shape is not None else None
        if trace is not None and isinstance(rows, int):
            yield trace, *within_table(trace.offsets, rows)

    return find


RULES = (
    Rule("RotaryEmbedding", standard_rotary, id_bounds=_places_in(3, 1)),
    Rule(
        "RotaryEmbedding",
        runtime_rotary,
        domain="com.microsoft",
        decompose=write_runtime_rotary,
        id_bounds=_places_in(1, 2),
    ),
)
