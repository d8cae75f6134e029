"""Why a product stays whole, told by where request and candidate columns met before it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Contract, Join, Pick, Pointwise, View
from mari_engine.coloring import Paint, paint_sides
from mari_engine.ops import rule_of
from mari_engine.rewriting.context import DecisionLog, Entry
from mari_engine.types import Action, Labels

_REQUEST, _CANDIDATE = 1, 2
_UNCOUNTED = (
    "all of its input depends on the candidates, in rows of a number that only the run knows; "
    "export with fixed or named lengths before it"
)
_ALL = "all of its input depends on the candidates"


@dataclass(frozen=True)
class MixingNode:
    """A node after which no column is the request's any more, and the columns that it read."""

    node: ir.Node
    request: int
    candidate: int


class Reasons:
    """Knows for every value of a graph where its sides met; one walk in order."""

    def __init__(self, graph: ir.Graph, labels: Labels, survey: Survey) -> None:
        self._survey = survey
        self._paints = paint_sides(graph, labels, survey)
        self._met: dict[ir.Value, MixingNode] = {}
        for node in graph:
            found = self._meets(node) or self._inherited(node)
            if found is not None:
                self._met.update({value: found for value in node.outputs if self._lost(value)})

    def told(self, log: DecisionLog) -> DecisionLog:
        """Return a ledger whose entries for products that stay whole say why."""
        entries = {node: self._entry(node, entry) for node, entry in log.entries.items()}
        return replace(log, entries=entries)

    def _entry(self, node: ir.Node, entry: Entry) -> Entry:
        """Return the entry, told; what a constant is computed into is no operand of the request.

        Nor does a product run once of which only the run knows how many rows the candidates make.
        """
        if entry.action == Action.ONCE and any(self._lost(value) for value in node.outputs):
            return replace(entry, action=Action.KEPT, reason=_UNCOUNTED)
        if entry.action == Action.FUSED and entry.whole:
            values = [value for value in node.inputs if value is not None]
            if any(self._paints.get(value, Paint(())).tags == _REQUEST for value in values):
                return entry
            entry = replace(entry, action=Action.KEPT, reason=_ALL)
        return replace(entry, reason=self.of(node, entry))

    def of(self, node: ir.Node, entry: Entry) -> str:
        """Return why a product stays whole, in words that say what an engineer could change."""
        if not entry.whole:
            return entry.reason
        request, candidate = self._columns(node)
        if request and candidate:
            many = f"{request:,} of {request + candidate:,} columns are the request's"
            return f"{entry.reason} ({many})"
        values = [value for value in node.inputs if value is not None and value in self._met]
        if not values:
            return f"{_ALL}: no feature of the request reaches it"
        return f"{_ALL}: {self._told(self._met[values[0]])}"

    def _meets(self, node: ir.Node) -> MixingNode | None:
        """Return the meeting of a node that reads request columns and leaves none."""
        if not any(self._lost(value) for value in node.outputs):
            return None
        request, candidate = self._columns(node)
        return MixingNode(node, request, candidate) if request else None

    def _inherited(self, node: ir.Node) -> MixingNode | None:
        values = [value for value in node.inputs if value is not None]
        return next((self._met[value] for value in values if value in self._met), None)

    def _lost(self, value: ir.Value) -> bool:
        """Return True for a value all of whose columns depend on the candidates."""
        found = self._paints.get(value, Paint(()))
        return bool(found.runs) and all(tags & _CANDIDATE for _, tags in found.runs)

    def _columns(self, node: ir.Node) -> tuple[int, int]:
        """Return how many columns of a node's operands are the request's, and how many not.

        An operand whose columns all lie on one side counts as one.
        """
        request = candidate = 0
        for value in node.inputs:
            found = self._paints.get(value, Paint(())) if value is not None else Paint(())
            for count, tags in found.runs:
                request += count if tags == _REQUEST else 0
                candidate += count if tags & _CANDIDATE else 0
        return request, candidate

    def _told(self, met: MixingNode) -> str:
        node = met.node
        who = f"{node.op_type} ({node.name})"
        spec, rule = self._survey.specs.get(node), rule_of(node)
        if spec is None:
            why = self._survey.unknown.get(node, "it is not understood")
            return f"{who} before it reads both sides in full, since {why}"
        if isinstance(spec, Contract):
            return f"the sides meet in {who} before it"
        if isinstance(spec, Pointwise):
            return f"{who} before it meets every candidate with the request's values"
        if isinstance(spec, (Join, Pick, View)):
            return f"{who} before it lays the columns of both sides across each other"
        remedy = f"; {rule.remedy}, and this splits" if rule is not None and rule.remedy else ""
        counts = f"{met.request:,} request and {met.candidate:,} candidate columns"
        return f"{who} before it mixes {counts}{remedy}"
