"""Decomposition of fused nodes into standard ops, in place, by the `decompose` of their rules."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.ops.call import Fact
from mari_engine.ops.decomposition_writer import DecompositionWriter
from mari_engine.ops.inference import infer_types
from mari_engine.ops.rule import Trait
from mari_engine.ops.rule_table import rule_of


def list_fused(graph: ir.Graph) -> list[ir.Node]:
    """Return the nodes that have a decomposition, and no factors that are as good."""
    found = list[ir.Node]()
    for node in graph:
        rule = rule_of(node)
        if rule is not None and rule.decompose is not None:
            alone = rule.declare is not None and Trait.COMPOSITE not in rule.traits
            found += [] if alone else [node]
    return found


def decompose_all(model: ir.Model, keep: Collection[str] = ()) -> None:
    """Decompose all ops that are no standard ones, in place; those stay that cannot be.

    `keep` names others that stay.
    """
    while nodes := [n for n in model.graph if _is_foreign(n) and n.name not in keep]:
        infer_types(model)  # of a model that was rewritten in memory, few values have a shape
        if not sum(_is_decomposed(node, model) for node in nodes):
            return


def _is_foreign(node: ir.Node) -> bool:
    rule = rule_of(node)
    return bool(node.domain) and rule is not None and rule.decompose is not None


def _is_decomposed(node: ir.Node, model: ir.Model) -> bool:
    try:
        decompose(node, model)
    except Unsupported:
        return False
    return True


def decompose(node: ir.Node, model: ir.Model, operands: Sequence[Fact | None] = ()) -> None:
    """Put standard ops in the place of a fused node, in place.

    `operands` are what is known of its operands before the run, if anything is. Raises Unsupported,
    with the node as it was, where its rule leaves it open what it computes: for an attribute that
    is not known, say, or an operand of unknown rank.
    """
    writer = DecompositionWriter(node, model, operands)
    try:
        results = _write(node, writer)
    except Unsupported:
        writer.forget()
        raise
    assert node.graph is not None
    node.graph.insert_before(node, writer.nodes)
    for old, new in zip(node.outputs, results, strict=False):
        if new is None:
            continue
        new.type, new.shape = old.type, old.shape
        old.replace_all_uses_with(new, replace_graph_outputs=True)
        new.name, old.name = old.name, None
    node.graph.remove(node, safe=True)


def _write(node: ir.Node, writer: DecompositionWriter) -> list[ir.Value | None]:
    """Return what takes the place of each result."""
    rule = rule_of(node)
    results = rule.decompose(writer) if rule is not None and rule.decompose is not None else None
    if results is None:
        raise Unsupported("an attribute or the rank of an operand is not known")
    for old, new in zip(node.outputs, results, strict=False):
        if new is None and (old.uses() or old.is_graph_output()):
            raise Unsupported("a result is read that no standard op returns")
    return [_copied(new, writer) for new in results]


def _copied(result: ir.Value | None, writer: DecompositionWriter) -> ir.Value | None:
    """Return a result that is an operand as a value of its own."""
    if result is None or result.producer() in writer.nodes:
        return result
    return writer.emit("Identity", result)
