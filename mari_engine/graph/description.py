"""A graph described as names, dtypes, shapes and shortened attributes, for viewers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import onnx_ir as ir

from mari_engine.graph.dtypes import list_extents, name_dtype, stored_bytes
from mari_engine.graph.model import Model
from mari_engine.types import GraphInfo, GraphNode, Side, TensorInfo

_LONGEST_TEXT = 80
_LONGEST_LIST = 8
_SCOPES = "pkg.torch.onnx.name_scopes"
_NAMESPACE = "namespace"
_SOURCES = "mari.source"
_SIDE = "mari.side"


def describe(model: Model) -> GraphInfo:
    """Return the main graph as names, numbers and short texts; reads no weights."""
    graph = model.ir.graph
    initializers = tuple(_describe_initializer(value) for value in graph.initializers.values())
    return GraphInfo(
        inputs=tuple(_describe_value(value) for value in graph.inputs),
        outputs=tuple(_describe_value(value) for value in graph.outputs),
        initializers=initializers,
        nodes=tuple(_describe_node(node) for node in graph),
        opset=model.opset,
        ir_version=model.ir.ir_version,
        producer=f"{model.ir.producer_name or ''} {model.ir.producer_version or ''}".strip(),
        parameters=sum(_elements(item.shape) for item in initializers),
        bytes=sum(item.bytes or 0 for item in initializers),
        candidate_axis=_candidate_axis(graph.inputs),
        file_nodes=model.file_nodes,
    )


def _describe_value(value: ir.Value) -> TensorInfo:
    return TensorInfo(value.name or "", name_dtype(value.dtype), list_extents(value.shape))


def _describe_initializer(value: ir.Value) -> TensorInfo:
    tensor = value.const_value
    if tensor is None:
        return _describe_value(value)
    shape = tuple(tensor.shape.numpy())
    return TensorInfo(value.name or "", name_dtype(tensor.dtype), shape, stored_bytes(tensor))


def _elements(shape: tuple[int | str, ...] | None) -> int:
    count = 1
    for extent in shape or ():
        count *= extent if isinstance(extent, int) else 1
    return count


def _describe_node(node: ir.Node) -> GraphNode:
    sources = node.metadata_props.get(_SOURCES, "")
    side = node.metadata_props.get(_SIDE, "")
    return GraphNode(
        name=node.name or "",
        op=node.op_type,
        domain=node.domain,
        inputs=tuple("" if value is None else value.name or "" for value in node.inputs),
        outputs=tuple(value.name or "" for value in node.outputs),
        attributes={name: _shorten(item) for name, item in node.attributes.items()},
        scope=_scope(node),
        sources=tuple(sources.split("\n")) if sources else (),
        side=Side(side) if side in set(Side) else None,
    )


def _shorten(attribute: ir.Attr) -> str:
    """Return an attribute's value as a short text."""
    value = attribute.value
    if isinstance(value, ir.Graph):
        return f"graph of {len(value)} nodes"
    if isinstance(value, str):
        return _cut(value)
    if attribute.type == ir.AttributeType.TENSOR:
        return _shorten_tensor(attribute.as_tensor())
    if isinstance(value, Sequence):
        return _shorten_list(value)
    return _cut(str(value))


def _shorten_tensor(tensor: ir.TensorProtocol) -> str:
    shape = ", ".join(str(extent) for extent in tensor.shape.numpy())
    return f"{name_dtype(tensor.dtype)}[{shape}]"


def _shorten_list(items: Sequence[object]) -> str:
    shown = ", ".join(_cut(str(item)) for item in items[:_LONGEST_LIST])
    more = len(items) - _LONGEST_LIST
    return f"[{shown}, … {more} more]" if more > 0 else f"[{shown}]"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _scope(node: ir.Node) -> str:
    """Return the path of the module that a node belongs to: "tower/0", or "" if unknown.

    torch.onnx leaves the path in metadata, the last entry being the operator itself; tf2onnx and
    the older torch exporter leave it in the node's name.
    """
    entries = re.findall(r"'([^']*)'", node.metadata_props.get(_SCOPES, ""))
    if len(entries) < 2:
        namespace = node.metadata_props.get(_NAMESPACE, "")
        entries = [part.split(":")[0].strip() for part in namespace.split("/")]
    if len(entries) > 1:
        module = entries[-2]
        return "" if module.startswith("_") else module.replace(".", "/")
    return _scope_in_name(node.name or "")


def _scope_in_name(name: str) -> str:
    """Return "tower/0" for "/tower/0/MatMul", and for "/tower/tower.0/MatMul" just so."""
    path: list[str] = []
    for part in name.strip("/").split("/")[:-1]:
        if path and part.startswith(path[-1] + "."):
            path.pop()
        path.append(part)
    return "/".join(part.replace(".", "/") for part in path)


def _candidate_axis(inputs: Sequence[ir.Value]) -> int | None:
    """Return the axis that is free in most inputs, the first such; None when none is."""
    free = Counter(
        at
        for value in inputs
        if value.shape is not None
        for at, extent in enumerate(value.shape)
        if not isinstance(extent, int)
    )
    return max(free, key=lambda at: (free[at], -at), default=None)
