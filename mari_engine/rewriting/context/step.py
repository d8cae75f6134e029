"""One step of the rewrite: a node, its declaration, its operands' forms, and the tools at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import onnx_ir as ir

from mari_engine.analysis import JoinSite
from mari_engine.axes import Axes, Spec
from mari_engine.rewriting.context.decision_log import DecisionLog, needs_whole
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


@dataclass(frozen=True)
class Strategy:
    """How far a rewrite goes: MaRI itself, and the arms that a benchmark compares it with."""

    split: bool = True
    """Split products behind joins; otherwise the user side only runs once (one-shot)."""
    neat: bool = True
    """One product per side; otherwise one per fragment."""
    fold: bool = True
    """Fold request-side tensors into per-request weights."""


@dataclass(frozen=True, eq=False)
class Context:
    """The tools that every step shares."""

    builder: GraphBuilder
    materializer: Materializer
    log: DecisionLog
    prices: Prices
    strategy: Strategy
    candidates: int
    native: Callable[[ir.Value], ir.Value]
    """Returns an original value in full, in its own layout, in the new graph."""

    @cached_property
    def grouping(self) -> Grouping:
        """Which parts of joined columns go together."""
        return Grouping(self.materializer)

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


@dataclass(frozen=True, eq=False)
class Step:
    """A node about to be rewritten; `forms` follow its inputs, under the declared axes."""

    node: ir.Node
    spec: Spec
    forms: tuple[Form | None, ...]
    context: Context
    waits: bool = False
    """The result is read by linear ops only, and need not be computed before a product does."""
    worth: float = 0.0
    """FLOPs that products with weights spend on each element of the result."""
    join_sites: Callable[[int], list[JoinSite]] = lambda position: []
    """Returns where columns along a position of the result are put together."""

    @property
    def result(self) -> Axes:
        """The axes of the first result."""
        return self.spec.results[0]

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
        value = self.node.inputs[index]
        return None if value is None else self.context.native(value)
