"""Ops that onnxruntime fuses when it saves an optimized model, and the standard ops they stand for.

Each op of the domain com.microsoft is what its page says:
https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
"""

from __future__ import annotations

import numpy as np

from mari_engine.ops.decomposition_writer import DecompositionWriter, Results
from mari_engine.ops.elementwise import pointwise
from mari_engine.ops.rule import FUSED, PRODUCT, Rule

_DOMAIN = "com.microsoft"


def _gemm(new: DecompositionWriter) -> Results:
    names = ("alpha", "beta", "transA", "transB")
    given = {name: new.attribute(name) for name in names}
    made = new.emit("Gemm", *new.node.inputs, **given)
    op = new.attribute("activation")
    if not op:
        return [made]
    if op not in ("Relu", "Tanh", "Sigmoid", "LeakyRelu", "Elu", "Softplus", "Softsign"):
        return None
    alpha = new.attribute("activation_alpha") if op in ("LeakyRelu", "Elu") else None
    return [new.emit(op, made, alpha=alpha)]


def _matmul(new: DecompositionWriter) -> Results:
    operands = []
    if new.attribute("transBatchA", 0) or new.attribute("transBatchB", 0):
        return None
    for index, name in enumerate(("transA", "transB")):
        value = new.given(index)
        if new.attribute(name, 0):
            if value is None or value.shape is None or len(value.shape) < 2:
                return None
            order = list(range(len(value.shape)))
            order[-1], order[-2] = order[-2], order[-1]
            value = new.emit("Transpose", value, perm=order)
        operands.append(value)
    # the product takes over the name, so that decisions are told of it
    made = new.emit("MatMul", *operands)
    first, last = new.nodes[0], new.nodes[-1]
    first.name, last.name = last.name, first.name
    alpha = float(new.attribute("alpha", 1.0))
    if alpha == 1.0:
        return [made]
    return [new.emit("Mul", made, new.number(alpha, new.given(0)))]


def _quick_gelu(new: DecompositionWriter) -> Results:
    x = new.given(0)
    scaled = new.emit("Mul", x, new.number(new.attribute("alpha", 1.702), x))
    return [new.emit("Mul", x, new.emit("Sigmoid", scaled))]


def _gelu(new: DecompositionWriter) -> Results:
    """Gelu, and BiasGelu of the sum with a bias: 0.5 x (1 + erf(x / sqrt(2)))."""
    x, bias = new.given(0), new.given(1)
    if bias is not None:
        x = new.emit("Add", x, bias)
    half = new.emit("Mul", x, new.number(0.5, new.given(0)))
    error = new.emit("Erf", new.emit("Div", x, new.number(np.sqrt(2.0), new.given(0))))
    return [new.emit("Mul", half, new.emit("Add", error, new.number(1.0, new.given(0))))]


def _fast_gelu(new: DecompositionWriter) -> Results:
    """FastGelu, maybe of the sum with a bias: 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)))."""
    x, bias = new.given(0), new.given(1)
    if bias is not None:
        x = new.emit("Add", x, bias)
    like = new.given(0)
    cubic = new.emit("Mul", new.emit("Mul", x, x), new.number(0.044715, like))
    grown = new.emit("Mul", x, new.emit("Add", cubic, new.number(1.0, like)))
    bent = new.emit("Tanh", new.emit("Mul", grown, new.number(np.sqrt(2.0 / np.pi), like)))
    half = new.emit("Mul", x, new.number(0.5, like))
    return [new.emit("Mul", half, new.emit("Add", bent, new.number(1.0, like)))]


def _skip_norm(new: DecompositionWriter) -> Results:
    """SkipLayerNormalization(input, skip, gamma, beta, bias); its mean and spread are not made."""
    total = new.emit("Add", new.given(0), new.given(1))
    simple = new.node.op_type == "SkipSimplifiedLayerNormalization"
    bias = new.given(3 if simple else 4)
    if bias is not None:
        total = new.emit("Add", total, bias)
    epsilon = new.attribute("epsilon", 1e-12)
    scale = new.given(2)
    if simple:
        op, read = "SimplifiedLayerNormalization", [total, scale]
    else:
        op, read = "LayerNormalization", [total, scale, *([b] if (b := new.given(3)) else [])]
    return [new.emit(op, *read, axis=-1, epsilon=epsilon), None, None, total]


RULES = (
    Rule("FusedGemm", domain=_DOMAIN, decompose=_gemm, refusal=FUSED, traits=PRODUCT),
    Rule("FusedMatMul", domain=_DOMAIN, decompose=_matmul, refusal=FUSED, traits=PRODUCT),
    Rule("TransposeMatMul", domain=_DOMAIN, decompose=_matmul),
    Rule("SkipLayerNormalization", domain=_DOMAIN, decompose=_skip_norm),
    Rule("SkipSimplifiedLayerNormalization", domain=_DOMAIN, decompose=_skip_norm),
    Rule("BiasGelu", pointwise(4), domain=_DOMAIN, decompose=_gelu),
    Rule("Gelu", pointwise(4), domain=_DOMAIN, decompose=_gelu),
    Rule("QuickGelu", pointwise(4), domain=_DOMAIN, decompose=_quick_gelu),
    Rule("FastGelu", pointwise(4), domain=_DOMAIN, decompose=_fast_gelu),
)
