"""Nodes of a respelled model put in the place of another."""

from __future__ import annotations

from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.provenance import STANDS_FOR


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
