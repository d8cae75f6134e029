"""Norms of each channel, or of groups of channels, along all axes behind: layer norms of rows.

    InstanceNormalization(x [N, C, L], a, b)  ->  LayerNormalization<axis = 2>(x) * a[C] + b[C]
    GroupNormalization of G groups            ->  the same of [N, G, C/G L], and back

Exporters write a group norm of PyTorch as an InstanceNormalization whose scale is all ones.
"""

from __future__ import annotations

import math

import numpy as np
import onnx_ir as ir

from mari_engine.graph import constant_array
from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.rule import Rule, Trait, state_float32

_LAYER_NORM_SINCE = 17
"""The opset that LayerNormalization came with."""


def _instance_norm(new: DecompositionWriter) -> Results:
    """https://onnx.ai/onnx/operators/onnx__InstanceNormalization.html"""
    x, inner = new.given(0), _inner(new)
    if x is None or inner is None:
        return None
    return [_scaled(new, _normed(new, x, inner), len(inner))]


def _group_norm(new: DecompositionWriter) -> Results:
    """https://onnx.ai/onnx/operators/onnx__GroupNormalization.html

    Since opset 21, with a scale for each channel; the one before is deprecated.
    """
    x, inner, groups = new.given(0), _inner(new), int(new.attribute("num_groups", 1))
    channels = None if x is None or inner is None or x.shape is None else x.shape[1]
    if x is None or inner is None or not isinstance(channels, int) or channels % groups:
        return None
    together = [channels // groups * math.prod(inner)]
    grouped = new.emit("Reshape", x, _listed(new, [0, groups, *together]))
    normed = _normed(new, grouped, together)
    back = new.emit("Reshape", normed, _listed(new, [0, channels, *inner]))
    return [_scaled(new, back, len(inner))]


def _inner(new: DecompositionWriter) -> list[int] | None:
    """Return the extents behind the channels; None where they, or the op itself, are not there."""
    x = new.given(0)
    if x is None or x.shape is None or len(x.shape) < 3 or _opset(new) < _LAYER_NORM_SINCE:
        return None
    inner = [extent for extent in x.shape[2:] if isinstance(extent, int)]
    return inner if len(inner) == len(x.shape) - 2 else None


def _opset(new: DecompositionWriter) -> int:
    return new.model.graph.opset_imports.get("", 0)


def _normed(new: DecompositionWriter, x: ir.Value, inner: list[int]) -> ir.Value:
    read = new.given(0)
    dtype = (read.dtype if read is not None else None) or ir.DataType.FLOAT
    ones = new.constant(np.ones(inner), dtype)
    epsilon = float(new.attribute("epsilon", 1e-5))
    return new.emit("LayerNormalization", x, ones, axis=2, epsilon=epsilon)


def _scaled(new: DecompositionWriter, x: ir.Value, inner: int) -> ir.Value:
    """Return a value times the scale plus the shift of its channel, those that change anything."""
    for index, op, nothing in ((1, "Mul", 1), (2, "Add", 0)):
        numbers = new.given(index)
        held = constant_array(numbers)
        if numbers is None or (held is not None and (held == nothing).all()):
            continue
        if held is not None:
            dtype = numbers.dtype or ir.DataType.FLOAT
            numbers = new.constant(held.reshape(-1, *[1] * inner), dtype)
        else:
            numbers = new.emit("Reshape", numbers, _listed(new, [-1, *[1] * inner]))
        x = new.emit(op, x, numbers)
    return x


def _listed(new: DecompositionWriter, numbers: list[int]) -> ir.Value:
    return new.constant(np.array(numbers, np.int64), ir.DataType.INT64)


RULES = (
    Rule(
        "InstanceNormalization", decompose=_instance_norm,
        traits=frozenset({Trait.SELDOM_EMPTY}),
    ),
    Rule(
        "GroupNormalization", decompose=_group_norm, state_type=state_float32("stash_type"),
        traits=frozenset({Trait.ROUGH_IN_FLOAT64}),
    ),
)  # fmt: skip
