"""Column liveness: which columns of a value `[N, K]` are read, from the outputs backwards.

What computes a value whose other columns are dead need compute the live ones only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import numpy as np
import onnx_ir as ir

from mari_engine.analysis.value_facts import Survey
from mari_engine.axes import Axes, Index, Join, Pick, View, flat

_LARGEST = 0.75
"""The largest share of live columns for which it pays to compute them alone."""
Read = dict[int, Index]
"""The live columns by position among the factors; all of a position that is left out."""


class Liveness:
    """The live columns of each value of a graph, from one walk against its order."""

    def __init__(self, graph: ir.Graph, survey: Survey) -> None:
        self.survey = survey
        self._read: dict[ir.Value, Read] = {}
        for node in reversed(graph):
            for value in node.outputs:
                read = self._follow(value)
                if read:
                    self._read[value] = read

    def columns(self, value: ir.Value) -> tuple[int, Index] | None:
        """Return the position with the smallest share of live columns, and these; or None.

        None too where only ops that move columns read it: they take what is read from it anyway.
        """
        read = self._read.get(value)
        if not read or all(self._moves(use.node) for use in value.uses()):
            return None
        dims = flat(self.survey.fact(value).axes)
        shares = {at: len(columns) / int(dims[at]) for at, columns in read.items()}
        least = min(shares, key=lambda at: shares[at])
        columns = read[least] if len(read[least]) else np.arange(1)  # no tensor is empty
        return (least, columns) if shares[least] <= _LARGEST else None

    def _moves(self, node: ir.Node) -> bool:
        spec = self.survey.specs.get(node)
        return isinstance(spec, (Join, Pick, View)) or all(map(self.survey.is_static, node.outputs))

    def _follow(self, value: ir.Value) -> Read:
        """Return the columns that any reader of a value reads."""
        fact, read = self.survey.values.get(value), None
        if fact is None or value.is_graph_output():
            return {}
        for use in value.uses():
            if all(map(self.survey.is_static, use.node.outputs)):
                continue  # it needs the extents only
            own, dims = self._read_by(use.node, use.idx, fact.axes), flat(fact.axes)
            both = own if read is None else _all_of((read, own))
            read = {at: columns for at, columns in both.items() if len(columns) < int(dims[at])}
            if not read:
                return {}
        return read or {}

    def _read_by(self, node: ir.Node, index: int, axes: Axes) -> Read:
        """Return the columns that a node reads of an operand."""
        spec = self.survey.specs.get(node)
        if spec is None or index >= len(spec.operands) or flat(spec.axes(index)) != flat(axes):
            return {}
        if isinstance(spec, Pick):
            return self._picked(node, spec) if index == 0 else {}
        results = [
            self._of(value, declared)
            for value, declared in zip(node.outputs, spec.results, strict=True)
        ]
        if not any(results):
            return {}
        if isinstance(spec, Join):
            return self._joined(spec, index, results[0])
        terms, labels = spec.labels()
        own, mixed = terms[index] or (), spec.mixing()
        alone = [(at, label) for at, label in enumerate(own) if own.count(label) == 1]
        return _all_of(
            {at: r[each.index(label)] for at, label in alone
             if label not in mixed and label in each and each.index(label) in r}
            for each, r in zip(labels, results, strict=True)
        )  # fmt: skip

    def _picked(self, node: ir.Node, spec: Pick) -> Read:
        place, rank = spec.position, len(flat(spec.axes(0)))
        found, picked = list[Read](), [np.arange(0)]
        for value, axes, index in zip(node.outputs, spec.results, spec.indices, strict=True):
            if not value.uses() and not value.is_graph_output():
                continue
            more = len(flat(axes)) - rank  # the picked position may be gone, or be several
            read = self._of(value, axes)
            picked.append(index[read[place]] if not more and place in read else index)
            found.append({
                at if at < place else at - more: columns
                for at, columns in read.items()
                if at < place or at > place + more
            })  # fmt: skip
        return {**_all_of(found), place: np.unique(np.concatenate(picked))}

    def _joined(self, spec: Join, index: int, read: Read) -> Read:
        found, at = dict(read), spec.position
        if at in read:
            before = sum(int(flat(own or ())[at]) for own in spec.operands[:index])
            extent = int(flat(spec.axes(index))[at])
            own = read[at] - before
            found[at] = own[(own >= 0) & (own < extent)]
        return found

    def _of(self, value: ir.Value, axes: Axes) -> Read:
        """Return the columns that are read of a result, whose axes are declared so."""
        fact = self.survey.values.get(value)
        declared = fact is not None and flat(fact.axes) == flat(axes)
        return self._read.get(value, {}) if declared else {}


def _all_of(reads: Iterable[Read]) -> Read:
    """Return the union of the columns that several readers read."""
    found = list(reads)
    both = set[int]().union(*found[:1]).intersection(*found[1:])
    return {at: reduce(np.union1d, (read[at] for read in found)) for at in both}
