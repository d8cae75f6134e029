"""Aims: which inputs reach a site, and which of their numbers lie where it takes another branch.

A number that a value is compared with is followed back to the inputs, through arithmetic with
constants, which is undone: of `2 * x + 1 > 7` it is 3. Through all else it is followed as it is: a
maximum, a cast and a column of a join have it unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Linear, Pointwise
from mari_engine.graph import Model, all_inputs
from mari_engine.ops import rule_of
from mari_engine.verification.coverage import Site

_MOST_INPUTS = 12
"""Inputs that reach a value, beyond which a number of it is no number of theirs."""
_MOST_NUMBERS = 64
"""Numbers that are kept for an input."""


class Aims:
    """The inputs that decide about sites, and the numbers to send to them."""

    def __init__(self, model: Model, survey: Survey) -> None:
        self._survey = survey
        self._reached_by = _reach(model.ir.graph)
        self._numbers: dict[str, dict[float, None]] = {}
        for node in model.ir.graph.all_nodes():
            rule = rule_of(node)
            for value, number in rule.branches.turns(node) if rule and rule.branches else ():
                self._note(value, number)

    def of(self, site: Site) -> Mapping[str, tuple[float, ...]]:
        """Return, by the inputs that reach a site, numbers near which it may turn."""
        names = {name for value in site.shown for name in self._reached_by.get(value, ())}
        return {name: tuple(self._numbers.get(name, ())) for name in sorted(names)}

    def _note(self, value: ir.Value, number: float) -> None:
        while True:
            for name in self._inputs_of(value):
                known = self._numbers.setdefault(name, {})
                if len(known) < _MOST_NUMBERS:
                    known[number] = None
            undone = self._undo(value, number)
            if undone is None:
                return
            value, number = undone

    def _inputs_of(self, value: ir.Value) -> frozenset[str]:
        names = self._reached_by.get(value, frozenset())
        return names if len(names) <= _MOST_INPUTS else frozenset()

    def _undo(self, value: ir.Value, number: float) -> tuple[ir.Value, float] | None:
        """Return an operand and the number of it that gives this number of a result."""
        node = value.producer()
        if node is None:
            return None
        spec = self._survey.specs.get(node)
        varying = [v for v in node.inputs if v is not None and v in self._reached_by]
        if len(varying) != 1:
            return None
        if not isinstance(spec, Pointwise) or spec.linear is None:
            return varying[0], number
        at = node.inputs.index(varying[0])
        others = [self._uniform(v) for v in node.inputs if v is not varying[0]]
        if any(other is None for other in others):
            return None
        found = _solve(spec.linear, number, at, others[0] if others else None)
        return None if found is None else (varying[0], found)

    def _uniform(self, value: ir.Value | None) -> float | None:
        fact = None if value is None else self._survey.values.get(value)
        held = None if fact is None else fact.uniform
        return float(held) if isinstance(held, (int, float)) else None


def _solve(linear: Linear, result: float, at: int, other: float | None) -> float | None:
    """Return x of `x op other = result`, or of `other op x` where x is operand 1."""
    if linear == "neg":
        return -result
    if linear == "same":
        return result
    if other is None:
        return None
    if linear == "add":
        return result - other
    if linear == "sub":
        return result + other if at == 0 else other - result
    if other == 0 or (linear == "div" and at == 1 and result == 0):
        return None
    if linear == "mul":
        return result / other
    return result * other if at == 0 else other / result


def _reach(graph: ir.Graph) -> dict[ir.Value, frozenset[str]]:
    """Return the inputs that each value depends on; those that depend on none are left out."""
    found = {value: frozenset([value.name or ""]) for value in graph.inputs}
    for node in graph:
        names = frozenset[str]().union(*(found.get(v, frozenset()) for v in all_inputs(node)))
        if names:
            found.update(dict.fromkeys(node.outputs, names))
    return found
