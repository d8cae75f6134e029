"""Fixed numbers of candidates: `[1, 50]` or `[B, 50]`, where an export wrote the number down."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey, survey_model
from mari_engine.axes import size
from mari_engine.graph import Model


def shared_counts(model: Model, rows: Collection[str]) -> set[int]:
    """Return the numbers, other than 1, that these inputs share along axes behind the first.

    The last axis of a float input holds features and does not count: of one `[1, K]`, nothing does.
    """
    found = list[set[int]]()
    for value in model.ir.graph.inputs:
        inner = list(value.shape or ())[1:]
        if not (value.dtype and value.dtype.is_integer()):
            inner = inner[:-1]
        if value.name in rows and inner:
            found.append(_numbers(inner))
    return set.intersection(*found) if found else set()


def counts_beside(model: Model, symbols: frozenset[str], rows: Collection[str]) -> set[int]:
    """Return the numbers that all these inputs share beside a free extent, and all outputs have.

    `[B, 50]` of scores for `[B, 50]` of ids are those of 50 candidates of B users, or of B
    candidates with 50 ids each.
    """
    shared = shared_counts(model, rows)
    if not shared or not symbols:
        return set()
    survey = survey_model(model, symbols)
    borne = [_borne(value, survey) for value in model.ir.graph.outputs]
    return set.intersection(shared, *(shared if found is None else found for found in borne))


def _borne(value: ir.Value, survey: Survey) -> set[int] | None:
    """Return the numbers in an output's shape, or None where only the run knows some of it."""
    stated, fact = _numbers(value.shape or ()), survey.values.get(value)
    if fact is not None:
        return stated | {size(axis).number for axis in fact.axes}
    free = value.shape is None or any(not isinstance(dim, int) for dim in list(value.shape)[1:])
    return None if free else stated


def _numbers(dims: Iterable[int | ir.SymbolicDim]) -> set[int]:
    return {dim for dim in dims if isinstance(dim, int) and dim != 1}
