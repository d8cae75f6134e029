"""Conditionals folded: an If whose condition is known before the model runs is its branch.

    If(c, then_branch=A, else_branch=B)  ->  A's nodes   where c is true for any request
                                         ->  B's nodes   where c is false for any request

Exporters write an If where the traced program asked for an extent, to squeeze it, say; shape
arithmetic decides it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Unsupported
from mari_engine.graph import STANDS_FOR, inline_branch, stands_for
from mari_engine.passes.contract import Copy, Pass, Refusal, match_each


@dataclass(frozen=True, eq=False)
class ConstantConditional:
    """An If, and the branch that it always takes."""

    node: ir.Node
    taken: bool
    """True for its then-branch."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """The If."""
        return (self.node,)


def find_constant_conditionals(
    graph: ir.Graph, survey: Survey
) -> Iterator[ConstantConditional | Refusal]:
    """Yield each If of which the survey tells which branch it takes."""
    nodes = (node for node in graph if node.op_type == "If")
    return match_each(nodes, partial(_match, survey=survey))


def _match(node: ir.Node, survey: Survey) -> ConstantConditional:
    condition = node.inputs[0]
    fact = survey.values.get(condition) if condition is not None else None
    taken = fact.uniform if fact is not None else None
    if not isinstance(taken, bool):
        raise Unsupported("its condition is known only at run time")
    return ConstantConditional(node, taken)


def write_branch(found: ConstantConditional, copy: Copy) -> None:
    """Put the nodes of the branch in the place of the If."""
    moved = inline_branch(copy.node(found.node), taken=found.taken)
    if moved is None:
        raise Unsupported("the graph returns its result, or its branch returns a constant")
    for node in moved:
        node.metadata_props[STANDS_FOR] = stands_for(found.node)


FOLD_CONDITIONALS = Pass(
    "fold conditionals", find_constant_conditionals, write_branch, repeats=True
)
"""A branch may hold another If."""
