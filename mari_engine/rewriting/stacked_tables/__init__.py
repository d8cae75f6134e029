"""Lookups at columns of one packed tensor become one lookup on stacked tables."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.graph import Model, stored_bytes
from mari_engine.rewriting.context import Options
from mari_engine.rewriting.stacked_tables.stacks import choose_groups
from mari_engine.rewriting.stacked_tables.writing import write_groups
from mari_engine.types import StackedLookups

__all__ = ["stack_lookups"]


def stack_lookups(
    model: Model, survey: Survey, options: Options, reserved: Collection[str]
) -> StackedLookups | None:
    """Stack the tables of a model's lookups in place; None where that saves no time.

    The new model computes the same, bit for bit, and fails for the same ids. `reserved` are names
    that new values must not take.
    """
    graph = model.ir.graph
    groups = choose_groups(graph, survey, options)
    if not groups:
        return None
    members = [lookup for group in groups for lookup in group.members]
    tables = {lookup.table for lookup in members}
    before = set(graph.initializers.values())
    write_groups(graph, groups, model.opset, reserved)
    after = set(graph.initializers.values())
    read, made = tables | (before - after), after - (before - tables)
    return StackedLookups(len(members), len(groups), _bytes(read), _bytes(made))


def _bytes(constants: Collection[ir.Value]) -> int:
    return sum(stored_bytes(each.const_value) for each in constants if each.const_value is not None)
