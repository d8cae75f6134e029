"""The rules, one family a file; two rules for one op are an error."""

from __future__ import annotations

from collections.abc import Mapping

from mari_engine.ops import (
    concat,
    contraction,
    elementwise,
    gather,
    normalize,
    recurrent,
    reduce,
    shape,
)
from mari_engine.ops.call import Rule

FAMILIES = (concat, contraction, elementwise, gather, normalize, recurrent, reduce, shape)


def _table() -> Mapping[tuple[str, str], Rule]:
    table: dict[tuple[str, str], Rule] = {}
    for family in FAMILIES:
        for rule in family.RULES:
            if (rule.domain, rule.op) in table:
                raise AssertionError(f"two rules for {rule.domain or 'ai.onnx'}.{rule.op}")
            table[rule.domain, rule.op] = rule
    return table


RULES = _table()

UNRULED_PRODUCTS = frozenset(
    {
        "Attention", "ConvInteger", "ConvTranspose", "DeformConv", "FusedGemm", "FusedMatMul",
        "MatMulInteger", "MatMulNBits", "MultiHeadAttention", "QAttention", "QGemm",
        "QLinearConv", "QLinearMatMul", "DynamicQuantizeMatMul", "MatMulIntegerToFloat",
    }
)  # fmt: skip
"""Products that no rule describes yet: they are kept, and still get a decision that says so."""
