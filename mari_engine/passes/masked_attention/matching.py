"""Attention whose mask is known: rows that may not look at the last columns do without them.

A target that is appended to a history may look back, and the history not at it. Exporters write
the scores of all rows with all columns and a mask upon them; cut where a join put the target, the
history's rows are an attention of their own, in which no candidate takes part.

`softmax(where(mask, Q·Kᵀ, -inf))·V`, row by row: what the mask makes zero adds nothing to the sum.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Along, Contract, Join, Pointwise, flat, static
from mari_engine.passes.masked_attention.zero_weights import vanishes

_DEEPEST = 32
"""Nodes from the scores to the sum, beyond which they are no attention."""
_NAMED = ("", "ai.onnx")


@dataclass(frozen=True, eq=False)
class Masked:
    """Scores, what is done to them place by place, and the sum that they weigh; cut at a row."""

    scores: ir.Node
    between: tuple[ir.Node, ...]
    total: ir.Node
    extent: int
    """Rows, and columns, of the scores."""
    at: int
    """The first row that sees all columns; those before see only the columns before."""

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """All nodes, in order."""
        return (self.scores, *self.between, self.total)

    def in_copy(self, twins: Mapping[ir.Node, ir.Node]) -> Masked:
        """Return the same attention in a copy of the graph, by each node's twin."""
        between = tuple(twins[node] for node in self.between)
        return replace(self, scores=twins[self.scores], between=between, total=twins[self.total])


def find_masked(graph: ir.Graph, survey: Survey) -> list[Masked]:
    """Return the attentions whose first rows a constant mask keeps from the last columns."""
    found = []
    for node in graph:
        if node.op_type == "MatMul" and node.domain in _NAMED:
            masked = _Reader(node, survey).read()
            found += [masked] if masked is not None and _stated(masked) else []
    return found


def _stated(masked: Masked) -> bool:
    """Return True when the graph tells the shape of all that would be cut."""
    read = (value for node in masked.nodes for value in node.inputs if value is not None)
    return all(value.shape is not None for value in read)


@dataclass(eq=False)
class _Reader:
    total: ir.Node
    survey: Survey
    between: list[ir.Node] = field(default_factory=list)
    scores: list[ir.Node] = field(default_factory=list)
    reached: dict[ir.Value, bool] = field(default_factory=dict)
    extent: int = 0

    def read(self) -> Masked | None:
        weights = self.total.inputs[0]
        shape = self.last_two(weights)
        if shape is None or shape[0] != shape[1] or shape[0] < 2 or weights is None:
            return None
        self.extent = shape[0]
        if not self.reach(weights, 0) or len(self.scores) != 1:
            return None
        if not self.meets_others() or not self.alone():
            return None
        (scores,) = self.scores
        for at in self.boundaries(scores):
            if vanishes(
                weights, self.survey, scores=scores, between=self.between, extent=self.extent, at=at
            ):
                return Masked(scores, tuple(self.between), self.total, self.extent, at)
        return None

    def last_two(self, value: ir.Value | None) -> tuple[int, int] | None:
        fact = self.survey.values.get(value) if value is not None else None
        if fact is None or len(fact.axes) < 2:
            return None
        rows, columns = static(fact.axes[-2]), static(fact.axes[-1])
        return None if rows is None or columns is None else (rows, columns)

    def reach(self, value: ir.Value, depth: int) -> bool:
        """Return True when a value is made of scores, place by place or row by row."""
        if value not in self.reached:
            self.reached[value] = depth < _DEEPEST and self._reach(value, depth)
        return self.reached[value]

    def _reach(self, value: ir.Value, depth: int) -> bool:
        node = value.producer()
        if node is None or self.last_two(value) != (self.extent, self.extent):
            return False
        spec = self.survey.specs.get(node)
        if isinstance(spec, Contract) and node.op_type == "MatMul" and len(spec.terms) == 2:
            if not any(each is None or each.is_initializer() for each in node.inputs):
                self.scores += [node] if node not in self.scores else []
                return True
            return False
        if not isinstance(spec, (Pointwise, Along)) or not _within_rows(spec):
            return False
        found = [self.reach(each, depth + 1) for each in node.inputs if each is not None]
        if any(found):
            self.between.append(node)
        return any(found)

    def meets_others(self) -> bool:
        """Return True when the scores meet more than single numbers on their way: maybe a mask."""
        others = (
            value
            for node in self.between
            for value in node.inputs
            if value is not None and not self.reached.get(value)
        )
        facts = [self.survey.values.get(value) for value in others]
        return any(fact is None or flat(fact.axes) for fact in facts)

    def alone(self) -> bool:
        """Return True when nothing else reads the scores or what becomes of them."""
        inside = {*self.between, self.total}
        is_static = self.survey.is_static
        return all(
            not value.is_graph_output()
            and all(
                use.node in inside or all(map(is_static, use.node.outputs)) for use in value.uses()
            )
            for node in (*self.scores, *self.between)
            for value in node.outputs
        )

    def boundaries(self, scores: ir.Node) -> Iterator[int]:
        """Yield where joins before the scores put rows after others, the nearest join first."""
        queue, seen = [value for value in scores.inputs if value is not None], set[ir.Node]()
        while queue:
            node = queue.pop(0).producer()
            if node is None or node in seen:
                continue
            seen.add(node)
            spec = self.survey.specs.get(node)
            if isinstance(spec, Join):
                widths = [flat(axes or ())[spec.position] for axes in spec.operands]
                numbers = [width for width in widths if isinstance(width, int)]
                if len(numbers) == len(widths) and sum(numbers) == self.extent:
                    yield from np.cumsum(numbers[:-1])[::-1].tolist()
            queue += [value for value in node.inputs if value is not None]


def _within_rows(spec: Pointwise | Along) -> bool:
    if isinstance(spec, Pointwise):
        return True
    return spec.along == (len(flat(spec.results[0])) - 1,)
