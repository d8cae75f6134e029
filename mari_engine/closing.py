"""Ends a rewrite: outputs get their names back, what nobody reads goes, and a model is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import onnx_ir as ir

from mari_engine.emitting import Emitter


def close_graph(
    original: ir.Model, emitter: Emitter, inputs: Sequence[ir.Value], outputs: Sequence[ir.Value]
) -> ir.Model:
    """Return a model with the original's outputs, opsets and metadata."""
    taken: set[ir.Value] = set(inputs)
    named = []
    for old, value in zip(original.graph.outputs, outputs, strict=True):
        if value in taken or value.producer() is None:
            value = emitter.emit("Identity", [value])
        taken.add(value)
        value.name, value.type, value.shape = old.name, old.type, old.shape
        named.append(value)
    nodes = _read(emitter.nodes, named)
    used = {value for node in nodes for value in _inputs(node)}
    graph = ir.Graph(
        inputs,
        named,
        nodes=nodes,
        initializers=[value for value in emitter.initializers.values() if value in used],
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
            wanted.update(_inputs(node))
    return kept[::-1]


def _inputs(node: ir.Node) -> list[ir.Value]:
    """Return what a node reads, its bodies' captured values included."""
    out = [value for value in node.inputs if value is not None]
    for graph in _bodies(node):
        for inner in graph:
            out += _inputs(inner)
        out += [value for value in graph.outputs if value is not None]
    return out


def _bodies(node: ir.Node) -> list[ir.Graph]:
    bodies: list[ir.Graph] = []
    for attribute in node.attributes.values():
        if attribute.type == ir.AttributeType.GRAPH:
            bodies.append(attribute.as_graph())
        elif attribute.type == ir.AttributeType.GRAPHS:
            bodies += attribute.as_graphs()
    return bodies


def copy_with_captures(
    emitter: Emitter,
    node: ir.Node,
    inputs: Sequence[ir.Value | None],
    native: Callable[[ir.Value], ir.Value],
) -> ir.Node:
    """Add a copy of a node whose bodies read the new graph's values in place of the original's."""
    bodies = _bodies(node)
    if not bodies:
        return emitter.copy(node, inputs)
    changed: dict[str, ir.Graph | list[ir.Graph]] = {}
    for name, attribute in node.attributes.items():
        if attribute.type == ir.AttributeType.GRAPH:
            changed[name] = _cloned(attribute.as_graph(), native)
        elif attribute.type == ir.AttributeType.GRAPHS:
            changed[name] = [_cloned(body, native) for body in attribute.as_graphs()]
    return emitter.copy(node, inputs, **changed)


def _cloned(body: ir.Graph, native: Callable[[ir.Value], ir.Value]) -> ir.Graph:
    clone = body.clone(allow_outer_scope_values=True)
    captured = {value: native(value) for value in _captured(clone, set())}
    _replace(clone, captured)
    return clone


def _captured(graph: ir.Graph, outer: set[ir.Value]) -> list[ir.Value]:
    """Return the values that a body reads and does not make, in order of first use."""
    own = outer | set(graph.inputs) | set(graph.initializers.values())
    found: dict[ir.Value, None] = {}
    for node in graph:
        found.update({v: None for v in node.inputs if v is not None and v not in own})
        for body in _bodies(node):
            found.update(dict.fromkeys(v for v in _captured(body, own)))
        own |= set(node.outputs)
    found.update({value: None for value in graph.outputs if value not in own})
    return [value for value in found if value not in own]


def _replace(graph: ir.Graph, captured: Mapping[ir.Value, ir.Value]) -> None:
    for node in graph:
        for at, value in enumerate(node.inputs):
            if value is not None and value in captured:
                node.replace_input_with(at, captured[value])
        for body in _bodies(node):
            _replace(body, captured)
    for at, value in enumerate(graph.outputs):
        if value in captured:
            graph.outputs[at] = captured[value]
