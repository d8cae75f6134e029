"""One step of the rewrite: a node, its declaration, its operands' forms, and what steps share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import onnx_ir as ir

from mari_engine.analysis import Consumers, JoinSite
from mari_engine.axes import Axes, Spec
from mari_engine.graph import operand_values
from mari_engine.rewriting.context.decision_log import DecisionLog, needs_whole
from mari_engine.rewriting.context.options import Strategy
from mari_engine.rewriting.context.original_values import OriginalValues
from mari_engine.rewriting.cost import Prices
from mari_engine.rewriting.emission import GraphBuilder, Tensor
from mari_engine.rewriting.forms import (
    Atom,
    AtomLayouts,
    AxisAlgebra,
    ColumnAlgebra,
    Form,
    Grouping,
    Materializer,
)


@dataclass(frozen=True, eq=False)
class Context:
    """What every step shares: the values so far, who reads them, and the tools that compute."""

    originals: OriginalValues
    consumers: Consumers
    materializer: Materializer
    log: DecisionLog
    prices: Prices
    strategy: Strategy

    @cached_property
    def grouping(self) -> Grouping:
        """Which parts of joined columns go together."""
        return Grouping(self.materializer)

    @property
    def builder(self) -> GraphBuilder:
        """Writes the new graph."""
        return self.materializer.builder

    @property
    def candidates(self) -> int:
        """The number of candidates that decisions are made for."""
        return self.materializer.candidates

    @property
    def layouts(self) -> AtomLayouts:
        """Changes the layouts of tensors."""
        return self.materializer.layouts

    @property
    def columns(self) -> ColumnAlgebra:
        """Chooses columns of forms."""
        return self.materializer.columns

    @property
    def axes(self) -> AxisAlgebra:
        """Brings forms under other axes."""
        return self.materializer.axes

    def is_deferrable(self, value: ir.Value) -> bool:
        """Return True for a value that linear ops alone read: products can take it uncomputed."""
        return self.strategy.fold and self.consumers.can_wait(value)


@dataclass(frozen=True, eq=False)
class Step:
    """A node about to be rewritten; `forms` follow its inputs, under the declared axes."""

    node: ir.Node
    spec: Spec
    forms: tuple[Form | None, ...]
    context: Context

    @property
    def result(self) -> Axes:
        """The axes of the first result."""
        return self.spec.results[0]

    @property
    def dtype(self) -> ir.DataType | None:
        """The element type of the first result, None where it is not known."""
        fact = self.context.originals.survey.values.get(self.node.outputs[0])
        return None if fact is None else fact.dtype

    @cached_property
    def is_deferrable(self) -> bool:
        """Whether the first result need not be computed before a product reads it."""
        return self.context.is_deferrable(self.node.outputs[0])

    @property
    def flops_per_element(self) -> float:
        """FLOPs that products with weights spend on each element of the first result."""
        if not self.context.strategy.split:
            return 0.0
        return self.context.consumers.flops_per_element(self.node.outputs[0])

    def join_sites(self, position: int) -> list[JoinSite]:
        """Return where columns along a position of the first result are put together."""
        return self.context.consumers.join_sites(self.node.outputs[0], position)

    @property
    def why(self) -> str:
        """Why this node needs joined columns, in words."""
        return needs_whole(self.node, self.spec)

    def atom(self, index: int) -> Atom:
        """Return an operand as a tensor."""
        form = self.forms[index]
        assert form is not None
        return self.context.materializer.materialize(form, self.why)

    def tensor(self, index: int) -> Tensor | None:
        """Return an operand that is not described by the declaration, as the node got it."""
        value = operand_values(self.node)[index]
        return None if value is None else self.context.originals.in_full(value)
