"""Floating types of a model: the coarsest it computes in, and those that only a rewrite has."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes
import onnx_ir as ir

from mari_engine.graph import Model, list_bodies

_FLOAT32 = 2.0**-23
_TYPE_ATTRIBUTES = ("to", "dtype", "output_datatype")
"""The attributes that name the type of a node's result."""


def coarsest_epsilon(model: Model) -> float:
    """Return the largest epsilon among the model's floating types; float32's where it has none."""
    return max((epsilon_of(dtype) for dtype in floating_types(model)), default=_FLOAT32)


def lost_precision(original: Model, optimized: Model) -> str:
    """Return why the optimized model rounds where the original does not, or "" if it does not.

    The evaluation in float64 knows no roundings, and in the model's own precision a single one may
    hide among those of its products. But a rewrite has no use for a type that is coarser than the
    original's finest and that the original does not have.
    """
    own = floating_types(original)
    finest = min((epsilon_of(dtype) for dtype in own), default=0.0)
    for dtype in sorted(floating_types(optimized) - own, key=epsilon_of):
        if own and epsilon_of(dtype) > finest:
            return (
                f"the optimized model has values of type {dtype.name.lower()}, which the original "
                "does not have, and which is coarser"
            )
    return ""


def floating_types(model: Model) -> frozenset[ir.DataType]:
    """Return the floating types of inputs, constants and results, those in bodies included."""
    return frozenset(dtype for dtype in _types(model.ir.graph) if dtype.is_floating_point())


def epsilon_of(dtype: ir.DataType) -> float:
    """Return the distance of 1 to the next larger number of a floating type."""
    return float(ml_dtypes.finfo(dtype.numpy()).eps)  # type: ignore[no-untyped-call]


def _types(graph: ir.Graph) -> Iterator[ir.DataType]:
    for value in (*graph.inputs, *graph.initializers.values()):
        if value.dtype is not None:
            yield value.dtype
    for node in graph:
        yield from (value.dtype for value in node.outputs if value.dtype is not None)
        for name in _TYPE_ATTRIBUTES:
            if name in node.attributes and node.attributes[name].type == ir.AttributeType.INT:
                yield ir.DataType(node.attributes[name].as_int())
        for body in list_bodies(node):
            yield from _types(body)
