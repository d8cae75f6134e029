"""LayerNorm and RMSNorm that are spelled as up to a dozen nodes, found as one.

`(x - mean) / sqrt(mean((x - mean)²) + eps) * w + b` over the last axis of `[N, K]`, and the same
without the mean and the shift. onnxruntime fuses them node by node as they stand, so a scale that
is folded into the next weights, or another order of axes, would cost more than it saves.
https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey
from mari_engine.axes import Norm, Pointwise, flat, positions
from mari_engine.ops import NormStep, root_with, squares


@dataclass(frozen=True, eq=False)
class SpelledNorm:
    """The value that is normalized, and the nodes that do it."""

    source: ir.Value
    nodes: tuple[ir.Node, ...]
    """In the graph's order; the last one makes the result."""
    declared: tuple[Norm, tuple[ir.Value, ...]] | None
    """All nodes as one: its declaration and operands; None where these do not tell it."""
    fused: bool
    """Whether runtimes make one node of it: they ask for a scale."""


def find_norms(graph: ir.Graph, survey: Survey) -> dict[ir.Node, SpelledNorm]:
    """Return the norm that each node is part of, if nothing else reads its inner steps.

    Norms that are joined to others are left out.
    """
    found: dict[ir.Node, SpelledNorm] = {}
    for node in graph:
        if NormStep.ROOT.done_by(node):
            norm = _Reader(survey).read(node)
            if norm is not None and not found.keys() & set(norm.nodes):
                found |= dict.fromkeys(norm.nodes, norm)
    return found


@dataclass(eq=False)
class _Reader:
    survey: Survey
    nodes: list[ir.Node] = field(default_factory=list)

    def read(self, root: ir.Node) -> SpelledNorm | None:
        self.nodes.append(root)
        total = self.step(root.inputs[0], NormStep.SHIFT)
        squares = self.varying(total)
        deviation = self.squared(self.mean(squares))
        if deviation is None or total is None:
            return None
        source, divided = self.centered(deviation), self.divided(root, deviation)
        if source is None or divided is None:
            return None
        scaled = self.scaled(divided, NormStep.SCALE)
        shifted = self.scaled(scaled, NormStep.SHIFT)
        steps = [value.producer() for value in (scaled, shifted) if value is not None]
        last = divided.producer() if not steps else steps[-1]
        inside = set(self.nodes)
        for node in inside - {last}:
            if not all(_stays(value, inside) for value in node.outputs):
                return None
        order = [node for node in root.graph or () if node in inside]
        declared = self.declared(source, total, deviation is not source, steps)
        return SpelledNorm(source, tuple(order), declared, bool(steps))

    def declared(
        self, source: ir.Value, total: ir.Node, centered: bool, steps: Sequence[ir.Node | None]
    ) -> tuple[Norm, tuple[ir.Value, ...]] | None:
        """Return the norm as one op, None where the number or a scale's place is not known."""
        fact = self.survey.values.get(source)
        epsilon = [self.survey.values.get(v) for v in total.inputs if v and self.given(v)]
        number = epsilon[0].uniform if epsilon and epsilon[0] is not None else None
        if fact is None or not isinstance(number, float) or not self.inverts_alone():
            return None
        operands, terms, given = [fact.axes], [tuple(range(len(flat(fact.axes))))], [source]
        for node in steps:
            spec = self.survey.specs.get(node) if node is not None else None
            if node is None or not isinstance(spec, Pointwise) or spec.results[0] != fact.axes:
                return None
            at = next(at for at, value in enumerate(node.inputs) if value and self.given(value))
            operands.append(spec.axes(at))
            terms.append(spec.maps[at] or ())
            given += [value for value in node.inputs[at : at + 1] if value is not None]
        spec = Norm(
            operands=tuple(operands), results=(fact.axes,), weight=8,
            along=positions(fact.axes)[-1], last=True, terms=tuple(terms),
            centered=centered, divisor=root_with(number),
        )  # fmt: skip
        return spec, tuple(given)

    def inverts_alone(self) -> bool:
        """Return True where no number but 1 is divided by the root."""
        over = [node.inputs[0] for node in self.nodes if NormStep.DIVIDE.done_by(node)]
        given = [value for value in over if value is not None and self.given(value)]
        return all(self.survey.fact(value).uniform == 1 for value in given)

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
        """Return what this step makes of a value and weights, if it does."""
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


def _stays(value: ir.Value, inside: Collection[ir.Node]) -> bool:
    return not value.is_graph_output() and all(use.node in inside for use in value.uses())
