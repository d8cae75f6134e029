"""Validation of the protobuf message: size, operators, extents and definitions, before use."""

from __future__ import annotations

import math
from collections.abc import Iterable

import google.protobuf.message
import onnx

from mari_engine.errors import ModelError
from mari_engine.graph import list_proto_bodies
from mari_engine.isolation import call
from mari_engine.loading.older_opsets import KNOWN_OPSET, convert_older
from mari_engine.native import check_nodes
from mari_engine.ops import rule_for

_MOST_NODES = 200_000
_FEW_NODES = 10_000
"""Nodes that functions may make of any number."""
_MOST_COPIES = 100
"""Beyond these, the times as many as are written that functions may make."""
_MOST_ELEMENTS = 1 << 27
"""Of an input in the largest request that the check draws: 1 GiB in float64."""
_ROWS = 128
"""Candidates of that request."""
_STANDARD = ("", "ai.onnx")


def parse_model(data: bytes, where: str) -> onnx.ModelProto:
    """Return the message if it is a model of bounded size whose values are all defined, once.

    One of an older opset is converted. Raises ModelError, naming the node where there is one, for
    everything else.
    """
    try:
        proto = onnx.load_model_from_string(data)
    except google.protobuf.message.DecodeError as error:
        raise ModelError(f"{where}: this is not an ONNX file; export the model to ONNX") from error
    if not proto.graph.node or not proto.opset_import:
        raise ModelError(f"{where}: this is not an ONNX model with a graph; export it to ONNX")
    _state_version(proto)
    versions = {entry.domain: entry.version for entry in proto.opset_import}
    opset = versions.get("", versions.get("ai.onnx"))
    if opset is None:
        raise ModelError(f"{where}: no version of the standard operators is given; export it again")
    _check_size(proto, where)
    proto, opset = convert_older(proto, opset, where), max(opset, KNOWN_OPSET)
    _check_nodes(proto, opset, where)
    _check_extents(proto.graph, where)
    _check_defined(proto.graph, frozenset(), where)
    return proto


def _state_version(proto: onnx.ModelProto) -> None:
    """State a version of the standard operators where a model has none of them, as of scikit-learn.

    It is the newest that came with the file's own IR version.
    """
    stated = {entry.domain for entry in proto.opset_import}
    if not stated.isdisjoint(_STANDARD) or any(n.domain in _STANDARD for n in proto.graph.node):
        return
    table = onnx.helper.VERSION_TABLE
    opset = max((row[2] for row in table if row[1] <= proto.ir_version), default=0)
    proto.opset_import.append(onnx.helper.make_opsetid("", max(opset, KNOWN_OPSET)))


def _check_size(proto: onnx.ModelProto, where: str) -> None:
    """Refuse graphs that are too large, also those that become so when functions are inlined."""
    functions = {(item.domain, item.name): item for item in proto.functions}
    known: dict[tuple[str, str], int] = {}

    def nodes_in(nodes: Iterable[onnx.NodeProto], depth: int) -> int:
        return sum(size_of(node, depth) for node in nodes)

    def size_of(node: onnx.NodeProto, depth: int) -> int:
        key = (node.domain, node.op_type)
        if key in functions:
            if depth > len(functions):
                raise ModelError(
                    f"{where}: function {node.op_type!r} calls itself; export it again"
                )
            if key not in known:
                known[key] = nodes_in(functions[key].node, depth + 1)
            return known[key]
        return 1 + sum(nodes_in(body.node, depth) for body in list_proto_bodies(node))

    size = nodes_in(proto.graph.node, 0)
    if size > _MOST_NODES:
        raise ModelError(f"{where}: {size} nodes; the engine takes at most {_MOST_NODES}")
    written = len(proto.graph.node) + sum(len(item.node) for item in proto.functions)
    if functions and size > max(_FEW_NODES, _MOST_COPIES * written):
        raise ModelError(
            f"{where}: its functions make {size} nodes of {written} written ones, more than "
            f"{_MOST_COPIES} times as many; inline them before the export"
        )


def _check_nodes(proto: onnx.ModelProto, opset: int, where: str) -> None:
    """Refuse standard operators with inputs or attributes that they do not have."""
    asked = []
    for node in proto.graph.node:
        if node.domain not in _STANDARD or any(list_proto_bodies(node)) or _has_external(node):
            continue
        rule = rule_for(node.domain, node.op_type)
        if rule is not None and opset < rule.runtime_until:
            continue
        asked.append(node)
    data = [node.SerializeToString() for node in asked]
    wrong = call(check_nodes, data, opset, proto.ir_version, about="checking its nodes")
    if wrong is not None:
        at, reason = wrong
        raise ModelError(f"{where}: {_show(asked[at])}: {reason}; export it again")


def _check_extents(graph: onnx.GraphProto, where: str) -> None:
    """Refuse inputs that no memory holds; an extent below zero is one that is not known."""
    for value in (*graph.input, *graph.output, *graph.value_info):
        for extent in value.type.tensor_type.shape.dim:
            if extent.dim_value < 0:
                extent.ClearField("value")
    for value in graph.input:
        dims = value.type.tensor_type.shape.dim
        rows = 1 if all(extent.dim_value for extent in dims) else _ROWS
        size = rows * math.prod(extent.dim_value for extent in dims if extent.dim_value)
        if size > _MOST_ELEMENTS:
            raise ModelError(
                f"{where}: input {value.name!r} has {size} elements in a request of {rows} rows, "
                f"more than {_MOST_ELEMENTS}; divide it, or mend its shape"
            )


def _check_defined(graph: onnx.GraphProto, outer: frozenset[str], where: str) -> None:
    """Refuse a graph that is not in single assignment form: a value undefined, or defined twice."""
    own = [value.name for value in graph.input]
    given = {*own, *(tensor.name for tensor in graph.initializer)}
    given |= {sparse.values.name for sparse in graph.sparse_initializer}
    for node in graph.node:
        for name in filter(None, node.output):
            if name in given:
                raise ModelError(f"{where}: {_show(node)} gives {name!r} again; export it again")
            given.add(name)
    known = outer | given
    for node in graph.node:
        for name in filter(None, node.input):
            if name not in known:
                raise ModelError(
                    f"{where}: {_show(node)} uses {name!r}, which nothing gives; export it again"
                )
        for body in list_proto_bodies(node):
            _check_defined(body, known, where)
    for value in graph.output:
        if value.name not in known:
            raise ModelError(f"{where}: nothing gives the output {value.name!r}; export it again")


def _has_external(node: onnx.NodeProto) -> bool:
    return any(item.t.data_location == onnx.TensorProto.EXTERNAL for item in node.attribute)


def _show(node: onnx.NodeProto) -> str:
    return f"{node.op_type} {node.name!r}" if node.name else f"a node {node.op_type}"
