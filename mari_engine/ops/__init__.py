"""All that is known of each ONNX operator, one family of operators a file."""

from mari_engine.ops.column_trace import RULES, Trace
from mari_engine.ops.decompositions import fused, unfuse
from mari_engine.ops.element_cost import share_of_a_run
from mari_engine.ops.quantization import (
    QUANTIZED,
    before_rounding,
    bit_by_bit,
    runs_on_integers,
    whole,
)
from mari_engine.ops.rule import Call, Fact
from mari_engine.ops.rule_table import UNRULED_PRODUCTS, is_product, rule_of

__all__ = [
    "QUANTIZED",
    "RULES",
    "UNRULED_PRODUCTS",
    "Call",
    "Fact",
    "Trace",
    "before_rounding",
    "bit_by_bit",
    "fused",
    "is_product",
    "rule_of",
    "runs_on_integers",
    "share_of_a_run",
    "unfuse",
    "whole",
]
