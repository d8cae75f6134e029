"""Partial evaluation: what a value holds, worked out before the model runs."""

from mari_engine.ops.evaluation.mask_indices import chosen_rows
from mari_engine.ops.evaluation.shape_arithmetic import LARGEST, evaluate

__all__ = ["LARGEST", "chosen_rows", "evaluate"]
