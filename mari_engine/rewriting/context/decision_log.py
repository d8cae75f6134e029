"""The log of decisions: what became of each product, and how fusion layers' columns moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import onnx_ir as ir

from mari_engine.axes import Contract, Index, Pointwise
from mari_engine.rewriting.forms import Blocks, per_candidate
from mari_engine.types import Action, FusionLayout, Segment, Side


@dataclass(frozen=True)
class Entry:
    """One decision, before FLOPs are counted."""

    action: Action
    reason: str
    whole: bool = False
    """It is one product still, that some candidate enters."""


@dataclass
class DecisionLog:
    """Filled during a rewrite; later entries for a node replace earlier ones."""

    entries: dict[ir.Node, Entry] = field(default_factory=dict)
    layouts: list[FusionLayout] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Nodes at which the rewriter itself failed, and how: they are kept, and it needs mending."""
    notes: dict[ir.Node, str] = field(default_factory=dict)
    """What became of nodes that are no products, for the reasons of products behind them."""
    _moves: dict[Blocks, tuple[tuple[Segment, ...], tuple[Segment, ...]]] = field(
        default_factory=dict
    )
    """By joined columns, which many products may read."""

    def record(self, node: ir.Node, action: Action, reason: str, *, whole: bool = False) -> None:
        """Record what became of a product and why."""
        self.entries[node] = Entry(action, reason, whole)

    def record_failure(self, node: ir.Node, failure: Exception) -> str:
        """Record that the rewriter itself failed at a node, and return how."""
        kind = type(failure).__name__
        self.failures.append(f"{node.op_type} ({node.name}): {kind}: {failure}")
        return kind

    def record_layout(self, node: ir.Node, blocks: Blocks) -> None:
        """Record how a fusion layer's columns lie before and after."""
        if blocks not in self._moves:
            side = np.array([per_candidate(part) for part in blocks.parts])[blocks.part]
            order = np.lexsort((blocks.column, blocks.part, side))
            self._moves[blocks] = segments(blocks, np.arange(len(side))), segments(blocks, order)
        self.layouts.append(FusionLayout(node.name or "", *self._moves[blocks]))


def segments(blocks: Blocks, order: Index) -> tuple[Segment, ...]:
    """Return the runs of columns, taken in this order, that lie together in one part."""
    names = blocks.names or tuple(f"part {at}" for at in range(len(blocks.parts)))
    sides = [Side.CANDIDATE if per_candidate(part) else Side.REQUEST for part in blocks.parts]
    numbers: dict[tuple[str, Side], int] = {}
    of_part = [numbers.setdefault(key, len(numbers)) for key in zip(names, sides, strict=True)]
    source, column = np.array(of_part)[blocks.part[order]], blocks.column[order]
    cuts = np.flatnonzero((np.diff(source) != 0) | (np.diff(column) != 1)) + 1
    bounds, keys = [0, *cuts.tolist(), len(order)], list(numbers)
    return tuple(
        Segment(start, stop, side, name, int(column[start]))
        for start, stop in pairwise(bounds)
        for name, side in [keys[int(source[start])]]
    )


def needs_whole(node: ir.Node, spec: object) -> str:
    """Return why a node takes request and candidate columns together, in words."""
    who = f"{node.op_type} ({node.name})"
    if isinstance(spec, Pointwise):
        return f"{who} computes them together, which is expected to cost less than each side alone"
    if isinstance(spec, Contract):
        return f"{who} takes them together: they lie along an axis that it does not sum"
    return f"{who} needs all of its columns at once"
