"""All that is known of one vertex, as plain data for the details panel and the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from app.views.graph.topology import Topology, Vertex
from app.views.palette import SIDES
from app.views.text import one_line, shape, shorten
from mari_engine import Decision, format_count

LONGEST = 160
"""Letters of a name or a value that a picture carries; names from models have no limit."""
_MOST = 64
"""Values of one vertex that are listed; a concatenation can have thousands."""


def clean(text: str, width: int = LONGEST) -> str:
    """Return text of bounded length on one line. It is still foreign: show it as text only."""
    if len(text) <= width and text.isprintable():
        return text
    return shorten(one_line(text), width)


def describe_vertex(topology: Topology, vertex: Vertex) -> dict[str, Any]:
    """Return attributes, tensors, origin and candidate axis; what is not known is left out."""
    node = vertex.node
    taken = node.inputs if node else ()
    made = node.outputs if node else (vertex.name,)
    first = next((topology.colors[value] for value in made if value in topology.colors), None)
    attributes = node.attributes.items() if node else ()
    details: dict[str, Any] = {
        "attributes": [[clean(name), clean(text)] for name, text in attributes],
        "takes": _tensors(topology, vertex, taken),
        "makes": _tensors(topology, vertex, made),
        "scope": clean(vertex.scope),
        "domain": clean(node.domain) if node else "",
        "sources": [clean(name) for name in node.sources[:_MOST]] if node else [],
        "roles": ", ".join(sorted(first.roles)) if first else "",
        "axis": first.candidate_axis if first else None,
    }
    return {key: value for key, value in details.items() if value not in ("", None, [])}


def find_decisions(topology: Topology, decisions: Sequence[Decision]) -> Iterator[tuple[int, int]]:
    """Yield vertices with the index of the decision on them, or on what they were made from."""
    of_node = {decision.node: at for at, decision in enumerate(decisions)}
    made = {name: at for at, decision in enumerate(decisions) for name in decision.new_nodes}
    for at, vertex in enumerate(topology.vertices):
        if vertex.node is None:
            continue
        found = made.get(vertex.name) if vertex.node.sources else of_node.get(vertex.name)
        found = of_node.get(vertex.name) if found is None else found
        if found is not None:
            yield at, found


def _tensors(topology: Topology, vertex: Vertex, names: Sequence[str]) -> list[list[str]]:
    """Return name, type and shape, side letter of the values."""
    found = [_tensor(topology, vertex, name) for name in names[:_MOST] if name]
    if len(names) > _MOST:
        found.append([f"and {len(names) - _MOST:,} more", "", ""])
    return found


def _tensor(topology: Topology, vertex: Vertex, name: str) -> list[str]:
    color = topology.colors.get(name)
    weight = topology.weights.get(name)
    if weight:
        size = f", {format_count(weight.bytes, 'B')}" if weight.bytes is not None else ""
        return [clean(name), f"{weight.dtype} {shape(weight.shape)}{size}", "W"]
    if color:
        text = f"{color.dtype} {shape(color.shape)}"
        return [clean(name), clean(text), SIDES[color.side].letter]
    if vertex.tensor:
        return [clean(name), clean(f"{vertex.tensor.dtype} {shape(vertex.tensor.shape)}"), ""]
    return [clean(name), "", ""]
