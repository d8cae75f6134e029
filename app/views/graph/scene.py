"""The document that the graph component draws: one pane or two, all plain data.

Columns hold one entry per item: first the vertices, then the boxes. Everything that comes out of
a model is text of bounded length, and the component shows it as text.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.views.graph.changes import Change
from app.views.graph.details import clean, find_decisions
from app.views.graph.flow_lanes import NO_LANE, find_lanes, pick_used
from app.views.graph.folding import Fold, Folding, fold_graph
from app.views.graph.legends import CHANGES, DECISIONS, UNKNOWN, list_marks
from app.views.graph.tensor_sizes import describe_shape, list_weights
from app.views.graph.topology import Kind, Topology, Vertex
from app.views.palette import SIDES
from app.views.text import count
from mari_engine import Cost, Decision, Flops, FusionLayout, ProductMeasure, format_count

_MOST_NEW = 64
_MOST_FOUND = 8
_KINDS = {Kind.INPUT: "i", Kind.NODE: "n", Kind.OUTPUT: "o"}


@dataclass(frozen=True)
class Graph:
    """One graph to be drawn, and what is known of it."""

    title: str
    topology: Topology
    cost: Cost | None = None
    changes: tuple[Change, ...] = ()
    """By vertex; empty while there is nothing to compare with."""
    seconds: Mapping[str, float] | None = None
    """By node name, for one request; None until measured."""
    left: Mapping[str, int] = field(default_factory=dict)
    """By product: the measured FLOPs of a request that are above what is attainable."""


@dataclass(frozen=True)
class Ruling:
    """The decisions, and the number of candidates at which FLOPs are given as one number."""

    decisions: tuple[Decision, ...] = ()
    candidates: int = 500
    layouts: Mapping[str, FusionLayout] = field(default_factory=dict)
    """By original product."""
    products: Mapping[str, ProductMeasure] = field(default_factory=dict)
    """By original product; empty until measured."""


@dataclass(frozen=True)
class Scene:
    """A document for the graph component, with the names that tell one from another."""

    id: str
    text: str
    """JSON."""
    sizes: tuple[int, ...]
    """The vertices of each pane."""


def make_scene(
    graphs: Sequence[Graph],
    *,
    fold: Fold,
    ruling: Ruling | None = None,
    links: Sequence[tuple[int, int]] = (),
    story: Sequence[Mapping[str, Any]] = (),
) -> Scene:
    """Return the document for one graph, or for the original beside the optimized one.

    `links` join vertices of the first graph to those of the second that were made from them;
    `story` holds the steps in which it is presented.
    """
    ruling = ruling or Ruling()
    text = json.dumps(
        {
            "panes": [_pane(graph, fold, ruling) for graph in graphs],
            "links": links,
            "decisions": _rulings(graphs, ruling.decisions),
            "candidates": ruling.candidates,
            "marks": list_marks(),
            "story": story,
        },
        separators=(",", ":"),
    )
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Scene(digest, text, tuple(len(graph.topology.vertices) for graph in graphs))


def _pane(graph: Graph, fold: Fold, ruling: Ruling) -> dict[str, Any]:
    topology = graph.topology
    folding = fold_graph(topology, fold)
    vertices = topology.vertices
    labels = [_label(vertex) for vertex in vertices]
    boxes = [clean(box.name, 60) for box in folding.boxes]
    ops = [clean(vertex.op, 40) for vertex in vertices]
    elements, shapes = list_weights(topology)
    return {
        "title": _headline(graph, ruling),
        "names": [clean(vertex.name) for vertex in vertices],
        "labels": labels,
        "ops": _coded(ops),
        "kinds": "".join(_KINDS[vertex.kind] for vertex in vertices),
        "sides": "".join(SIDES[v.side].letter if v.side else UNKNOWN for v in vertices),
        "changes": "".join(CHANGES[change][0] for change in graph.changes),
        "flops": _flops(topology, graph.cost, ruling.candidates),
        "times": _microseconds(graph),
        "left": [graph.left.get(v.name, 0) if v.node else 0 for v in vertices]
        if graph.left
        else [],
        "decisions": list(find_decisions(topology, ruling.decisions)),
        "boxes": boxes,
        "weights": elements,
        "weightShapes": _coded(shapes),
        "edges": _edges(topology),
        "tensors": [_tensors(topology, vertex) for vertex in vertices],
        **_places(topology, folding, in_lanes=fold is not Fold.SCOPES),
    }


def _headline(graph: Graph, ruling: Ruling) -> str:
    """Return "Original · 61 nodes · 12 MFLOP at 500 candidates"."""
    nodes = sum(vertex.kind is Kind.NODE for vertex in graph.topology.vertices)
    parts = [graph.title, count(nodes, "node")] if graph.title else []
    if graph.cost and parts:
        work = format_count(graph.cost.flops.at(ruling.candidates), "FLOP")
        parts.append(f"{work} at {count(ruling.candidates, 'candidate')}")
    return " · ".join(parts)


def _label(vertex: Vertex) -> str:
    """Return the end of the name; the beginning is told by the boxes around it."""
    parts = [part for part in vertex.name.split("/") if part]
    return clean("/".join(parts[-2:]) if vertex.node and parts else vertex.name, 28)


def _coded(texts: Sequence[str]) -> dict[str, Any]:
    """Return the texts as codes into a list of the different ones."""
    known = {text: at for at, text in enumerate(dict.fromkeys(texts))}
    return {"texts": list(known), "codes": [known[text] for text in texts]}


def _flops(topology: Topology, cost: Cost | None, candidates: int) -> list[int]:
    nodes: Mapping[str, Any] = cost.nodes if cost else {}
    return [
        nodes[vertex.name].at(candidates) if vertex.node and vertex.name in nodes else 0
        for vertex in topology.vertices
    ]


def _microseconds(graph: Graph) -> list[float]:
    """Return the measured time of each vertex; nothing when nothing was measured."""
    if graph.seconds is None:
        return []
    vertices = graph.topology.vertices
    times = (graph.seconds.get(vertex.name, 0.0) if vertex.node else 0.0 for vertex in vertices)
    return [round(seconds * 1e6, 2) for seconds in times]


def _rulings(graphs: Sequence[Graph], decisions: Sequence[Decision]) -> dict[str, Any]:
    """Return the decisions as columns; what they name are vertices of the two panes."""
    places = [
        {vertex.name: at for at, vertex in enumerate(graph.topology.vertices) if vertex.node}
        for graph in graphs
    ]
    first, last = (places[0], places[-1]) if places else ({}, {})
    return {
        "actions": "".join(DECISIONS[decision.action][0] for decision in decisions),
        "reasons": _coded([clean(decision.reason, 600) for decision in decisions]),
        "before": [_counts(decision.flops_before) for decision in decisions],
        "after": [_counts(decision.flops_after) for decision in decisions],
        "at": [first.get(decision.node, -1) for decision in decisions],
        "new": [
            [last[name] for name in decision.new_nodes[:_MOST_NEW] if name in last]
            for decision in decisions
        ],
    }


def _counts(flops: Flops) -> tuple[int, ...]:
    """Return the work of a request and a candidate, and of two candidates where there is any."""
    pairs = (flops.per_pair,) if flops.per_pair else ()
    return (flops.per_request, flops.per_candidate, *pairs)


def _tensors(topology: Topology, vertex: Vertex) -> str:
    """Return the tensors that are found with a vertex: what it makes, and its weights."""
    taken = vertex.node.inputs if vertex.node else ()
    weights = (name for name in taken if name in topology.weights)
    names = dict.fromkeys([*vertex.values[:_MOST_FOUND], *weights])
    return " ".join(clean(name, 80) for name in [*names][:_MOST_FOUND] if name != vertex.name)


def _edges(topology: Topology) -> dict[str, Any]:
    edges = list(dict.fromkeys((edge.tail, edge.head, edge.value) for edge in topology.edges))
    colors = topology.colors
    sides = (
        (colors[value].side if value in colors else topology.vertices[tail].side)
        for tail, _, value in edges
    )
    shapes = [describe_shape(colors[v].shape if v in colors else None) for *_, v in edges]
    return {
        "ends": [end for edge in edges for end in edge[:2]],
        "sides": "".join(SIDES[side].letter if side else UNKNOWN for side in sides),
        "shapes": _coded(shapes),
    }


def _places(topology: Topology, folding: Folding, *, in_lanes: bool) -> dict[str, Any]:
    """Return the box of each item, and its lane; the browser lays out what is open.

    Modules can hold several sides, so they stand in no lanes.
    """
    parent = [*folding.box_of, *(box.parent for box in folding.boxes)]
    lanes = find_lanes(topology, folding) if in_lanes else [NO_LANE] * len(parent)
    return {"parent": parent, "lane": lanes, "lanes": pick_used(lanes)}
