"""What the graph computes from constants alone is computed here, once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx_ir as ir
import onnxruntime as ort

from mari_engine.graph import constant_array, inline_branch, stored_bytes

_TENSOR_LIMIT = 64 << 20
_TOTAL_LIMIT = 128 << 20
_FREE_GROWTH = 64 << 10
"""Bytes that a folded tensor may always have; a larger one may not outgrow its inputs."""
_GROWTH = 4

_NEVER = frozenset(
    {
        # their results are not a function of their inputs
        "Bernoulli", "Dropout", "Multinomial", "RandomNormal", "RandomNormalLike",
        "RandomUniform", "RandomUniformLike",
        # folding them would undo a quantization that runtimes know how to use
        "DequantizeLinear", "QuantizeLinear", "DynamicQuantizeLinear",
        # already as constant as it gets
        "Constant",
    }
)  # fmt: skip

_EXACT = frozenset(
    {
        "Abs", "Concat", "ConstantOfShape", "Expand", "EyeLike", "Flatten", "Gather",
        "GatherElements", "GatherND", "Identity", "Max", "Min", "Neg", "OneHot", "Pad", "Relu",
        "Reshape", "ScatterElements", "ScatterND", "Slice", "Split", "Squeeze", "Tile",
        "Transpose", "Trilu", "Unsqueeze", "Where",
    }
)  # fmt: skip
"""Ops that round nothing. Other arithmetic on fractions is left to the runtime, which folds it
when it loads the model: a rounded constant would make the model another function."""


def fold_constants(model: ir.Model) -> bool:
    """Replace nodes with constant results by initializers; return whether anything changed.

    Needs inferred shapes and unique names. Covers: `If` with a constant condition (its branch takes
    its place), Shape and Size of known extents, and every deterministic node whose inputs are
    constants in memory, whose result is of bounded size, and which rounds nothing. External tables
    are not read.
    """
    branches = [_inline_branch(node) for node in list(model.graph) if node.op_type == "If"]
    facts = [_fold_shape(node) for node in list(model.graph)]
    nodes = _constant_nodes(model.graph)
    results = _evaluate(nodes, model) if nodes else {}
    for value, array in results.items():
        _make_constant(value, array)
    return any(branches) or any(facts) or bool(results)


def _inline_branch(node: ir.Node) -> bool:
    """Put the branch that is always taken in the place of an If."""
    condition = constant_array(node.inputs[0])
    if condition is None or node.domain != "":
        return False
    return inline_branch(node, taken=bool(condition.item())) is not None


def _fold_shape(node: ir.Node) -> bool:
    """Replace a node that asks for extents which are known."""
    if node.domain != "" or node.outputs[0].is_graph_output() or not node.inputs:
        return False
    if node.op_type == "Size":
        extents = _extents(node.inputs[0])
        found = None if extents is None else _whole(extents)
        array = None if found is None else np.asarray(math.prod(found), np.int64)
    elif node.op_type == "Shape":
        array = _as_array(_shape_result(node))
    elif node.op_type in ("Gather", "Slice"):
        array = _picked_extents(node)
    else:
        return False
    if array is None:
        return False
    _make_constant(node.outputs[0], array)
    return True


def _picked_extents(node: ir.Node) -> np.ndarray | None:
    """Return the known extents that a Gather or Slice takes out of a Shape's result."""
    source = node.inputs[0]
    producer = source.producer() if source is not None else None
    if producer is None or producer.op_type != "Shape" or producer.domain != "":
        return None
    extents = _shape_result(producer)
    picks = [constant_array(value) for value in node.inputs[1:]]
    if extents is None or any(pick is None for pick in picks):
        return None
    positions = np.arange(len(extents))
    first = picks[0]
    if node.op_type == "Gather" and first is not None:
        if np.any(first >= len(extents)) or np.any(first < -len(extents)):
            return None
        chosen = positions[first]
    elif len(picks) >= 2:
        start, stop = (int(np.asarray(pick).reshape(-1)[0]) for pick in picks[:2])
        step = int(np.asarray(picks[3]).reshape(-1)[0]) if len(picks) == 4 else 1
        chosen = positions[start:stop:step]
    else:
        return None
    found = _whole([extents[at] for at in np.asarray(chosen).reshape(-1)])
    if found is None:
        return None
    return np.asarray(found, np.int64).reshape(np.shape(chosen))


def _shape_result(node: ir.Node) -> list[int | None] | None:
    extents = _extents(node.inputs[0])
    if extents is None:
        return None
    start = node.attributes.get_int("start", 0)
    return extents[start : node.attributes.get_int("end", len(extents))]


def _extents(value: ir.Value | None) -> list[int | None] | None:
    if value is None or value.shape is None:
        return None
    return [extent if isinstance(extent, int) else None for extent in value.shape]


def _whole(extents: Sequence[int | None]) -> list[int] | None:
    found = [extent for extent in extents if extent is not None]
    return found if len(found) == len(extents) else None


def _as_array(extents: list[int | None] | None) -> np.ndarray | None:
    found = None if extents is None else _whole(extents)
    return None if found is None else np.asarray(found, np.int64)


def _constant_nodes(graph: ir.Graph) -> list[ir.Node]:
    """Return, in order, the nodes that may be evaluated now."""
    tensors = [(value, value.const_value) for value in graph.initializers.values()]
    inside = [(v, t) for v, t in tensors if t is not None and not isinstance(t, ir.ExternalTensor)]
    weighed = ((value, stored_bytes(tensor)) for value, tensor in inside)
    sizes = {value: size for value, size in weighed if size <= _TENSOR_LIMIT}
    chosen: list[ir.Node] = []
    total = 0
    for node in graph:
        results = _result_sizes(node, sizes)
        if results is not None and total + sum(results) <= _TOTAL_LIMIT:
            chosen.append(node)
            total += sum(results)
            sizes.update(zip(node.outputs, results, strict=True))
    return chosen


def _result_sizes(node: ir.Node, sizes: Mapping[ir.Value, int]) -> list[int] | None:
    """Return the bytes of each result of a node that may be folded, else None."""
    inputs = [value for value in node.inputs if value is not None]
    if node.domain != "" or node.op_type in _NEVER or not inputs:
        return None
    if any(value not in sizes for value in inputs) or not _is_plain(node) or _rounds(node):
        return None
    allowed = max(_FREE_GROWTH, _GROWTH * sum(sizes[value] for value in inputs))
    results = [_value_bytes(value) for value in node.outputs]
    found = [size for size in results if size is not None and size <= min(allowed, _TENSOR_LIMIT)]
    return found if len(found) == len(results) else None


def _rounds(node: ir.Node) -> bool:
    """True when a result holds fractions that arithmetic may have rounded."""
    fractions = [value.dtype is None or value.dtype.is_floating_point() for value in node.outputs]
    if node.op_type == "Cast":
        given = node.inputs[0].dtype if node.inputs[0] is not None else None
        return any(fractions) and (given is None or given.is_floating_point())
    return any(fractions) and node.op_type not in _EXACT


def _is_plain(node: ir.Node) -> bool:
    """True when a node has no body and none of its results is a graph output."""
    graphs = (ir.AttributeType.GRAPH, ir.AttributeType.GRAPHS)
    if any(attribute.type in graphs for attribute in node.attributes.values()):
        return False
    return not any(value.is_graph_output() for value in node.outputs)


def _value_bytes(value: ir.Value) -> int | None:
    extents = _extents(value)
    found = None if extents is None else _whole(extents)
    if found is None or not isinstance(value.type, ir.TensorType) or value.dtype not in _NATIVE:
        return None
    return math.prod(found) * int(value.dtype.itemsize)


_NATIVE = frozenset(
    ir.DataType.from_numpy(np.dtype(name))
    for name in (
        "float16", "float32", "float64", "bool",
        "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    )
)  # fmt: skip
"""The types that onnxruntime hands back as numpy arrays."""


def _evaluate(nodes: list[ir.Node], model: ir.Model) -> dict[ir.Value, np.ndarray]:
    """Return the results of constant nodes; those that the runtime cannot run are left out."""
    try:
        return _run(nodes, model)
    except Exception:  # onnxruntime's errors share no narrower base
        if len(nodes) == 1:
            return {}
    results: dict[ir.Value, np.ndarray] = {}
    for node in nodes:
        inputs = [value for value in node.inputs if value is not None]
        if all(value.is_initializer() for value in inputs):
            results |= _evaluate([node], model)
    return results


def _run(nodes: list[ir.Node], model: ir.Model) -> dict[ir.Value, np.ndarray]:
    produced = {value for node in nodes for value in node.outputs}
    used = {value for node in nodes for value in node.inputs if value is not None}
    wanted = [value for value in produced if _is_used_outside(value, set(nodes))]
    graph = onnx.helper.make_graph(
        [ir.serde.serialize_node(node) for node in nodes],
        "constants",
        [],
        [ir.serde.serialize_value(value) for value in wanted],
        [_named_tensor(value) for value in used - produced],
    )
    opsets = [onnx.helper.make_opsetid(*item) for item in model.opset_imports.items()]
    proto = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = ort.InferenceSession(
        proto.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    arrays = session.run([value.name for value in wanted], {})
    return dict(zip(wanted, arrays, strict=True))


def _is_used_outside(value: ir.Value, nodes: set[ir.Node]) -> bool:
    return any(user not in nodes for user, _ in value.uses())


def _named_tensor(value: ir.Value) -> onnx.TensorProto:
    assert value.const_value is not None
    proto = ir.serde.serialize_tensor(value.const_value)
    proto.name = value.name
    return proto


def _make_constant(value: ir.Value, array: np.ndarray) -> None:
    """Let an initializer of the same name take a value's place; its node becomes unused."""
    node = value.producer()
    assert node is not None
    assert node.graph is not None
    graph, name = node.graph, value.name
    constant = ir.Value(
        name=name,
        const_value=ir.Tensor(array, name=name),
        type=ir.TensorType(ir.DataType.from_numpy(array.dtype)),
        shape=ir.Shape(array.shape),
        metadata_props=dict(value.metadata_props),
    )
    value.replace_all_uses_with(constant)
    if len(node.outputs) == 1:
        graph.remove(node, safe=True)
    else:
        value.name = None
    assert isinstance(graph, ir.Graph)
    graph.register_initializer(constant)
