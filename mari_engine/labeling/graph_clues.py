"""Clues in the graph: whose rows are as many as there are candidates, and whose are repeated."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from mari_engine.analysis import extent_names, shared_counts, survey_model
from mari_engine.graph import Model
from mari_engine.inputs import WHOLE, Repetition, Unit
from mari_engine.labeling.clues import STRONG, SURE, Clue
from mari_engine.types import Role

Clues = dict[Unit, list[Clue]]


def row_clues(model: Model) -> Clues:
    """Return what the extents of the inputs tell, by whole input.

    One row, a single number, or no axis along which an output has candidates: one value a request.
    Rows that an output has, too, where other inputs have one row: one a candidate. The length of a
    history, which no output has, tells nothing of the kind.
    """
    inputs = model.ir.graph.inputs
    rows = [value.shape[0] if value.shape else None for value in inputs]
    free = any(isinstance(extent, ir.SymbolicDim) for extent in rows)
    single = any(isinstance(extent, int) and extent == 1 for extent in rows)
    borne = _borne_by_outputs(model)
    clues: Clues = {}
    for number, value in enumerate(inputs):
        clue = None
        if free and rows[number] == 1:
            if not _may_hold_candidates(value, model):
                text = "it has one row while others have a free number of rows"
                clue = Clue("rows", Role.USER, SURE, text)
        elif borne and _lies_across(value, borne):
            text = "none of its axes is one that the outputs have for the candidates"
            clue = Clue("rows", Role.USER, STRONG, text)
        elif single and isinstance(rows[number], ir.SymbolicDim):
            text = "its number of rows is free while others have one row"
            clue = Clue("rows", Role.ITEM, STRONG, text)
        elif value.shape is not None and not value.shape:
            clue = Clue("rows", Role.CONTEXT, STRONG, "it is a single number")
        if clue is not None:
            clues[number, WHOLE] = [clue]
    return clues


def _borne_by_outputs(model: Model) -> Collection[str]:
    """Return all names of the one free extent that inputs share with every output, if one is."""
    extents = {name for value in model.ir.graph.inputs for name in _names(value)}
    outputs = [_names(value) & extents for value in model.ir.graph.outputs]
    shared = set.intersection(*outputs) if outputs else set[str]()
    if len(shared) != 1 or set.union(*outputs) != shared:
        return ()
    return survey_model(model, frozenset(shared)).symbols


def _lies_across(value: ir.Value, borne: Collection[str]) -> bool:
    """Return True for `[L, K]` or `[1, L, K]` without the candidates' extent.

    A flat list `[L]` may hold values of all candidates one after another, and tells nothing.
    """
    names = _names(value)
    return bool(names) and len(value.shape or ()) > 1 and names.isdisjoint(borne)


def _may_hold_candidates(value: ir.Value, model: Model) -> bool:
    """Return True for `[1, N, K]` where an output has the N, too, or it is not told what it has."""
    inputs = {name for each in model.ir.graph.inputs for name in _names(each)}
    borne = set[str | int]()
    for output in model.ir.graph.outputs:
        borne |= _names(output) | {dim for dim in output.shape or () if isinstance(dim, int)}
        if output.shape is None or not _names(output) <= inputs:
            borne |= inputs
    return not borne.isdisjoint(_names(value) | shared_counts(model, {value.name or ""}))


def _names(value: ir.Value) -> set[str]:
    return {name for name in extent_names(value) if name is not None}


def add_repetitions(clues: Clues, model: ir.Model, repetitions: tuple[Repetition, ...]) -> None:
    """Add what repetition tells: the repeated is the request's, what it is for the candidates'."""
    inputs = model.graph.inputs
    for repetition in repetitions:
        other = inputs[min(repetition.rows_of)[0]].name
        text = f"its row is repeated for the rows of {other!r}"
        _spread(clues, repetition.repeated, Clue("repeated", Role.USER, STRONG, text))
        other = inputs[min(repetition.repeated)[0]].name
        text = f"it tells how often the row of {other!r} is repeated"
        _spread(clues, repetition.rows_of, Clue("repeated", Role.ITEM, STRONG, text))


def _spread(clues: dict[Unit, list[Clue]], units: frozenset[Unit], clue: Clue) -> None:
    for unit in units:
        known = clues.setdefault(unit, [])
        if all(other.role != clue.role or other.kind != clue.kind for other in known):
            known.append(clue)
