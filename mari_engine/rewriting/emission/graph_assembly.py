"""Ends a rewrite: outputs get their names back, what nobody reads goes, and a model is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx_ir as ir

from mari_engine.graph import all_inputs, list_bodies, replace_captured
from mari_engine.ops import spelling
from mari_engine.rewriting.emission.graph_builder import GraphBuilder
from mari_engine.rewriting.emission.node_writer import NodeWriter


def close_graph(
    original: ir.Model,
    builder: GraphBuilder,
    inputs: Sequence[ir.Value],
    outputs: Sequence[ir.Value],
) -> ir.Model:
    """Return a model with the original's outputs, opsets and metadata.

    An output that is an input is that input, whose name it bears.
    """
    taken: set[ir.Value] = set(inputs)
    by_name = {value.name: value for value in inputs}
    named = []
    for old, value in zip(original.graph.outputs, outputs, strict=True):
        if old.is_graph_input() and old.name in by_name:
            named.append(by_name[old.name])
            continue
        if value in taken or value.producer() is None:
            value = builder.emit(spelling.identity(), [value])
        taken.add(value)
        value.name, value.type, value.shape = old.name, old.type, old.shape
        named.append(value)
    nodes = _read(builder.nodes, named)
    used = {value for node in nodes for value in all_inputs(node)}
    graph = ir.Graph(
        inputs,
        named,
        nodes=nodes,
        initializers=[value for value in builder.initializers.values() if value in used],
        doc_string=original.graph.doc_string,
        opset_imports=dict(original.graph.opset_imports),
        name=original.graph.name,
        metadata_props=dict(original.graph.metadata_props),
    )
    return ir.Model(
        graph,
        ir_version=original.ir_version,
        producer_name=original.producer_name,
        producer_version=original.producer_version,
        domain=original.domain,
        model_version=original.model_version,
        doc_string=original.doc_string,
        metadata_props=dict(original.metadata_props),
    )


def _read(nodes: Sequence[ir.Node], outputs: Sequence[ir.Value]) -> list[ir.Node]:
    """Return the nodes that the outputs depend on, in order."""
    wanted, kept = set(outputs), list[ir.Node]()
    for node in reversed(nodes):
        if any(value in wanted for value in node.outputs):
            kept.append(node)
            wanted.update(all_inputs(node))
    return kept[::-1]


def copy_with_captures(
    builder: NodeWriter,
    node: ir.Node,
    inputs: Sequence[ir.Value | None],
    captured: Mapping[ir.Value, ir.Value],
    *,
    full: bool = True,
) -> ir.Node:
    """Add a copy of a node; its bodies read other values in place of the captured ones.

    Unless these and the inputs are in full, the extents that the bodies name are left open:
    onnxruntime shares memory among tensors of the same names.
    """
    changed: dict[str, ir.Graph | list[ir.Graph]] = {}
    for name, attribute in node.attributes.items():
        if attribute.type == ir.AttributeType.GRAPH:
            changed[name] = _cloned(attribute.as_graph(), captured, full)
        elif attribute.type == ir.AttributeType.GRAPHS:
            changed[name] = [_cloned(body, captured, full) for body in attribute.as_graphs()]
    return builder.copy(node, inputs, **changed)


def _cloned(body: ir.Graph, captured: Mapping[ir.Value, ir.Value], full: bool) -> ir.Graph:
    clone = body.clone(allow_outer_scope_values=True)
    replace_captured(clone, captured)
    if not full:
        _forget_names(clone)
    return clone


def _forget_names(body: ir.Graph) -> None:
    """Leave all extents open that are no numbers, in bodies within it, too."""
    for value in (*body.inputs, *(value for node in body for value in node.outputs)):
        if value.shape is not None:
            numbers = [dim if isinstance(dim, int) else None for dim in value.shape]
            value.shape = ir.Shape(numbers)
    for node in body:
        for inner in list_bodies(node):
            _forget_names(inner)
