"""The vertices of a graph as the rows of a table."""

from __future__ import annotations

from collections.abc import Mapping

from app.views.graph_details import clean, index_decisions
from app.views.graph_marks import CHANGES
from app.views.graph_scene import Graph, Ruling
from app.views.graph_topology import Vertex
from app.views.palette import SIDES
from app.views.text import shape
from mari_engine import Flops

Row = dict[str, object]


def list_rows(graph: Graph, ruling: Ruling) -> list[Row]:
    """Return one row for each vertex, in the order of the scene."""
    topology = graph.topology
    decided = index_decisions(ruling.decisions)
    made = {name: at for at, one in enumerate(ruling.decisions) for name in one.new_nodes}
    costs = graph.cost.nodes if graph.cost else {}
    rows: list[Row] = []
    for at, vertex in enumerate(topology.vertices):
        first = next((topology.colors[v] for v in vertex.values if v in topology.colors), None)
        index = decided.get(vertex.name, made.get(vertex.name)) if vertex.node else None
        cost = costs.get(vertex.name, Flops()) if vertex.node else Flops()
        time = {} if graph.seconds is None else {"Time (µs)": _time(graph.seconds, vertex)}
        rows.append(
            {
                "Graph": graph.title,
                "Side": f"{SIDES[vertex.side].letter} · {vertex.side}" if vertex.side else "",
                "Operator": clean(vertex.op, 40),
                "Node": clean(vertex.name),
                "Shape": clean(shape(first.shape)) if first else "",
                "Change": CHANGES[graph.changes[at]][3] if graph.changes else "",
                "Decision": "" if index is None else str(ruling.decisions[index].action),
                "Reason": "" if index is None else clean(ruling.decisions[index].reason, 300),
                "FLOPs per request": cost.per_request,
                "FLOPs per candidate": cost.per_candidate,
                **time,
            }
        )
    return rows


def _time(seconds: Mapping[str, float], vertex: Vertex) -> float | None:
    return round(seconds[vertex.name] * 1e6, 1) if vertex.name in seconds else None
