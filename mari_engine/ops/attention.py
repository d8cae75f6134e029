"""Fused attention: products whose factors are not declared, so they are kept as they are."""

from __future__ import annotations

from mari_engine.ops.rule import PRODUCT, UNDECLARED, Rule

RULES = (
    Rule("Attention", refusal=UNDECLARED, traits=PRODUCT),
    Rule("Attention", domain="com.microsoft", refusal=UNDECLARED, traits=PRODUCT),
    Rule("MultiHeadAttention", domain="com.microsoft", refusal=UNDECLARED, traits=PRODUCT),
)
