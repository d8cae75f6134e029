"""Fixed numbers of candidates: `[1, 50]` or `[B, 50]`, where an export wrote the number down."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import onnx_ir as ir

from mari_engine.analysis.axis_origins import UnknownOrigin, trace_origins
from mari_engine.analysis.value_facts import Survey, survey_model
from mari_engine.axes import flat, size
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
    candidates with 50 ids each. Where an output's axis is shown to be none of the inputs', as that
    of 50 tasks, there is no doubt. Fractions `[B, 50]` are 50 features of a candidate, unless each
    of them is shown to become a score of its own, which no weight tells from the others.
    """
    if not symbols:
        return set()
    survey = survey_model(model, symbols)
    shared, columns = shared_counts(model, rows), _shared_columns(model, rows)
    borne = [_borne(value, survey) for value in model.ir.graph.outputs]
    told = set.intersection(shared, *(shared if found is None else found for found in borne))

    def becomes(count: int, value: ir.Value, *, otherwise: bool) -> bool:
        """Return whether an output's axis is the inputs'; `otherwise` where that does not show."""
        try:
            found = _origins(survey, value, count)
        except UnknownOrigin:
            return otherwise
        return not found.isdisjoint(rows) if otherwise else found == set(rows)

    outputs = model.ir.graph.outputs
    return {
        count for count in told if all(becomes(count, value, otherwise=True) for value in outputs)
    } | {
        count
        for count in columns
        if all(becomes(count, value, otherwise=False) for value in outputs)
    }


def _shared_columns(model: Model, rows: Collection[str]) -> set[int]:
    """Return the numbers, other than 1, of columns that these inputs share, if all are `[B, K]`.

    What other inputs have as many of are no candidates, but features of both.
    """
    shapes = {value.name: list(value.shape or ()) for value in model.ir.graph.inputs}
    own = [shape for name, shape in shapes.items() if name in rows]
    if not own or any(len(shape) != 2 for shape in own):
        return set()
    others = (_numbers(shape) for name, shape in shapes.items() if name not in rows)
    return set.intersection(*(_numbers(shape[1:]) for shape in own)).difference(*others)


def _origins(survey: Survey, value: ir.Value, count: int) -> frozenset[str | None]:
    """Return whose axes become the output's of this many; UnknownOrigin where that is unknown."""
    fact = survey.values.get(value)
    if fact is None:
        raise UnknownOrigin
    places = [at for at, dim in enumerate(flat(fact.axes)) if dim == count]
    if not places:  # as of an axis in several factors
        raise UnknownOrigin
    found = (trace_origins(survey, value, at) for at in places)
    return frozenset(origin.name for origins in found for origin, _ in origins)


def _borne(value: ir.Value, survey: Survey) -> set[int] | None:
    """Return the numbers in an output's shape, or None where only the run knows some of it."""
    stated, fact = _numbers(value.shape or ()), survey.values.get(value)
    if fact is not None:
        return stated | {size(axis).number for axis in fact.axes}
    free = value.shape is None or any(not isinstance(dim, int) for dim in list(value.shape)[1:])
    return None if free else stated


def _numbers(dims: Iterable[int | ir.SymbolicDim]) -> set[int]:
    return {dim for dim in dims if isinstance(dim, int) and dim != 1}
