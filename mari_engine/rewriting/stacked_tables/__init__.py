"""Lookups at columns of one packed tensor become one lookup on stacked tables."""

from __future__ import annotations

from collections.abc import Collection

from mari_engine.analysis import Survey
from mari_engine.graph import Model
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.stacked_tables.stacks import choose_groups
from mari_engine.rewriting.stacked_tables.writing import write_groups

__all__ = ["stack_lookups"]


def stack_lookups(
    model: Model, survey: Survey, options: Options, reserved: Collection[str]
) -> bool:
    """Stack the tables of a model's lookups in place, where that saves time; True where it did.

    The new model computes the same, bit for bit, and fails for the same ids. `reserved` are names
    that new values must not take.
    """
    graph = model.ir.graph
    groups = choose_groups(graph, survey, options)
    if groups:
        write_groups(graph, groups, model.opset, reserved)
    return bool(groups)
