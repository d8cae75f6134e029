"""DOC."""

from __future__ import annotations

from collections.abc import Collection

from mari_engine.analysis import Survey
from mari_engine.graph import STANDS_FOR, Model, stands_for, take_branch
from mari_engine.passes.contract import _tidied


def _without_choices(model: Model, survey: Survey, keep: Collection[str]) -> tuple[Model, Survey]:
    """Put the branch that is taken in the place of each If whose condition the survey tells."""
    while decided := _decided(model, survey, keep):
        copy, took = model.ir.clone(), False
        for node in [node for node in copy.graph if node.name in decided]:
            moved = take_branch(node, chosen=decided[node.name])
            took = took or moved is not None
            for each in moved or ():
                each.metadata_props[STANDS_FOR] = stands_for(node)
        if not took:
            break
        model, survey = _tidied(copy, model, survey)
    return model, survey


def _decided(model: Model, survey: Survey, keep: Collection[str]) -> dict[str | None, bool]:
    """Return for each If, by name, which way it always goes, where that is known."""
    found = {}
    for node in model.ir.graph:
        condition = node.inputs[0] if node.op_type == "If" and node.name not in keep else None
        fact = survey.values.get(condition) if condition is not None else None
        told = fact.uniform if fact is not None else None
        if isinstance(told, bool):
            found[node.name] = told
    return found
