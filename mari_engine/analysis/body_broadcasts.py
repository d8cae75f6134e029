"""Broadcasting inside bodies: what may have one row there though the states have all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import onnx_ir as ir

from mari_engine.axes import CANDIDATES, Along, Pointwise, Slices, Spec, flat
from mari_engine.graph import operand_values
from mari_engine.ops import Fact

Facts = Mapping[ir.Value, Fact | None]


def broadcast_values(
    values: Collection[ir.Value], body: ir.Graph, facts: Facts, specs: Mapping[ir.Node, Spec]
) -> frozenset[ir.Value]:
    """Return those of the values that a body broadcasts: `p + r` with p `[1, H]`, r `[N, H]`.

    They may have one row at the same time. Every way from one leads through ops that treat rows
    alone into an elementwise op with another operand of all rows; nothing on it tells how many rows
    there are, and the body returns none of it.
    """
    allowed = frozenset(value for value in values if _has_rows(value, facts))
    while misused := _misused(allowed, body, facts, specs):
        allowed -= misused
    return allowed


def _misused(
    allowed: frozenset[ir.Value], body: ir.Graph, facts: Facts, specs: Mapping[ir.Node, Spec]
) -> frozenset[ir.Value]:
    """Return values of which, if all of them had one row, something else would have so, too."""
    fewer = {value: frozenset({value}) for value in allowed}
    """By value that has one row then, because of which."""
    misused = frozenset[ir.Value]()
    for node in body:
        read = [value for value in operand_values(node) if value is not None]
        causes = frozenset[ir.Value]().union(*(fewer.get(value, ()) for value in read))
        if not causes:
            continue
        spec = specs.get(node)
        full = any(value not in fewer and _has_rows(value, facts) for value in read)
        if not isinstance(spec, (Pointwise, Slices, Along)):
            misused |= causes
        elif not full:
            fewer |= dict.fromkeys(node.outputs, causes)
        elif not isinstance(spec, Pointwise):
            misused |= causes
    return misused.union(*(fewer.get(value, ()) for value in body.outputs))


def _has_rows(value: ir.Value, facts: Facts) -> bool:
    fact = facts.get(value)
    return fact is not None and CANDIDATES in flat(fact.axes)
