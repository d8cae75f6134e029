"""Models that grow in one direction each: nodes, columns, outputs, products, powers, functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import TensorProto, helper

from mari_engine import Column, InputLabel, Labels, Role

_WIDTH = 8


@dataclass(frozen=True, eq=False)
class Subject:
    """A model's bytes and its labels; labels as text where reading them is what is measured."""

    model: bytes
    labels: Labels | str


def build(shape: str, size: int) -> Subject:
    """Return the model of a shape with so many of what grows."""
    return SHAPES[shape](size)


def _nodes(size: int) -> Subject:
    """Two chains of elementwise nodes, the request's and the candidates', joined at their ends."""
    nodes = []
    for side in ("user", "item"):
        for at in range(size // 2):
            source = side if at == 0 else f"{side}_{at - 1}"
            op = ("Relu", "Neg", "Sigmoid")[at % 3]
            nodes.append(helper.make_node(op, [source], [f"{side}_{at}"]))
    last = size // 2 - 1
    nodes.append(helper.make_node("Add", [f"user_{last}", f"item_{last}"], ["y"]))
    return _two_sided(nodes, ["y"])


def _columns(size: int) -> Subject:
    """One packed input of alternating user and item columns, behind it one product."""
    columns = tuple(
        Column(start=at, stop=at + 1, role=(Role.USER, Role.ITEM)[at % 2]) for at in range(size)
    )
    return _packed(size, columns)


def _wide(size: int) -> Subject:
    """One packed input of that many columns: half the user's, half the item's."""
    halves = (
        Column(start=0, stop=size // 2, role=Role.USER),
        Column(start=size // 2, stop=size, role=Role.ITEM),
    )
    return _packed(size, halves)


def _outputs(size: int) -> Subject:
    """So many outputs, each a node of its own."""
    nodes = [helper.make_node("Add", ["user", "item"], ["joined"])]
    nodes += [helper.make_node("Neg", ["joined"], [f"y_{at}"]) for at in range(size)]
    return _two_sided(nodes, [f"y_{at}" for at in range(size)])


def _products(size: int) -> Subject:
    """So many products of one Concat of both sides, and their sum."""
    nodes = [helper.make_node("Concat", ["user", "item"], ["x"], axis=1)]
    nodes += [helper.make_node("MatMul", ["x", "w"], [f"p_{at}"]) for at in range(size)]
    nodes.append(helper.make_node("Sum", [f"p_{at}" for at in range(size)], ["y"]))
    return _two_sided(nodes, ["y"], {"w": _weights(2 * _WIDTH, _WIDTH)})


def _towers(size: int) -> Subject:
    """So many layers of one tower over a Concat of both sides, each with weights of its own."""
    nodes = [helper.make_node("Concat", ["user", "item"], ["h_0"], axis=1)]
    weights = {"w_0": _weights(2 * _WIDTH, _WIDTH)}
    for at in range(size):
        nodes.append(helper.make_node("MatMul", [f"h_{at}", f"w_{at}"], [f"m_{at}"]))
        nodes.append(helper.make_node("Relu", [f"m_{at}"], [f"h_{at + 1}"]))
        weights.setdefault(f"w_{at}", _weights(_WIDTH, _WIDTH))
    return _two_sided(nodes, [f"h_{size}"], weights)


def _powers(size: int) -> Subject:
    """The length of a history, squared so many times."""
    nodes = [
        helper.make_node("Shape", ["history"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["n_0"]),
    ]
    nodes += [
        helper.make_node("Mul", [f"n_{at}", f"n_{at}"], [f"n_{at + 1}"]) for at in range(size)
    ]
    nodes += [
        helper.make_node("Cast", [f"n_{size}"], ["factor"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["item", "factor"], ["y"]),
    ]
    inputs = [_floats("history", ["N", "L"]), _floats("item", ["N", _WIDTH])]
    data = _model(nodes, inputs, ["y"], {"one": np.array(1, np.int64)})
    return Subject(data, _roles(history=Role.USER, item=Role.ITEM))


def _functions(size: int) -> Subject:
    """A function that calls another twice, that one the next, until so many nodes are inlined."""
    depth, opsets = max(1, (size - 1).bit_length()), [helper.make_opsetid("", 17)]
    opsets.append(helper.make_opsetid("nested", 1))
    functions = [
        helper.make_function(
            "nested", f"F{at}", ["x"], ["y"], [_call(at, "x", "t"), _call(at, "t", "y")], opsets
        )
        for at in range(depth)
    ]
    nodes = [_call(depth, "user", "u"), helper.make_node("Add", ["u", "item"], ["y"])]
    return _two_sided(nodes, ["y"], functions=functions)


def _call(depth: int, source: str, result: str) -> onnx.NodeProto:
    if depth == 0:
        return helper.make_node("Neg", [source], [result])
    return helper.make_node(f"F{depth - 1}", [source], [result], domain="nested")


def _nesting(size: int) -> Subject:
    """Labels that hold lists in lists, so many deep."""
    text = '{"version": 1, "inputs": ' + "[" * size + "]" * size + "}"
    return Subject(_nodes(8).model, text)


SHAPES: Mapping[str, Callable[[int], Subject]] = {
    "nodes": _nodes,
    "columns": _columns,
    "wide": _wide,
    "outputs": _outputs,
    "products": _products,
    "towers": _towers,
    "powers": _powers,
    "functions": _functions,
    "nesting": _nesting,
}


def _packed(size: int, columns: tuple[Column, ...]) -> Subject:
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    data = _model(nodes, [_floats("x", ["N", size])], ["y"], {"w": _weights(size, 4)})
    return Subject(data, Labels({"x": InputLabel(columns=columns)}))


def _two_sided(
    nodes: Sequence[onnx.NodeProto],
    outputs: Sequence[str],
    weights: Mapping[str, np.ndarray] | None = None,
    *,
    functions: Sequence[onnx.FunctionProto] = (),
) -> Subject:
    inputs = [_floats("user", ["N", _WIDTH]), _floats("item", ["N", _WIDTH])]
    data = _model(nodes, inputs, outputs, weights or {}, functions=functions)
    return Subject(data, _roles(user=Role.USER, item=Role.ITEM))


def _roles(**named: Role) -> Labels:
    return Labels({name: InputLabel(role=role) for name, role in named.items()})


def _weights(rows: int, columns: int) -> np.ndarray:
    drawn = np.random.default_rng(0).standard_normal((rows, columns), np.float32)
    return drawn / np.float32(np.sqrt(rows))


def _floats(name: str, shape: Sequence[int | str]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def _model(
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Sequence[str],
    weights: Mapping[str, np.ndarray],
    *,
    functions: Sequence[onnx.FunctionProto] = (),
) -> bytes:
    graph = helper.make_graph(
        list(nodes),
        "scale",
        list(inputs),
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", None]) for name in outputs],
        [onnx.numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [
        helper.make_opsetid("", 17),
        *([helper.make_opsetid("nested", 1)] if functions else []),
    ]
    model = helper.make_model(graph, opset_imports=opsets, functions=list(functions), ir_version=9)
    return bytes(model.SerializeToString())
