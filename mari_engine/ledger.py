"""What was decided for each product, and how the columns of each fusion layer moved."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import onnx_ir as ir

from mari_engine.factors import Index
from mari_engine.forms import Blocks, per_candidate
from mari_engine.types import Action, FusionLayout, Segment, Side


@dataclass(frozen=True)
class Entry:
    """One decision, before FLOPs are counted."""

    action: Action
    reason: str


@dataclass
class Ledger:
    """Filled during a rewrite; later entries for a node replace earlier ones."""

    entries: dict[ir.Node, Entry] = field(default_factory=dict)
    layouts: list[FusionLayout] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Nodes at which the rewriter itself failed, and how: they are kept, and it needs mending."""

    def record(self, node: ir.Node, action: Action, reason: str) -> None:
        """Note what became of a product and why."""
        self.entries[node] = Entry(action, reason)

    def moved(self, node: ir.Node, blocks: Blocks) -> None:
        """Note how a fusion layer's columns lie before and after."""
        before = segments(blocks, np.arange(len(blocks.part)))
        side = np.array([per_candidate(part) for part in blocks.parts])[blocks.part]
        after = segments(blocks, np.lexsort((blocks.column, blocks.part, side)))
        self.layouts.append(FusionLayout(node.name or "", before, after))


def segments(blocks: Blocks, order: Index) -> tuple[Segment, ...]:
    """Return the runs of columns, taken in this order, that lie together in one part."""
    out: list[Segment] = []
    stop = 0
    for at, (part, column) in enumerate(
        zip(blocks.part[order].tolist(), blocks.column[order].tolist(), strict=True)
    ):
        name = blocks.names[part] if blocks.names else f"part {part}"
        side = Side.CANDIDATE if per_candidate(blocks.parts[part]) else Side.REQUEST
        if out and (out[-1].source, out[-1].side, stop) == (name, side, column):
            out[-1] = Segment(out[-1].start, at + 1, side, name, out[-1].source_start)
        else:
            out.append(Segment(at, at + 1, side, name, column))
        stop = column + 1
    return tuple(out)
