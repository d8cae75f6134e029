"""Decomposition of fused nodes into standard ops, in place, by the `decompose` of their rules."""

from __future__ import annotations

import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.ops.decomposition_writer import DecompositionWriter
from mari_engine.ops.inference import infer_types
from mari_engine.ops.rule import Trait
from mari_engine.ops.rule_table import rule_of


def list_fused(graph: ir.Graph, *, activations: bool = False) -> list[ir.Node]:
    """Return the fused nodes that have a decomposition.

    Those whose op is as good as what it stands for (fused activations) only where `activations`
    asks for them.
    """
    found = list[ir.Node]()
    for node in graph:
        rule = rule_of(node)
        if rule is not None and rule.decompose is not None:
            alone = rule.declare is not None and Trait.COMPOSITE not in rule.traits
            found += [node] if activations or not alone else []
    return found


def decompose_all(model: ir.Model) -> None:
    """Decompose all fused nodes, activations too, in place; those stay that cannot be."""
    while nodes := list_fused(model.graph, activations=True):
        if not sum(_is_decomposed(node, model) for node in nodes):
            return
        infer_types(model)


def _is_decomposed(node: ir.Node, model: ir.Model) -> bool:
    try:
        decompose(node, model)
    except Unsupported:
        return False
    return True


def decompose(node: ir.Node, model: ir.Model) -> None:
    """Put standard ops in the place of a fused node, in place.

    Raises Unsupported, with the node as it was, where its rule leaves it open what it computes: for
    an attribute that is not known, say, or an operand of unknown rank.
    """
    rule, writer = rule_of(node), DecompositionWriter(node, model)
    results = rule.decompose(writer) if rule is not None and rule.decompose is not None else None
    if results is None or node.graph is None:
        raise Unsupported("an attribute or the rank of an operand is not known")
    node.graph.insert_before(node, writer.nodes)
    for old, new in zip(node.outputs, results, strict=False):
        if new is None and (old.uses() or old.is_graph_output()):
            node.graph.remove(writer.nodes)
            raise Unsupported("a result is read that no standard op returns")
    for old, new in zip(node.outputs, results, strict=False):
        if new is None:
            continue
        new.type, new.shape = old.type, old.shape
        old.replace_all_uses_with(new, replace_graph_outputs=True)
        new.name, old.name = old.name, None
    node.graph.remove(node, safe=True)
