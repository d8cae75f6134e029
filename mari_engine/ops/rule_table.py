"""The table of rules, from one tuple of families; two rules for one op are an error."""

from __future__ import annotations

from collections.abc import Mapping

import onnx_ir as ir

from mari_engine.axes import Unsupported
from mari_engine.ops import (
    attention,
    broadcasting,
    channel_norms,
    concat,
    contraction,
    control_flow,
    convolution,
    elementwise,
    extents,
    fused_ops,
    gather,
    generators,
    grouped_attention,
    normalization,
    pooling,
    quantization,
    recurrent,
    reductions,
    rotary_embedding,
    runtime_attention,
    shape,
    slice,
    tabular_encoding,
    tabular_models,
    tabular_scaling,
    text,
)
from mari_engine.ops.rule import Declare, Rule, Trait

FAMILIES = (
    attention, broadcasting, channel_norms, concat, contraction, control_flow, convolution,
    elementwise, extents, fused_ops, gather, generators, grouped_attention, normalization, pooling,
    quantization, recurrent, reductions, rotary_embedding, runtime_attention, shape, slice,
    tabular_encoding, tabular_models, tabular_scaling, text,
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


def rule_for(domain: str, op: str) -> Rule | None:
    """Return the rule of an op by its name, or None."""
    return RULES.get(("" if domain == "ai.onnx" else domain, op))


def rule_of(node: ir.Node) -> Rule | None:
    """Return the rule of a node's op, or None."""
    return rule_for(node.domain, node.op_type)


def has_trait(node: ir.Node, *traits: Trait) -> bool:
    """Return True for a node whose op has one of these traits."""
    rule = rule_of(node)
    return rule is not None and not rule.traits.isdisjoint(traits)


def is_product(node: ir.Node) -> bool:
    """Return True for a node that is given a decision."""
    return has_trait(node, Trait.PRODUCT)


def declaration_of(node: ir.Node) -> Declare:
    """Return what declares a node's factors; Unsupported, with the reason, where nothing does."""
    rule = rule_of(node)
    if rule is None or rule.declare is None:
        refusal = rule.refusal if rule is not None else ""
        raise Unsupported(refusal or f"{node.op_type} has no rule")
    return rule.declare
