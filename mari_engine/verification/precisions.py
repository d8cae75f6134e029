"""Floating types of a model: the coarsest it computes in, and those that only a rewrite has."""

from __future__ import annotations

from collections.abc import Iterator

import ml_dtypes
import onnx_ir as ir

from mari_engine.graph import SOURCE, Model, constant_array, list_bodies
from mari_engine.ops import Trait, has_trait

_FLOAT32 = 2.0**-23
_TYPE_ATTRIBUTES = ("to", "dtype", "output_datatype")
"""The attributes that name the type of a node's result."""


def coarsest_epsilon(model: Model) -> float:
    """Return the largest epsilon among the model's floating types; float32's where it has none.

    That is also the epsilon of a model in float64 whose operators round inside to float32.
    """
    rough = any(has_trait(node, Trait.ROUGH_IN_FLOAT64) for node in model.ir.graph.all_nodes())
    epsilons = [epsilon_of(dtype) for dtype in floating_types(model)]
    return max([*epsilons, *([_FLOAT32] if rough else [])], default=_FLOAT32)


def halves_of(model: Model) -> frozenset[str]:
    """Return the names of the results of type float16 in the main graph."""
    return frozenset(
        value.name
        for node in model.ir.graph
        for value in node.outputs
        if value.name and value.dtype == ir.DataType.FLOAT16
    )


def lost_precision(original: Model, optimized: Model) -> str:
    """Return why the optimized model rounds where the original does not, or "" if it does not.

    The evaluation in float64 knows no roundings, and in the model's own precision a single one may
    hide among those of its products. But a rewrite has no use for a type that is coarser than the
    original's finest and that the original does not have. Nor does it round to one that the
    original has at more places, other than for nodes of the original's that have it.
    """
    own = floating_types(original)
    finest = min((epsilon_of(dtype) for dtype in own), default=0.0)
    for dtype in sorted(floating_types(optimized) - own, key=epsilon_of):
        if own and epsilon_of(dtype) > finest:
            return (
                f"the optimized model has values of type {dtype.name.lower()}, which the original "
                "does not have, and which is coarser"
            )
    return _more_roundings(original, optimized)


def _more_roundings(original: Model, optimized: Model) -> str:
    """Return which node of the optimized model rounds where no node of the original does, or "".

    As many as the original has may have other names, as another tool gives them.
    """
    before, after = _roundings(original), _roundings(optimized)
    for dtype in sorted(after.keys() & before.keys()):
        made = {node.name for node in original.ir.graph.all_nodes() if _makes(node, dtype)}
        new = [node for node in after[dtype] if made.isdisjoint(_origins(node))]
        if new and len(after[dtype]) > len(before[dtype]):
            return (
                f"node {new[0].name!r} of the optimized model rounds to {dtype.name.lower()}, and "
                "no node of the original does so there"
            )
    return ""


def _roundings(model: Model) -> dict[ir.DataType, list[ir.Node]]:
    """Return, by type, the nodes whose result has a coarser floating type than all operands."""
    found: dict[ir.DataType, list[ir.Node]] = {}
    for node in model.ir.graph.all_nodes():
        dtype = node.outputs[0].dtype if node.outputs else None
        given = [value for value in node.inputs if value is not None and _is_floating(value.dtype)]
        if dtype is None or not _is_floating(dtype) or not given or all(map(_is_single, given)):
            continue
        if epsilon_of(dtype) > max(epsilon_of(value.dtype) for value in given if value.dtype):
            found.setdefault(dtype, []).append(node)
    return found


def _is_floating(dtype: ir.DataType | None) -> bool:
    return dtype is not None and dtype.is_floating_point()


def _is_single(value: ir.Value) -> bool:
    """Return True for a constant such as a scale, written in the type of its operands."""
    array = constant_array(value)
    return array is not None and array.size == 1


def _origins(node: ir.Node) -> set[str]:
    return {node.name or "", *node.metadata_props.get(SOURCE, "").split("\n")}


def _makes(node: ir.Node, dtype: ir.DataType) -> bool:
    return any(value.dtype == dtype for value in node.outputs)


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
