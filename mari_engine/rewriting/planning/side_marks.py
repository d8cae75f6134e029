"""Side marks: each node of an optimized graph names its side in its metadata, for viewers."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.graph import SIDE
from mari_engine.ops import is_shape
from mari_engine.rewriting.boundary import Boundary
from mari_engine.types import Side


def mark_sides(model: ir.Model, boundary: Boundary) -> None:
    """Set SIDE to request or candidate on every node that depends on an input, and on no other.

    The first row of an input is on the request side. A shape belongs to no side, as in coloring,
    nor does what tells whose a candidate is.
    """
    pairs = zip(boundary.inputs, boundary.bindings, strict=True)
    sides = {value: Side(own.rows) for value, own in pairs if own.rows != "index"}
    batch = boundary.batch
    if batch is not None:
        sides |= dict.fromkeys(batch.padded.values(), Side.CANDIDATE)
    for node in model.graph:
        if batch is not None and node in batch.index_nodes:
            continue
        read = {sides[value] for value in node.inputs if value in sides}
        node.metadata_props.pop(SIDE, None)  # of a model that was optimized before
        if not read or is_shape(node):
            continue
        cut = not boundary.cuts.isdisjoint(node.outputs)
        side = Side.CANDIDATE if Side.CANDIDATE in read and not cut else Side.REQUEST
        node.metadata_props[SIDE] = str(side)
        sides |= dict.fromkeys(node.outputs, side)
