"""Constant folding: nodes whose operands are constants become initializers, exactly."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnx_ir as ir

from mari_engine.errors import MariError
from mari_engine.graph import constant_array, inline_branch, list_bodies, stored_bytes
from mari_engine.loading.known_extents import read_extents
from mari_engine.ops import Trait, has_trait, is_product
from mari_engine.runtime import evaluate_constants

_TENSOR_LIMIT = 64 << 20
_FREE_GROWTH = 64 << 10
"""Bytes that a folded tensor may always have; a larger one may not outgrow its inputs."""
_GROWTH = 4


@dataclass
class FoldingBudget:
    """What the constants that are folded for one model may hold together, in all rounds."""

    left: int = 128 << 20
    """Bytes."""


def fold_constants(model: ir.Model, budget: FoldingBudget) -> bool:
    """Replace nodes with constant results by initializers; return whether anything changed.

    Needs inferred shapes and unique names. Covers conditionals with a constant condition (their
    branch takes their place), known extents, and every deterministic node whose inputs are
    constants in memory, whose result is of bounded size, and which rounds nothing: a rounded
    constant would make the model another function, so such arithmetic is left to the runtime, which
    folds it when it loads the model. External tables are not read.
    """
    branches = [
        _inline_branch(node) for node in list(model.graph) if has_trait(node, Trait.CONDITIONAL)
    ]
    extents = [_fold_extents(node) for node in list(model.graph)]
    nodes = _constant_nodes(model.graph, budget)
    results = _evaluate(nodes, model) if nodes else {}
    for value, array in results.items():
        _make_constant(value, array)
    return any(branches) or any(extents) or bool(results)


def _inline_branch(node: ir.Node) -> bool:
    """Put the branch that is always taken in the place of a conditional."""
    condition = constant_array(node.inputs[0])
    if condition is None or node.domain != "":
        return False
    return inline_branch(node, taken=bool(condition.item())) is not None


def _fold_extents(node: ir.Node) -> bool:
    """Replace a node that reads known extents by a constant."""
    if node.domain != "" or not node.inputs or node.outputs[0].is_graph_output():
        return False
    array = read_extents(node)
    if array is None:
        return False
    _make_constant(node.outputs[0], array)
    return True


def _extents(value: ir.Value | None) -> list[int | None] | None:
    if value is None or value.shape is None:
        return None
    return [extent if isinstance(extent, int) else None for extent in value.shape]


def _whole(extents: Sequence[int | None]) -> list[int] | None:
    found = [extent for extent in extents if extent is not None]
    return found if len(found) == len(extents) else None


def _constant_nodes(graph: ir.Graph, budget: FoldingBudget) -> list[ir.Node]:
    """Return, in order, the nodes that may be evaluated now, and take them from the budget."""
    tensors = [(value, value.const_value) for value in graph.initializers.values()]
    inside = [(v, t) for v, t in tensors if t is not None and not isinstance(t, ir.ExternalTensor)]
    weighed = ((value, stored_bytes(tensor)) for value, tensor in inside)
    sizes = {value: size for value, size in weighed if size <= _TENSOR_LIMIT}
    chosen: list[ir.Node] = []
    for node in graph:
        results = _result_sizes(node, sizes)
        if results is not None and sum(results) <= budget.left:
            chosen.append(node)
            budget.left -= sum(results)
            sizes.update(zip(node.outputs, results, strict=True))
    return chosen


def _result_sizes(node: ir.Node, sizes: Mapping[ir.Value, int]) -> list[int] | None:
    """Return the bytes of each result of a node that may be folded, else None."""
    inputs = [value for value in node.inputs if value is not None]
    if node.domain != "" or not inputs or has_trait(node, Trait.RANDOM, Trait.UNFOLDED):
        return None
    if any(value not in sizes for value in inputs) or not _is_plain(node) or _rounds(node):
        return None
    allowed = _most_bytes(node, [sizes[value] for value in inputs])
    results = [_value_bytes(value) for value in node.outputs]
    found = [size for size in results if size is not None and size <= min(allowed, _TENSOR_LIMIT)]
    return found if len(found) == len(results) else None


def _most_bytes(node: ir.Node, given: Sequence[int]) -> int:
    """Return how large a result may be; a product's work grows faster than operands and results."""
    if is_product(node):
        return _FREE_GROWTH if max(given) <= _FREE_GROWTH else 0
    return max(_FREE_GROWTH, _GROWTH * sum(given))


def _rounds(node: ir.Node) -> bool:
    """Return True when a result holds fractions that arithmetic may have rounded."""
    fractions = [value.dtype is None or value.dtype.is_floating_point() for value in node.outputs]
    if has_trait(node, Trait.EXACT_ON_INTEGERS):
        given = node.inputs[0].dtype if node.inputs[0] is not None else None
        return any(fractions) and (given is None or given.is_floating_point())
    return any(fractions) and not has_trait(node, Trait.EXACT)


def _is_plain(node: ir.Node) -> bool:
    """Return True when a node has no body and none of its results is a graph output."""
    return not list_bodies(node) and not any(value.is_graph_output() for value in node.outputs)


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
    except MariError:
        raise
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
    produced = [value for node in nodes for value in node.outputs]
    made = set(produced)
    used = dict.fromkeys(value for node in nodes for value in node.inputs if value is not None)
    wanted = [value for value in produced if _is_used_outside(value, set(nodes))]
    graph = onnx.helper.make_graph(
        [ir.serde.serialize_node(node) for node in nodes],
        "constants",
        [],
        [ir.serde.serialize_value(value) for value in wanted],
        [_named_tensor(value) for value in used if value not in made],
    )
    opsets = [onnx.helper.make_opsetid(*item) for item in model.opset_imports.items()]
    proto = onnx.helper.make_model(graph, opset_imports=opsets, ir_version=model.ir_version)
    arrays = evaluate_constants(proto.SerializeToString(), [value.name or "" for value in wanted])
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
