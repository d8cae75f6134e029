"""Puts a branch of an If in its place.

https://onnx.ai/onnx/operators/onnx__If.html
"""

from __future__ import annotations

import onnx_ir as ir


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
