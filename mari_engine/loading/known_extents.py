"""Shape folding: what a node reads of extents that shape inference found, by partial evaluation."""

from __future__ import annotations

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Axes
from mari_engine.graph import constant_array
from mari_engine.ops import Call, Fact, Trait, evaluate, has_trait, rule_of


def read_extents(node: ir.Node) -> np.ndarray | None:
    """Return the result of a node that reads known extents only, or None.

    Covers Shape and Size of `[2, 8]`, and what picks the 8 out of the Shape of `[N, 8]`.
    """
    if not has_trait(node, Trait.SHAPE_ONLY) and not _picks_extents(node):
        return None
    fact = _evaluated(node)
    content = None if fact is None else fact.content
    return None if content is None or content.dtype == object else content


def _picks_extents(node: ir.Node) -> bool:
    """Return True for a node that moves elements of a shape to constant places."""
    first, *others = node.inputs
    maker = first.producer() if first is not None else None
    reads_shape = maker is not None and has_trait(maker, Trait.SHAPE_ONLY)
    constants = all(constant_array(value) is not None for value in others)
    return reads_shape and bool(others) and constants and has_trait(node, Trait.EXACT)


def _evaluated(node: ir.Node) -> Fact | None:
    rule = rule_of(node)
    if rule is None:
        return None
    unknown, operands = (None,) * len(node.outputs), map(_fact, node.inputs)
    call = Call.of(node, operands, inferred=unknown, fresh=lambda: f"?{node.name}")
    return evaluate(rule, call)


def _fact(value: ir.Value | None) -> Fact | None:
    """Return the elements of a constant or a shape; of another value, its extents."""
    if value is None:
        return None
    array, maker = constant_array(value), value.producer()
    if array is not None:
        axes: Axes = tuple((extent,) if extent != 1 else () for extent in array.shape)
        return Fact(axes, value.dtype, array)
    if maker is not None and has_trait(maker, Trait.SHAPE_ONLY):
        return _evaluated(maker)
    if value.shape is None:
        return None
    named = enumerate(value.shape)
    dims = [dim if isinstance(dim, int) else f"?{value.name}.{at}" for at, dim in named]
    return Fact(tuple((dim,) if dim != 1 else () for dim in dims), value.dtype)
