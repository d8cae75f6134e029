"""Decomposition of fused nodes into standard ops, in place, by the `decompose` of their rules."""

from __future__ import annotations

from collections.abc import Collection

import onnx_ir as ir

from mari_engine.graph import infer_shapes
from mari_engine.ops.node_writer import NodeWriter
from mari_engine.ops.rule_table import rule_of


def fused(
    graph: ir.Graph, keep: Collection[str] = (), *, activations: bool = False
) -> list[ir.Node]:
    """Return the fused nodes that have a decomposition.

    Those whose op also has factors (fused activations) only where `activations` asks for them.
    """
    found = list[ir.Node]()
    for node in graph:
        rule = rule_of(node)
        if rule is None or rule.decompose is None or node.name in keep:
            continue
        if rule.declare is None or activations:
            found.append(node)
    return found


def unfuse(model: ir.Model, keep: Collection[str] = (), *, activations: bool = False) -> None:
    """Decompose all fused nodes, in place; those stay whose operands' ranks are not known."""
    while nodes := fused(model.graph, keep, activations=activations):
        if not sum(_take_apart(node, model) for node in nodes):
            return
        infer_shapes(model)


def _take_apart(node: ir.Node, model: ir.Model) -> bool:
    rule, writer = rule_of(node), NodeWriter(node, model)
    results = rule.decompose(writer) if rule is not None and rule.decompose is not None else None
    if results is None or node.graph is None:
        return False
    node.graph.insert_before(node, writer.nodes)
    for old, new in zip(node.outputs, results, strict=False):
        if new is None and (old.uses() or old.is_graph_output()):
            node.graph.remove(writer.nodes)
            return False
    for old, new in zip(node.outputs, results, strict=False):
        if new is None:
            continue
        new.type, new.shape = old.type, old.shape
        old.replace_all_uses_with(new, replace_graph_outputs=True)
        new.name, old.name = old.name, None
    node.graph.remove(node, safe=True)
    return True
