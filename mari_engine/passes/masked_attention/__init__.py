"""Attention whose constant mask separates rows is computed block by block."""

from mari_engine.passes.masked_attention.row_blocks import in_row_blocks

__all__ = ["in_row_blocks"]
