"""Subgraphs: the bodies of If, Loop and Scan, and the outer values that they capture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx
import onnx_ir as ir


def all_inputs(node: ir.Node) -> list[ir.Value]:
    """Return what a node reads, its bodies' captured values included."""
    out = [value for value in node.inputs if value is not None]
    for graph in list_bodies(node):
        for inner in graph:
            out += all_inputs(inner)
        out += [value for value in graph.outputs if value is not None]
    return out


def list_bodies(node: ir.Node) -> list[ir.Graph]:
    """Return the subgraphs that a node holds as attributes."""
    bodies: list[ir.Graph] = []
    for attribute in node.attributes.values():
        if attribute.type == ir.AttributeType.GRAPH:
            bodies.append(attribute.as_graph())
        elif attribute.type == ir.AttributeType.GRAPHS:
            bodies += attribute.as_graphs()
    return bodies


def list_proto_bodies(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """Yield the subgraphs of a node that is still a protobuf message."""
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.GRAPH:
            yield attribute.g
        yield from attribute.graphs


def list_captured(graph: ir.Graph, outer: set[ir.Value]) -> list[ir.Value]:
    """Return the values that a body reads and does not make, in order of first use."""
    own = outer | set(graph.inputs) | set(graph.initializers.values())
    found: dict[ir.Value, None] = {}
    for node in graph:
        found.update({v: None for v in node.inputs if v is not None and v not in own})
        for body in list_bodies(node):
            found.update(dict.fromkeys(v for v in list_captured(body, own)))
        own |= set(node.outputs)
    found.update({value: None for value in graph.outputs if value not in own})
    return [value for value in found if value not in own]


def captured_values(node: ir.Node) -> list[ir.Value]:
    """Return the values that a node's bodies read and do not make, in order of first use."""
    found = [value for body in list_bodies(node) for value in list_captured(body, set())]
    return list(dict.fromkeys(found))


def operand_values(node: ir.Node) -> tuple[ir.Value | None, ...]:
    """Return a node's inputs, and behind them the values that its bodies capture."""
    return (*node.inputs, *captured_values(node))


def value_names(graph: ir.Graph) -> set[str]:
    """Return the names of all values of a graph and of the bodies in it."""
    made = (value for node in graph.all_nodes() for value in node.outputs)
    return {value.name or "" for value in (*graph.inputs, *graph.initializers.values(), *made)}


def replace_captured(graph: ir.Graph, captured: Mapping[ir.Value, ir.Value]) -> None:
    """Make a body read other values in place of the captured ones, in place."""
    for node in graph:
        for at, value in enumerate(node.inputs):
            if value is not None and value in captured:
                node.replace_input_with(at, captured[value])
        for body in list_bodies(node):
            replace_captured(body, captured)
    for at, value in enumerate(graph.outputs):
        if value in captured:
            graph.outputs[at] = captured[value]
