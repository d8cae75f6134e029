"""The vertices of a graph as the rows of a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from app.views.graph.details import clean, find_decisions
from app.views.graph.legends import CHANGES
from app.views.graph.scene import Graph, Ruling
from app.views.graph.topology import Vertex
from app.views.palette import SIDES
from app.views.text import shape
from mari_engine import Flops

Row = dict[str, object]


def list_rows(graph: Graph, ruling: Ruling) -> list[Row]:
    """Return one row for each vertex, in the order of the scene."""
    topology = graph.topology
    decided = dict(find_decisions(topology, ruling.decisions))
    costs = graph.cost.nodes if graph.cost else {}
    meet = graph.cost is not None and graph.cost.flops.per_pair > 0
    rows: list[Row] = []
    for at, vertex in enumerate(topology.vertices):
        first = next((topology.colors[v] for v in vertex.values if v in topology.colors), None)
        index = decided.get(at)
        cost = costs.get(vertex.name, Flops()) if vertex.node else Flops()
        pairs = {"FLOPs per pair of candidates": cost.per_pair} if meet else {}
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
                **pairs,
                **time,
            }
        )
    return rows


def write_csv(rows: Sequence[Row]) -> str:
    """Return the rows as CSV with a head; no cell is one that a spreadsheet would compute."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(rows[0] if rows else ())
    for row in rows:
        writer.writerow(_inert(cell) for cell in row.values())
    return stream.getvalue()


def _inert(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@")):
        return f"'{cell}"
    return cell


def _time(seconds: Mapping[str, float], vertex: Vertex) -> float | None:
    return round(seconds[vertex.name] * 1e6, 1) if vertex.name in seconds else None
