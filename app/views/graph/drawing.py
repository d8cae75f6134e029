"""The original, or the original beside the optimized graph: what the Graph page shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from app.session import NodeMeasures
from app.views.graph.changes import Changes, compare_graphs
from app.views.graph.details import describe_vertex, find_decisions
from app.views.graph.folding import Fold
from app.views.graph.product_measures import describe_product
from app.views.graph.scene import Graph, Ruling, Scene, make_scene
from app.views.graph.slices import describe_slices
from app.views.graph.story import tell_story
from app.views.graph.table import Row, list_rows
from app.views.graph.topology import build_topology
from mari_engine import (
    FROM_GRAPH,
    Coloring,
    Decision,
    FlopsReport,
    FusionLayout,
    GraphInfo,
    InputLabel,
    Interface,
    Labels,
    Role,
    Signature,
)


@dataclass(frozen=True)
class Rewrite:
    """The optimized graph beside the original's, with the reasons and the costs."""

    info: GraphInfo
    coloring: Coloring | None
    decisions: tuple[Decision, ...]
    flops: FlopsReport
    candidates: int
    layout: tuple[FusionLayout, ...] = ()
    measures: NodeMeasures | None = None
    headline: str = ""
    """What it is worth, in one sentence."""


@dataclass(frozen=True)
class Drawing:
    """A scene, and what it was made from: details and tables are made when they are asked for."""

    scene: Scene
    graphs: tuple[Graph, ...]
    ruling: Ruling

    def rows(self) -> list[Row]:
        """Return one row for each vertex, pane after pane."""
        return [row for graph in self.graphs for row in list_rows(graph, self.ruling)]

    def describe(self, pane: int, at: int) -> dict[str, Any]:
        """Return what the scene does not hold of a vertex: tensors, attributes, weight slices."""
        topology = self.graphs[pane].topology
        details = describe_vertex(topology, topology.vertices[at])
        found = self._decided[pane].get(at)
        product = self.ruling.products.get(topology.vertices[at].name) if pane == 0 else None
        if product is not None:
            details["meter"] = describe_product(product, self.ruling.candidates)
        layouts = self.ruling.layouts
        if found is not None and self.ruling.decisions[found].node in layouts:
            decision = self.ruling.decisions[found]
            details["slices"] = describe_slices(
                layouts[decision.node], decision, self.graphs[-1].topology
            )
        return details

    @cached_property
    def _decided(self) -> list[dict[int, int]]:
        """The decision on each vertex, by pane."""
        decisions = self.ruling.decisions
        return [dict(find_decisions(graph.topology, decisions)) for graph in self.graphs]


def draw(
    info: GraphInfo, coloring: Coloring | None, rewrite: Rewrite | None, fold: Fold
) -> Drawing:
    """Return the original, and beside it the optimized graph where there is a rewrite."""
    original = build_topology(info, coloring)
    if rewrite is None:
        return _drawing([Graph("Original", original)], fold, Ruling())
    optimized = build_topology(rewrite.info, rewrite.coloring)
    changes = compare_graphs(original, optimized)
    cost, measures = rewrite.flops, rewrite.measures
    seconds = measures.seconds if measures else (None, None)
    products = measures.products() if measures else {}
    left = {name: one.left(rewrite.candidates) for name, one in products.items()}
    graphs = [
        Graph("Original", original, cost.before, changes.original, seconds[0], left),
        Graph("Optimized", optimized, cost.after, changes.optimized, seconds[1]),
    ]
    layouts = {layout.node: layout for layout in rewrite.layout}
    ruling = Ruling(rewrite.decisions, rewrite.candidates, layouts, products)
    return _drawing(graphs, fold, ruling, changes, rewrite.headline)


def relabel(
    labels: Labels, interface: Interface, signature: Signature, coloring: Coloring
) -> Labels:
    """Return labels for the optimized model: compact and batched ones have inputs of their own.

    They state where the original's coloring found the candidates: of an input that the rewrite
    cuts to its first row it would be asked whether its rows are a history.
    """
    found = {name: _locate(label, coloring, name) for name, label in labels.inputs.items()}
    if signature is Signature.DROP_IN:
        return Labels(found)
    roles = {"request": Role.USER, "candidate": Role.ITEM, "index": Role.ITEM}
    taken = {}
    for bound in interface.inputs:
        label = found.get(bound.name) if bound.columns is None else None
        label = label or InputLabel(role=roles[bound.rows])
        if bound.rows == "request":  # one row, which lies along no axis of candidates
            label = replace(label, axis=FROM_GRAPH, axis_evidence=())
        taken[bound.name] = label
    return Labels(taken)


def _locate(label: InputLabel, coloring: Coloring, name: str) -> InputLabel:
    color = coloring.values.get(name)
    if color is None or label.stated_axis != FROM_GRAPH:
        return label
    rows = [at for at, extent in enumerate(color.shape or ()) if extent == "N"]
    return replace(label, axis=rows[0] if rows else FROM_GRAPH, axis_evidence=())


def _drawing(
    graphs: Sequence[Graph],
    fold: Fold,
    ruling: Ruling,
    changes: Changes | None = None,
    headline: str = "",
) -> Drawing:
    links = changes.links if changes else ()
    story = [step.to_json() for step in tell_story(graphs, ruling.candidates, headline)]
    scene = make_scene(graphs, fold=fold, ruling=ruling, links=links, story=story)
    return Drawing(scene, tuple(graphs), ruling)
