"""Block-triangular attention, matched: a constant mask keeps the first rows from the last columns.

A target appended to a history may attend to the history, and the history not to it. Exporters
write the scores of all rows with all columns, `[L, D] x [D, L] -> [L, L]`, and a mask on them:

    softmax(where(mask, Q K^T, -inf)) V

Row by row, a weight that the mask makes zero adds nothing to the sum over V. Cut at the row where
a Concat put the target, the rows before it are an attention over the columns before it, in which
no candidate takes part.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from mari_engine.analysis import Survey, read_only_within
from mari_engine.axes import Along, Contract, Join, Pointwise, Unsupported, flat, static
from mari_engine.passes.contract import STANDARD, Refusal, match_each
from mari_engine.passes.masked_attention.zero_weights import ZeroProof

_DEEPEST = 32
"""Nodes between the scores and their weights, beyond which it is no attention."""


@dataclass(frozen=True, eq=False)
class MaskedAttention:
    """An attention that can be cut: rows before `cut` have zero weights in the columns from it on.

    `scores` is the product `Q K^T`, `between` what makes weights of it elementwise or row by row,
    in order, and `total` the product of the weights with V.
    """

    scores: ir.Node
    between: tuple[ir.Node, ...]
    total: ir.Node
    extent: int
    """Rows, and columns, of the scores."""
    cut: int

    @property
    def nodes(self) -> tuple[ir.Node, ...]:
        """All nodes, in order."""
        return (self.scores, *self.between, self.total)


def find_masked_attention(graph: ir.Graph, survey: Survey) -> Iterator[MaskedAttention | Refusal]:
    """Yield the attentions whose first rows a constant mask keeps from the last columns."""
    nodes = (node for node in graph if node.op_type == "MatMul" and node.domain in STANDARD)
    return match_each(nodes, lambda node: _Reader(node, survey).read())


@dataclass(eq=False)
class _Reader:
    total: ir.Node
    survey: Survey
    between: list[ir.Node] = field(default_factory=list)
    scores: list[ir.Node] = field(default_factory=list)
    derived: dict[ir.Value, bool] = field(default_factory=dict)
    extent: int = 0

    def read(self) -> MaskedAttention | None:
        """Return the attention that `total` ends, None where it ends none."""
        weights = self.total.inputs[0]
        shape = self.last_two(weights)
        if shape is None or shape[0] != shape[1] or shape[0] < 2 or weights is None:
            return None
        self.extent = shape[0]
        if not self.derives(weights, 0) or len(self.scores) != 1 or not self.meets_others():
            return None
        if not self.is_private():
            raise Unsupported("its scores or weights are read elsewhere too")
        (scores,), between = self.scores, tuple(self.between)
        proofs = (ZeroProof(self.survey, scores, between, self.extent, at) for at in self.cuts())
        proof = next((each for each in proofs if each.holds(weights)), None)
        if proof is None:
            raise Unsupported("no mask is known to keep rows before a join from the columns behind")
        found = MaskedAttention(scores, between, self.total, self.extent, proof.cut)
        read = (value for node in found.nodes for value in node.inputs if value is not None)
        if not all(_states_extents(value) for value in read):
            raise Unsupported("the shape of a value that would be cut is unknown")
        return found

    def last_two(self, value: ir.Value | None) -> tuple[int, int] | None:
        fact = self.survey.values.get(value) if value is not None else None
        if fact is None or len(fact.axes) < 2:
            return None
        rows, columns = static(fact.axes[-2]), static(fact.axes[-1])
        return None if rows is None or columns is None else (rows, columns)

    def derives(self, value: ir.Value, depth: int) -> bool:
        """Return True when a value is made of scores, elementwise or row by row."""
        if value not in self.derived:
            self.derived[value] = depth < _DEEPEST and self._derives(value, depth)
        return self.derived[value]

    def _derives(self, value: ir.Value, depth: int) -> bool:
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
        found = [self.derives(each, depth + 1) for each in node.inputs if each is not None]
        if any(found):
            self.between.append(node)
        return any(found)

    def meets_others(self) -> bool:
        """Return True when the scores meet more than single numbers: a mask, maybe."""
        others = (
            value
            for node in self.between
            for value in node.inputs
            if value is not None and not self.derived.get(value)
        )
        facts = [self.survey.values.get(value) for value in others]
        return any(fact is None or flat(fact.axes) for fact in facts)

    def is_private(self) -> bool:
        """Return True when nothing else reads the scores or what is made of them."""
        inside = {*self.between, self.total}
        return read_only_within((*self.scores, *self.between), inside, self.survey)

    def cuts(self) -> Iterator[int]:
        """Yield the rows at which a Concat before the scores joins values, the nearest first."""
        (scores,) = self.scores
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


def _states_extents(value: ir.Value) -> bool:
    """Return True where a value's own shape says how long its last two axes are."""
    return value.shape is not None and all(isinstance(dim, int) for dim in value.shape[-2:])


def _within_rows(spec: Pointwise | Along) -> bool:
    """Return True for an elementwise op, or one along the last axis, as a softmax over columns."""
    if isinstance(spec, Pointwise):
        return True
    return spec.along == (len(flat(spec.results[0])) - 1,)
