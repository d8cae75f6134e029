"""Attention under a block-triangular mask, computed by blocks of rows."""

from mari_engine.passes.masked_attention.row_blocks import MASKED_ATTENTION

__all__ = ["MASKED_ATTENTION"]
