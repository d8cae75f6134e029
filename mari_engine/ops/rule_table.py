"""The rules, one family a file; two rules for one op are an error."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.ops import (
    concat,
    contraction,
    convolution,
    elementwise,
    gather,
    normalization,
    quantization,
    recurrent,
    reductions,
    shape,
)
from mari_engine.ops.rule import Rule

FAMILIES = (
    concat, contraction, convolution, elementwise, gather, normalization, quantization, recurrent,
    reductions, shape,
)  # fmt: skip


def _table() -> Mapping[tuple[str, str], Rule]:
    table: dict[tuple[str, str], Rule] = {}
    for family in FAMILIES:
        for rule in family.RULES:
            if (rule.domain, rule.op) in table:
                raise AssertionError(f"two rules for {rule.domain or 'ai.onnx'}.{rule.op}")
            table[rule.domain, rule.op] = rule
    return table


RULES = _table()

_FUSED = "a runtime made it of several ops; optimize the model as it was exported, before that"
_UNKNOWN = "it has no rule; export it as MatMul, Gemm or Einsum"

UNRULED_PRODUCTS: Mapping[str, str] = {
    **dict.fromkeys(("Attention", "MultiHeadAttention", "ConvTranspose", "DeformConv"), _UNKNOWN),
    **dict.fromkeys(("FusedConv", "FusedGemm", "FusedMatMul"), _FUSED),
    **dict.fromkeys(("ConvInteger", "QAttention"), quantization.DYNAMIC),
    **dict.fromkeys(("QLinearConv", "MatMulNBits"), quantization.QUANTIZED),
}
"""Products that no rule describes, and why: they are kept, with a decision that says so."""


def is_product(node: ir.Node) -> bool:
    """Return True for a node that is given a decision."""
    rule = rule_of(node)
    return rule.product if rule is not None else node.op_type in UNRULED_PRODUCTS


def rule_of(node: ir.Node) -> Rule | None:
    """Return the rule of a node's op, or None."""
    domain = "" if node.domain == "ai.onnx" else node.domain
    return RULES.get((domain, node.op_type))
