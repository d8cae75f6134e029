"""Ops that onnxruntime fuses when it saves an optimized model, taken apart into standard ones.

Each op of the domain com.microsoft is what its page says, in terms of standard ops:
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
import onnx_ir as ir

from mari_engine.graph import STANDS_FOR, infer_shapes

_DOMAIN = "com.microsoft"


def fused(
    graph: ir.Graph, keep: Collection[str] = (), *, activations: bool = False
) -> list[ir.Node]:
    """Return the nodes that can be taken apart."""
    ops = {*_APART, *(_ACTIVATIONS if activations else ())}
    found = [node for node in graph if node.domain == _DOMAIN and node.op_type in ops]
    return [node for node in found if node.name not in keep]


def unfuse(model: ir.Model, keep: Collection[str] = (), *, activations: bool = False) -> None:
    """Take all fused nodes apart, in place; those stay whose operands' ranks nothing tells.

    Fused activations have rules of their own, and are taken apart only where that is asked for.
    """
    while nodes := fused(model.graph, keep, activations=activations):
        if not sum(_take_apart(node, model) for node in nodes):
            return
        infer_shapes(model)


class _Apart:
    """Writes the nodes that stand for one."""

    def __init__(self, node: ir.Node, model: ir.Model) -> None:
        self.node = node
        self.model = model
        self.nodes: list[ir.Node] = []

    def emit(self, op: str, *inputs: ir.Value | None, **attributes: Any) -> ir.Value:
        given = {name: value for name, value in attributes.items() if value is not None}
        name = f"{self.node.name}/{op}_{len(self.nodes)}" if self.nodes else self.node.name
        node = ir.node(op, list(inputs), given, name=name)
        node.metadata_props.update(self.node.metadata_props)
        node.metadata_props[STANDS_FOR] = self.node.name or ""
        node.outputs[0].name = f"{self.node.name}/{op}_{len(self.nodes)}:0"
        self.nodes.append(node)
        return node.outputs[0]

    def given(self, index: int) -> ir.Value | None:
        inputs = self.node.inputs
        return inputs[index] if index < len(inputs) else None

    def attribute(self, name: str, default: Any = None) -> Any:
        held = self.node.attributes.get(name)
        return default if held is None else held.value

    def number(self, number: float, like: ir.Value | None) -> ir.Value:
        dtype = (like.dtype if like is not None else None) or ir.DataType.FLOAT
        name = f"{self.node.name}/constant_{len(self.nodes)}"
        tensor = ir.Tensor(np.asarray(number, dtype=dtype.numpy()), name=name)
        value = ir.Value(
            name=name, type=ir.TensorType(dtype), shape=ir.Shape([]), const_value=tensor
        )
        self.model.graph.register_initializer(value)
        return value


def _take_apart(node: ir.Node, model: ir.Model) -> bool:
    apart = _Apart(node, model)
    results = (_APART.get(node.op_type) or _ACTIVATIONS[node.op_type])(apart)
    if results is None or node.graph is None:
        return False
    node.graph.insert_before(node, apart.nodes)
    for old, new in zip(node.outputs, results, strict=False):
        if new is None and (old.uses() or old.is_graph_output()):
            node.graph.remove(apart.nodes)
            return False
    for old, new in zip(node.outputs, results, strict=False):
        if new is None:
            continue
        new.type, new.shape = old.type, old.shape
        old.replace_all_uses_with(new, replace_graph_outputs=True)
        new.name, old.name = old.name, None
    node.graph.remove(node, safe=True)
    return True


_Results = list[ir.Value | None] | None


def _gemm(apart: _Apart) -> _Results:
    names = ("alpha", "beta", "transA", "transB")
    given = {name: apart.attribute(name) for name in names}
    made = apart.emit("Gemm", *apart.node.inputs, **given)
    op = apart.attribute("activation")
    if not op:
        return [made]
    if op not in ("Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Softplus", "Softsign"):
        return None
    alpha = apart.attribute("activation_alpha") if op in ("LeakyRelu", "Elu") else None
    return [apart.emit(op, made, alpha=alpha)]


def _matmul(apart: _Apart) -> _Results:
    operands = []
    if apart.attribute("transBatchA", 0) or apart.attribute("transBatchB", 0):
        return None
    for index, name in enumerate(("transA", "transB")):
        value = apart.given(index)
        if apart.attribute(name, 0):
            if value is None or value.shape is None or len(value.shape) < 2:
                return None
            order = list(range(len(value.shape)))
            order[-1], order[-2] = order[-2], order[-1]
            value = apart.emit("Transpose", value, perm=order)
        operands.append(value)
    # the product takes over the name, so that decisions are told of it
    made = apart.emit("MatMul", *operands)
    first, last = apart.nodes[0], apart.nodes[-1]
    first.name, last.name = last.name, first.name
    alpha = float(apart.attribute("alpha", 1.0))
    if alpha == 1.0:
        return [made]
    return [apart.emit("Mul", made, apart.number(alpha, apart.given(0)))]


def _quick_gelu(apart: _Apart) -> _Results:
    x = apart.given(0)
    scaled = apart.emit("Mul", x, apart.number(apart.attribute("alpha", 1.702), x))
    return [apart.emit("Mul", x, apart.emit("Sigmoid", scaled))]


def _gelu(apart: _Apart) -> _Results:
    """Gelu, and BiasGelu of the sum with a bias: 0.5 x (1 + erf(x / sqrt(2)))."""
    x, bias = apart.given(0), apart.given(1)
    if bias is not None:
        x = apart.emit("Add", x, bias)
    half = apart.emit("Mul", x, apart.number(0.5, apart.given(0)))
    error = apart.emit("Erf", apart.emit("Div", x, apart.number(np.sqrt(2.0), apart.given(0))))
    return [apart.emit("Mul", half, apart.emit("Add", error, apart.number(1.0, apart.given(0))))]


def _skip_norm(apart: _Apart) -> _Results:
    """SkipLayerNormalization(input, skip, gamma, beta, bias); mean and spread are not told."""
    total = apart.emit("Add", apart.given(0), apart.given(1))
    simple = apart.node.op_type == "SkipSimplifiedLayerNormalization"
    bias = apart.given(3 if simple else 4)
    if bias is not None:
        total = apart.emit("Add", total, bias)
    epsilon = apart.attribute("epsilon", 1e-12)
    scale = apart.given(2)
    if simple:
        op, read = "SimplifiedLayerNormalization", [total, scale]
    else:
        op, read = "LayerNormalization", [total, scale, *([b] if (b := apart.given(3)) else [])]
    return [apart.emit(op, *read, axis=-1, epsilon=epsilon), None, None, total]


_APART: Mapping[str, Callable[[_Apart], _Results]] = {
    "FusedGemm": _gemm,
    "FusedMatMul": _matmul,
    "TransposeMatMul": _matmul,
    "SkipLayerNormalization": _skip_norm,
    "SkipSimplifiedLayerNormalization": _skip_norm,
}
_ACTIVATIONS: Mapping[str, Callable[[_Apart], _Results]] = {
    "BiasGelu": _gelu,
    "Gelu": _gelu,
    "QuickGelu": _quick_gelu,
}
