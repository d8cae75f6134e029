"""Row independence of a graph, f_N([N, D]) row by row, shown node by node from declarations.

Every value then has a row for each candidate, or is the same for all of them and for any number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import onnx_ir as ir

from mari_engine.analysis.rows import is_rowwise
from mari_engine.axes import CANDIDATES, Size, Spec, Unsupported, flat
from mari_engine.graph import operand_values
from mari_engine.ops import Fact, Trait, has_trait


@dataclass(eq=False)
class RowProof:
    """Walks over the nodes of a graph, or of a body, in order.

    `values`, `specs` and `unknown` are those of a survey.
    """

    values: Mapping[ir.Value, Fact | None]
    specs: Mapping[ir.Node, Spec]
    unknown: Mapping[ir.Node, str]
    counts: set[ir.Value] = field(default_factory=set)
    """Values that hold the number of rows."""

    def check(self, nodes: Iterable[ir.Node], where: str = "") -> None:
        """Return if each node treats each row alone; raises Unsupported, naming one, if not.

        `where` says in words where the nodes are.
        """
        for node in nodes:
            facts = [self.values.get(value) for value in node.outputs]
            if all(fact is not None and is_known(fact) for fact in facts):
                pairs = zip(node.outputs, facts, strict=True)
                self.counts.update(value for value, fact in pairs if counts_rows(fact))
                continue
            named = f"{node.op_type} ({node.name}){where}"
            if has_trait(node, Trait.RANDOM):
                raise Unsupported(f"{named} draws random numbers")
            if not self._is_alone(node):
                raise Unsupported(f"{named}: {self.unknown.get(node, 'it takes rows together')}")

    def _is_alone(self, node: ir.Node) -> bool:
        """Return True for a node that treats each row alone, or reads none."""
        read, spec = operand_values(node), self.specs.get(node)
        if spec is None:
            facts = [self.values.get(v) for v in (*read, *node.outputs) if v is not None]
            return self.counts.isdisjoint(read) and not any(map(has_rows, facts))
        pairs = [(v, axes) for v, axes in zip(read, spec.operands, strict=False) if v is not None]
        full = {value for value, axes in pairs if axes is not None}
        told = any(value not in full and self._varies(value) for value, _ in pairs)
        met = any(flat(axes).count(CANDIDATES) > 1 for axes in spec.results)
        return is_rowwise(spec) and self.counts.isdisjoint(full) and not (told or met)

    def _varies(self, value: ir.Value) -> bool:
        """Return True for a value of which only the run knows the elements, of each row.

        An op that does not read it row by row may be told by it what to do with all rows.
        """
        fact = self.values.get(value)
        return has_rows(fact) and not (fact is not None and is_known(fact))


def is_known(fact: Fact) -> bool:
    """Return True where the elements of a value are known before the run."""
    return fact.content is not None or fact.fill is not None


def has_rows(fact: Fact | None) -> bool:
    """Return True for a value that has rows of candidates, or of which nothing is known."""
    return fact is None or CANDIDATES in flat(fact.axes)


def counts_rows(fact: Fact | None) -> bool:
    """Return True for a value of which some element depends on the number of rows."""
    if fact is None:
        return False
    held = [fact.fill] if fact.content is None else fact.content.ravel().tolist()
    return any(isinstance(each, Size) and CANDIDATES in each.symbols for each in held)
