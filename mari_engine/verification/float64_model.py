"""Promotion to float64: a model in which every floating-point number is a float64.

Casts between floating-point types become casts to float64, so that the doubled model computes the
same function of real numbers without the roundings of the original's own types: the reference of
the exactness check. What stays as it is: integers; quantizing operators, whose rounding is part of
the function; operators of other domains, which define no float64. The latter two stand between
casts to their own type and back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnx_ir as ir

from mari_engine.graph import Model, all_inputs, list_bodies, set_aside_defaults, stored_bytes
from mari_engine.native import FileArray
from mari_engine.ops import Trait, decompose_all, has_trait, infer_types, rule_of, spelling

FLOATS = frozenset({ir.DataType.FLOAT, ir.DataType.FLOAT16, ir.DataType.BFLOAT16})
"""The types that become float64."""

_LARGEST_INSIDE = 1 << 16
"""Bytes of a tensor that is still written into the doubled model; larger ones are fed to it."""

_TYPE_ATTRIBUTES = ("to", "dtype", "output_datatype", "stash_type", "softmax_precision")


@dataclass(frozen=True, eq=False)
class Doubled:
    """A model in float64, and the large tensors that are fed to it as further inputs."""

    proto: onnx.ModelProto
    tensors: Mapping[str, np.ndarray]
    """By input name. Lookup tables keep their own type and stay mapped from their file."""
    files: Mapping[str, FileArray]
    """Where in their files those of `tensors` lie that are mapped."""
    name: str
    """The model's."""
    single: tuple[str, ...]
    """The nodes that still compute in their own type, between casts."""
    rounded: frozenset[str]
    """The outputs that depend on operators of other domains among these. Where a cast rounds up in
    one model and down in the other, they differ by a rounding of that type, and not of float64."""


@dataclass(frozen=True)
class _OwnTypes:
    """The floating types that a node keeps, by position of its inputs and outputs."""

    inputs: Mapping[int, ir.DataType]
    outputs: Mapping[int, ir.DataType]


def double_model(model: Model, keep: Collection[str] = ()) -> Doubled:
    """Return the model in float64; nothing large is copied except float weights to be doubled.

    Nodes that `keep` names compute in their own type: those that do so in the original, of which
    less may be known than of the model that it was rewritten into.

    Inputs and outputs keep names and shapes. The weights of lookups are looked up in their own
    type and only the rows found are cast, which is exact.
    """
    work = model.ir.clone()
    set_aside_defaults(work.graph)
    decompose_all(work, keep)  # what a runtime fused, it has in few types only
    if any(map(_keeps_type, work.graph.all_nodes())):
        infer_types(work)  # of a model that was rewritten in memory, few values have a type
    tables = _lookup_tables(work.graph)
    islands = _islands(work.graph)
    rounded = _depend_on_foreign(work.graph, islands)
    for graph in _all_graphs(work.graph):
        _double_initializers(graph, tables)
        for node in graph:
            _double_attributes(node)
    for value in _all_values(work.graph):
        if value not in tables:
            value.type = _double_type(value.type)
    for node, types in islands.items():
        _enclose(node, types)
    for table in tables:
        for node, _ in tuple(table.uses()):
            _cast_output(node, 0)
    tensors, files = _feed_large(work.graph)
    single = tuple(node.name or node.op_type for node in islands)
    return Doubled(ir.serde.serialize_model(work), tensors, files, model.name, single, rounded)


def _depend_on_foreign(graph: ir.Graph, islands: Collection[ir.Node]) -> frozenset[str]:
    """Return the names of the outputs that a node of another domain has a part in."""
    foreign = {node for node in islands if node.domain != ""}
    reached = set[ir.Value]()
    for node in graph:
        inner = {each for body in list_bodies(node) for each in body.all_nodes()}
        if foreign & {node, *inner} or not reached.isdisjoint(all_inputs(node)):
            reached.update(node.outputs)
    return frozenset(value.name or "" for value in graph.outputs if value in reached)


def _all_graphs(graph: ir.Graph) -> Iterator[ir.Graph]:
    yield graph
    for node in graph.all_nodes():
        yield from list_bodies(node)


def _all_values(graph: ir.Graph) -> Iterator[ir.Value]:
    for each in _all_graphs(graph):
        yield from each.inputs
        yield from each.initializers.values()
        for node in each:
            yield from node.outputs


def _lookup_tables(graph: ir.Graph) -> frozenset[ir.Value]:
    """Return the large float initializers that are used for nothing but lookups."""
    return frozenset(
        value
        for value in graph.initializers.values()
        if value.const_value is not None
        and value.const_value.dtype in (ir.DataType.FLOAT, ir.DataType.FLOAT16)
        and stored_bytes(value.const_value) > _LARGEST_INSIDE
        and not value.is_graph_output()
        and not value.is_graph_input()
        and all(_is_lookup(node) and at == 0 for node, at in value.uses())
    )


def _is_lookup(node: ir.Node) -> bool:
    """Return True where rounding and lookup commute: elements are copied, and never changed."""
    return has_trait(node, Trait.LOOKUP)


def _islands(graph: ir.Graph) -> dict[ir.Node, _OwnTypes]:
    """Return the nodes that keep their own type, with the types of their inputs and outputs."""
    return {
        node: _OwnTypes(_float_types(node.inputs), _float_types(node.outputs))
        for node in graph.all_nodes()
        if _keeps_type(node)
    }


def _keeps_type(node: ir.Node) -> bool:
    return node.domain != "" or has_trait(node, Trait.QUANTIZING)


def _float_types(values: Sequence[ir.Value | None]) -> dict[int, ir.DataType]:
    types = {at: value.dtype for at, value in enumerate(values) if value is not None}
    return {at: dtype for at, dtype in types.items() if dtype is not None and dtype in FLOATS}


def _double_initializers(graph: ir.Graph, tables: frozenset[ir.Value]) -> None:
    for value in graph.initializers.values():
        tensor = value.const_value
        if tensor is not None and tensor.dtype in FLOATS and value not in tables:
            value.const_value = _double_tensor(tensor, value.name)


def _double_tensor(tensor: ir.TensorProtocol, name: str | None) -> ir.TensorProtocol:
    return ir.Tensor(tensor.numpy().astype(np.float64), dtype=ir.DataType.DOUBLE, name=name)


def _double_type(kind: ir.TypeProtocol | None) -> ir.TypeProtocol | None:
    if isinstance(kind, (ir.SequenceType, ir.OptionalType)):
        inner = _double_type(kind.elem_type)
        return type(kind)(inner, denotation=kind.denotation)  # type: ignore[arg-type]
    if isinstance(kind, ir.TensorType) and kind.dtype in FLOATS:
        return ir.TensorType(ir.DataType.DOUBLE, denotation=kind.denotation)
    return kind


def _double_attributes(node: ir.Node) -> None:
    """Turn every type and constant of a node's attributes to float64."""
    if node.domain != "" or has_trait(node, Trait.QUANTIZING):
        return
    rule = rule_of(node)
    if rule is not None and rule.state_type is not None:
        rule.state_type(node)
    for name, attribute in tuple(node.attributes.items()):
        if name in _TYPE_ATTRIBUTES and attribute.type == ir.AttributeType.INT:
            if attribute.as_int() in FLOATS:
                node.attributes[name] = ir.AttrInt64(name, int(ir.DataType.DOUBLE))
        elif attribute.type == ir.AttributeType.TENSOR:
            tensor = attribute.as_tensor()
            if tensor.dtype in FLOATS:
                node.attributes[name] = ir.AttrTensor(name, _double_tensor(tensor, tensor.name))


def _enclose(node: ir.Node, types: _OwnTypes) -> None:
    """Cast a node's floating inputs to their own type and its floating outputs to float64."""
    for at, dtype in types.inputs.items():
        value = node.inputs[at]
        assert value is not None
        before = _cast(value, dtype)
        node.replace_input_with(at, before.outputs[0])
        _graph_of(node).insert_before(node, before)
    for at in types.outputs:
        _cast_output(node, at)


def _cast_output(node: ir.Node, at: int) -> None:
    """Give the users of an output its value in float64, under the output's own name."""
    value = node.outputs[at]
    after = _cast(value, ir.DataType.DOUBLE)
    out = after.outputs[0]
    graph = _graph_of(node)
    for user, position in tuple(value.uses()):
        if user is not after:
            user.replace_input_with(position, out)
    for position, output in enumerate(graph.outputs):
        if output is value:
            graph.outputs[position] = out
    out.name, value.name = value.name, f"{value.name}/own_type"
    out.shape = value.shape
    value.type, value.shape = None, None
    graph.insert_after(node, after)


def _cast(value: ir.Value, to: ir.DataType) -> ir.Node:
    spelled = spelling.cast(int(to))
    name = f"{value.name}/to_{to.name.lower()}"
    node = ir.node(spelled.op, [value], spelled.attributes, name=name)
    node.outputs[0].name = f"{node.name}/{id(node)}"
    node.outputs[0].type = ir.TensorType(to)
    return node


def _graph_of(node: ir.Node) -> ir.Graph:
    graph = node.graph
    assert isinstance(graph, ir.Graph)
    return graph


def _feed_large(graph: ir.Graph) -> tuple[dict[str, np.ndarray], dict[str, FileArray]]:
    """Turn the large initializers into inputs; return what to feed them, and where it lies."""
    fed: dict[str, np.ndarray] = {}
    files: dict[str, FileArray] = {}
    for name, value in tuple(graph.initializers.items()):
        tensor = value.const_value
        if tensor is None:
            continue
        outside = value.is_graph_input() or value.is_graph_output()
        if stored_bytes(tensor) > _LARGEST_INSIDE and not outside:
            fed[name] = tensor.numpy()
            if isinstance(tensor, ir.ExternalTensor):
                files[name] = _place(tensor, fed[name])
            del graph.initializers[name]
            value.const_value = None
            graph.inputs.append(value)
        elif isinstance(tensor, ir.ExternalTensor):
            value.const_value = ir.Tensor(tensor.numpy(), dtype=tensor.dtype, name=name)
    return fed, files


def _place(tensor: ir.ExternalTensor, array: np.ndarray) -> FileArray:
    return FileArray(str(tensor.path), tensor.offset or 0, array.dtype.str, array.shape)
