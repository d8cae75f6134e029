"""The story of a model in steps, for an audience: each a picture of the graph and its caption."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from app.views.graph.changes import Change
from app.views.graph.data_flow import DataFlow
from app.views.graph.scene import Graph
from app.views.graph.topology import Kind, Topology, Vertex
from app.views.text import count
from mari_engine import Side, format_count

_NOW_ONCE = (Change.NEW, Change.ONCE)


@dataclass(frozen=True)
class Step:
    """One picture: which panes it shows, by what they are colored, and what is not dimmed."""

    title: str
    caption: str
    show: str
    """left, right or both: panes as the component names them."""
    color: str
    """The overlay."""
    lit: tuple[tuple[int, ...] | None, ...]
    """The vertices of each pane that are not dimmed; None where all are in color."""

    def to_json(self) -> dict[str, Any]:
        """Return it as the component reads it."""
        return {
            "title": self.title,
            "caption": self.caption,
            "show": self.show,
            "color": self.color,
            "lit": self.lit,
        }


def tell_story(graphs: Sequence[Graph], candidates: int, headline: str) -> list[Step]:
    """Return the steps: the model, its sides, where they meet, what is computed once, the result.

    What is not known yet is left out: sides before the graph is colored, and what the rewrite
    does while `graphs` holds the original alone. `headline` says what the rewrite is worth.
    """
    original = graphs[0]
    steps = [_model(original, candidates)]
    if any(vertex.side is None for vertex in original.topology.vertices):
        return steps
    steps.append(_sides(original.topology))
    steps += _meeting(original.topology, candidates)
    if len(graphs) > 1:
        steps += _once(graphs[1], candidates)
        steps.append(Step("The result", headline, "both", "change", (None, None)))
    return steps


def _model(graph: Graph, candidates: int) -> Step:
    nodes = count(len(_nodes(graph.topology)), "node")
    told = f"{nodes} score {count(candidates, 'candidate')} in one request"
    if graph.cost is None:
        return Step("The model", f"{told}.", "left", "side", (None,))
    work = format_count(graph.cost.flops.at(candidates), "FLOP")
    caption = f"{told}: {work}. The darker a node, the larger its share."
    return Step("The model", caption, "left", "flops", (None, None))


def _sides(topology: Topology) -> Step:
    nodes = _nodes(topology)
    held = {side: sum(vertex.side is side for vertex in nodes) for side in Side}
    request, item = held[Side.REQUEST], held[Side.ITEM]
    caption = (
        f"{count(request, 'node')} depend{'s' * (request == 1)} on the request alone, "
        f"{item:,} on the item alone, and {held[Side.CANDIDATE]:,} on both."
    )
    return Step("Two sides", caption, "left", "side", (None, None))


def _meeting(topology: Topology, candidates: int) -> list[Step]:
    flow = DataFlow(topology)
    joins = tuple(at for at in range(len(flow)) if flow.joins(at))
    if not joins:
        return []
    caption = (
        f"The request meets its candidates at {count(len(joins), 'node')}. What is multiplied from "
        f"there on is multiplied for each of {count(candidates, 'candidate')}, the request's share "
        "as well."
    )
    return [Step("Where they meet", caption, "left", "side", (joins, None))]


def _once(graph: Graph, candidates: int) -> list[Step]:
    changed = zip(graph.topology.vertices, graph.changes, strict=True)
    once = tuple(
        at
        for at, (vertex, change) in enumerate(changed)
        if vertex.side is Side.REQUEST and vertex.node is not None and change in _NOW_ONCE
    )
    if not once:
        return []
    runs = "runs" if len(once) == 1 else "run"
    caption = (
        f"{count(len(once), 'node')} of the rewritten graph {runs} once per request, where the "
        f"original did the same work for each of {count(candidates, 'candidate')}."
    )
    return [Step("Computed once", caption, "right", "side", (None, once))]


def _nodes(topology: Topology) -> list[Vertex]:
    return [vertex for vertex in topology.vertices if vertex.kind is Kind.NODE]
