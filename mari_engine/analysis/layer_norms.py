"""LayerNorm and RMSNorm that are spelled as up to a dozen nodes, found as one.

`(x - mean) / sqrt(mean((x - mean)²) + eps) * w + b` over the last axis of `[N, K]`, and the same
without the mean and the shift. onnxruntime fuses them node by node as they stand, so a scale that
is folded into the next weights, or another order of axes, would cost more than it saves.
https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html
"""

from __future__ import annotations

from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey
from mari_engine.ops import NormStep, squares


@dataclass(frozen=True, eq=False)
class Norm:
    """The value that is normalized, and the nodes that do it."""

    source: ir.Value
    nodes: frozenset[ir.Node]


def find_norms(graph: ir.Graph, survey: Survey) -> dict[ir.Node, Norm]:
    """Return the norm that each node is part of, if nothing else reads its inner steps.

    Norms that are joined to others are left out.
    """
    found: dict[ir.Node, Norm] = {}
    for node in graph:
        if NormStep.ROOT.done_by(node):
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
        total = self.step(root.inputs[0], NormStep.SHIFT)
        squares = self.varying(total)
        deviation = self.squared(self.mean(squares))
        if deviation is None:
            return None
        source = self.centered(deviation)
        last = self.scaled(self.divided(root, deviation), NormStep.SCALE)
        if source is None or last is None:
            return None
        shifted = self.scaled(last, NormStep.SHIFT)
        last = last if shifted is None else shifted
        inside = frozenset(self.nodes)
        for node in inside:
            own = node is not last.producer()
            if own and not all(_stays(value, inside) for value in node.outputs):
                return None
        return Norm(source, inside)

    def step(self, value: ir.Value | None, step: NormStep) -> ir.Node | None:
        """Return the node that makes a value, as one of the norm's, if it does this step."""
        node = value.producer() if value is not None else None
        if node is None or not step.done_by(node):
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
        node = self.step(value, NormStep.MEAN)
        read = node.inputs[0] if node is not None else None
        before = self.survey.values.get(read) if read is not None else None
        after = self.survey.values.get(value) if value is not None else None
        if before is None or after is None or after.axes != (*before.axes[:-1], ()):
            return None
        return read

    def squared(self, value: ir.Value | None) -> ir.Value | None:
        node = self.step(value, NormStep.SQUARE)
        if node is None or node.inputs[0] is None or node.inputs[1] is None:
            return None
        base, other = node.inputs[0], self.survey.values.get(node.inputs[1])
        return base if squares(node, None if other is None else other.uniform) else None

    def centered(self, deviation: ir.Value) -> ir.Value | None:
        """Return what the deviation is of: itself, where no mean is taken off."""
        node = deviation.producer()
        if node is None or not NormStep.CENTER.done_by(node):
            return deviation
        source, mean = node.inputs
        if source is None or self.mean(mean) is not source:
            return None
        self.nodes.append(node)
        return source

    def divided(self, root: ir.Node, deviation: ir.Value) -> ir.Value | None:
        """Return the deviation over the root, directly or by way of its reciprocal."""
        node = self.reader(root.outputs[0], NormStep.DIVIDE)
        if node is None:
            return None
        numerator = node.inputs[0] if len(node.inputs) == 2 else None
        if numerator is deviation:
            return node.outputs[0]
        if numerator is not None and not self.given(numerator):
            return None
        times = self.reader(node.outputs[0], NormStep.SCALE)
        return times.outputs[0] if times is not None and deviation in times.inputs else None

    def scaled(self, value: ir.Value | None, step: NormStep) -> ir.Value | None:
        """Return what this step makes of a value and weights."""
        uses = list(value.uses()) if value is not None else []
        if len(uses) != 1 or value is None or value.is_graph_output():
            return None
        node = uses[0].node
        if not step.done_by(node) or self.varying(node) is not value:
            return None
        self.nodes.append(node)
        return node.outputs[0]

    def reader(self, value: ir.Value, step: NormStep) -> ir.Node | None:
        uses = list(value.uses())
        if len(uses) != 1 or not step.done_by(uses[0].node):
            return None
        self.nodes.append(uses[0].node)
        return uses[0].node


def _stays(value: ir.Value, inside: frozenset[ir.Node]) -> bool:
    return not value.is_graph_output() and all(use.node in inside for use in value.uses())
