"""All pieces of one axis, stacked as an axis of their own, as a transpose.

    Concat(Unsqueeze(Split(x, axis=2), 0), axis=0)    [N, L, H d] -> [H, N, L, d]
    ->  Reshape(Transpose(Reshape(x)))

TensorFlow's models take heads apart in this way, and CIN (xDeepFM) goes through its columns one by
one. In pieces, each of them has to be followed alone. Pieces that are joined along an axis that is
there already, `[N, L, d]` to `[N, L, H d]`, stay: as columns of one axis the sides keep apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import (
    Axes,
    Pick,
    Unsupported,
    View,
    flat,
    is_one,
    positions,
    size,
    static,
)
from mari_engine.graph import list_numbers, replace_by_nodes
from mari_engine.passes.contract import STANDARD, Copy, Pass, Refusal, match_each

_FREE = -1
"""An extent of a Reshape that follows from the others."""


@dataclass(frozen=True, eq=False)
class StackedPieces:
    """A Concat that stacks all pieces of one axis of what `picks` reads."""

    node: ir.Node
    picks: ir.Node
    """Makes the first piece."""
    apart: tuple[int, ...]
    """The source's extents with the number of pieces as an axis of its own, and none of 1."""
    order: tuple[int, ...]
    """Of these, as the result has them."""
    result: tuple[int, ...]

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The Concat."""
        return (self.node,)


@dataclass(frozen=True, eq=False)
class _Piece:
    node: ir.Node
    """Picks it from its first operand."""
    spec: Pick
    columns: list[int]
    axes: Axes
    """Of the piece as it is stacked."""


def find_stacked_pieces(graph: ir.Graph, survey: Survey) -> Iterator[StackedPieces | Refusal]:
    """Yield the Concats of a graph that stack all pieces of one axis."""
    nodes = (node for node in graph if node.op_type == "Concat" and node.domain in STANDARD)
    return match_each(nodes, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> StackedPieces | None:
    pieces = list[_Piece]()
    for value in node.inputs:
        piece = None if value is None else _piece(value, survey)
        if piece is None or (pieces and piece.node.inputs[0] is not pieces[0].node.inputs[0]):
            return None
        pieces.append(piece)
    first, count = pieces[0], len(pieces)
    whole = first.spec.axes(0)
    at = positions(whole).index(next(p for p in positions(whole) if first.spec.position in p))
    columns, *rest = whole[at]
    if not _complete(pieces, columns) or positions(whole)[at][0] != first.spec.position:
        return None
    before, behind = _long(whole[:at]), _long(whole[at + 1 :])
    own = _long(((int(columns) // count, *rest),))
    if any(not _alike(piece.axes, (*before, *own, *behind)) for piece in pieces):
        return None
    joined = node.attributes.get_int("axis", 0) % len(first.axes)
    if not is_one(first.axes[joined]):
        return None
    place, left = len(_long(first.axes[:joined])), len(before)
    apart: Axes = (*before, (count,), *own, *behind)
    others = [axis for axis in range(len(apart)) if axis != left]
    order = (*others[:place], left, *others[place:])
    return StackedPieces(
        node, first.node, _extents(apart), order,
        _extents(survey.fact(node.outputs[0]).axes),
    )  # fmt: skip


def _piece(value: ir.Value, survey: Survey) -> _Piece | None:
    """Return what a value is a piece of, if it has its elements in their order."""
    axes, node = survey.fact(value).axes, value.producer()
    spec = None if node is None else survey.specs.get(node)
    while node is not None and isinstance(spec, View):
        read = node.inputs[0]
        if read is None or spec.source != tuple(range(len(flat(spec.axes(0))))):
            return None
        value, node = read, read.producer()
        spec = None if node is None else survey.specs.get(node)
    if node is None or not isinstance(spec, Pick):
        return None
    return _Piece(node, spec, spec.indices[node.outputs.index(value)].tolist(), axes)


def _complete(pieces: list[_Piece], columns: object) -> bool:
    """Return True for two pieces or more, equally long, that are all columns in order."""
    every = [column for piece in pieces for column in piece.columns]
    lengths = {len(piece.columns) for piece in pieces}
    return len(pieces) > 1 and len(lengths) == 1 and every == list(range(int(str(columns))))


def _long(axes: Axes) -> Axes:
    return tuple(axis for axis in axes if not is_one(axis))


def _alike(axes: Axes, other: Axes) -> bool:
    own = _long(axes)
    return len(own) == len(other) and all(
        size(axis).same(size(each)) for axis, each in zip(own, other, strict=True)
    )


def _extents(axes: Axes) -> tuple[int, ...]:
    """Return extents for a Reshape, of which one may be free."""
    found = [static(axis) for axis in axes]
    if found.count(None) > 1 or 0 in found:
        raise Unsupported("more than one extent is known only at run time")
    return tuple(_FREE if extent is None else extent for extent in found)


def write_transpose(found: StackedPieces, copy: Copy) -> None:
    """Put a Transpose, between two views, in the place of the Concat."""
    node, new, value = copy.node(found.node), list[ir.Node](), copy.node(found.picks).inputs[0]
    assert value is not None

    def emit(op: str, *inputs: ir.Value, **attributes: object) -> ir.Value:
        new.append(ir.node(op, list(inputs), attributes, name=f"{node.name}/{op}_{len(new)}"))
        return new[-1].outputs[0]

    apart = list_numbers(copy.model, f"{node.name}/apart", list(found.apart))
    value = emit("Reshape", value, apart)
    if found.order != tuple(range(len(found.order))):
        value = emit("Transpose", value, perm=list(found.order))
    emit("Reshape", value, list_numbers(copy.model, f"{node.name}/result", list(found.result)))
    replace_by_nodes(node, new)


PIECES_TO_TRANSPOSE = Pass("pieces to transpose", find_stacked_pieces, write_transpose)
