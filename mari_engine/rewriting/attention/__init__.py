"""Attention over keys of both sides, by blocks of rows and keys, partial softmaxes merged."""

from mari_engine.rewriting.attention.blockwise import attend_by_blocks

__all__ = ["attend_by_blocks"]
