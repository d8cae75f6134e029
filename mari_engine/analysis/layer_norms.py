"""Norms spelled as a dozen nodes, which runtimes compute as one.

`(x - mean) / sqrt(mean((x - mean)²) + eps) · w + b` over the last axis, and the same without the
mean and the shift. onnxruntime fuses them node by node as they stand, so that a scale that went
into the next weights, or another order of axes, would cost more than it saves.
https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey

_NAMED = ("", "ai.onnx")


@dataclass(frozen=True, eq=False)
class Norm:
    """What is normalized, and the nodes that do it."""

    source: ir.Value
    nodes: frozenset[ir.Node]


def find_norms(graph: ir.Graph, survey: Survey) -> dict[ir.Node, Norm]:
    """Return the norm that each node is part of; without those of which others read an inner step.

    Norms that are joined to others are left out.
    """
    found: dict[ir.Node, Norm] = {}
    for node in graph:
        if node.op_type == "Sqrt" and node.domain in _NAMED:
            norm = _Reader(survey).read(node)
            if norm is not None and not norm.nodes & found.keys():
                found |= dict.fromkeys(norm.nodes, norm)
    return found


@dataclass(eq=False)
class _Reader:
    survey: Survey
    nodes: list[ir.Node] = field(default_factory=list)

    def read(self, root: ir.Node) -> Norm | None:
        self.nodes.append(root)
        total = self.step(root.inputs[0], ("Add",))
        squares = self.varying(total)
        deviation = self.squared(self.mean(squares))
        if deviation is None:
            return None
        source = self.centered(deviation)
        last = self.scaled(self.divided(root, deviation), ("Mul",))
        if source is None or last is None:
            return None
        shifted = self.scaled(last, ("Add",))
        last = last if shifted is None else shifted
        inside = frozenset(self.nodes)
        for node in inside:
            own = node is not last.producer()
            if own and not all(_stays(value, inside) for value in node.outputs):
                return None
        return Norm(source, inside)

    def step(self, value: ir.Value | None, ops: Collection[str]) -> ir.Node | None:
        """Return the node that makes a value, as one of the norm's, if its op is among these."""
        node = value.producer() if value is not None else None
        if node is None or node.op_type not in ops or node.domain not in _NAMED:
            return None
        self.nodes.append(node)
        return node

    def varying(self, node: ir.Node | None) -> ir.Value | None:
        """Return the one operand of a node that is not known before the run."""
        values = [v for v in node.inputs if v is not None and not self.given(v)] if node else []
        return values[0] if len(values) == 1 else None

    def given(self, value: ir.Value) -> bool:
        return self.survey.is_static(value) or value.is_initializer()

    def mean(self, value: ir.Value | None) -> ir.Value | None:
        """Return what a mean over the last axis is of."""
        node = self.step(value, ("ReduceMean",))
        read = node.inputs[0] if node is not None else None
        before = self.survey.values.get(read) if read is not None else None
        after = self.survey.values.get(value) if value is not None else None
        if before is None or after is None or after.axes != (*before.axes[:-1], ()):
            return None
        return read

    def squared(self, value: ir.Value | None) -> ir.Value | None:
        node = self.step(value, ("Pow", "Mul"))
        if node is None or node.inputs[0] is None:
            return None
        twice = node.op_type == "Mul" and node.inputs[0] is node.inputs[1]
        return node.inputs[0] if twice or self.to_two(node) else None

    def to_two(self, node: ir.Node) -> bool:
        exponent = self.survey.values.get(node.inputs[1]) if node.inputs[1] is not None else None
        return node.op_type == "Pow" and exponent is not None and exponent.uniform == 2

    def centered(self, deviation: ir.Value) -> ir.Value | None:
        """Return what the deviation is of: itself, where no mean is taken off."""
        node = deviation.producer()
        if node is None or node.op_type != "Sub":
            return deviation
        source, mean = node.inputs
        if source is None or self.mean(mean) is not source:
            return None
        self.nodes.append(node)
        return source

    def divided(self, root: ir.Node, deviation: ir.Value) -> ir.Value | None:
        """Return the deviation over the root, directly or by way of its reciprocal."""
        node = self.reader(root.outputs[0], ("Div", "Reciprocal"))
        if node is None:
            return None
        if node.op_type == "Div" and node.inputs[0] is deviation:
            return node.outputs[0]
        if node.op_type == "Div" and not (node.inputs[0] and self.given(node.inputs[0])):
            return None
        times = self.reader(node.outputs[0], ("Mul",))
        return times.outputs[0] if times is not None and deviation in times.inputs else None

    def scaled(self, value: ir.Value | None, ops: Collection[str]) -> ir.Value | None:
        """Return what is made of a value by one of these ops and weights."""
        uses = list(value.uses()) if value is not None else []
        if len(uses) != 1 or value is None or value.is_graph_output():
            return None
        node = uses[0].node
        if node.op_type not in ops or self.varying(node) is not value:
            return None
        self.nodes.append(node)
        return node.outputs[0]

    def reader(self, value: ir.Value, ops: Collection[str]) -> ir.Node | None:
        uses = list(value.uses())
        if len(uses) != 1 or uses[0].node.op_type not in ops:
            return None
        self.nodes.append(uses[0].node)
        return uses[0].node


def _stays(value: ir.Value, inside: frozenset[ir.Node]) -> bool:
    return not value.is_graph_output() and all(use.node in inside for use in value.uses())
