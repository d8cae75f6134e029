"""Sides of a compact graph: what reaches each value, and why an op must stay online."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey, is_rowwise
from mari_engine.axes import CANDIDATES, Axes, Size, flat, static
from mari_engine.graph import all_inputs
from mari_engine.ops import Trait, has_trait
from mari_engine.types import Column, InputBinding, InputLabel, Labels, Role, Side

_FOLLOWED = (Side.ITEM, Side.REQUEST)


@dataclass(frozen=True, eq=False)
class Sides:
    """The side of each value of a graph, constants and what only counts candidates aside."""

    values: Mapping[ir.Value, Side]
    counts: Mapping[ir.Value, np.ndarray]
    """Extents by value: numbers, and products of the number of candidates."""
    reasons: Mapping[str, str]
    """By node or input: why what only item features reach stays online."""

    def of(self, value: ir.Value) -> Side:
        """Return a value's side."""
        return self.values.get(value, Side.CONSTANT)

    def of_node(self, node: ir.Node) -> Side:
        """Return the side of a node's results, which all have the same."""
        return self.of(node.outputs[0])

    def readers(self, node: ir.Node) -> list[ir.Value]:
        """Return what a node reads of the sides, its bodies' captured values included."""
        return list(dict.fromkeys(v for v in all_inputs(node) if v in self.values))


def find_sides(
    graph: ir.Graph, survey: Survey, bindings: Collection[InputBinding], labels: Labels
) -> Sides:
    """Return the side of each value of a compact graph.

    On the item side is what item features alone reach, each item by itself: no op that mixes
    candidates, draws numbers, or is not understood.
    """
    walk = _Walk(survey)
    by_name = {value.name: value for value in graph.inputs}
    for binding in bindings:
        label = labels.inputs.get(binding.source, InputLabel())
        walk.enter(by_name[binding.name], binding, label)
    for node in graph:
        walk.visit(node)
    return Sides(walk.values, walk.counts, walk.reasons)


@dataclass(eq=False)
class _Walk:
    survey: Survey
    values: dict[ir.Value, Side] = field(default_factory=dict)
    counts: dict[ir.Value, np.ndarray] = field(default_factory=dict)
    counted: set[ir.Value] = field(default_factory=set)
    """Values without a side that depend on the number of candidates."""
    reasons: dict[str, str] = field(default_factory=dict)

    def enter(self, value: ir.Value, binding: InputBinding, label: InputLabel) -> None:
        why = _why_online(binding, label, self.axes(value))
        if binding.rows == "request":
            self.values[value] = Side.REQUEST
            return
        self.values[value] = Side.CANDIDATE if why else Side.ITEM
        if why:
            self.reasons[binding.name] = why

    def visit(self, node: ir.Node) -> None:
        read = all_inputs(node)
        if self.is_count(node):
            return
        sides = {self.values[value] for value in read if value in self.values}
        counting = any(value in self.counted for value in read)
        if not sides and not has_trait(node, Trait.RANDOM):
            self.counted.update(node.outputs if counting else ())
            return
        side = next(iter(sides)) if len(sides) == 1 else Side.CANDIDATE
        why = self.why_not(node, side, counting) if side in _FOLLOWED else ""
        if why and side == Side.ITEM:
            self.reasons[node.name or node.op_type] = why
        side = Side.CANDIDATE if why else side
        self.values.update(dict.fromkeys(node.outputs, side))

    def is_count(self, node: ir.Node) -> bool:
        """Note the results of a node that gives extents: numbers, and the number of candidates."""
        found = {value: _count_of(self.survey, value) for value in node.outputs}
        if any(content is None for content in found.values()):
            return False
        for value, content in found.items():
            if content is not None and content.dtype == object:
                self.counts[value] = content
                self.counted.add(value)
            elif content is not None and any(v in self.values for v in all_inputs(node)):
                self.counts[value] = content
        return True

    def why_not(self, node: ir.Node, side: Side, counting: bool) -> str:
        """Return why a node is not of the one side that reaches it, or ""."""
        spec = self.survey.specs.get(node)
        if has_trait(node, Trait.RANDOM):
            return "it draws random numbers"
        if side == Side.REQUEST:
            grown = any(CANDIDATES in flat(self.axes(value) or ()) for value in node.outputs)
            return "it repeats rows for the candidates" if grown or counting else ""
        if spec is None:
            return f"it is not understood ({self.survey.unknown.get(node, 'no declaration')})"
        return "" if is_rowwise(spec) else "it mixes candidates"

    def axes(self, value: ir.Value) -> Axes | None:
        fact = self.survey.values.get(value)
        return None if fact is None else fact.axes


def _why_online(binding: InputBinding, label: InputLabel, axes: Axes | None) -> str:
    """Return why an input is no item feature that a catalogue has, or ""."""
    parts: list[Column | InputLabel] = [
        column
        for column in label.columns
        if binding.columns is None or set(range(column.start, column.stop)) & set(binding.columns)
    ] or [label]
    roles = {part.role for part in parts}
    if roles != {Role.ITEM}:
        return f"it holds {' and '.join(sorted(str(role) for role in roles if role))} features"
    if any(part.volatile for part in parts):
        return "its labels say that it is volatile"
    if axes is None or not axes or axes[0] != (CANDIDATES,):
        return "the candidates do not lie along its axis 0"
    if any(static(axis) is None for axis in axes[1:]):
        return "its extents per item are not fixed"
    return ""


def is_row(axes: Axes | None) -> bool:
    """Return True for `[N, ...]` with known extents behind the candidates: what a store holds."""
    if not axes or axes[0] != (CANDIDATES,):
        return False
    return all(static(axis) is not None for axis in axes[1:])


def _count_of(survey: Survey, value: ir.Value) -> np.ndarray | None:
    """Return a value's extents, if it is known to hold nothing else before the run."""
    fact = survey.values.get(value)
    if fact is None or fact.content is None:
        return None
    content = np.asarray(fact.content)
    if content.dtype == object:
        sizes = [element for element in content.ravel().tolist() if isinstance(element, Size)]
        if any(set(size.symbols) != {CANDIDATES} for size in sizes if size.symbols):
            return None
    return content
