"""Nodes of a respelled model put in the place of another."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.graph.provenance import STANDS_FOR


def stand_in(node: ir.Node, new: Sequence[ir.Node]) -> None:
    """Put nodes of one result each before `node`; the last one's takes its result's place and name.

    What nothing reads any more is left for a pass that removes it.
    """
    for each in new:
        each.metadata_props.update(node.metadata_props)
        each.metadata_props[STANDS_FOR] = node.name or ""
        each.outputs[0].name = f"{each.name}:0"
    assert node.graph is not None
    node.graph.insert_before(node, list(new))
    old, result = node.outputs[0], new[-1].outputs[0]
    result.type, result.shape = old.type, old.shape
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    result.name, old.name = old.name, f"{old.name}/was"


def become(node: ir.Node, new: ir.Node) -> None:
    """Replace a node by one of the same name; the value that they make keeps its own."""
    new.metadata_props.update(node.metadata_props)
    assert node.graph is not None
    node.graph.insert_before(node, [new])
    old, result = node.outputs[0], new.outputs[0]
    result.type, result.shape = old.type, old.shape
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    node.graph.remove(node, safe=True)
    result.name, old.name = old.name, None


def take_branch(node: ir.Node, *, chosen: bool) -> list[ir.Node] | None:
    """Put a branch of an If in its place and return its nodes; None where that cannot be done."""
    graph = node.graph
    if graph is None:
        return None
    if any(output.is_graph_output() for output in node.outputs):
        return None
    branch = node.attributes["then_branch" if chosen else "else_branch"].as_graph()
    results = list(branch.outputs)
    if any(result.is_initializer() and result.graph is branch for result in results):
        return None
    branch.outputs.clear()
    moved = list(branch)
    branch.remove(moved)
    graph.insert_before(node, moved)
    for output, result in zip(node.outputs, results, strict=True):
        output.replace_all_uses_with(result)
    graph.remove(node, safe=True)
    return moved


def values_by_name(graph: ir.Graph) -> dict[str | None, ir.Value]:
    """Return all values of a graph, those of the graphs inside it aside."""
    values: dict[str | None, ir.Value] = dict(graph.initializers.items())
    values |= {value.name: value for value in graph.inputs}
    return values | {value.name: value for node in graph for value in node.outputs}
