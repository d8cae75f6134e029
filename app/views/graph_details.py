"""All that is known of one vertex, as plain data for the details panel and the table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.views.graph_topology import Topology, Vertex
from app.views.palette import SIDES
from app.views.text import one_line, scaled, shape, shorten
from mari_engine import Decision, Flops

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


def describe_flops(flops: Flops) -> str:
    """Return "2.1 MFLOP per request + 33 kFLOP per candidate", leaving out what is zero."""
    parts = []
    if flops.per_request:
        parts.append(f"{scaled(flops.per_request, 'FLOP')} per request")
    if flops.per_candidate:
        parts.append(f"{scaled(flops.per_candidate, 'FLOP')} per candidate")
    return " + ".join(parts) or "none"


def describe_decision(decision: Decision) -> dict[str, Any]:
    """Return what became of a product, why, and what it costs before and after."""
    return {
        "node": clean(decision.node),
        "action": str(decision.action),
        "reason": clean(decision.reason, 600),
        "before": describe_flops(decision.flops_before),
        "after": describe_flops(decision.flops_after),
        "new": [clean(name) for name in decision.new_nodes[:_MOST]],
    }


def index_decisions(decisions: Iterable[Decision]) -> Mapping[str, int]:
    """Return the index of the decision on each original node."""
    return {decision.node: at for at, decision in enumerate(decisions)}


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
        size = f", {scaled(weight.bytes, 'B')}" if weight.bytes is not None else ""
        return [clean(name), f"{weight.dtype} {shape(weight.shape)}{size}", "W"]
    if color:
        text = f"{color.dtype} {shape(color.shape)}"
        return [clean(name), clean(text), SIDES[color.side].letter]
    if vertex.tensor:
        return [clean(name), clean(f"{vertex.tensor.dtype} {shape(vertex.tensor.shape)}"), ""]
    return [clean(name), "", ""]
