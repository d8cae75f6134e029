"""Original, optimized, or both: what the Graph page shows, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from app.views.graph_changes import Changes, compare_graphs
from app.views.graph_folding import Fold
from app.views.graph_scene import Graph, Ruling, Scene, make_scene
from app.views.graph_table import list_rows
from app.views.graph_topology import build_topology
from mari_engine import (
    Coloring,
    Decision,
    FlopsReport,
    GraphInfo,
    InputLabel,
    Interface,
    Labels,
    Role,
    Signature,
)


class View(StrEnum):
    """What is shown."""

    BOTH = "Before and after"
    ORIGINAL = "Original"
    OPTIMIZED = "Optimized"


@dataclass(frozen=True)
class Rewrite:
    """The optimized graph beside the original's, with the reasons and the costs."""

    info: GraphInfo
    coloring: Coloring | None
    decisions: tuple[Decision, ...]
    flops: FlopsReport
    candidates: int
    seconds: tuple[Mapping[str, float], Mapping[str, float]] | tuple[None, None] = (None, None)
    """How long each node takes, before and after; None until measured."""


@dataclass(frozen=True)
class Drawing:
    """A scene, and the same vertices as the rows of a table: pane after pane."""

    scene: Scene
    graphs: tuple[Graph, ...]
    ruling: Ruling

    @cached_property
    def table(self) -> dict[str, list[object]]:
        """The rows as columns, made when they are first asked for: after the picture."""
        rows = [row for graph in self.graphs for row in list_rows(graph, self.ruling)]
        return {name: [row[name] for row in rows] for name in rows[0]} if rows else {}

    def row_of(self, pane: int, at: int) -> int:
        """Return the table's row of a vertex."""
        return sum(self.scene.sizes[:pane]) + at

    def vertex_of(self, row: int) -> tuple[int, int]:
        """Return the pane and the vertex of a table's row."""
        start = 0
        for pane, size in enumerate(self.scene.sizes):
            if row < start + size:
                return pane, row - start
            start += size
        raise IndexError(f"the table has no row {row}")


def draw(
    info: GraphInfo, coloring: Coloring | None, rewrite: Rewrite | None, view: View, fold: Fold
) -> Drawing:
    """Return the drawing of a view; without a rewrite there is only the original."""
    original = build_topology(info, coloring)
    if rewrite is None:
        return _drawing([Graph("", original)], fold, Ruling())
    optimized = build_topology(rewrite.info, rewrite.coloring)
    changes = compare_graphs(original, optimized)
    graphs = {
        View.ORIGINAL: Graph(
            "Original", original, rewrite.flops.before, changes.original, rewrite.seconds[0]
        ),
        View.OPTIMIZED: Graph(
            "Optimized", optimized, rewrite.flops.after, changes.optimized, rewrite.seconds[1]
        ),
    }
    ruling = Ruling(rewrite.decisions, rewrite.candidates)
    if view is View.BOTH:
        return _drawing(list(graphs.values()), fold, ruling, changes)
    return _drawing([graphs[view]], fold, ruling)


def relabel(labels: Labels, interface: Interface, signature: Signature) -> Labels:
    """Return labels for the optimized model: a compact one has inputs of its own."""
    if signature is Signature.DROP_IN:
        return labels
    roles = {"request": Role.USER, "candidate": Role.ITEM}
    return Labels(
        {
            bound.name: labels.inputs[bound.name]
            if bound.columns is None and bound.name in labels.inputs
            else InputLabel(role=roles[bound.rows])
            for bound in interface.inputs
        }
    )


def _drawing(
    graphs: Sequence[Graph], fold: Fold, ruling: Ruling, changes: Changes | None = None
) -> Drawing:
    links = changes.links if changes else ()
    scene = make_scene(graphs, fold=fold, ruling=ruling, links=links)
    return Drawing(scene, tuple(graphs), ruling)
