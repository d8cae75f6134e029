"""Consumers of values: where a broadcast may sink to, where columns are joined, what products cost.

All three are read from the factors of the nodes that a value reaches, before anything is rewritten.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import onnx_ir as ir

from mari_engine.analysis.attentions import Attention
from mari_engine.analysis.node_work import extent, work
from mari_engine.analysis.value_facts import Survey
from mari_engine.axes import (
    CANDIDATES,
    Affine,
    Along,
    Axis,
    Contract,
    Join,
    Pick,
    Pointwise,
    Reduce,
    Slices,
    Unsupported,
    View,
    flat,
    match_factors,
)

_MOST_READERS = 4
_DEEPEST = 8
"""Nodes that columns are followed through."""
_NONE: Mapping[ir.Node, Attention] = MappingProxyType({})
JoinSite = tuple[Axis, int]
"""The factors of a value, and the position of the columns that are joined in it."""


class Consumers:
    """What reads each value of a graph, from one walk against its order."""

    def __init__(
        self, graph: ir.Graph, survey: Survey, attentions: Mapping[ir.Node, Attention] = _NONE
    ) -> None:
        """`attentions` are those that may be computed by blocks of joined columns."""
        self.survey = survey
        self._attentions = attentions
        self._joined = self._find_joined(graph)
        self._waits: set[ir.Value] = set()
        self._flops_per_element: dict[ir.Value, float] = {}
        self._counted: dict[ir.Node, tuple[int, int]] = {}
        for node in reversed(graph):
            self._waits.update(value for value in node.outputs if self._follow(value))
            self._flops_per_element.update((value, self._spent(value)) for value in node.outputs)
        self._waits.update(value for value in graph.inputs if self._follow(value))

    def readers(self, value: ir.Value) -> list[tuple[ir.Node, int]]:
        """Return the nodes that need more of a value than its extents, and which input it is."""
        is_static = self.survey.is_static
        uses = [(use.node, use.idx) for use in value.uses()]
        return [(node, at) for node, at in uses if not all(map(is_static, node.outputs))]

    def can_wait(self, value: ir.Value) -> bool:
        """Return True when every path from this value leads, by linear steps, into a product.

        Such a value may be left as a sum of its request part and its candidate part, which the
        product then takes apart by linearity."""
        return value in self._waits

    def join_sites(self, value: ir.Value, position: int, deep: int = _DEEPEST) -> list[JoinSite]:
        """Return where columns that are computed apart, along a position of a value, are joined.

        None are where every way leads, column by column, into products that sum over them.
        """
        fact = self.survey.values.get(value)
        dims = flat(fact.axes) if fact is not None else ()
        here, later = [(dims, position)], list[JoinSite]()
        if value.is_graph_output() or position >= len(dims) or not deep:
            return here
        for node, index in self.readers(value):
            at = self._passed(node, index, position, dims)
            if at is None:
                return here
            later += self.join_sites(node.outputs[0], at, deep - 1) if at >= 0 else []
        made = [extent(each, 1) for each, _ in later]
        return here if sum(made) > extent(dims, 1) else later

    def flops_per_element(self, value: ir.Value) -> float:
        """Return the FLOPs that products with weights spend on each element of a value."""
        return self._flops_per_element.get(value, 0.0)

    def flops_of_sums(self, value: ir.Value, position: int, deep: int = _DEEPEST) -> float:
        """Return the FLOPs that products with weights, which linear steps lead to, spend on each
        element of a value; those that sum over its columns at this position.
        """
        fact, elements = self.survey.values.get(value), self._elements(value)
        if fact is None or not elements or not deep:
            return 0.0
        dims = flat(fact.axes)
        return sum(
            self._summed_by(node, at, position, dims, deep) for node, at in self.readers(value)
        )

    def _summed_by(self, node: ir.Node, index: int, position: int, dims: Axis, deep: int) -> float:
        spec = self.survey.specs.get(node)
        if spec is None or not self._linear(node, index):
            return 0.0
        shown = _shown_at(position, dims, flat(spec.axes(index)))
        if shown is None:
            return 0.0
        position = shown
        elements = extent(dims, 1)
        if isinstance(spec, Contract):
            _, varying = self._operands(node, index)
            kept = varying or spec.terms[index][position] in spec.output
            return 0.0 if kept else work(spec).per_candidate / elements
        place, result = position, node.outputs[0]
        if not isinstance(spec, (Join, Pick)):
            operands, results = spec.labels()
            label = (operands[index] or ())[position]
            place = results[0].index(label) if label in results[0] else -1
        if place < 0:
            return 0.0
        often = 1.0 if isinstance(spec, Join) else self._elements(result) / elements
        return self.flops_of_sums(result, place, deep - 1) * often

    def is_read_whole(self, value: ir.Value) -> bool:
        """Return True when something other than linear steps into products reads a value."""
        uses = self.readers(value)
        return value.is_graph_output() or not all(self._linear(node, at) for node, at in uses)

    def _spent(self, value: ir.Value) -> float:
        elements = self._elements(value)
        if not elements:
            return 0.0
        return sum(self._spent_by(node, at, elements) for node, at in self.readers(value))

    def _spent_by(self, node: ir.Node, index: int, elements: int) -> float:
        spec = self.survey.specs.get(node)
        if isinstance(spec, Join):
            return self.flops_per_element(node.outputs[0])
        if not isinstance(spec, (Contract, View, Pick, Pointwise, Reduce, Slices)):
            return 0.0
        others, varying = self._operands(node, index)
        weights = not varying
        if isinstance(spec, Contract) and len(spec.terms) > 1:
            return work(spec).per_candidate / elements if weights and others else 0.0
        made = sum(self.flops_per_element(value) * self._elements(value) for value in node.outputs)
        return made / elements if weights else 0.0

    def _operands(self, node: ir.Node, index: int) -> tuple[int, int]:
        """Return how many operands a node has beside one, and how many of them are no weights.

        They are counted once for each node, since some sum thousands.
        """
        if node not in self._counted:
            given = [value for value in node.inputs if value is not None]
            self._counted[node] = len(given), sum(map(self._is_no_weight, given))
        given_count, varying = self._counted[node]
        own = node.inputs[index]
        return given_count - 1, varying - (own is not None and self._is_no_weight(own))

    def _is_no_weight(self, value: ir.Value) -> bool:
        return not (value.is_initializer() or self.survey.is_static(value))

    def _elements(self, value: ir.Value) -> int:
        fact = self.survey.values.get(value)
        return extent(flat(fact.axes), 1) if fact is not None else 0

    def _passed(self, node: ir.Node, index: int, position: int, dims: Axis) -> int | None:
        """Return the position that columns have in a node's result, -1 where it sums over them.

        None where the node needs them joined.
        """
        spec = self.survey.specs.get(node)
        if spec is None or index >= len(spec.operands):
            return None
        position = _declared_place(dims, flat(spec.axes(index)), position)
        if position < 0:
            return None
        if isinstance(spec, (Join, Pick)):
            return position if index == 0 or isinstance(spec, Join) else None
        if isinstance(spec, Pointwise) and not self._leaves_apart(node, index):
            return None
        operands, results = spec.labels()
        own = operands[index]
        if own is None or own[position] in spec.mixing():
            return None
        if isinstance(spec, Contract):
            attention = self._attentions.get(node)
            if attention is not None and attention.takes_apart(node, spec, index, position):
                return -1
            others = [value for at, value in enumerate(node.inputs) if at != index and value]
            if not all(value.is_initializer() for value in others):
                return None
        return results[0].index(own[position]) if own[position] in results[0] else -1

    def _leaves_apart(self, node: ir.Node, index: int) -> bool:
        """Return False when another operand, and so the result, has all columns in one tensor."""
        others = [value for at, value in enumerate(node.inputs) if at != index and value]
        return all(value in self._joined or not self._varies(value) for value in others)

    def _varies(self, value: ir.Value) -> bool:
        fact = self.survey.values.get(value)
        return fact is None or CANDIDATES in flat(fact.axes)

    def _find_joined(self, graph: ir.Graph) -> set[ir.Value]:
        """Return the results of joins, and of nodes that treat each column of them alone."""
        joined = set[ir.Value]()
        for node in graph:
            spec = self.survey.specs.get(node)
            given = [value for value in node.inputs if value and self._varies(value)]
            keeps = isinstance(spec, (View, Pick, Pointwise, Affine, Along)) or (
                isinstance(spec, Contract) and len(given) == 1
            )
            apart = keeps and bool(given) and all(value in joined for value in given)
            if isinstance(spec, Join) or apart:
                joined.update(node.outputs)
        return joined

    def _follow(self, value: ir.Value) -> bool:
        uses = self.readers(value)
        if value.is_graph_output() or not 0 < len(uses) <= _MOST_READERS:
            return False
        return all(self._linear(node, at) for node, at in uses)

    def _linear(self, node: ir.Node, index: int) -> bool:
        spec = self.survey.specs.get(node)
        if isinstance(spec, Contract):
            return index < len(spec.terms) and len(spec.terms) > 1
        if isinstance(spec, (View, Pick)) and index > 0:
            return False
        if isinstance(spec, Pointwise) and spec.linear not in ("add", "sub", "mul", "neg"):
            return False
        if not isinstance(spec, (View, Pick, Join, Pointwise)):
            return False
        return all(self.can_wait(result) for result in node.outputs)


def _declared_place(dims: Axis, declared: Axis, position: int) -> int:
    """Return where a factor stands among those that an op declares, -1 where it is none there."""
    if dims == declared:
        return position
    try:
        runs = match_factors(dims, declared)
    except Unsupported:
        return -1
    return next((news[0] for olds, news in runs if olds == (position,) and len(news) == 1), -1)


def _shown_at(position: int, dims: Axis, own: Axis) -> int | None:
    """Return where an op that takes several factors for one has a position, or None."""
    if dims == own:
        return position
    try:
        runs = match_factors(dims, own)
    except Unsupported:
        return None
    (found,) = (new for old, new in runs if position in old)
    return found[0] if len(found) == 1 else None
