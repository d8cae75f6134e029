"""Why a product is not split: the node before it that mixes request and candidate columns.

A forward dataflow analysis on the sides of columns (see `coloring.column_tags`). A product of which
all columns depend on the candidates has nothing to split; the reason is the first node on the way
that read columns of the request and returned none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import onnx_ir as ir

from mari_engine.analysis import Survey
from mari_engine.axes import Contract, Join, Pick, Pointwise, View
from mari_engine.coloring import ColumnTags, propagate_sides
from mari_engine.graph import all_inputs
from mari_engine.ops import rule_of
from mari_engine.rewriting.context import DecisionLog, Entry
from mari_engine.types import Action, Labels

_REQUEST, _CANDIDATE = 1, 2
_UNCOUNTED = (
    "all of its input depends on the candidates, in rows of a number that only the run knows; "
    "export with fixed or named lengths before it"
)
FIXED = (
    "the inputs fix the number of candidates, so that nothing is repeated for them; let it vary "
    "with --free-batch, or export with a dynamic batch"
)
"""Why nothing is split in a model that takes one number of candidates alone."""
_ALL = "all of its input depends on the candidates"
_WHOLE = "it is multiplied as a whole"


@dataclass(frozen=True)
class MixingNode:
    """A node that reads columns of the request and returns none, and how many it read."""

    node: ir.Node
    request: int
    candidate: int


def fixes_candidates(labels: Labels, survey: Survey) -> bool:
    """Return True where inputs are per candidate, and none says how many candidates there are."""
    each = any(label.per_candidate for label in labels.inputs.values())
    return each and not survey.symbols


class MixingAnalysis:
    """For each value without a column of the request: the node that mixed the last of them."""

    def __init__(self, graph: ir.Graph, labels: Labels, survey: Survey) -> None:
        self._survey = survey
        self._fixed = fixes_candidates(labels, survey)
        self._reached = propagate_sides(graph, labels, survey)
        self._mixed: dict[ir.Value, MixingNode] = {}
        self._taken_apart: set[ir.Node] = set()
        for node in graph:
            found = self._mixing(node) or self._inherited(node)
            if found is not None:
                lost = (value for value in node.outputs if self._is_all_candidate(value))
                self._mixed.update(dict.fromkeys(lost, found))

    def explain(self, log: DecisionLog) -> DecisionLog:
        """Return a log whose entries for products that stay whole say why."""
        self._taken_apart = set(log.notes)
        entries = {node: self._explained(node, entry) for node, entry in log.entries.items()}
        return replace(log, entries=entries)

    def _explained(self, node: ir.Node, entry: Entry) -> Entry:
        """Return the entry with its reason.

        A product is kept, not run once, when the number of its rows is known only at run time and
        candidates make them; and kept, not fused, when no operand is the request's.
        """
        if entry.action == Action.ONCE and any(map(self._is_all_candidate, node.outputs)):
            reason = FIXED if self._fixed else _UNCOUNTED
            return replace(entry, action=Action.KEPT, reason=reason)
        if entry.action == Action.FUSED and entry.whole:
            values = [value for value in node.inputs if value is not None]
            if any(self._reached.get(value, ColumnTags(())).tags == _REQUEST for value in values):
                return entry
            entry = replace(entry, action=Action.KEPT, reason=_WHOLE)
        return replace(entry, reason=self._reason(node, entry))

    def _reason(self, node: ir.Node, entry: Entry) -> str:
        """Return why a product stays whole, in words that say what an engineer could change."""
        if not entry.whole:
            return entry.reason
        request, candidate = self._columns(node)
        if request and candidate:
            many = f"{request:,} of {request + candidate:,} columns are the request's"
            return f"{entry.reason} ({many})"
        mixing = self._inherited(node)
        if mixing is None:
            return f"{_ALL}: no feature of the request reaches it"
        return f"{_ALL}: {self._in_words(mixing)}"

    def _mixing(self, node: ir.Node) -> MixingNode | None:
        """Return a node that reads request columns and returns a value without any."""
        if not any(map(self._is_all_candidate, node.outputs)):
            return None
        request, candidate = self._columns(node)
        return MixingNode(node, request, candidate) if request else None

    def _inherited(self, node: ir.Node) -> MixingNode | None:
        """Return the node that mixed the first operand which has no request column left."""
        values = all_inputs(node)
        return next((self._mixed[value] for value in values if value in self._mixed), None)

    def _is_all_candidate(self, value: ir.Value) -> bool:
        """Return True for a value all of whose columns depend on the candidates."""
        found = self._reached.get(value, ColumnTags(()))
        return bool(found.runs) and all(tags & _CANDIDATE for _, tags in found.runs)

    def _columns(self, node: ir.Node) -> tuple[int, int]:
        """Return how many columns of what a node reads are the request's, and how many not.

        An operand whose columns all lie on one side counts as one; bodies read what they capture.
        """
        request = candidate = 0
        for value in dict.fromkeys(all_inputs(node)):
            for count, tags in self._reached.get(value, ColumnTags(())).runs:
                request += count if tags == _REQUEST else 0
                candidate += count if tags & _CANDIDATE else 0
        return request, candidate

    def _in_words(self, mixing: MixingNode) -> str:
        node = mixing.node
        who = f"{node.op_type} ({node.name})"
        spec, rule = self._survey.specs.get(node), rule_of(node)
        if spec is None:
            why = self._survey.unknown.get(node, "it is not understood")
            if not mixing.candidate:
                return f"{who} before it may give each candidate other results, since {why}"
            return f"{who} before it reads both sides in full, since {why}"
        if isinstance(spec, Contract):
            return f"the sides meet in {who} before it"
        if isinstance(spec, Pointwise):
            return f"{who} before it meets every candidate with the request's values"
        if isinstance(spec, (Join, Pick, View)):
            return f"{who} before it lays the columns of both sides across each other"
        told = rule is not None and rule.remedy and node not in self._taken_apart
        remedy = f"; {rule.remedy}, and this splits" if rule is not None and told else ""
        counts = f"{mixing.request:,} request and {mixing.candidate:,} candidate columns"
        return f"{who} before it mixes {counts}{remedy}"
