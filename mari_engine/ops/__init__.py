"""All that is known of each ONNX operator, one family of operators a file."""

from mari_engine.ops.branches import Branches
from mari_engine.ops.call import Call, Fact
from mari_engine.ops.column_trace import Trace
from mari_engine.ops.decomposition_writer import DecompositionWriter
from mari_engine.ops.decompositions import decompose, decompose_all, list_fused
from mari_engine.ops.element_types import element_type
from mari_engine.ops.elementwise import is_nan_guard, squares
from mari_engine.ops.evaluation import LARGEST, evaluate
from mari_engine.ops.extents import is_shape
from mari_engine.ops.inference import infer_types
from mari_engine.ops.normalization import NormStep, root_with
from mari_engine.ops.operand_noise import disturb_operands
from mari_engine.ops.quantization import (
    BEFORE,
    QUANTIZED,
    before_rounding,
    bit_by_bit,
    runs_on_integers,
    whole,
)
from mari_engine.ops.recurrent import USUAL_ACTIVATIONS
from mari_engine.ops.rule import Bodies, Declare, Rule, Trait
from mari_engine.ops.rule_table import declaration_of, has_trait, is_product, rule_for, rule_of
from mari_engine.ops.spelling import Spelling

__all__ = [
    "BEFORE",
    "LARGEST",
    "QUANTIZED",
    "USUAL_ACTIVATIONS",
    "Bodies",
    "Branches",
    "Call",
    "Declare",
    "DecompositionWriter",
    "Fact",
    "NormStep",
    "Rule",
    "Spelling",
    "Trace",
    "Trait",
    "before_rounding",
    "bit_by_bit",
    "declaration_of",
    "decompose",
    "decompose_all",
    "disturb_operands",
    "element_type",
    "evaluate",
    "has_trait",
    "infer_types",
    "is_nan_guard",
    "is_product",
    "is_shape",
    "list_fused",
    "root_with",
    "rule_for",
    "rule_of",
    "runs_on_integers",
    "squares",
    "whole",
]
