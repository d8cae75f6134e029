"""Graph editing in place: a node replaced by one or by several, an If by one of its branches."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.graph.provenance import STANDS_FOR, stands_for


def replace_by_nodes(node: ir.Node, new: Sequence[ir.Node]) -> None:
    """Put nodes of one result each before `node`; the last result takes its result's name and uses.

    The new nodes name `node` as the one that they stand for, and take over its metadata. `node`
    itself is left without readers, for whoever removes dead nodes.
    """
    for each in new:
        each.metadata_props.update(node.metadata_props)
        each.metadata_props[STANDS_FOR] = stands_for(node)
        each.outputs[0].name = f"{each.name}:0"
    assert node.graph is not None
    node.graph.insert_before(node, list(new))
    old, result = node.outputs[0], new[-1].outputs[0]
    result.type, result.shape = old.type, old.shape
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    result.name, old.name = old.name, f"{old.name}/was"


def replace_node(node: ir.Node, new: ir.Node) -> None:
    """Replace a node by one of the same name; its result keeps name, type and shape."""
    new.metadata_props.update(node.metadata_props)
    assert node.graph is not None
    node.graph.insert_before(node, [new])
    old, result = node.outputs[0], new.outputs[0]
    result.type, result.shape = old.type, old.shape
    old.replace_all_uses_with(result, replace_graph_outputs=True)
    node.graph.remove(node, safe=True)
    result.name, old.name = old.name, None


def inline_branch(node: ir.Node, *, taken: bool) -> list[ir.Node] | None:
    """Put the nodes of an If's branch in its place and return them.

    `taken` chooses the then-branch. None, with nothing changed, where the graph returns a result
    of the If, or the branch returns an initializer of its own.
    """
    graph = node.graph
    if graph is None:
        return None
    if any(output.is_graph_output() for output in node.outputs):
        return None
    branch = node.attributes["then_branch" if taken else "else_branch"].as_graph()
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
