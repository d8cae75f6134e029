"""The parts joined into one model again: what a check evaluates in float64, and looks inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import onnx_ir as ir

from mari_engine.graph import list_bodies
from mari_engine.types import PartKind


def join_parts(parts: Mapping[PartKind, ir.Model], inputs: Sequence[str]) -> ir.Model:
    """Return one model that gives what the chain of parts gives.

    It takes those of these `inputs`, in this order, that the parts take. Values keep their names,
    first of all those of the online part; where two parts compute a value of one name, the other
    one's is called after its part.
    """
    order = [kind for kind in PartKind if kind in parts]
    clones = {kind: parts[kind].clone() for kind in order}
    online = clones[PartKind.ONLINE]
    results = list(online.graph.outputs)
    pieces = {kind: _take_apart(clones[kind].graph) for kind in order}
    _rename(pieces, order[::-1])
    known = {name: value for name in inputs for value in _first(pieces, name)}
    given = {value.name: value for kind in order for value in pieces[kind].outputs}
    for piece in pieces.values():
        for value in piece.inputs:
            source = given.get(value.name) or known[value.name or ""]
            if source is not value:
                value.replace_all_uses_with(source)
    nodes = [node for kind in order for node in pieces[kind].nodes]
    graph = ir.Graph(
        list(known.values()),
        results,
        nodes=nodes,
        initializers=[value for kind in order for value in pieces[kind].initializers],
        opset_imports=dict(online.graph.opset_imports),
        name=online.graph.name,
    )
    return ir.Model(graph, ir_version=online.ir_version)


@dataclass(frozen=True, eq=False)
class _Piece:
    """What a graph was made of."""

    inputs: list[ir.Value]
    outputs: list[ir.Value]
    nodes: list[ir.Node]
    initializers: list[ir.Value]


def _take_apart(graph: ir.Graph) -> _Piece:
    nodes, values = list(graph), list(graph.initializers.values())
    piece = _Piece(list(graph.inputs), list(graph.outputs), nodes, values)
    graph.outputs.clear()
    graph.inputs.clear()
    graph.initializers.clear()
    graph.remove(nodes)
    return piece


def _first(pieces: Mapping[PartKind, _Piece], name: str) -> Iterator[ir.Value]:
    """Yield the input of this name that stands for those of all parts, if there is one."""
    found = [value for piece in pieces.values() for value in piece.inputs if value.name == name]
    yield from found[:1]


def _rename(pieces: Mapping[PartKind, _Piece], order: Sequence[PartKind]) -> None:
    """Give nodes and values names that no earlier part has; inputs and outputs keep theirs."""
    ends = [value for piece in pieces.values() for value in (*piece.inputs, *piece.outputs)]
    values, nodes = {value.name or "" for value in ends}, set[str]()
    for kind in order:
        piece = pieces[kind]
        every = [inner for node in piece.nodes for inner in (node, *_inside(node))]
        made = [value for node in every for value in node.outputs]
        for value in (*made, *piece.initializers):
            if value.name and value not in ends:
                value.name = _unused(value.name, kind, values)
        for node in every:
            node.name = _unused(node.name or node.op_type, kind, nodes)


def _inside(node: ir.Node) -> Iterator[ir.Node]:
    for body in list_bodies(node):
        yield from body.all_nodes()


def _unused(name: str, kind: PartKind, taken: set[str]) -> str:
    while name in taken:
        name = f"{kind}/{name}"
    taken.add(name)
    return name
