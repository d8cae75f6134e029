"""What every handler shares: the step, the original values, the tools, the log of decisions."""

from mari_engine.rewriting.context.column_groups import (
    Apply,
    distribute,
    find_passing_columns,
    with_sides,
)
from mari_engine.rewriting.context.decision_log import DecisionLog, Entry
from mari_engine.rewriting.context.options import Options, Strategy
from mari_engine.rewriting.context.original_values import OriginalValues
from mari_engine.rewriting.context.step import Context, Step

__all__ = [
    "Apply",
    "Context",
    "DecisionLog",
    "Entry",
    "Options",
    "OriginalValues",
    "Step",
    "Strategy",
    "distribute",
    "find_passing_columns",
    "with_sides",
]
